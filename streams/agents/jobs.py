"""What a lane does with each topic's records: decode, analyse, turn into columns. Knows no Faust."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from streams.agents.judge import Judge
from streams.agents.lanes import Bad, Job, LaneRecipe, LaneState
from streams.errors import BadRecord
from streams.store import rows
from streams.store.client import Connection
from streams.store.rows import Columns, Source
from streams.topics import codec
from streams.topics.deadletter import DeadLetter
from streams.topics.interaction import Interaction
from streams.topics.post import Post
from streams.topics.share import Share

S = TypeVar("S", bound=msgspec.Struct)


def build(config: LaneRecipe) -> LaneState:
    """The state of one lane: every job, one judge, one connection."""
    connection = Connection(config.url, timeout=config.timeout)
    judge = Judge(config, connection)
    jobs: dict[str, Job] = {
        "posts": PostsJob(judge),
        "shares": SharesJob(judge),
        "interactions": InteractionsJob(),
        "dead-letters": DeadLettersJob(),
    }
    return LaneState(jobs, judge, connection)


class PostsJob:
    """Posts with their verdicts."""

    table = "posts"

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._decoder = codec.decoder(Post)

    def rows(self, values: Sequence[bytes | None], source: Source) -> tuple[Columns, list[Bad]]:
        """Columns of `posts`."""
        posts, source, bad = _decoded(self._decoder, values, source)
        return rows.post_columns(posts, self._judge.posts(posts), source), bad


class SharesJob:
    """Shares; those with words get the same verdicts as posts."""

    table = "shares"

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._decoder = codec.decoder(Share)

    def rows(self, values: Sequence[bytes | None], source: Source) -> tuple[Columns, list[Bad]]:
        """Columns of `shares`."""
        shares, source, bad = _decoded(self._decoder, values, source)
        return rows.share_columns(shares, self._judge.shares(shares), source), bad


class InteractionsJob:
    """Interactions, as they are."""

    table = "interactions"

    def __init__(self) -> None:
        self._decoder = codec.decoder(Interaction)

    def rows(self, values: Sequence[bytes | None], source: Source) -> tuple[Columns, list[Bad]]:
        """Columns of `interactions`."""
        interactions, source, bad = _decoded(self._decoder, values, source)
        return rows.interaction_columns(interactions, source), bad


class DeadLettersJob:
    """Dead letters. Nothing is bad here: what cannot be read is a dead letter about itself."""

    table = "dead_letters"

    def __init__(self) -> None:
        self._decoder = codec.decoder(DeadLetter)

    def rows(self, values: Sequence[bytes | None], source: Source) -> tuple[Columns, list[Bad]]:
        """Columns of `dead_letters`."""
        letters = []
        for index, value in enumerate(values):
            try:
                letters.append(codec.decode(self._decoder, value))
            except BadRecord as error:
                letters.append(_about_itself(value or b"", error, index, source))
        return rows.dead_letter_columns(letters, source), []


def _about_itself(value: bytes, error: BadRecord, index: int, source: Source) -> DeadLetter:
    return DeadLetter(
        topic="dead-letters",
        epoch=source.epoch,
        partition=source.partitions[index],
        offset=source.offsets[index],
        key="",
        value=value,
        size=len(value),
        reason=error.reason,
        detail=error.detail,
        stage="decode",
        version="",
        appended=source.appended[index] / 1000,
        failed=source.appended[index] / 1000,
    )


def _decoded(
    decoder: "msgspec.json.Decoder[S]", values: Sequence[bytes | None], source: Source
) -> tuple[list[S], Source, list[Bad]]:
    """The good records and where they came from, and the bad ones."""
    decode = decoder.decode
    try:
        return [decode(value) for value in values], source, []  # type: ignore[arg-type]  # None raises
    except (ValueError, TypeError, RecursionError):
        pass
    good: list[S] = []
    keep: list[int] = []
    bad: list[Bad] = []
    for index, value in enumerate(values):
        try:
            good.append(codec.decode(decoder, value))
            keep.append(index)
        except BadRecord as error:
            bad.append(Bad(index, error.reason, error.detail))
    return good, _kept(source, keep), bad


def _kept(source: Source, keep: Sequence[int]) -> Source:
    def only(column: Sequence[Any]) -> list[Any]:
        return [column[index] for index in keep]

    return Source(source.epoch, only(source.partitions), only(source.offsets), only(source.appended))
