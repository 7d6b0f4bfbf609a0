"""How good labels are: accuracy, macro-F1, the confusion matrix and whether confidence means what it says."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from streams.text.sentiment.base import Scores, confidence, labels

LABELS = ("pos", "neu", "neg")
_BINS = 10


class Quality(NamedTuple):
    """How labels compare with the truth; shares in 0…1.

    Attributes:
        rows: how many texts.
        accuracy: share of right labels.
        macro_f1: mean of the classes' F1, over the classes that occur in the truth.
        leaning: share of pos and neg texts that lean the right way, neutral label or not.
        neutral: share of texts labelled neutral.
        calibration_error: how far confidence is from the share of right labels, on average (ECE, ten bins).
        classes: class → precision, recall, f1 and number of texts.
        confusion: true class → label given → number of texts.
    """

    rows: int
    accuracy: float
    macro_f1: float
    leaning: float
    neutral: float
    calibration_error: float
    classes: dict[str, dict[str, float]]
    confusion: dict[str, dict[str, int]]

    def as_json(self) -> dict[str, Any]:
        """Plain values, shares rounded to four digits."""
        rounded = {
            name: {key: round(value, 4) for key, value in row.items()} for name, row in self.classes.items()
        }
        plain = {key: round(value, 4) for key, value in self._asdict().items() if isinstance(value, float)}
        return {**self._asdict(), **plain, "classes": rounded}


def measure(scores: Scores, truth: Sequence[str]) -> Quality:
    """Compare the labels of `scores` with the true ones; at least one text."""
    given = labels(scores)
    confusion = {true: dict.fromkeys(LABELS, 0) for true in LABELS}
    for true, label in zip(truth, given, strict=True):
        confusion[true][label] += 1
    right = np.array([true == label for true, label in zip(truth, given, strict=True)])
    classes = {name: _class(confusion, name) for name in LABELS}
    present = [row["f1"] for row in classes.values() if row["rows"]]
    sides = np.array([{"pos": 1, "neu": 0, "neg": -1}[true] for true in truth])
    opinions = sides != 0
    return Quality(
        rows=len(truth),
        accuracy=float(right.mean()),
        macro_f1=sum(present) / len(present),
        leaning=float((scores * sides > 0)[opinions].mean()) if opinions.any() else 0.0,
        neutral=given.count("neu") / len(given),
        calibration_error=_calibration_error(confidence(scores), right),
        classes=classes,
        confusion=confusion,
    )


def _class(confusion: dict[str, dict[str, int]], name: str) -> dict[str, float]:
    hits = confusion[name][name]
    rows, given = sum(confusion[name].values()), sum(row[name] for row in confusion.values())
    return {
        "precision": hits / given if given else 0.0,
        "recall": hits / rows if rows else 0.0,
        "f1": 2 * hits / (rows + given) if rows + given else 0.0,
        "rows": rows,
    }


def _calibration_error(sure: Scores, right: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [abs(float(np.sum(right[bins == bin_]) - np.sum(sure[bins == bin_]))) for bin_ in range(_BINS)]
    return sum(gaps) / len(right)
