import numpy as np
import pytest

from streams.text.sentiment.measures import measure

SCORES = np.array([0.9, 0.9, 0.1, -0.1, -0.9, 0.5])
TRUTH = ["pos", "neg", "neu", "pos", "neg", "pos"]


def test_measures_by_hand() -> None:
    quality = measure(SCORES, TRUTH)
    assert quality.confusion == {
        "pos": {"pos": 2, "neu": 1, "neg": 0},
        "neu": {"pos": 0, "neu": 1, "neg": 0},
        "neg": {"pos": 1, "neu": 0, "neg": 1},
    }
    assert quality.accuracy == pytest.approx(4 / 6)
    assert quality.macro_f1 == pytest.approx((4 / 6 + 2 / 3 + 2 / 3) / 3)
    assert quality.leaning == pytest.approx(3 / 5)
    assert quality.neutral == pytest.approx(2 / 6)
    assert quality.classes["neg"] == {"precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3), "rows": 2}


def test_a_class_that_does_not_occur_is_left_out_of_the_mean() -> None:
    assert measure(np.array([0.9, -0.9]), ["pos", "neg"]).macro_f1 == 1


def test_confidence_that_keeps_its_word_has_no_error() -> None:
    scores = np.full(1000, 0.2 + 0.8 * 0.5)  # confidence 0.75
    truth = ["pos"] * 750 + ["neg"] * 250
    assert measure(scores, truth).calibration_error == pytest.approx(0)
    assert measure(scores, ["neg"] * 1000).calibration_error == pytest.approx(0.75)
