"""Times as people write them on a command line."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from streams.errors import BadConfig
from streams.language import t

ZONE = ZoneInfo("Asia/Shanghai")
"""Where times without an offset are meant."""

_AGO = re.compile(r"(\d{1,6})\s*(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def moment(option: str, text: str, now: float) -> float:
    """Unix seconds of a date, a time or a span before now (30m, 24h, 7d, 4w).

    Args:
        option: what it was given to, for the error.
        text: as written; without an offset it is Shanghai's.
        now: Unix seconds.

    Raises:
        BadConfig: it is none of these.
    """
    if found := _AGO.fullmatch(text.strip()):
        return now - int(found[1]) * _SECONDS[found[2]]
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadConfig(
            t(
                f"{option} {text}：要写成 7d、24h、30m 或 2026-11-01 08:00",
                f"{option} {text}: write 7d, 24h, 30m or 2026-11-01 08:00",
            )
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=ZONE)).timestamp()
