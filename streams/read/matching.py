"""What a rule would have hit in the stored past: by the matcher of the workers, over the posts of a window."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

from streams.rules import records
from streams.rules.matcher import Batch, Hit, Matcher
from streams.store import rows
from streams.store.client import Connection
from streams.store.rows import POST_RECORD
from streams.text.normalise import normalise
from streams.text.segment import Segmenter
from streams.topics.post import Post

PAGE = 5_000
"""Posts that are matched at a time."""

_JUDGED = ("sentiment", "mentions.brand", "mentions.sentiment")
_POSTS = (
    f"SELECT {', '.join(f'`{name}`' for name in (*POST_RECORD, *_JUDGED))} FROM posts_latest "  # noqa: S608
    "WHERE published >= fromUnixTimestamp64Milli({since:Int64}) AND published < fromUnixTimestamp64Milli({until:Int64}) "
    "ORDER BY toStartOfHour(published), platform, post_id"
)


class Matched(NamedTuple):
    """A post that a rule matches.

    Attributes:
        post: the post.
        hits: by which rules.
        sentiment: its tone.
        tones: brand that it names → tone toward it.
    """

    post: Post
    hits: list[Hit]
    sentiment: str
    tones: dict[str, str]


class Page(NamedTuple):
    """Some of the posts of a window.

    Attributes:
        scanned: how many posts.
        matched: those that a rule matches.
    """

    scanned: int
    matched: list[Matched]

    @property
    def hits(self) -> list[tuple[Post, list[Hit]]]:
        """The posts that a rule matches, and by which rules."""
        return [(one.post, one.hits) for one in self.matched]


def matches(
    connection: Connection, matcher: Matcher, segmenter: Segmenter, since: float, until: float
) -> Iterator[Page]:
    """Every post of a window against the rules, page by page, by hour.

    The posts' stored tones are used, with the lexicons that judged them; texts are searched anew.

    Args:
        connection: an account that reads.
        matcher: the rules.
        segmenter: that the matcher was made with.
        since: from when on, Unix seconds.
        until: up to when.

    Raises:
        StoreUnavailable, StoreRefused: as `Connection`.
    """
    columns, found = connection.stream(_POSTS, {"since": int(since * 1000), "until": int(until * 1000)})
    names = [column.name for column in columns]
    page: list[dict[str, Any]] = []
    for row in found:
        page.append(dict(zip(names, row, strict=True)))
        if len(page) == PAGE:
            yield _match(matcher, segmenter, page)
            page = []
    if page:
        yield _match(matcher, segmenter, page)


def _match(matcher: Matcher, segmenter: Segmenter, page: Sequence[dict[str, Any]]) -> Page:
    posts = [rows.post_of(row) for row in page]
    texts = [post.text for post in posts]
    folded = normalise(texts)

    def tones(brand: str) -> Sequence[str]:
        return records.toward(
            brand,
            [row["sentiment"] for row in page],
            [row["mentions.brand"] for row in page],
            [row["mentions.sentiment"] for row in page],
        )

    batch = Batch(texts, folded, _Cuts(segmenter, folded), records.post_columns(posts, tones))
    matched = [
        Matched(
            posts[row],
            hits,
            page[row]["sentiment"],
            dict(zip(page[row]["mentions.brand"], page[row]["mentions.sentiment"], strict=True)),
        )
        for row, hits in matcher.match(batch).items()
    ]
    return Page(len(posts), matched)


class _Cuts(Sequence[list[str]]):
    """Tokens of texts, cut when they are asked for: a matcher asks for its few candidates only."""

    def __init__(self, segmenter: Segmenter, folded: Sequence[str]) -> None:
        self._segmenter = segmenter
        self._folded = folded

    @overload
    def __getitem__(self, index: int) -> list[str]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[list[str]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._segmenter.cut(self._folded[index])
        return self._segmenter.cut([self._folded[index]])[0]

    def __len__(self) -> int:
        return len(self._folded)
