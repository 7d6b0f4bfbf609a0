from pathlib import Path

import numpy as np
import pytest

from streams.config import shipped
from streams.errors import BadConfig
from streams.text import toolkit as toolkits
from streams.text.analyse import analyse
from streams.text.lexicons import Entry
from streams.text.sentiment.base import NEUTRAL_BAND, confidence, labels
from streams.text.sentiment.bayes import train
from streams.text.sentiment.rule import Rule
from streams.text.toolkit import Toolkit, build
from tests.unit.text.conftest import labelled

LEXICON = {
    "好": Entry("pos", 1),
    "卡": Entry("neg", 1),
    "不": Entry("not", 1),
    "很": Entry("degree", 1.5),
    "但": Entry("but", 1),
    "吗": Entry("question", 1),
    "发布": Entry("news", 1),
    "[怒]": Entry("neg", 1),
}
RULE = Rule(LEXICON, list)


def lean(*tokens: str) -> float:
    [reading] = RULE.read(RULE.signatures(["".join(tokens)], [list(tokens)]))
    return reading.lean


def trust(*tokens: str) -> float:
    [reading] = RULE.read(RULE.signatures(["".join(tokens)], [list(tokens)]))
    return reading.trust


def test_negation_turns_an_opinion_round_and_two_turn_it_back() -> None:
    assert lean("好") == 1
    assert lean("不", "好") < 0 < lean("不", "卡")
    assert lean("不", "不", "好") == 1
    assert lean("不", "，", "好") == 1, "negation ends with its clause"


def test_degree_strengthens() -> None:
    assert lean("很", "好") > lean("好")
    assert lean("很", "卡") < lean("卡")


def test_what_follows_dan_counts_more() -> None:
    assert lean("好", "，", "但", "卡") < 0 < lean("卡", "，", "但", "好")


def test_a_guessed_word_is_read_through_its_parts() -> None:
    assert lean("好卡卡") == lean("好", "卡", "卡")


def test_emoticons_are_read() -> None:
    assert lean("[", "怒", "]") < 0


def test_questions_news_and_silence_lower_the_trust() -> None:
    assert trust("好") == 1
    assert trust("卡", "吗") < 0.5
    assert trust("发布") < trust("别的") < 1


def test_training_is_snownlps_add_one() -> None:
    weights = train([["差", "差"], ["一"]], [["好", "好"], ["二"]])
    assert weights == {"好": pytest.approx(np.log(3)), "差": pytest.approx(-np.log(3))} or weights == {
        "好": 1.099,
        "差": -1.099,
    }


def test_labels_and_confidence_follow_the_band() -> None:
    scores = np.array([-1, -NEUTRAL_BAND, 0, NEUTRAL_BAND + 1e-9, 1])
    assert labels(scores) == ["neg", "neu", "neu", "pos", "pos"]
    assert confidence(scores) == pytest.approx([1, 0.5, 1, 0.5, 1])


def test_the_cache_saves_training(
    toolkit: Toolkit, weights_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(toolkits, "train", never)
    again = build(sentiment="bayes", lexicons=[shipped("lexicons")], cache=weights_cache)
    texts = ["拍照真不错", "又断连了"]
    assert analyse(texts, again) == analyse(texts, toolkit)


def test_a_spoilt_cache_is_trained_anew(toolkit: Toolkit, tmp_path: Path) -> None:
    build(sentiment="bayes", lexicons=[shipped("lexicons")], cache=tmp_path)
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:1000])
    again = build(sentiment="bayes", lexicons=[shipped("lexicons")], cache=tmp_path)
    assert file.read_bytes() == whole
    assert analyse(["又断连了"], again) == analyse(["又断连了"], toolkit)


def test_a_cache_that_cannot_be_written_does_not_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    build(sentiment="bayes", lexicons=[shipped("lexicons")], cache=tmp_path / "file" / "below")


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(BadConfig, match="没有情感引擎 bert"):
        build(sentiment="bert", lexicons=[shipped("lexicons")], cache=None)


def test_snownlp_can_be_chosen() -> None:
    from snownlp import SnowNLP

    snow = build(sentiment="snownlp", lexicons=[shipped("lexicons")], cache=None)
    text = "这个耳机真的很好用"
    result = analyse([text, " "], snow)
    assert result.score == [pytest.approx(2 * SnowNLP(text).sentiments - 1), 0]


@pytest.mark.parametrize(("name", "floor"), [("waimai", 0.83), ("shop_phone", 0.90), ("shopping", 0.89)])
def test_which_way_reviews_lean(name: str, floor: float, toolkit: Toolkit) -> None:
    texts, truth = labelled(name)
    scores = analyse(texts, toolkit).score
    right = sum((score > 0) == (label == "pos") for score, label in zip(scores, truth, strict=True))
    assert right / len(truth) >= floor


@pytest.mark.parametrize(("name", "floor"), [("challenge", 0.80), ("smp_usual", 0.53), ("amazon_zh", 0.58)])
def test_three_labels(name: str, floor: float, toolkit: Toolkit) -> None:
    texts, truth = labelled(name)
    found = analyse(texts, toolkit).sentiment
    assert sum(map(str.__eq__, found, truth)) / len(truth) >= floor
