"""What a measure is: a name, a unit, a sentence, a formula with its source, and the same number twice.

`value` computes it in ClickHouse, `fold` in Python; a test holds both equal on random rows. A number is only
given when its sample is large enough: below `least` it is NULL in SQL and None in Python.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

LEAST = 30
"""Mentions below which a ratio or a mean says nothing (our choice; docs/measures.md)."""

LIKE, COMMENT, REPOST = 1, 5, 10
"""What an answer is worth, by the effort behind it: the weights of BettaFish (666ghj/BettaFish@aa3b913)."""

ENGAGEMENT = f"sum({LIKE} * likes + {COMMENT} * comments + {REPOST} * reposts)"

COLUMNS: Mapping[str, str] = {
    "kind": "LowCardinality(String)",
    "platform": "LowCardinality(String)",
    "id": "String",
    "at": "DateTime64(3, 'UTC')",
    "author_id": "String",
    "author_followers": "UInt64",
    "brand": "LowCardinality(String)",
    "sentiment": "LowCardinality(String)",
    "score": "Float32",
    "likes": "UInt64",
    "comments": "UInt64",
    "reposts": "UInt64",
    "intent": "LowCardinality(String)",
}
"""Columns of `mentions` that measures read, and their types; over posts, `brand` and `kind` are not there."""


class Row(NamedTuple):
    """A mention, or a post when `brand` is empty: the columns of `COLUMNS`."""

    kind: str
    platform: str
    id: str
    at: datetime
    author_id: str
    author_followers: int
    brand: str
    sentiment: str
    score: float
    likes: int
    comments: int
    reposts: int
    intent: str

    @property
    def author(self) -> tuple[str, str]:
        """Who wrote it: ids are unique within a platform only."""
        return self.platform, self.author_id

    @property
    def engagement(self) -> int:
        """Weighted answers to it."""
        return LIKE * self.likes + COMMENT * self.comments + REPOST * self.reposts


def every(row: Row) -> bool:
    """Whether the row belongs to the sample: each does."""
    return True


@dataclass(frozen=True, kw_only=True)
class Measure:
    """An aggregate over mentions or posts.

    Attributes:
        name: what it is called in SQL, settings and URLs.
        zh: its title in Chinese.
        en: its title in English.
        unit: of its value: posts, people, answers, points (a scale, stated by the formula), % or ‰.
        about_zh: one sentence.
        about_en: the same in English.
        formula: as it is printed beside the number.
        source: where the formula comes from; "ours" for our own choices.
        value: ClickHouse aggregate over the columns of `COLUMNS`. `{until}` stands for the window's end.
        fold: the same over rows, given the window's end.
        sample: ClickHouse aggregate that counts the sample.
        counted: whether a row belongs to the sample.
        least: sample below which there is no value; 0 asks for none.
    """

    name: str
    zh: str
    en: str
    unit: str
    about_zh: str
    about_en: str
    formula: str
    source: str
    value: str
    fold: Callable[[Sequence[Row], datetime], float | None]
    sample: str = "count()"
    counted: Callable[[Row], bool] = every
    least: int = 0

    def of(self, rows: Iterable[Row], until: datetime) -> float | None:
        """The measure of these rows; None below the minimum sample.

        Args:
            rows: all of them in one group.
            until: end of the window.
        """
        known = list(rows)
        if self.least and sum(map(self.counted, known)) < self.least:
            return None
        return self.fold(known, until)

    def expression(self, until: str, peers: str) -> str:
        """The ClickHouse expression, minimum sample included.

        Args:
            until: SQL of the window's end.
            peers: what a share's whole is taken over (`PARTITION BY …`, or nothing); not used here.
        """
        value = self.value.replace("{until}", until)
        return f"if({self.sample} >= {self.least}, {value}, NULL)" if self.least else value


@dataclass(frozen=True, kw_only=True)
class Share(Measure):
    """A brand's part of what all brands of one competitor set have together; the parts of a set add up to 100.

    `value` and `fold` give the brand's own amount, the sample is that of the whole set.
    """

    def expression(self, until: str, peers: str) -> str:
        """The part in per cent; the query must be grouped by brand, its peers the other brands."""
        whole = f"sum({self.value}) OVER ({peers})"
        part = f"100 * {self.value} / nullIf({whole}, 0)"
        return f"if(sum({self.sample}) OVER ({peers}) >= {self.least}, {part}, NULL)" if self.least else part

    def among(self, brands: Mapping[str, Sequence[Row]], until: datetime) -> dict[str, float | None]:
        """The part of every brand of the set.

        Args:
            brands: brand → its rows.
            until: end of the window.
        """
        amounts = {brand: self.fold(rows, until) or 0 for brand, rows in brands.items()}
        whole = sum(amounts.values())
        counted = sum(self.counted(row) for rows in brands.values() for row in rows)
        if not whole or counted < self.least:
            return dict.fromkeys(brands)
        return {brand: 100 * amount / whole for brand, amount in amounts.items()}


def ratio(part: float, whole: float) -> float | None:
    """Part ÷ whole; None of nothing."""
    return part / whole if whole else None


def tones(rows: Iterable[Row]) -> tuple[int, int, int]:
    """How many rows are positive, neutral and negative."""
    found = [row.sentiment for row in rows]
    return found.count("pos"), found.count("neu"), found.count("neg")
