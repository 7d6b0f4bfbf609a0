"""Records and their analysis → columns of a table. Pure: the same record gives the same row, however batched.

A column whose values are all the table's default is left out of the insert: it costs nothing then.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from streams.store import tables
from streams.text.analyse import Analysis
from streams.topics.deadletter import DeadLetter
from streams.topics.interaction import Interaction
from streams.topics.post import Author, Post
from streams.topics.share import Share

CLOCK_TOLERANCE = 600.0
"""Seconds that an event may lie ahead of its own arrival in Kafka before its clock is not believed."""

Columns = dict[str, list[Any]]

_NOBODY = Author(id="-")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_VERDICT = {*tables.ANALYSIS, "version", "landed_at"}


def _record(table: tables.Table) -> tuple[str, ...]:
    return tuple(name for name in table.columns if name not in _VERDICT)


POST_RECORD = _record(tables.POSTS)
"""Columns of `posts` that hold the record itself and where it came from."""

SHARE_RECORD = _record(tables.SHARES)
"""The same of `shares`."""


class Hits(NamedTuple):
    """Which rules hit, one list for each text: one entry a rule, with its first span in the original text."""

    rule: list[list[str]]
    version: list[list[int]]
    start: list[list[int]]
    stop: list[list[int]]
    variant: list[list[str]]


class Judgements(NamedTuple):
    """What the judge says of a batch.

    Attributes:
        analysis: of the texts.
        own_brands: whose official account each author is, "" for nobody's.
        hits: the rules that hit.
        judge: ordinal of the judge.
    """

    analysis: Analysis
    own_brands: list[str]
    hits: Hits
    judge: int


class Source(NamedTuple):
    """Where the records of a batch came from; the lists run beside the records.

    Attributes:
        epoch: ordinal of the topic's incarnation.
        partitions: Kafka partition of each record.
        offsets: its offset.
        appended: its Kafka timestamp, Unix milliseconds.
    """

    epoch: int
    partitions: Sequence[int]
    offsets: Sequence[int]
    appended: Sequence[int]


def post_columns(posts: Sequence[Post], judgements: Judgements, source: Source) -> Columns:
    """Columns of `posts`."""
    published, clamped = _clamp([p.published for p in posts], source.appended)
    edited, _ = _clamp([p.edited or 0.0 for p in posts], source.appended)
    columns: Columns = {
        "platform": [p.platform for p in posts],
        "post_id": [p.post_id for p in posts],
        "published": published,
        "text": [p.text for p in posts],
        "title": [p.title for p in posts],
        "url": [p.url for p in posts],
        "reply_to": [p.reply_to for p in posts],
        "campaign": [p.campaign for p in posts],
        "channel": [p.channel for p in posts],
        "paid": [p.paid for p in posts],
        "client": [p.client for p in posts],
        "pictures": [min(p.pictures, 2**32 - 1) for p in posts],
        "likes": [p.likes for p in posts],
        "comments": [p.comments for p in posts],
        "reposts": [p.reposts for p in posts],
        "edited": edited,
        "author_id": [p.author.id if p.author else "" for p in posts],
        **_author_columns([p.author for p in posts], source.appended),
        **_verdict_columns(judgements, len(posts)),
        "origin": [p.via for p in posts],
        "flags": _flags([p.filled for p in posts], clamped, "published"),
        **_source_columns(source, len(posts)),
    }
    return _without_defaults(columns)


def share_columns(shares: Sequence[Share], judgements: Judgements, source: Source) -> Columns:
    """Columns of `shares`; a share without words has an empty sentiment."""
    shared, clamped = _clamp([s.shared for s in shares], source.appended)
    columns: Columns = {
        "platform": [s.platform for s in shares],
        "share_id": [s.share_id for s in shares],
        "root_id": [s.root_id for s in shares],
        "parent_id": [s.parent_id for s in shares],
        "user_id": [s.user_id for s in shares],
        "shared": shared,
        "text": [s.text for s in shares],
        "tie": [s.tie for s in shares],
        "targets": [s.targets for s in shares],
        "campaign": [s.campaign for s in shares],
        "channel": [s.channel for s in shares],
        "paid": [s.paid for s in shares],
        "landing": [s.landing for s in shares],
        **_author_columns([s.author for s in shares], source.appended),
        **_verdict_columns(judgements, len(shares)),
        "origin": [s.via for s in shares],
        "flags": _flags([s.filled for s in shares], clamped, "shared"),
        **_source_columns(source, len(shares)),
    }
    for index, share in enumerate(shares):
        if not share.text.strip():
            columns["sentiment"][index] = ""
            columns["score"][index] = columns["confidence"][index] = 0.0
    return _without_defaults(columns)


def interaction_columns(interactions: Sequence[Interaction], source: Source) -> Columns:
    """Columns of `interactions`."""
    at, clamped = _clamp([i.at for i in interactions], source.appended)
    columns: Columns = {
        "platform": [i.platform for i in interactions],
        "id": [i.id for i in interactions],
        "user_id": [i.user_id for i in interactions],
        "kind": [i.kind for i in interactions],
        "at": at,
        "brand": [i.brand for i in interactions],
        "fan_origin": [i.origin for i in interactions],
        "campaign": [i.campaign for i in interactions],
        "channel": [i.channel for i in interactions],
        "inviter": [i.inviter for i in interactions],
        "site": [i.site for i in interactions],
        "value": [i.value for i in interactions],
        **_author_columns([i.author for i in interactions], source.appended),
        "origin": [i.via for i in interactions],
        "flags": _flags([i.filled for i in interactions], clamped, "at"),
        **_source_columns(source, len(interactions)),
    }
    return _without_defaults(columns)


def dead_letter_columns(letters: Sequence[DeadLetter], source: Source) -> Columns:
    """Columns of `dead_letters`."""
    columns: Columns = {
        "topic": [d.topic for d in letters],
        "epoch": [d.epoch for d in letters],
        "partition": [d.partition for d in letters],
        "offset": [d.offset for d in letters],
        "key": [d.key for d in letters],
        "value": [d.value for d in letters],
        "size": [d.size for d in letters],
        "reason": [d.reason for d in letters],
        "detail": [d.detail for d in letters],
        "stage": [d.stage for d in letters],
        "koubei": [d.version for d in letters],
        "appended_at": [int(d.appended * 1000) for d in letters],
        "failed_at": [int(d.failed * 1000) for d in letters],
        "src_epoch": [source.epoch] * len(letters),
        "src_partition": list(source.partitions),
        "src_offset": list(source.offsets),
    }
    return _without_defaults(columns)


def post_of(row: Mapping[str, Any]) -> Post:
    """The post that a stored row (its `POST_RECORD` columns) was made from: `post_columns` of it gives that row."""
    return Post(
        platform=row["platform"],
        post_id=row["post_id"],
        text=row["text"],
        published=milliseconds(row["published"]) / 1000,
        author=_author_of(row, row["author_id"]),
        title=row["title"],
        url=row["url"],
        reply_to=row["reply_to"],
        campaign=row["campaign"],
        channel=row["channel"],
        paid=row["paid"],
        client=row["client"],
        pictures=row["pictures"],
        likes=row["likes"],
        comments=row["comments"],
        reposts=row["reposts"],
        edited=milliseconds(row["edited"]) / 1000 or None,
        via=row["origin"],
        filled=row["flags"],
    )


def share_of(row: Mapping[str, Any]) -> Share:
    """The share that a stored row (its `SHARE_RECORD` columns) was made from."""
    return Share(
        platform=row["platform"],
        share_id=row["share_id"],
        root_id=row["root_id"],
        parent_id=row["parent_id"],
        user_id=row["user_id"],
        shared=milliseconds(row["shared"]) / 1000,
        text=row["text"],
        author=_author_of(row, row["user_id"]),
        tie=row["tie"],
        targets=row["targets"],
        campaign=row["campaign"],
        channel=row["channel"],
        paid=row["paid"],
        landing=row["landing"],
        via=row["origin"],
        filled=row["flags"],
    )


def milliseconds(moment: datetime) -> int:
    """A time as ClickHouse gives it, in Unix milliseconds."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def take(columns: Mapping[str, list[Any]], low: int, high: int) -> Columns:
    """Rows `low` to `high` (not included) of all columns."""
    return {name: values[low:high] for name, values in columns.items()}


def _author_of(row: Mapping[str, Any], ident: str) -> Author | None:
    if not ident:
        return None
    return Author(
        id=ident,
        gender=row["author_gender"],
        age=row["author_age"],
        location=row["author_location"],
        education=row["author_education"],
        income=row["author_income"],
        device=row["author_device"],
        followers=row["author_followers"],
        following=row["author_following"],
        posts=row["author_posts"],
        verified=row["author_verified"],
        joined=milliseconds(row["author_joined"]) / 1000 or None,
    )


def _author_columns(authors: Iterable[Author | None], appended: Sequence[int]) -> Columns:
    known = [author or _NOBODY for author in authors]
    joined, _ = _clamp([a.joined or 0.0 for a in known], appended)
    return {
        "author_gender": [a.gender for a in known],
        "author_age": [a.age for a in known],
        "author_location": [a.location for a in known],
        "author_education": [a.education for a in known],
        "author_income": [a.income for a in known],
        "author_device": [a.device for a in known],
        "author_followers": [a.followers for a in known],
        "author_following": [a.following for a in known],
        "author_posts": [a.posts for a in known],
        "author_verified": [a.verified for a in known],
        "author_joined": joined,
    }


def _verdict_columns(judgements: Judgements, n: int) -> Columns:
    analysis, hits = judgements.analysis, judgements.hits
    return {
        "words": analysis.words,
        "sentiment": analysis.sentiment,
        "score": analysis.score,
        "confidence": analysis.confidence,
        "mentions.brand": analysis.brands,
        "mentions.sentiment": analysis.brand_sentiments,
        "mentions.score": analysis.brand_scores,
        "mentions.confidence": analysis.brand_confidences,
        "mentions.start": analysis.brand_starts,
        "mentions.stop": analysis.brand_stops,
        "mentions.evidence_start": analysis.brand_evidence_starts,
        "mentions.evidence_stop": analysis.brand_evidence_stops,
        "aspects.aspect": analysis.aspects,
        "aspects.brand": analysis.aspect_brands,
        "aspects.sentiment": analysis.aspect_sentiments,
        "aspects.score": analysis.aspect_scores,
        "aspects.start": analysis.aspect_starts,
        "aspects.stop": analysis.aspect_stops,
        "stage": analysis.stage,
        "intent": analysis.intent,
        "own_brand": judgements.own_brands,
        **{f"hits.{name}": column for name, column in hits._asdict().items()},
        "simhash": analysis.simhash,
        "judge": [judgements.judge] * n,
    }


def _source_columns(source: Source, n: int) -> Columns:
    return {
        "src_epoch": [source.epoch] * n,
        "src_partition": list(source.partitions),
        "src_offset": list(source.offsets),
        "appended_at": list(source.appended),
    }


def _clamp(times: Sequence[float], appended: Sequence[int]) -> tuple[list[int], list[int]]:
    """Times in milliseconds, none later than its record's arrival, and the indexes of those corrected."""
    if not any(times):
        return [0] * len(times), []
    stamps = [int(time * 1000 + 0.5) for time in times]
    ahead = int(CLOCK_TOLERANCE * 1000)
    if max(stamps) <= min(appended) + ahead:
        return stamps, []
    clamped = [
        index for index, (stamp, at) in enumerate(zip(stamps, appended, strict=True)) if stamp > at + ahead
    ]
    for index in clamped:
        stamps[index] = appended[index]
    return stamps, clamped


def _flags(filled: list[str], clamped: Iterable[int], field: str) -> list[str]:
    for index in clamped:
        filled[index] = f"{filled[index]},clamped_{field}".lstrip(",")
    return filled


def _without_defaults(columns: Columns) -> Columns:
    """Only the columns that say something: "" 0 False [] are what the table fills in by itself."""
    return {name: values for name, values in columns.items() if any(values)}
