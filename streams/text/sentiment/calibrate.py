"""Fitting the mix to one's own labelled posts, with figures measured on posts that the fit had not seen."""

import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from streams.errors import BadConfig
from streams.language import t
from streams.text.sentiment.base import Cuts, Scores, Texts, confidence, lay
from streams.text.sentiment.fitting import Bag, Rows, logistic
from streams.text.sentiment.hybrid import DEFAULT, LEANING, OPINION, Hybrid, Mix, strength
from streams.text.sentiment.measures import LABELS, Quality, measure
from streams.text.sentiment.ngrams import BUCKETS, Ngrams

FEWEST = 200
"""Labels below which a fit would say more about chance than about the domain."""
_FEWEST_OF_A_CLASS = 10
_FORMAT = 1
_FOLDS = 5
_PENALTY, _OWN_PENALTY = 20.0, 0.003
_THRESHOLDS = np.linspace(0.02, 0.8, 79)
_STEEPNESS = np.linspace(0.2, 12, 60)


class Calibration(msgspec.Struct, frozen=True):
    """What a domain's labels say, as it is kept in a file.

    Attributes:
        leaning: weights of the features for pos against neg.
        opinion: weights of the features for an opinion against none.
        threshold: where neutral ends.
        steepness: how fast a label becomes certain beyond that.
        rows: how many labels it was fitted to.
        weights: SHA-256 of the n-gram weights that it was fitted on top of; "" for the rule alone.
        own: weights of the domain's own n-grams, both heads in int8, deflated.
        step: worth of one unit of them.
        format: layout of the file.
    """

    leaning: tuple[float, ...]
    opinion: tuple[float, ...]
    threshold: float
    steepness: float
    rows: int
    weights: str
    own: bytes
    step: float
    format: int = _FORMAT

    @property
    def mix(self) -> Mix:
        """The weights as `Hybrid` takes them."""
        return Mix(self.leaning, self.opinion, self.threshold, self.steepness)

    @property
    def ngrams(self) -> Ngrams:
        """The domain's own n-grams as `Hybrid` takes them."""
        return Ngrams(np.frombuffer(zlib.decompress(self.own), np.int8).reshape(2, BUCKETS), self.step)


class Fit(NamedTuple):
    """A calibration and what it is worth.

    Attributes:
        calibration: fitted to all labels.
        before: the engine as it came, on the labels.
        after: the calibrated engine, each text judged by a fit that had not seen it.
    """

    calibration: Calibration
    before: Quality
    after: Quality


def encode(calibration: Calibration) -> bytes:
    """The bytes of a calibration file."""
    return msgspec.msgpack.encode(calibration)


def decode(content: bytes, weights: str) -> Calibration:
    """Read a calibration file.

    Args:
        content: its bytes.
        weights: SHA-256 of the n-gram weights in use, "" for the rule alone.

    Raises:
        BadConfig: no calibration, or one on top of other n-gram weights.
    """
    again = t(
        "重新运行 koubei sentiment calibrate --labels …", "run koubei sentiment calibrate --labels … again"
    )
    try:
        found = msgspec.msgpack.decode(content, type=Calibration)
    except msgspec.DecodeError as error:
        raise BadConfig(
            t(f"这不是校准文件：{again}（{error}）", f"this is no calibration file: {again} ({error})")
        ) from error
    shape = (len(found.leaning), len(found.opinion))
    if found.format != _FORMAT or found.weights != weights or shape != (len(LEANING), len(OPINION)):
        raise BadConfig(
            t(
                f"校准文件与当前的情感引擎不配套：{again}",
                f"the calibration was fitted to another engine or version: {again}",
            )
        )
    return found


class _Model(NamedTuple):
    """What one fit found: weights of the features, and of the domain's n-grams for both heads."""

    leaning: Scores
    opinion: Scores
    own_leaning: Scores
    own_opinion: Scores


class _Task:
    """The labelled texts, and fits on some rows of them."""

    def __init__(self, engine: Hybrid, texts: Texts, cuts: Cuts, truth: Sequence[str]) -> None:
        features = engine.features(texts, cuts)
        self._leaning = np.stack([getattr(features, name) for name in LEANING], axis=1)
        self._opinion = np.stack([getattr(features, name) for name in OPINION], axis=1)
        self.sides = np.array([{"pos": 1, "neu": 0, "neg": -1}[label] for label in truth], np.int8)
        self._three = bool((self.sides == 0).any())
        self.bag = Bag(texts)

    def train(self, rows: Rows) -> _Model:
        """Fit to the chosen rows."""
        opinions = rows & (self.sides != 0)
        good = self.sides > 0
        leaning = logistic(self._leaning[opinions], good[opinions], np.array(DEFAULT.leaning), _PENALTY)
        opinion = np.array(DEFAULT.opinion)
        if self._three:
            opinion = logistic(self._opinion[rows], self.sides[rows] != 0, opinion, _PENALTY)
        own_leaning = self.bag.fit(opinions, good, self._leaning @ leaning, _OWN_PENALTY)
        own_opinion = np.zeros_like(own_leaning)
        if self._three:
            own_opinion = self.bag.fit(rows, self.sides != 0, self._opinion @ opinion, _OWN_PENALTY)
        return _Model(leaning, opinion, own_leaning, own_opinion)

    def strengths(self, model: _Model) -> Scores:
        """p(opinion) · (2 p(positive) - 1) of every row."""
        leaning = self._leaning @ model.leaning + self.bag.scores(model.own_leaning)
        opinion = self._opinion @ model.opinion + self.bag.scores(model.own_opinion)
        return strength(leaning, opinion)

    def folds(self) -> Iterator[Rows]:
        """Which rows are left out in turn; every class is spread evenly."""
        place = np.empty(len(self.sides), int)
        place[np.argsort(self.sides, kind="stable")] = np.arange(len(self.sides))
        return (place % _FOLDS == number for number in range(_FOLDS))


def fit(engine: Hybrid, texts: Texts, cuts: Cuts, truth: Sequence[str], *, weights: str) -> Fit:
    """Fit the mix of `engine` to labelled texts.

    Labels without any neutral leave the weights of opinion as they are; neutral then nearly vanishes.

    Args:
        engine: as it comes, not calibrated before.
        texts: folded; one that occurs twice lets the figures look better than they are.
        cuts: their tokens.
        truth: `pos`, `neu` or `neg` for each.
        weights: SHA-256 of the engine's n-gram weights, "" for the rule alone.

    Raises:
        BadConfig: fewer than 200 labels, or hardly any of a class.
    """
    _enough(truth)
    task = _Task(engine, texts, cuts, truth)
    unseen = np.zeros(len(truth))
    for left_out in task.folds():
        unseen[left_out] = task.strengths(task.train(~left_out))[left_out]
    after = np.zeros(len(truth))
    for left_out in task.folds():
        border = _border(unseen[~left_out], task.sides[~left_out])
        after[left_out] = lay(unseen[left_out], *border)
    model, border = task.train(np.ones(len(truth), bool)), _border(unseen, task.sides)
    own, step = _quantised(task.bag, model)
    calibration = Calibration(
        tuple(model.leaning.tolist()),
        tuple(model.opinion.tolist()),
        border.threshold,
        border.steepness,
        rows=len(truth),
        weights=weights,
        own=own,
        step=step,
    )
    return Fit(calibration, measure(engine.judge(texts, cuts), truth), measure(after, truth))


def _enough(truth: Sequence[str]) -> None:
    if len(truth) < FEWEST:
        raise BadConfig(
            t(
                f"只有 {len(truth)} 条标注，校准至少要 {FEWEST} 条：再标 {FEWEST - len(truth)} 条",
                f"{len(truth)} labels are too few, at least {FEWEST} are needed: label {FEWEST - len(truth)} more",
            )
        )
    counts = {label: list(truth).count(label) for label in LABELS}
    for label, count in counts.items():
        if count < _FEWEST_OF_A_CLASS and (count or label != "neu"):
            raise BadConfig(
                t(
                    f"{label} 只有 {count} 条标注，每一类至少要 {_FEWEST_OF_A_CLASS} 条：补标这一类",
                    f"{label} has {count} labels, every class needs {_FEWEST_OF_A_CLASS}: label more of it",
                )
            )


class _Border(NamedTuple):
    threshold: float
    steepness: float


def _border(strengths: Scores, sides: npt.NDArray[np.int8]) -> _Border:
    """Where neutral ends for the best macro-F1, then the steepness under which the labels are likeliest."""
    best = max(_THRESHOLDS, key=lambda threshold: _macro_f1(_cut(strengths / threshold), sides))
    outside = np.abs(strengths) > best
    right = (_cut(strengths / best) == sides)[outside]

    def unlikely(steepness: float) -> float:
        sure = confidence(lay(strengths[outside], best, steepness))
        return -float(np.log(np.clip(np.where(right, sure, 1 - sure), 1e-6, 1)).sum())

    return _Border(float(best), float(min(_STEEPNESS, key=unlikely)))


def _cut(strengths: Scores) -> npt.NDArray[np.int8]:
    return (strengths > 1).astype(np.int8) - (strengths < -1).astype(np.int8)


def _macro_f1(given: npt.NDArray[np.int8], sides: npt.NDArray[np.int8]) -> float:
    classes = [side for side in (1, 0, -1) if (sides == side).any()]
    return sum(
        2
        * float(((given == side) & (sides == side)).sum())
        / float((given == side).sum() + (sides == side).sum())
        for side in classes
    ) / len(classes)


def _quantised(bag: Bag, model: _Model) -> tuple[bytes, float]:
    heads = np.stack([bag.spread(model.own_leaning), bag.spread(model.own_opinion)])
    step = max(float(np.abs(heads).max()) / 127, 1e-9)
    return zlib.compress(np.rint(heads / step).astype(np.int8).tobytes(), 9), step
