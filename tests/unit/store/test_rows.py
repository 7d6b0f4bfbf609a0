"""Records → columns: the same record gives the same row, however the batch was cut."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.store import rows, tables
from streams.store.rows import Columns, Hits, Judgements, Source
from streams.text.analyse import Analysis
from streams.topics.deadletter import DeadLetter
from streams.topics.interaction import Interaction
from streams.topics.post import Author, Post
from streams.topics.share import Share

ARRIVED = 1_760_000_000_000
HOUR = 3600


def source(n: int) -> Source:
    return Source(3, [index % 4 for index in range(n)], list(range(n)), [ARRIVED] * n)


def verdicts(texts: Sequence[str], judge: int = 1) -> Judgements:
    """Something that depends on the text alone."""
    n = len(texts)
    branded = [["星曜"] if "星曜" in text else [] for text in texts]

    def each(value: object) -> list[list[Any]]:
        return [[value] * len(names) for names in branded]

    analysis = Analysis(
        folded=list(texts),
        cuts=[list(text) for text in texts],
        words=["\x1f".join(text) for text in texts],
        sentiment=["pos"] * n,
        score=[0.5] * n,
        confidence=[0.9] * n,
        brands=branded,
        brand_sentiments=each("pos"),
        brand_scores=each(0.5),
        brand_confidences=each(0.9),
        brand_starts=each(0),
        brand_stops=each(2),
        brand_evidence_starts=each(3),
        brand_evidence_stops=each(4),
        aspects=each("屏幕"),
        aspect_brands=each("星曜"),
        aspect_sentiments=each("pos"),
        aspect_scores=each(0.5),
        aspect_starts=each(3),
        aspect_stops=each(4),
        stage=["use" if names else "" for names in branded],
        intent=[""] * n,
        simhash=[len(text) + 1 for text in texts],
    )
    hits = Hits(each("规则"), each(2), each(0), each(2), each("exact"))
    return Judgements(analysis, ["星曜" if names else "" for names in branded], hits, judge)


def post(number: int, **more: Any) -> Post:
    return Post(
        platform="微博", post_id=str(number), text=f"星曜 {number}", published=ARRIVED / 1000 - 5, **more
    )


def dense(columns: Columns, n: int) -> list[dict[str, Any]]:
    """Rows, with columns that were left out read as None."""
    assert all(len(values) == n for values in columns.values())
    return [{name: columns[name][index] for name in columns} for index in range(n)]


times = st.floats(1_104_537_600, 4e9)
posts = st.builds(
    Post,
    platform=st.sampled_from(["微博", "QQ空间"]),
    post_id=st.text("abc", min_size=1, max_size=3),
    text=st.text(min_size=1, max_size=20),
    published=times,
    author=st.none()
    | st.builds(Author, id=st.just("u"), followers=st.integers(0, 9), joined=st.none() | times),
    likes=st.integers(0, 3),
    paid=st.booleans(),
    edited=st.none() | times,
)


@given(st.lists(posts, min_size=1, max_size=12), st.integers(0, 12))
def test_a_row_does_not_depend_on_its_neighbours(records: list[Post], cut: int) -> None:
    n = len(records)

    def build(low: int, high: int) -> list[dict[str, Any]]:
        whole = source(n)
        part = Source(3, whole.partitions[low:high], whole.offsets[low:high], whole.appended[low:high])
        some = records[low:high]
        columns = rows.post_columns(some, verdicts([record.text for record in some], 7), part)
        return dense(columns, high - low)

    cut = min(cut, n)
    together = build(0, n)
    apart = build(0, cut) + build(cut, n) if 0 < cut < n else together
    for one, other in zip(together, apart, strict=True):
        for name in one.keys() | other.keys():
            # What one batch left out is the table's default, which the other says in full.
            assert (one.get(name) or None) == (other.get(name) or None)


def test_a_time_far_ahead_of_its_arrival_becomes_the_arrival_and_is_flagged() -> None:
    late = post(1, filled="post_id")
    ahead = Post(platform="a", post_id="2", text="b", published=ARRIVED / 1000 + HOUR)
    in_milliseconds = Post(platform="a", post_id="3", text="b", published=float(ARRIVED))
    columns = rows.post_columns([late, ahead, in_milliseconds], verdicts(["a", "b", "b"]), source(3))
    assert columns["published"] == [ARRIVED - 5000, ARRIVED, ARRIVED]
    assert columns["flags"] == ["post_id", "clamped_published", "clamped_published"]


def test_a_share_without_words_has_no_sentiment() -> None:
    def share(number: int, text: str) -> Share:
        return Share(
            platform="微博",
            share_id=str(number),
            root_id="r",
            parent_id="r",
            user_id="u",
            shared=ARRIVED / 1000,
            text=text,
        )

    columns = rows.share_columns([share(1, ""), share(2, "好")], verdicts(["", "好"]), source(2))
    assert columns["sentiment"] == ["", "pos"]
    assert columns["score"] == [0.0, 0.5]


def test_columns_that_say_nothing_are_left_out() -> None:
    columns = rows.post_columns([post(1), post(2)], verdicts(["星曜", "b"]), source(2))
    assert "campaign" not in columns
    assert "likes" not in columns
    assert columns["mentions.brand"] == [["星曜"], []]


LETTER = DeadLetter(
    topic="posts",
    epoch=1,
    partition=2,
    offset=3,
    key="k",
    value=b"\xff",
    size=1,
    reason="not_json",
    detail="d",
    stage="decode",
    version="0",
    appended=1.0,
    failed=2.0,
)
INTERACTION = Interaction(
    platform="a",
    id="1",
    user_id="u",
    kind="purchase",
    at=ARRIVED / 1000,
    brand="星曜",
    origin="抽奖",
    value=9.5,
)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (tables.POSTS, rows.post_columns([post(1)], verdicts(["星曜"]), source(1))),
        (tables.INTERACTIONS, rows.interaction_columns([INTERACTION], source(1))),
        (tables.DEAD_LETTERS, rows.dead_letter_columns([LETTER], source(1))),
    ],
    ids=lambda value: value.name if isinstance(value, tables.Table) else "",
)
def test_every_column_written_is_declared(table: tables.Table, columns: Columns) -> None:
    assert set(columns) <= set(table.columns)


STORED = {"Bool": False, "String": "", "Float": 0.0, "UInt": 0, "Array": []}


def stored(table: tables.Table, columns: Columns) -> list[dict[str, Any]]:
    """The rows as ClickHouse gives them back: times as such, what was left out as the column's default."""

    def read(name: str, kind: str, index: int) -> Any:
        if kind.startswith("DateTime64"):
            stamp = columns[name][index] if name in columns else 0
            return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=stamp)
        default = next(value for start, value in STORED.items() if start in kind)
        return columns[name][index] if name in columns else default

    n = len(columns["src_epoch"])
    return [{name: read(name, kind, index) for name, kind in table.columns.items()} for index in range(n)]


@given(st.lists(posts, min_size=1, max_size=8))
def test_a_stored_post_gives_its_row_again(records: list[Post]) -> None:
    def columns(of: Sequence[Post]) -> Columns:
        return rows.post_columns(of, verdicts([record.text for record in of]), source(len(of)))

    first = columns(records)
    again = columns([rows.post_of(row) for row in stored(tables.POSTS, first)])
    assert again == first


def test_a_stored_share_gives_its_row_again() -> None:
    shares = [
        Share(
            platform="微博",
            share_id=str(number),
            root_id="r",
            parent_id="p",
            user_id="u",
            shared=ARRIVED / 1000 + number * HOUR,
            text="星曜" * number,
            author=Author(id="u", followers=3) if number else None,
            tie="strong",
            filled="shared",
        )
        for number in range(3)
    ]

    def columns(of: Sequence[Share]) -> Columns:
        return rows.share_columns(of, verdicts([share.text for share in of]), source(len(of)))

    first = columns(shares)
    assert columns([rows.share_of(row) for row in stored(tables.SHARES, first)]) == first


def test_take_cuts_all_columns_alike() -> None:
    assert rows.take({"a": [1, 2, 3], "b": [4, 5, 6]}, 1, 3) == {"a": [2, 3], "b": [5, 6]}
