import random
from pathlib import Path

import numpy as np
import pytest

from streams.config import shipped
from streams.errors import BadConfig
from streams.text.normalise import normalise
from streams.text.sentiment import weights
from streams.text.sentiment.calibrate import Fit, decode, encode, fit
from streams.text.sentiment.hybrid import Hybrid
from streams.text.sentiment.measures import measure
from streams.text.toolkit import Toolkit, build
from tests.unit.text.conftest import labelled

GOOD, FLAT, BAD = "这茶回甘，满口生津{}", "周{}去茶庄看茶", "这茶锁喉，一股堆味{}"


def domain(rows: int) -> tuple[list[str], list[str]]:
    """Posts of a domain whose words no lexicon has."""
    kinds = {"pos": GOOD, "neu": FLAT, "neg": BAD}
    labels = [list(kinds)[number % 3] for number in range(rows)]
    return [
        kinds[label].format("一二三四五六日"[number % 7] * (1 + number // 21))
        for number, label in enumerate(labels)
    ], labels


def fitted(toolkit: Toolkit, texts: list[str], truth: list[str]) -> Fit:
    assert isinstance(toolkit.engine, Hybrid)
    folded = normalise(texts)
    return fit(toolkit.engine, folded, toolkit.segmenter.cut(folded), truth, weights="w")


def test_labels_teach_the_words_of_a_domain(toolkit: Toolkit) -> None:
    result = fitted(toolkit, *domain(210))
    assert result.before.macro_f1 < 0.9 < result.after.macro_f1
    assert isinstance(toolkit.engine, Hybrid)
    own = toolkit.engine.fitted(result.calibration.mix, result.calibration.ngrams)
    texts = ["这盏茶回甘生津", "明天去茶庄", "锁喉，堆味重"]
    scores = own.judge(texts, toolkit.segmenter.cut(texts))
    assert scores[0] > abs(scores[1])
    assert scores[2] < -abs(scores[1])


def test_the_figures_after_are_of_texts_that_the_fit_had_not_seen(toolkit: Toolkit) -> None:
    rng = random.Random(3)
    texts = ["".join(rng.choices("天地玄黄宇宙洪荒日月盈昃辰宿列张", k=12)) for _ in range(300)]
    truth = [rng.choice(["pos", "neu", "neg"]) for _ in texts]
    result = fitted(toolkit, texts, truth)
    assert result.after.accuracy < 0.45, "there is nothing to learn from chance"


def test_a_fit_repeats_and_survives_its_file(toolkit: Toolkit) -> None:
    first, second = fitted(toolkit, *domain(210)), fitted(toolkit, *domain(210))
    assert encode(first.calibration) == encode(second.calibration)
    assert decode(encode(first.calibration), "w") == first.calibration


def test_a_calibration_for_other_weights_is_refused(toolkit: Toolkit) -> None:
    content = encode(fitted(toolkit, *domain(210)).calibration)
    with pytest.raises(BadConfig, match="不配套"):
        decode(content, "other")
    with pytest.raises(BadConfig, match="这不是校准文件"):
        decode(content[:40], "w")


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        (["pos"] * 99 + ["neg"] * 99, "只有 198 条标注，校准至少要 200 条：再标 2 条"),
        (["pos"] * 150 + ["neu"] * 150, "neg 只有 0 条标注"),
        (["pos"] * 150 + ["neg"] * 150 + ["neu"] * 3, "neu 只有 3 条标注"),
    ],
)
def test_too_few_labels_are_refused(truth: list[str], message: str, toolkit: Toolkit) -> None:
    with pytest.raises(BadConfig, match=message):
        fitted(toolkit, ["好"] * len(truth), truth)


def test_two_classes_fit_the_leaning(toolkit: Toolkit) -> None:
    texts, truth = domain(330)
    chosen = [index for index, label in enumerate(truth) if label != "neu"]
    result = fitted(toolkit, [texts[index] for index in chosen], [truth[index] for index in chosen])
    assert result.after.leaning > 0.95


@pytest.mark.parametrize(("name", "leaning", "macro_f1"), [("waimai", 0.88, 0.0), ("smp_usual", 0.0, 0.72)])
def test_fifteen_hundred_labels(name: str, leaning: float, macro_f1: float, toolkit: Toolkit) -> None:
    texts, truth = labelled(name)
    order = np.random.default_rng(5).permutation(len(texts))
    texts, truth = [texts[index] for index in order], [truth[index] for index in order]
    assert isinstance(toolkit.engine, Hybrid)
    result = fitted(toolkit, texts[:1500], truth[:1500])
    own = toolkit.engine.fitted(result.calibration.mix, result.calibration.ngrams)
    folded = normalise(texts[1500:])
    quality = measure(own.judge(folded, toolkit.segmenter.cut(folded)), truth[1500:])
    assert quality.leaning >= leaning
    assert quality.macro_f1 >= macro_f1
    assert quality.calibration_error < 0.12


def test_a_calibration_file_is_what_the_toolkit_reads(toolkit: Toolkit, tmp_path: Path) -> None:
    assert isinstance(toolkit.engine, Hybrid)
    texts, truth = domain(210)
    folded = normalise(texts)
    cuts = toolkit.segmenter.cut(folded)
    digest = weights.digest(weights.load([shipped("lexicons")]))
    result = fit(toolkit.engine, folded, cuts, truth, weights=digest)
    (tmp_path / "own").write_bytes(encode(result.calibration))
    again = build(sentiment="hybrid", lexicons=[shipped("lexicons")], calibration=tmp_path / "own")
    own = toolkit.engine.fitted(result.calibration.mix, result.calibration.ngrams)
    assert again.engine.judge(folded, cuts).tolist() == own.judge(folded, cuts).tolist()
    with pytest.raises(BadConfig, match="读不了校准文件"):
        build(sentiment="hybrid", lexicons=[shipped("lexicons")], calibration=tmp_path / "none")
