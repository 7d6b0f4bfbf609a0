"""What every sentiment engine offers, and how its leaning becomes a label and a confidence."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]
Texts = Sequence[str]
Cuts = Sequence[list[str]]

NEUTRAL_BAND = 0.2
"""Leanings within ± this are neutral; an engine lays its own border of neutral onto it."""


class Engine(Protocol):
    """Judges texts that are folded and cut already."""

    def judge(self, texts: Texts, cuts: Cuts) -> Scores:
        """The leaning of each text: -1 all negative, 0 nothing to go by, 1 all positive.

        Within the band the label is neutral and the sign still says which way the text leans. How a batch
        is cut never changes a score.
        """
        ...


def labels(scores: Scores) -> list[str]:
    """`pos`, `neu` or `neg` for each leaning."""
    which = (scores > NEUTRAL_BAND).astype(np.int8) - (scores < -NEUTRAL_BAND)
    return list(map(("neu", "pos", "neg").__getitem__, which.tolist()))


def confidence(scores: Scores) -> Scores:
    """How likely each label is right: ½ at its border, 1 at its far end.

    `lay` makes it a probability: it places a leaning where this line reads as the share of right labels.
    """
    distance = np.abs(scores)
    outside = (distance - NEUTRAL_BAND) / (1 - NEUTRAL_BAND)
    inside = 1 - distance / NEUTRAL_BAND
    return 0.5 + 0.5 * np.where(distance > NEUTRAL_BAND, outside, inside)


def lay(strength: Scores, threshold: float, steepness: float) -> Scores:
    """Leanings from strengths in -1…1, of which those up to ± `threshold` are neutral.

    Outside, a label is right with probability σ(steepness · x), where x goes from 0 at the threshold to 1;
    the leaning is what `confidence` reads that probability from. Inside, the leaning grows evenly: it never
    loses its sign.
    """
    distance = np.abs(strength)
    over = np.maximum(distance - threshold, 0) / (1 - threshold)
    outside = NEUTRAL_BAND + (1 - NEUTRAL_BAND) * np.tanh(over * (steepness / 2))
    size: Scores = np.where(over > 0, outside, NEUTRAL_BAND / threshold * distance)
    return np.copysign(size, strength)
