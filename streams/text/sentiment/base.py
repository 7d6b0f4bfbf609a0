"""What every sentiment engine offers, and how its leaning becomes a label."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]

NEUTRAL_BAND = 0.2
"""Leanings within ± this are neutral. There is no band that fits every kind of text."""


class Engine(Protocol):
    """Judges texts that are folded and cut already."""

    def judge(self, texts: Sequence[str], cuts: Sequence[list[str]]) -> Scores:
        """The leaning of each text: -1 all negative, 0 neutral or undecided, 1 all positive."""
        ...


def labels(scores: Scores) -> list[str]:
    """`pos`, `neu` or `neg` for each leaning."""
    which = (scores > NEUTRAL_BAND).astype(np.int8) - (scores < -NEUTRAL_BAND)
    return list(map(("neu", "pos", "neg").__getitem__, which.tolist()))


def confidence(scores: Scores) -> Scores:
    """How far each leaning is from becoming another label: ½ at the border, 1 at the far end."""
    distance = np.abs(scores)
    outside = (distance - NEUTRAL_BAND) / (1 - NEUTRAL_BAND)
    inside = 1 - distance / NEUTRAL_BAND
    return 0.5 + 0.5 * np.where(distance > NEUTRAL_BAND, outside, inside)
