"""A batch of shares as the cascades take it: one column a field."""

from collections.abc import Sequence
from typing import NamedTuple


class Shares(NamedTuple):
    """Columns of one length.

    Attributes:
        root: root_id of each share.
        share: share_id.
        parent: what was shared: the root or another share.
        user: who shared.
        shared: when, Unix milliseconds.
        order: where the row stands among all that landed (epoch, then offset). Of two shares with one id
            the lower stands; the same row may come any number of times.
        followers: how many follow the user; 0 if unknown.
        tie: number of the tie in `shape.TIES`.
        score: leaning of the words that were added, -1 … 1; NaN without words.
    """

    root: Sequence[str]
    share: Sequence[str]
    parent: Sequence[str]
    user: Sequence[str]
    shared: Sequence[int]
    order: Sequence[int]
    followers: Sequence[int]
    tie: Sequence[int]
    score: Sequence[float]

    def part(self, rows: Sequence[int]) -> "Shares":
        """Some of the rows, in the order given."""
        return Shares._make([column[row] for row in rows] for column in self)
