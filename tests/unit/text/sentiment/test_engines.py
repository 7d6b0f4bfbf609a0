import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config import shipped
from streams.errors import BadConfig
from streams.text.analyse import analyse
from streams.text.normalise import normalise
from streams.text.sentiment.base import Scores, labels
from streams.text.sentiment.measures import measure
from streams.text.toolkit import Toolkit, build
from tests.unit.text.conftest import labelled
from tests.unit.text.sample import SAMPLE

PROBES = [
    line.split("\t")
    for line in (Path(__file__).parent / "probes.tsv").read_text(encoding="utf-8").splitlines()
]
KINDS = sorted({kind for _, kind, _ in PROBES})


def judged(toolkit: Toolkit, texts: list[str]) -> Scores:
    folded = normalise(texts)
    return toolkit.engine.judge(folded, toolkit.segmenter.cut(folded))


@pytest.mark.parametrize("kind", KINDS)
def test_probes(kind: str, toolkit: Toolkit) -> None:
    chosen = [(label, text) for label, kind_, text in PROBES if kind_ == kind]
    given = labels(judged(toolkit, [text for _, text in chosen]))
    wrong = [text for (label, text), found in zip(chosen, given, strict=True) if found != label]
    assert len(wrong) <= 0.2 * len(chosen), wrong


@pytest.mark.parametrize(("name", "floor"), [("waimai", 0.86), ("shopping", 0.915), ("shop_phone", 0.93)])
def test_which_way_reviews_lean(name: str, floor: float, toolkit: Toolkit) -> None:
    texts, truth = labelled(name)
    assert measure(judged(toolkit, texts), truth).leaning >= floor


@pytest.mark.parametrize(("name", "floor"), [("smp_usual", 0.58), ("car", 0.46), ("amazon_zh", 0.60)])
def test_three_labels(name: str, floor: float, toolkit: Toolkit) -> None:
    texts, truth = labelled(name)
    assert measure(judged(toolkit, texts), truth).macro_f1 >= floor


def test_probes_of_others(toolkit: Toolkit) -> None:
    texts, truth = labelled("challenge")
    assert measure(judged(toolkit, texts), truth).accuracy >= 0.85


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SAMPLE), st.text(max_size=20)), max_size=12), st.integers(0, 12))
def test_the_cut_of_batches_changes_no_score(toolkit: Toolkit, texts: list[str], cut: int) -> None:
    whole = judged(toolkit, texts).tolist()
    assert whole == [*judged(toolkit, texts[:cut]).tolist(), *judged(toolkit, texts[cut:]).tolist()]
    assert all(-1 <= score <= 1 for score in whole)


def test_nothing_said_leans_nowhere_far(toolkit: Toolkit) -> None:
    assert labels(judged(toolkit, ["", " ", "。", "\u200b"])) == ["neu"] * 4


@pytest.mark.parametrize(
    "text", ["不好用，" * 250_000, "😡" * 10_000, "[怒]" * 100_000, "吗？" * 200_000, "[" * 500_000]
)
def test_a_text_of_a_megabyte_takes_bounded_time(text: str, toolkit: Toolkit) -> None:
    folded = normalise([text])
    cuts = toolkit.segmenter.cut(folded)
    begin = time.process_time()
    [score] = toolkit.engine.judge(folded, cuts)
    assert time.process_time() - begin < 3
    assert np.isfinite(score)


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(BadConfig, match="没有情感引擎 bert"):
        build(sentiment="bert", lexicons=[shipped("lexicons")])


def test_the_rule_alone_can_be_chosen(toolkit: Toolkit) -> None:
    alone = build(sentiment="lexicon", lexicons=[shipped("lexicons")])
    assert labels(judged(alone, ["太好用了", "又卡又烫", "几点开门"])) == ["pos", "neg", "neu"]
    assert judged(alone, ["这个耳机"]) == 0, "the rule has nothing to go by"
    assert judged(toolkit, ["这个耳机"]) != 0, "the n-grams have"


def test_snownlp_can_be_chosen() -> None:
    from snownlp import SnowNLP

    snow = build(sentiment="snownlp", lexicons=[shipped("lexicons")])
    text = "这个耳机真的很好用"
    result = analyse([text, " "], snow)
    assert result.score == [pytest.approx(2 * SnowNLP(text).sentiments - 1), 0]
