"""Queries and posts over a small vocabulary, so that a random query is often true of a random post."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from streams.rules.fields import Columns
from streams.rules.matcher import Batch
from streams.text.normalise import normalise
from streams.text.segment import Segmenter

WORDS = ("手机", "屏幕", "发热", "强", "好", "不错", "麻烦", "x1", "Pro", "mi", "客服", "红米", "oppo")
WRITTEN = (
    "手機",
    "发 热",
    "手*机",
    "発热",
    "好好好",
    "弓虽",
    "ＰＲＯ",
    "family",
    "大麻烦",
    "shouji",
    "vivo/oppo",
    " o.p.p.o ",
    "，",
    "。",
    "😀",
    " ",
)
PLATFORMS = ("微博", "QQ空间", "知乎")

words = st.sampled_from(WORDS)
posts = st.fixed_dictionaries(
    {"text": st.lists(words | st.sampled_from(WRITTEN), max_size=9).map("".join)},
    optional={
        "platform": st.sampled_from(PLATFORMS),
        "author": st.sampled_from(["Alice", "bob", ""]),
        "sentiment": st.sampled_from(["pos", "neu", "neg"]),
        "verified": st.booleans(),
        "title": st.sampled_from(["新品发布", "手机", ""]),
        "followers": st.integers(0, 5) | st.none(),
        "published": st.sampled_from(
            ["2026-11-30", "2026-11-30T23:59:59+08:00", "2026-12-01", 1_796_054_399]
        ),
        "region": st.sampled_from([["广东 深圳", "广东", "深圳"], "上海"]),
    },
)

_fields = st.sampled_from(
    [
        "platform:微博", "platform:ＱＱ空间", "author:alice", "sentiment:neg", "verified:true", "title:手机",
        "followers:3", "followers:[2 TO *]", "followers:[* TO 2]", "published:2026-11-30",
        "published:[2026-11-30 TO 2026-11-30T23:59]", "region:广东",
    ]
)  # fmt: skip
_patterns = st.sampled_from(["/手.机/", "/X\\d/", "/[一-龥]{3}/", "/Ｐro|mi$/"])


def _tilde(evasions: bool) -> st.SearchStrategy[str]:
    return st.sampled_from(["", "~"]) if evasions else st.just("")


def queries(*, evasions: bool) -> st.SearchStrategy[str]:
    """Queries of the whole language; some are pure negations, which a caller leaves out."""
    tilde = _tilde(evasions)
    terms = st.builds(lambda word, end: word + end, words, tilde)
    phrases = st.builds(
        lambda pair, end: f'"{"".join(pair)}"{end}', st.lists(words, min_size=1, max_size=2), tilde
    )
    texts = terms | phrases
    operands = texts | st.lists(texts, min_size=2, max_size=3).map(lambda some: f"({' OR '.join(some)})")
    nears = st.builds(
        lambda first, steps: first + "".join(f" {name}/{n} {other}" for name, n, other in steps),
        operands,
        st.lists(
            st.tuples(st.sampled_from(["NEAR", "ONEAR"]), st.integers(0, 3), operands), min_size=1, max_size=3
        ),
    )
    leaves = terms | terms | phrases | nears | _fields | _patterns
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds("({} AND {})".format, inner, inner),
            st.builds("({} {})".format, inner, inner),
            st.builds("({} OR {})".format, inner, inner),
            st.builds("({} NOT {})".format, inner, inner),
            st.builds("({} OR {} NOT ({} OR {}))".format, inner, inner, inner, inner),
        ),
        max_leaves=6,
    )


def batch(rows: Sequence[Mapping[str, Any]], segmenter: Segmenter) -> Batch:
    """Posts as dictionaries of `text` and fields."""
    texts = [row["text"] for row in rows]
    folded = normalise(texts)
    columns = Columns(lambda field, brand: [row.get(field) for row in rows])
    return Batch(texts, folded, segmenter.cut(folded), columns)
