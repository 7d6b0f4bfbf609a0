"""What follows from looking at the rows of cascades."""

import pytest

from bench.cascade_lag import Look, lags

LANDED = {"a": [1.0, 2.0, 2.5], "b": [2.2]}


def test_a_share_is_counted_by_the_first_look_whose_row_has_as_many() -> None:
    looks = [
        Look(1.5, {"a": 1}),
        Look(2.6, {"a": 2}),
        Look(3.0, {"a": 2, "b": 1}),
        Look(3.5, {"a": 3, "b": 1}),
    ]
    assert lags(looks, LANDED, 0.0) == pytest.approx([0.5, 0.6, 0.8, 1.0])
    assert lags(looks, LANDED, 2.1) == pytest.approx([0.8, 1.0])


def test_a_row_that_goes_back_counts_nothing_twice() -> None:
    looks = [Look(3.0, {"a": 3}), Look(4.0, {"a": 1}), Look(5.0, {"a": 3})]
    assert len(lags(looks, LANDED, 0.0)) == 3
