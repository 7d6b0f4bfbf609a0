import numpy as np
import pytest

from streams.text.sentiment.base import NEUTRAL_BAND, confidence, labels, lay


def test_labels_and_confidence_follow_the_band() -> None:
    scores = np.array([-1, -NEUTRAL_BAND, 0, NEUTRAL_BAND + 1e-9, 1])
    assert labels(scores) == ["neg", "neu", "neu", "pos", "pos"]
    assert confidence(scores) == pytest.approx([1, 0.5, 1, 0.5, 1])


def test_the_threshold_is_laid_onto_the_band() -> None:
    strengths = np.linspace(-1, 1, 2001)
    scores = lay(strengths, 0.3, 4)
    assert (np.diff(scores) > 0).all(), "more strength, more leaning"
    assert [label == "neu" for label in labels(scores)] == (np.abs(strengths) <= 0.3).tolist()


def test_the_lean_stays_where_the_label_is_neutral() -> None:
    assert lay(np.array([-1e-6, 0, 1e-6]), 0.3, 4).tolist() == [
        pytest.approx(-6.7e-7, abs=1e-8),
        0,
        pytest.approx(6.7e-7, abs=1e-8),
    ]


def test_confidence_is_the_probability_that_was_laid() -> None:
    strengths = np.array([0.4, 0.65, 1])
    over = (strengths - 0.3) / 0.7
    assert confidence(lay(strengths, 0.3, 5)) == pytest.approx(1 / (1 + np.exp(-5 * over)))
