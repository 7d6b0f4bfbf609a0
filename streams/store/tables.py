"""The tables as the code believes them to be; a test holds them equal to the migrated database."""

from typing import NamedTuple

_NAME = "LowCardinality(String)"
_TIME = "DateTime64(3, 'UTC')"

_AUTHOR = {
    "author_gender": _NAME,
    "author_age": "UInt8",
    "author_location": _NAME,
    "author_education": _NAME,
    "author_income": _NAME,
    "author_device": _NAME,
    "author_followers": "UInt64",
    "author_following": "UInt64",
    "author_posts": "UInt64",
    "author_verified": "Bool",
    "author_joined": _TIME,
}
ANALYSIS = {
    "words": "String",
    "tokens": "Array(String)",
    "sentiment": _NAME,
    "score": "Float32",
    "confidence": "Float32",
    "mentions.brand": f"Array({_NAME})",
    "mentions.sentiment": f"Array({_NAME})",
    "mentions.score": "Array(Float32)",
    "mentions.confidence": "Array(Float32)",
    "mentions.start": "Array(UInt32)",
    "mentions.stop": "Array(UInt32)",
    "mentions.evidence_start": "Array(UInt32)",
    "mentions.evidence_stop": "Array(UInt32)",
    "aspects.aspect": f"Array({_NAME})",
    "aspects.brand": f"Array({_NAME})",
    "aspects.sentiment": f"Array({_NAME})",
    "aspects.score": "Array(Float32)",
    "aspects.start": "Array(UInt32)",
    "aspects.stop": "Array(UInt32)",
    "stage": _NAME,
    "intent": _NAME,
    "own_brand": _NAME,
    "hits.rule": f"Array({_NAME})",
    "hits.version": "Array(UInt32)",
    "hits.start": "Array(UInt32)",
    "hits.stop": "Array(UInt32)",
    "hits.variant": f"Array({_NAME})",
    "simhash": "UInt64",
    "judge": "UInt32",
    "judged_at": _TIME,
}
"""What the judge says of a text; everything else in a row is the record itself and where it came from."""

_PLACE = {"src_topic": _NAME, "src_epoch": "UInt32", "src_partition": "UInt16", "src_offset": "UInt64"}
_SOURCE = {
    "origin": _NAME,
    "flags": _NAME,
    **_PLACE,
    "appended_at": _TIME,
    "landed_at": _TIME,
    "version": "UInt128",
}
_CAMPAIGN = {"campaign": _NAME, "channel": _NAME}


class Table(NamedTuple):
    """One table that a topic lands in.

    Attributes:
        name: name in ClickHouse.
        topic: bare topic name.
        ident: the column of the record's own id.
        time: the column of when it happened.
        columns: type of each column.
    """

    name: str
    topic: str
    ident: str
    time: str
    columns: dict[str, str]


POSTS = Table(
    "posts",
    "posts",
    "post_id",
    "published",
    {
        "platform": _NAME,
        "post_id": "String",
        "published": _TIME,
        "text": "String",
        "title": "String",
        "url": "String",
        "reply_to": "String",
        **_CAMPAIGN,
        "paid": "Bool",
        "client": _NAME,
        "pictures": "UInt32",
        "likes": "UInt64",
        "comments": "UInt64",
        "reposts": "UInt64",
        "edited": _TIME,
        "author_id": "String",
        **_AUTHOR,
        **ANALYSIS,
        **_SOURCE,
    },
)
SHARES = Table(
    "shares",
    "shares",
    "share_id",
    "shared",
    {
        "platform": _NAME,
        "share_id": "String",
        "root_id": "String",
        "parent_id": "String",
        "user_id": "String",
        "shared": _TIME,
        "text": "String",
        "tie": _NAME,
        "targets": "UInt64",
        **_CAMPAIGN,
        "paid": "Bool",
        "landing": _NAME,
        **_AUTHOR,
        **ANALYSIS,
        **_SOURCE,
    },
)
INTERACTIONS = Table(
    "interactions",
    "interactions",
    "id",
    "at",
    {
        "platform": _NAME,
        "id": "String",
        "user_id": "String",
        "kind": _NAME,
        "at": _TIME,
        "brand": _NAME,
        "fan_origin": _NAME,
        **_CAMPAIGN,
        "inviter": "String",
        "site": _NAME,
        "value": "Float64",
        **_AUTHOR,
        **_SOURCE,
    },
)
DEAD_LETTERS = Table(
    "dead_letters",
    "dead-letters",
    "offset",
    "failed_at",
    {
        "topic": _NAME,
        "epoch": "UInt32",
        "partition": "UInt16",
        "offset": "UInt64",
        "key": "String",
        "value": "String",
        "size": "UInt64",
        "reason": _NAME,
        "detail": "String",
        "stage": _NAME,
        "koubei": _NAME,
        "appended_at": _TIME,
        "failed_at": _TIME,
        "state": _NAME,
        "actor": _NAME,
        **_PLACE,
        "landed_at": _TIME,
        "version": "UInt64",
    },
)

EVENTS: tuple[Table, ...] = (POSTS, SHARES, INTERACTIONS)
"""What people feed; each has origin, flags and an event time."""

ALL: tuple[Table, ...] = (*EVENTS, DEAD_LETTERS)

BY_TOPIC = {table.topic: table for table in ALL}
