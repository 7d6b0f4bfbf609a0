"""Hot words over a day: counted windows against the rows themselves, what counting costs, and new words."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.material import Material
from bench.report import Figure, Section, ratios, spread
from streams.cli.bench import stack
from streams.store.client import Connection
from streams.text import words
from streams.text.newwords import discover
from streams.text.normalise import normalise
from streams.text.segment import Segmenter

POSTS = 1_000_000
"""Over two days: the day that is asked for, and the one before."""

DAY = datetime(2025, 11, 11, tzinfo=UTC)
LENGTH = timedelta(days=1)
TEXTS = 100_000

# 18 words a post out of 200,000, as often as Zipf's law has it; a third of the posts name one of three brands.
_FILL = """\
INSERT INTO posts (platform, post_id, published, text, author_id, words, sentiment, `mentions.brand`,
    `mentions.sentiment`, `mentions.score`, `mentions.confidence`, `mentions.start`, `mentions.stop`,
    `mentions.evidence_start`, `mentions.evidence_stop`)
SELECT
    ['微博', '小红书', '知乎'][number % 3 + 1], toString(number),
    {start:DateTime64(3, 'UTC')} + toIntervalMillisecond(number * 172800000 / {posts:UInt64}),
    '屏幕也很好看，推荐大家入手，客服态度好，物流快' || if(number % 5 = 0, ' http://t.cn/A6abc', ''),
    toString(rand(1) % 300000),
    arrayStringConcat(arrayMap(i -> concat('词', toString(toUInt32(exp(randUniform(0, 12.2, number * 100 + i))))),
        range(18)), '\\x1f'),
    ['pos', 'neu', 'neg'][rand(3) % 3 + 1] AS tone,
    if(number % 3 = 0, [['星曜', '云岭', '极光'][rand(4) % 3 + 1]], []) AS brand,
    arrayMap(b -> tone, brand), arrayMap(b -> 0., brand), arrayMap(b -> 0., brand), arrayMap(b -> 0, brand),
    arrayMap(b -> 2, brand), arrayMap(b -> 0, brand), arrayMap(b -> 0, brand)
FROM numbers({low:UInt64}, {count:UInt64})"""


def run(material: Material, *, scale: float, rounds: int) -> Section:
    posts = max(10_000, int(POSTS * scale))
    with stack("clickhouse") as running:
        connection = Connection(running.url, timeout=300.0)
        try:
            return _measured(connection, material, posts, rounds)
        finally:
            connection.close()


def _measured(connection: Connection, material: Material, posts: int, rounds: int) -> Section:
    chunk = min(posts, 250_000)
    for low in range(0, posts, chunk):
        bound = {"start": DAY - LENGTH, "posts": posts, "low": low, "count": min(chunk, posts - low)}
        connection.execute(_FILL, bound)
    asked = {"from": DAY, "to": DAY + LENGTH, "brand": "", "without": []}
    plain = _times(lambda: connection.query(words.hot_sql(), asked), rounds)
    began = time.perf_counter()
    _count(connection)
    cost = (time.perf_counter() - began) / posts * 1e6
    connection.execute("OPTIMIZE TABLE term_counts FINAL")
    counted = _times(lambda: connection.query(words.hot_sql(), asked), rounds)
    brand = _times(lambda: connection.query(words.hot_sql(), asked | {"brand": "星曜"}), rounds)
    organic = _times(lambda: connection.query(words.hot_sql(view="organic"), asked), rounds)
    hour = _times(lambda: connection.query(words.hot_sql(), asked | {"from": DAY + LENGTH * 23 / 24}), rounds)
    known = [post.text for post in material.posts]
    texts = normalise([known[n % len(known)] + str(n) for n in range(TEXTS)])
    began = time.perf_counter()
    discover(texts, Segmenter())
    new = time.perf_counter() - began
    rows = [
        ("24 h from the rows", spread(plain), ""),
        ("24 h from counted windows", spread(counted), ratios(plain, counted)),
        ("24 h, one brand", spread(brand), ratios(plain, brand)),
        ("24 h, organic", spread(organic), ratios(plain, organic)),
        ("1 h", spread(hour), ratios(plain, hour)),
    ]
    print(f"words: {cost:.0f} µs a post to count, {new:.1f} s for new words", file=sys.stderr)
    best = min(counted)
    return Section(
        "words",
        "Hot words and new words",
        f"{posts:,} posts of two days, 18 words each by Zipf's law out of 200,000; a window of 24 hours against the "
        f"24 hours before, {rounds} rounds.",
        ("question", "ms", "times faster"),
        rows,
        (
            Figure("hot words over 24 h", f"{best:.0f} ms", "≤ 300 ms", best <= 300),
            Figure("new words in 100,000 texts", f"{new:.1f} s", "≤ 20 s", new <= 20),
        ),
        (
            f"Counting both kinds of window, raw and organic: {cost:.0f} µs a post, once.",
            f"New words in {TEXTS:,} texts ({material.origin}): {new:.1f} s.",
        ),
    )


def _count(connection: Connection) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    bound = {"spans": list(words.SPANS), "since": epoch, "grace": words.GRACE, "slack": 0}
    for one in words.runs(connection.query(words.DUE_SQL, bound).rows):
        bound = {"span": one.span, "from": one.start, "to": one.stop, "version": one.version}
        connection.execute(words.REBUILD_SQL, bound)
        connection.execute(words.PUBLISH_SQL, bound)


def _times(question: Callable[[], Any], rounds: int) -> list[float]:
    """Milliseconds of each round; the first one warms what is loaded late."""
    found = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        question()
        found.append((time.perf_counter() - began) * 1e3)
    return found[1:]
