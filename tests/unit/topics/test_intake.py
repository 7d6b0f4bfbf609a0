"""The edge: lenient where a plain file is poor, strict where silence would lose data."""

import contextlib
import hashlib
import hmac
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import BadRecord
from streams.topics.codec import encode
from streams.topics.intake import Intake, intake
from streams.topics.interaction import Interaction
from streams.topics.post import Post
from streams.topics.registry import EVENTS, INTERACTIONS, POSTS, SHARES, Topic
from streams.topics.share import Share
from tests.strategies import RECORDS, invalid

NOW = 1_763_776_920.0
POST = {"platform": "微博", "text": "又断连了"}


def post(**fields: Any) -> Post:
    record = intake(POSTS, {**POST, **fields}, now=NOW, via="file")
    assert isinstance(record, Post)
    return record


def refusal(topic: Topic = POSTS, /, **fields: Any) -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        intake(topic, fields, now=NOW, via="file")
    return caught.value


@pytest.mark.parametrize("topic", EVENTS, ids=lambda topic: topic.name)
@given(data=st.data())
def test_a_valid_record_passes_unchanged_but_for_what_the_edge_sets(
    topic: Topic, data: st.DataObject
) -> None:
    record = data.draw(RECORDS[topic.struct])
    taken = intake(topic, msgspec.to_builtins(record), now=NOW, via="api")
    expected = msgspec.structs.replace(record, via="api", filled="")
    if expected.author is not None or topic is POSTS:
        assert taken == expected
    else:
        assert msgspec.structs.replace(taken, author=None) == expected


@pytest.mark.parametrize("topic", EVENTS, ids=lambda topic: topic.name)
@given(data=st.data(), key=st.none() | st.binary(min_size=1, max_size=8))
def test_the_quick_way_and_the_long_way_agree(topic: Topic, data: st.DataObject, key: bytes | None) -> None:
    record = data.draw(RECORDS[topic.struct])
    edge = Intake(topic, via="file", hmac_key=key)
    quick = edge.line(encode(record), NOW)
    assert encode(quick) == encode(edge.record(msgspec.to_builtins(record), NOW))
    assert topic.key(quick)


@pytest.mark.parametrize("topic", EVENTS, ids=lambda topic: topic.name)
@given(data=st.data())
def test_whatever_comes_out_follows_the_contract(topic: Topic, data: st.DataObject) -> None:
    item = data.draw(invalid(topic.struct))
    edge = Intake(topic, via="file")
    try:
        record = edge.line(msgspec.json.encode(item), NOW)
    except BadRecord:
        return
    msgspec.json.decode(encode(record), type=topic.struct)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_record_or_a_refusal(raw: bytes) -> None:
    with contextlib.suppress(BadRecord):
        Intake(POSTS, via="file").line(raw, NOW)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("txet", "text"),
        ("Text", "text"),
        ("comment", "comments"),
        ("publised", "published"),
        ("author.folowers", "author.followers"),
        ("author_locaton", "author_location"),
    ],
)
def test_a_misspelt_field_is_named_with_the_right_one(wrong: str, right: str) -> None:
    error = refusal(**POST, **{wrong: "x"})
    assert error.reason == "unknown_field"
    assert f"字段 {wrong}" in error.detail
    assert f"是不是想写 {right}" in error.detail


def test_a_misspelt_field_inside_the_author_object_is_found_too() -> None:
    error = refusal(**POST, author={"id": "a", "folowers": 3})
    assert "author.folowers" in error.detail
    assert "author.followers" in error.detail


@pytest.mark.parametrize("name", ["sentiment_score", "user", "author_name", "抓取批次", "crawl_batch"])
def test_a_foreign_field_is_ignored_and_counted(name: str) -> None:
    edge = Intake(POSTS, via="file")
    for _ in range(3):
        edge.record({**POST, name: 1}, NOW)
    assert edge.ignored == {name: 3}


def test_what_is_missing_is_named_with_what_may_be_meant() -> None:
    assert "缺少" in refusal(text="x").detail
    assert "--platform" in refusal(text="x").detail
    error = refusal(platform="微博", content="x")
    assert error.reason == "missing"
    assert "--map content=text" in error.detail
    assert "share_id" in refusal(SHARES, platform="微博").detail


@pytest.mark.parametrize(
    ("given_time", "seconds"),
    [
        (1_763_776_920, 1_763_776_920.0),
        (1_763_776_920_123, 1_763_776_920.123),
        ("1763776920", 1_763_776_920.0),
        ("1763776920123", 1_763_776_920.123),
        ("2025-11-22T10:02:00+08:00", 1_763_776_920.0),
        ("2025-11-22T02:02:00Z", 1_763_776_920.0),
        ("2025-11-22 10:02:00", 1_763_776_920.0),
        ("2025/11/22 10:02", 1_763_776_920.0),
    ],
)
def test_times_in_every_notation(given_time: Any, seconds: float) -> None:
    assert post(published=given_time).published == pytest.approx(seconds)
    raw = msgspec.json.encode({**POST, "post_id": "1", "published": given_time})
    assert Intake(POSTS, via="file").line(raw, NOW).published == pytest.approx(seconds)  # type: ignore[attr-defined]


def test_times_without_an_offset_are_counted() -> None:
    edge = Intake(POSTS, via="file")
    edge.record({**POST, "published": "2025-11-22 10:02:00"}, NOW)
    edge.record({**POST, "published": "2025-11-22T10:02:00Z"}, NOW)
    assert edge.zoneless == 1


@pytest.mark.parametrize("value", ["昨天", "2025-13-01", True, [1], "nan", 1_763_776_920_123_456, 5])
def test_what_is_no_time_is_refused(value: Any) -> None:
    assert "published" in refusal(**POST, published=value).detail


def test_columns_of_text_become_what_the_struct_holds() -> None:
    record = post(
        post_id=123456789012345678, likes="12", paid="是", edited="", title=None,
        **{"author.id": "u1", "author_followers": " 33 ", "author.verified": "false"},
    )  # fmt: skip
    assert record.post_id == "123456789012345678"
    assert (record.likes, record.paid, record.edited, record.title) == (12, True, None, "")
    assert record.author is not None
    assert (record.author.id, record.author.followers, record.author.verified) == ("u1", 33, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("likes", "1.2万"), ("likes", 1.5), ("likes", True), ("paid", "maybe"), ("text", 1.5), ("author", [1])],
)
def test_a_value_of_another_type_is_refused_by_name(field: str, value: Any) -> None:
    error = refusal(**{**POST, field: value})
    assert error.reason == "invalid"
    assert f"字段 {field}" in error.detail


def test_id_and_time_are_filled_and_named() -> None:
    record = post()
    assert record.filled == "post_id,published"
    assert record.published == NOW
    assert re.fullmatch("h[0-9a-f]{32}", record.post_id)
    assert record.post_id == post(published=1.6e9).post_id
    assert record.post_id != post(author="u1").post_id
    assert post(post_id="1").filled == "published"


def test_a_share_takes_its_author_from_the_user() -> None:
    item = {"platform": "微博", "share_id": "s", "root_id": "r", "parent_id": "r", "user_id": "u",
            "shared": 1.6e9, "author_followers": 5}  # fmt: skip
    share = intake(SHARES, item, now=NOW, via="file")
    assert isinstance(share, Share)
    assert share.author is not None
    assert share.author.id == "u"


def test_user_ids_are_hashed_everywhere_and_texts_left_alone() -> None:
    def digest(user: str) -> str:
        return hmac.new(b"key", user.encode(), hashlib.sha256).hexdigest()[:32]

    act = intake(
        INTERACTIONS,
        {"platform": "微博", "id": "1", "user_id": "u", "kind": "like", "at": 1.6e9, "inviter": "v",
         "author": {"id": "w"}},
        now=NOW, via="api", hmac_key=b"key",
    )  # fmt: skip
    assert isinstance(act, Interaction)
    assert act.author is not None
    assert (act.user_id, act.inviter, act.author.id) == (digest("u"), digest("v"), digest("w"))
    record = intake(POSTS, {**POST, "text": "@小王 你看"}, now=NOW, via="api", hmac_key=b"key")
    assert isinstance(record, Post)
    assert record.text == "@小王 你看"
    assert record.author is None


def test_what_the_edge_sets_cannot_be_handed_in() -> None:
    record = post(via="demo", filled="nothing", post_id="1", published=1.6e9)
    assert (record.via, record.filled) == ("file", "")


def test_a_default_platform_is_taken_only_where_none_is_given() -> None:
    edge = Intake(POSTS, via="file", platform="论坛")
    assert edge.record({"text": "x"}, NOW).platform == "论坛"  # type: ignore[attr-defined]
    assert edge.record(POST, NOW).platform == "微博"  # type: ignore[attr-defined]
