"""Posts, shares and cascades as the workers would have landed them, by age."""

from collections.abc import Sequence
from typing import Any

from streams.store.client import Connection

NOW = 1_795_000_000.0
HOUR, DAY = 3600.0, 86_400.0


def clear(connection: Connection) -> None:
    """Empty what is landed here."""
    for table in ("posts", "shares", "alert_log", "cascade_standing", "flagged_accounts"):
        connection.execute(f"TRUNCATE TABLE {table}")


def land(
    connection: Connection,
    ages: Sequence[float],
    *,
    brand: str = "星曜",
    tone: str = "neg",
    platform: str = "微博",
    hits: Sequence[str] = (),
    authors: int = 0,
    followers: int = 100,
    own: str = "",
    prefix: str = "p",
    text_tone: str = "",
    text: str = "x",
) -> None:
    """Posts of these ages in seconds before `NOW`, all alike."""
    count = len(ages)
    at = [round((NOW - age) * 1000) for age in ages]
    columns: dict[str, list[Any]] = {
        "platform": [platform] * count,
        "post_id": [f"{prefix}{platform}{age}/{n}" for n, age in enumerate(ages)],
        "published": at,
        "text": [text] * count,
        "author_id": [f"a{n % authors}" if authors else f"a{prefix}{n}" for n in range(count)],
        "author_followers": [followers] * count,
        "sentiment": [text_tone or tone] * count,
        "mentions.brand": [[brand] if brand else []] * count,
        "hits.rule": [list(hits)] * count,
        "own_brand": [own] * count,
        "src_offset": list(range(count)),
        "appended_at": at,
        "landed_at": at,
    }
    mention = {"sentiment": tone, "score": 0.0, "confidence": 0.9}
    mention |= dict.fromkeys(("start", "stop", "evidence_start", "evidence_stop"), 0)
    columns |= {f"mentions.{name}": [[value] if brand else []] * count for name, value in mention.items()}
    hit = {"version": 1, "start": 3, "stop": 5, "variant": "exact"}
    columns |= {f"hits.{name}": [[value] * len(hits)] * count for name, value in hit.items()}
    connection.insert("posts", columns)


def share(connection: Connection, root: str, ages: Sequence[float], prefix: str = "s") -> None:
    """Shares of these ages in seconds before `NOW`."""
    at = [round((NOW - age) * 1000) for age in ages]
    connection.insert(
        "shares",
        {
            "platform": ["微博"] * len(at),
            "share_id": [f"{root}{prefix}{n}" for n in range(len(at))],
            "root_id": [root] * len(at),
            "shared": at,
            "author_followers": [7] * len(at),
            "appended_at": at,
            "src_offset": list(range(len(at))),
        },
    )


def stand(
    connection: Connection, root: str, depth: int, last: float, version: int = 1, levels: Sequence[float] = ()
) -> None:
    """How a cascade stands whose last share has this age."""
    connection.insert(
        "cascade_standing",
        {
            "root_id": [root],
            "platform": ["微博"],
            "published": [round((NOW - DAY) * 1000)],
            "depth": [depth],
            "shares": [9],
            "last_share": [round((NOW - last) * 1000)],
            "levels.first": [[0, *(round(at * 1000) for at in levels)]],
            "version": [version],
        },
    )
