"""Whether an hour is busier than chance explains: η = (c − ν) / CI(α, ν).

c is the count of the hour, ν what is usual at this hour of the week, and CI the width of the interval that holds
a Poisson count of mean ν with probability α, both tails equal (Gnip, "Trend detection in social data", 2015). So
a quiet brand needs no threshold of its own, and neither does a loud one.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple

import numpy as np

ALPHA = 0.99
WEEK = 168
"""Hours of a week."""

WEEKS = 4
RECENT = 12
"""Hours that tell what is usual while there are no four weeks."""

MINIMUM = 20
"""Count below which nothing is a spike, however quiet it was before."""

_SUMMED = 1e8


class Spike(NamedTuple):
    """What an hour is against the hours before.

    Attributes:
        expected: ν; None where there is no hour to compare with.
        eta: how many widths of the interval it is above ν; None likewise.
        fires: whether it is a spike.
    """

    expected: float | None
    eta: float | None
    fires: bool


def judge(hours: Sequence[float], current: float, minimum: float = MINIMUM) -> Spike:
    """Compare an hour with those before it.

    Args:
        hours: counts of whole hours, oldest first, the last one right before `current`.
        current: count of the hour that is judged.
        minimum: least count of a spike.
    """
    return against(usual(hours), current, minimum)


def against(expected: float | None, current: float, minimum: float = MINIMUM) -> Spike:
    """Compare an hour with what is usual. Without anything usual nothing is a spike."""
    if expected is None:
        return Spike(None, None, False)
    eta = (current - expected) / width(expected)
    return Spike(expected, eta, eta >= 1 and current >= minimum)


def usual(hours: Sequence[float]) -> float | None:
    """ν: the mean of the same hour of the last four weeks, else of the last twelve hours; None of no hours."""
    if len(hours) >= WEEKS * WEEK:
        return fmean(hours[-WEEK * week] for week in range(1, WEEKS + 1))
    return fmean(hours[-RECENT:]) if hours else None


def width(mean: float) -> float:
    """CI: the width of the interval around a mean; at least 1, so that η is defined where nothing was usual."""
    tail = (1 - ALPHA) / 2
    return max(1.0, quantile(1 - tail, mean) - quantile(tail, mean))


def quantile(probability: float, mean: float) -> float:
    """The least k that a Poisson count of this mean does not exceed with at least this probability.

    Args:
        probability: between 0 and 1.
        mean: not negative.
    """
    if mean == 0:
        return 0.0
    if mean > _SUMMED:  # Cornish-Fisher: wrong by less than one in a width of 50,000
        z = NormalDist().inv_cdf(probability)
        return math.ceil(mean + z * math.sqrt(mean) + (z * z - 1) / 6 - 0.5)
    spread = 12 * math.sqrt(mean) + 40
    lowest = max(0, math.floor(mean - spread))
    k = np.arange(lowest, math.ceil(mean + spread))
    # P(k) / P(k - 1) = mean / k; only ratios matter, so that nothing over- or underflows
    logs = np.concatenate(([0.0], np.cumsum(math.log(mean) - np.log(k[1:]))))
    weights = np.exp(logs - logs.max())
    return float(k[np.searchsorted(np.cumsum(weights), probability * weights.sum())])
