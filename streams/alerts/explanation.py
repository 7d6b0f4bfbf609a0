"""Why there is an alert: what the posts that it is about have in common. Every part may be missing."""

from typing import Literal

from msgspec import Struct

from streams.rules.rule import Rule


class Usual(Struct, frozen=True):
    """What the same window held before.

    Attributes:
        count: matching posts in a window of the same length, on average.
        weeks: over how many weeks, at the same hour of the same day; 0 when it is the last 12 hours.
    """

    count: float
    weeks: int


class Source(Struct, frozen=True):
    """A platform, and how many of the posts are from there."""

    platform: str
    count: int


class Term(Struct, frozen=True):
    """A word that rises.

    Attributes:
        term: the word.
        posts: how many posts of the window hold it.
        before: how many held it in the time before.
        score: the rise in standard deviations (`streams.text.words`); None without posts before.
    """

    term: str
    posts: int
    before: int
    score: float | None


class Tone(Struct, frozen=True):
    """How many of the posts are positive, neutral and negative, toward the brand where they name it."""

    positive: int
    neutral: int
    negative: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.positive + self.neutral + self.negative


class Spread(Struct, frozen=True, kw_only=True):
    """The largest cascade among the posts.

    Attributes:
        root_id: post that it began with.
        platform: where.
        size: nodes, the root among them.
        depth: the deepest generation; the root is 0.
        last_hour: shares in the hour up to `now`.
        hour_before: shares in the hour before that one.
    """

    root_id: str
    platform: str
    size: int
    depth: int
    last_hour: int = 0
    hour_before: int = 0


class Reach(Struct, frozen=True):
    """Who wrote the posts.

    Attributes:
        authors: how many people.
        followers: of all of them together, the same one counted once.
        most: of the one who has most.
    """

    authors: int
    followers: int
    most: int


class Example(Struct, frozen=True, kw_only=True):
    """A post or share as it was written.

    Attributes:
        kind: post or share.
        platform: where.
        id: its id there.
        at: when, Unix seconds.
        text: what it says; the first few thousand characters.
        spans: what the alert rests on, as ranges of characters of `text`.
        reposts: how often it was shared.
        followers: of its author.
        url: where it stands; "" where that is not known.
    """

    kind: Literal["post", "share"] = "post"
    platform: str
    id: str
    at: float
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    reposts: int = 0
    followers: int = 0
    url: str = ""


class Explanation(Struct, frozen=True, kw_only=True):
    """What explains an alert, as far as it could be had in time.

    Attributes:
        rule: the rule as it was when it spoke.
        start, stop: the window that the figures are of, Unix seconds.
        count: posts and shares in it; 0 where that is not known.
        usual: what is usual in such a window.
        sources: platforms, the one with most posts first.
        terms: words that rise, most first.
        tone: the sentiments.
        spread: the largest cascade.
        reach: the authors.
        examples: posts, the most telling first.
        late: names of the parts that were left out because there was no time, or no answer.
    """

    rule: Rule | None = None
    start: float = 0.0
    stop: float = 0.0
    count: int = 0
    usual: Usual | None = None
    sources: tuple[Source, ...] = ()
    terms: tuple[Term, ...] = ()
    tone: Tone | None = None
    spread: Spread | None = None
    reach: Reach | None = None
    examples: tuple[Example, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where the most telling post stands; "" where that is not known."""
        return next((one.url for one in self.examples if one.url), "")
