"""Rows for tests of what reads the store: a small world with known numbers, inserted as a worker would."""

import time
from typing import Any, NamedTuple

from streams.store.client import Connection

PLATFORMS = ("微博", "小红书", "知乎")
BRANDS = ("星曜", "云岭", "极光")
SENTIMENTS = ("pos", "neu", "neg")
HOSTILE = """<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}${7*7}'"\\"""


class World(NamedTuple):
    """What was inserted. Times are Unix milliseconds.

    Attributes:
        now: when it was made.
        posts: (platform, id, published, brand, sentiment, province) of each post.
        shares: (root, time) of each share.
        follows: (brand, origin, time) of each follow.
    """

    now: int
    posts: list[tuple[str, str, int, str, str, str]]
    shares: list[tuple[str, int]]
    follows: list[tuple[str, str, int]]


def insert_world(connection: Connection, *, posts: int = 240, origin: str = "demo") -> World:
    """Two hours of posts, one every 30 s, older ones first; every fifth is inserted twice."""
    now = int(time.time() * 1000)
    made = [
        (
            PLATFORMS[n % 3],
            f"p{n}",
            now - (posts - n) * 30_000,
            BRANDS[n % 7 % 3],
            SENTIMENTS[n % 5 % 3],
            ("广东", "北京", "")[n % 4 % 3],
        )
        for n in range(posts)
    ]
    insert_posts(connection, made, origin=origin)
    insert_posts(connection, made[::5], origin=origin)
    shares = [(f"p{n % 7}", now - n * 60_000) for n in range(60)]
    connection.insert(
        "shares",
        {
            "platform": [PLATFORMS[int(root[1:]) % 3] for root, _ in shares],
            "share_id": [f"s{n}" for n in range(len(shares))],
            "root_id": [root for root, _ in shares],
            "parent_id": [root for root, _ in shares],
            "user_id": [f"u{n % 20}" for n in range(len(shares))],
            "shared": [at for _, at in shares],
            "origin": [origin] * len(shares),
            "src_offset": list(range(len(shares))),
            "appended_at": [now] * len(shares),
        },
    )
    follows = [(BRANDS[n % 3], ("发布会", "好友", "")[n % 3], now - n * 90_000) for n in range(50)]
    connection.insert(
        "interactions",
        {
            "platform": ["微博"] * len(follows),
            "id": [f"i{n}" for n in range(len(follows))],
            "user_id": [f"u{n}" for n in range(len(follows))],
            "kind": ["follow"] * len(follows),
            "at": [at for _, _, at in follows],
            "brand": [brand for brand, _, _ in follows],
            "fan_origin": [origin_ for _, origin_, _ in follows],
            "origin": [origin] * len(follows),
            "src_offset": list(range(len(follows))),
            "appended_at": [now] * len(follows),
        },
    )
    return World(now, made, shares, follows)


def insert_posts(
    connection: Connection,
    rows: list[tuple[str, str, int, str, str, str]],
    *,
    origin: str = "demo",
    texts: dict[str, str] | None = None,
    url: str = "https://example.com/{id}",
) -> None:
    """Insert posts as (platform, id, published, brand, sentiment, province); "" is no brand or province."""
    score = {"pos": 0.8, "neu": 0.0, "neg": -0.8}
    said = [
        (texts or {}).get(id, f"{brand or '手机'}{_WORDS[s]}，第 {id} 帖") for _, id, _, brand, s, _ in rows
    ]
    now = int(time.time() * 1000)
    columns: dict[str, list[Any]] = {
        "platform": [row[0] for row in rows],
        "post_id": [row[1] for row in rows],
        "published": [row[2] for row in rows],
        "text": said,
        "url": [url.format(id=row[1]) for row in rows],
        "author_id": [f"a{row[1]}" for row in rows],
        "author_location": [f"{row[5]} 某市" if row[5] else "" for row in rows],
        "author_followers": [len(row[1]) * 10_000 for row in rows],
        "words": ["\x1f".join([row[3] or "手机", _WORDS[row[4]], "我们"]) for row in rows],
        "sentiment": [row[4] for row in rows],
        "score": [score[row[4]] for row in rows],
        "confidence": [0.9] * len(rows),
        "mentions.brand": [[row[3]] if row[3] else [] for row in rows],
        "mentions.sentiment": [[row[4]] if row[3] else [] for row in rows],
        "mentions.score": [[score[row[4]]] if row[3] else [] for row in rows],
        "mentions.start": [[0] if row[3] else [] for row in rows],
        "mentions.stop": [[len(row[3])] if row[3] else [] for row in rows],
        "judge": [1] * len(rows),
        "origin": [origin] * len(rows),
        "src_offset": list(range(len(rows))),
        "appended_at": [now - 150] * len(rows),
        "landed_at": [now] * len(rows),
    }
    connection.insert("posts", columns)


_WORDS = {"pos": "续航很好", "neu": "今天到货", "neg": "又断连了"}
