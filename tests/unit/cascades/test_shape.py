from math import isnan, nan

import numpy as np
import pytest

from streams.cascades.shape import drift, pace, ratios
from tests.unit.cascades.test_layout import laid

MINUTE = 60_000


def test_ratios_of_successive_levels() -> None:
    assert ratios(np.array([1, 3, 2, 1])).tolist() == pytest.approx([3, 2 / 3, 1 / 2])
    assert ratios(np.array([1])).tolist() == []


def test_pace_is_seen_from_the_last_share_of_each_tree() -> None:
    layout = laid([0, 0, 0, 1, 1], [], [0])
    # The nodes of the first tree lie at 0, 3-5 and 7-8 of the layout, the others between them.
    shared = np.zeros(len(layout.tree), np.int64)
    shared[(layout.tree == 0).nonzero()[0][1:]] = np.array([0, 170, 100, 200, 190]) * MINUTE
    shared[(layout.tree == 2).nonzero()[0][1:]] = 7
    found = pace(layout, shared)
    assert found.half_at.tolist() == [170 * MINUTE, -1, 7]
    assert found.speed.tolist() == [3, 0, 1]
    assert found.acceleration.tolist() == [3 - 1, 0, 1]


@pytest.mark.parametrize(
    ("scored", "score", "slope", "turn"),
    [
        ([0, 10, 10, 10], [0, 5, 0, -5], -0.5, 3),
        ([0, 10, 10], [0, 5, 4], -0.1, -1),
        ([0, 10, 4, 10], [0, 5, -4, -1], None, 3),
        ([0, 10], [0, 5], nan, -1),
        ([0], [0], nan, -1),
    ],
)
def test_drift(scored: list[int], score: list[float], slope: float | None, turn: int) -> None:
    found = drift(np.array(scored), np.array(score, float))
    assert found.turn == turn
    if slope is not None:
        assert found.slope == pytest.approx(slope) or (isnan(slope) and isnan(found.slope))
    else:
        x, w = np.array([1, 2, 3]), np.array([10, 4, 10])
        wanted = np.polyfit(x, np.array([0.5, -1, -0.1]), 1, w=np.sqrt(w))[0]
        assert found.slope == pytest.approx(wanted)
