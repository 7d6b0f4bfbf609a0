"""Who corrected what: the history of one post or share."""

from datetime import datetime
from typing import NamedTuple

from streams.read.queries import Reader


class Correction(NamedTuple):
    """One correction as it was stored.

    Attributes:
        at: when.
        brand: of which brand's mention.
        sentiment: pos, neu or neg; "" withdrew the correction before.
        judged: the program's verdict at that time.
        actor: who.
        via: cli, page or api.
        note: why.
    """

    at: datetime
    brand: str
    sentiment: str
    judged: str
    actor: str
    via: str
    note: str


_HISTORY = """
SELECT at, brand, sentiment, judged, actor, via, note
FROM corrections
WHERE kind = {kind:String} AND platform = {platform:String} AND id = {id:String}
ORDER BY at DESC
"""


async def corrections(reader: Reader, kind: str, platform: str, ident: str) -> list[Correction]:
    """Every correction of one post or share, newest first. Raises like `Reader.run`."""
    found = await reader.ask(_HISTORY, {"kind": kind, "platform": platform, "id": ident})
    return [Correction(*row) for row in found.rows]
