"""When things happen: the rhythm of a day, the launch curve, and waves of attention."""

from bisect import bisect_right
from math import exp
from typing import NamedTuple

from streams.sources.simulator.cast import HERO, RIVALS, Maker
from streams.sources.simulator.writer import Mood

HISTORY = 3 * 86_400
"""Seconds before the start that the history covers."""

LAUNCH = 3.0
"""Seconds after the start at which the sale opens."""

CRISIS = 40.0
"""Seconds after the start at which the first complaints of the crisis appear."""

ANSWER = 105.0
"""Seconds after the start at which the brand answers."""

ACTS = (
    (float("-inf"), "前三天", "three days before"),
    (0.0, "开售前", "before the sale"),
    (LAUNCH, "首发", "launch"),
    (CRISIS, "投诉危机", "complaint crisis"),
    (ANSWER, "品牌回应", "the brand answers"),
    (300.0, "平日", "everyday life"),
)
"""The parts of the story: seconds since the start, and what they are called in Chinese and English."""

_CURVE = ((0.0, 0.0), (1.0, 50e3), (60.0, 300e3), (600.0, 600e3), (1_800.0, 1e6), (86_400.0, 3.5e6))
"""A real launch: seconds since the sale opened and users so far; later on it goes on at the last pace."""

_SHANGHAI = 8 * 3_600
_HOURS = (14, 8, 5, 3, 3, 4, 9, 20, 32, 38, 40, 42, 50, 44, 38, 38, 40, 44, 50, 56, 66, 70, 58, 32)
_MEAN = sum(_HOURS) / len(_HOURS)


class Wave(NamedTuple):
    """Attention that rises and falls: it peaks `rise` seconds after it begins, then fades about as e^(-t/rise).

    Attributes:
        at: when it begins, seconds since the start.
        rise: seconds to the peak.
        peak: posts a second at the peak.
        mood: what is said.
        maker: about whom.
        tag: symbol of the grammar for its hashtags.
    """

    at: float
    rise: float
    peak: float
    mood: Mood
    maker: Maker
    tag: str

    def rate(self, due: float) -> float:
        """Posts a second at a moment."""
        age = (due - self.at) / self.rise
        return self.peak * age * exp(1 - age) if 0 < age < 12 else 0.0


WAVES = (
    Wave(-62 * 3_600, 5_400, 0.030, "pos", RIVALS[0], "hash.steady"),
    Wave(-43 * 3_600, 3_600, 0.035, "neg", RIVALS[1], "hash.steady"),
    Wave(-21 * 3_600, 4_800, 0.045, "news", HERO, "hash.steady"),
    Wave(-20 * 3_600, 5_400, 0.040, "neu", HERO, "hash.launch"),
    Wave(-2 * 3_600, 2_400, 0.080, "neu", HERO, "hash.launch"),
    Wave(LAUNCH + 12, 20, 4.0, "pos", HERO, "hash.launch"),
    Wave(CRISIS, 28, 13.0, "crisis", HERO, "hash.crisis"),
    Wave(CRISIS + 20, 150, 3.0, "crisis", HERO, "hash.crisis"),
    Wave(ANSWER, 60, 2.0, "pos", HERO, "hash.steady"),
)
"""What the demonstration tells, in order."""

_LATER: tuple[tuple[Mood, Maker, str], ...] = (
    ("pos", RIVALS[0], "hash.steady"),
    ("neg", RIVALS[1], "hash.steady"),
    ("pos", HERO, "hash.steady"),
    ("crisis", HERO, "hash.crisis"),
    ("neu", RIVALS[0], "hash.steady"),
    ("news", HERO, "hash.steady"),
)
_LATER_AT, _LATER_EVERY, _LATER_RISE = 420.0, 300.0, 45.0


def waves(due: float) -> list[Wave]:
    """The waves that run at a moment; after the story has been told, a smaller one every five minutes."""
    running = [wave for wave in WAVES if 0 < due - wave.at < 12 * wave.rise]
    newest = int((due - _LATER_AT) // _LATER_EVERY)
    for number in range(max(newest - 1, 0), newest + 1):
        mood, maker, tag = _LATER[number % len(_LATER)]
        at = _LATER_AT + number * _LATER_EVERY
        running.append(Wave(at, _LATER_RISE, 2.5, mood, maker, tag))
    return running


def base(due: float, start: float) -> float:
    """Everyday posts a second: a day's rhythm in the history, closer and closer before the start, then steady."""
    if due >= 0:
        return 4.0
    hour = int((start + due + _SHANGHAI) % 86_400 // 3_600)
    rhythm = 0.019 * _HOURS[hour] / _MEAN
    return rhythm + 2.5 * exp(due / 25) + 0.15 * exp(due / 900)


def launched(due: float) -> float:
    """Users of the real launch up to a moment, between the known points in a straight line."""
    age = due - LAUNCH
    if age <= 0:
        return 0.0
    right = min(bisect_right(_CURVE, (age, float("inf"))), len(_CURVE) - 1)
    (begin, before), (end, after) = _CURVE[right - 1], _CURVE[right]
    return before + (after - before) * (age - begin) / (end - begin)
