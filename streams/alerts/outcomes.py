"""What came of a case: whether its people speak better of the brand, and how fast the storm died down. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

FEWEST = 5
"""Posts below which a mean says nothing."""

LEAST = 10.0
"""Negative posts an hour at the peak below which there was no storm to die down."""

HOUR = 3600.0


class Said(NamedTuple):
    """What some people said of a brand in a stretch of time.

    Attributes:
        posts: how many posts and shares.
        score: mean sentiment, -1 to 1; None below `FEWEST` posts.
        negative: share of them that is negative; None below `FEWEST` posts.
    """

    posts: int
    score: float | None
    negative: float | None


class Outcome(NamedTuple):
    """What came of a case.

    Attributes:
        authors: who spoke negatively of the brand while the alert lasted.
        both: how many of them spoke of it both before the case and after it: only these are compared.
        before: what these said in the days before it was opened.
        after: what they said in the days after it ended.
        half_life: seconds; None where it is not known yet, or there was no storm.
    """

    authors: int
    both: int
    before: Said
    after: Said
    half_life: float | None

    @property
    def change(self) -> float | None:
        """Mean sentiment after, minus before; above 0 is better. None where one of them is."""
        if self.before.score is None or self.after.score is None:
            return None
        return self.after.score - self.before.score


def said(posts: int, score: float, negative: int, *, fewest: int = FEWEST) -> Said:
    """What people said, as far as there is enough of it.

    Args:
        posts: how many.
        score: sum of their sentiments.
        negative: how many are negative.
        fewest: posts below which nothing is said of them.
    """
    if posts < fewest:
        return Said(posts, None, None)
    return Said(posts, score / posts, negative / posts)


def half_life(hours: Sequence[int], *, least: float = LEAST) -> float | None:
    """Seconds from the peak of the negative volume until it has halved.

    The peak is the hour with most negative posts, the last of several. From its middle on the volume goes in a
    straight line from the middle of each hour to the middle of the next; the half-life is the time until that line
    is at half the peak. A storm that ends within an hour has half an hour: nothing shorter is told apart.

    Args:
        hours: negative posts of each whole hour, in order.
        least: volume of the peak below which nothing is said.

    Returns:
        None when the volume has not halved by the last hour, or the peak is too low.
    """
    highest = max(hours, default=0)
    if highest < least:
        return None
    peak = max(index for index, count in enumerate(hours) if count == highest)
    for index in range(peak + 1, len(hours)):
        before, after = hours[index - 1], hours[index]
        if after <= highest / 2:
            part = (before - highest / 2) / (before - after)
            return (index - 1 - peak + part) * HOUR
    return None
