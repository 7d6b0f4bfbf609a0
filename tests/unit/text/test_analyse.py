import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.text.analyse import SEPARATOR, Analysis, analyse
from streams.text.normalise import normalise
from streams.text.segment import LONGEST
from streams.text.sentiment.base import Cuts, Scores, Texts
from streams.text.toolkit import Toolkit
from tests.unit.text.sample import SAMPLE


def test_one_entry_for_each_text(toolkit: Toolkit) -> None:
    texts = [*SAMPLE, "", " ", "\x1f", "\ud800"]
    result = analyse(texts, toolkit)
    assert {len(column) for column in result} == {len(texts)}
    assert set(result.sentiment) == {"pos", "neu", "neg"}
    assert all(-1 <= score <= 1 for score in result.score)
    assert all(0 <= value <= 1 for value in result.confidence)
    for brands, starts, stops in zip(result.brands, result.brand_starts, result.brand_stops, strict=True):
        assert len(brands) == len(starts) == len(stops) == len(set(brands))
    assert list(map(len, result.brands)) == list(map(len, result.brand_scores))
    assert list(map(len, result.brands)) == list(map(len, result.brand_sentiments))


def test_no_texts_no_entries(toolkit: Toolkit) -> None:
    assert analyse([], toolkit) == Analysis(*([] for _ in Analysis._fields))


def test_nothing_said_is_neutral_without_words(toolkit: Toolkit) -> None:
    result = analyse(["", " \n\u200b"], toolkit)
    assert result.words == ["", ""]
    assert result.sentiment == ["neu", "neu"]


def test_words_are_all_tokens_but_blanks(toolkit: Toolkit) -> None:
    [words] = analyse(["星曜 X1\n断连 了！"], toolkit).words
    assert words.split(SEPARATOR) == ["星曜", "x1", "断连", "了", "！"]


@settings(deadline=None)
@given(st.lists(st.text(), max_size=6))
def test_any_text_can_be_analysed(toolkit: Toolkit, texts: list[str]) -> None:
    result = analyse(texts, toolkit)
    for text, words in zip(normalise(texts), result.words, strict=True):
        assert words.replace(SEPARATOR, "") == text.replace(" ", "")
        assert max(map(len, words.split(SEPARATOR))) <= LONGEST


NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "星曜云岭比不如好卡，。？！但 \u200b\u202e\x00\ufeff\u0301\u20dd①😀👨‍👩‍👧[怒]Ａａ１x//@#\n\r\t\ud83d"
        ),
        st.characters(),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(st.lists(NASTY, max_size=5), st.sampled_from(["", "星曜", "三星", "\x00", "比"]))
def test_every_place_lies_in_the_original(toolkit: Toolkit, texts: list[str], brand: str) -> None:
    result = analyse(texts, toolkit, [brand] * len(texts))
    for row, text in enumerate(texts):
        for starts, stops in (
            (result.brand_starts, result.brand_stops),
            (result.aspect_starts, result.aspect_stops),
        ):
            assert all(0 <= a < b <= len(text) for a, b in zip(starts[row], stops[row], strict=True))
        spans = zip(result.brand_evidence_starts[row], result.brand_evidence_stops[row], strict=True)
        for (first, last), sentiment in zip(spans, result.brand_sentiments[row], strict=True):
            assert (first == last == 0) if sentiment == "neu" else 0 <= first < last <= len(text)


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAMPLE), max_size=12), st.integers(0, 12))
def test_the_cut_of_batches_changes_nothing(toolkit: Toolkit, texts: list[str], cut: int) -> None:
    whole = analyse(texts, toolkit)
    first, second = analyse(texts[:cut], toolkit), analyse(texts[cut:], toolkit)
    columns: Any = zip(whole, first, second, strict=True)
    for column, left, right in columns:
        assert column == [*left, *right]


@settings(deadline=None)
@given(st.lists(st.sampled_from([*SAMPLE[:5], "", "\u200b"]), max_size=40))
def test_a_text_that_many_post_is_judged_as_if_it_were_alone(toolkit: Toolkit, texts: list[str]) -> None:
    together: Any = zip(*analyse(texts, toolkit), strict=True)
    alone: Any = (zip(*analyse([text], toolkit), strict=True) for text in texts)
    assert list(together) == [row for rows in alone for row in rows]


def test_a_text_that_many_post_is_judged_once(toolkit: Toolkit) -> None:
    judged: list[int] = []

    class Counting:
        def judge(self, texts: Texts, cuts: Cuts) -> Scores:
            judged.append(len(texts))
            return toolkit.engine.judge(texts, cuts)

    texts = ["转发微博", "屏幕真好"] * 50
    result = analyse(texts, toolkit._replace(engine=Counting()))
    assert judged == [2]
    assert result.score == analyse(texts[:2], toolkit).score * 50
    assert result.aspects[1::2] == [["屏幕"]] * 50


@pytest.mark.parametrize("text", ["哈" * 100_000, "a" * 100_000, "，" * 100_000, "不好" * 50_000])
def test_the_longest_post_takes_no_special_time(text: str, toolkit: Toolkit) -> None:
    begin = time.process_time()
    [words] = analyse([text], toolkit).words
    assert words.replace(SEPARATOR, "") == text
    assert time.process_time() - begin < 5


def test_everything_together_costs_little_more_than_segmentation(toolkit: Toolkit) -> None:
    texts = SAMPLE * 60
    folded = normalise(texts)
    analyse(texts, toolkit)

    def cost(work: object) -> float:
        assert callable(work)
        times = []
        for _ in range(3):
            begin = time.process_time()
            work()
            times.append(time.process_time() - begin)
        return min(times)

    segmentation = cost(lambda: toolkit.segmenter.cut(folded))
    assert cost(lambda: analyse(texts, toolkit)) < 9 * segmentation


@pytest.mark.parametrize(
    "text",
    [
        "星曜比云岭好，" * 150_000,
        "星曜" * 500_000,
        "星" + "\u0301" * 1_000_000,
        "\x00\u202e" * 500_000,
        "😀" * 10_000,
        "但星曜屏幕？" * 150_000,
        "星曜 " + "x" * 1_000_000,
    ],
)
def test_a_megabyte_takes_bounded_time(text: str, toolkit: Toolkit) -> None:
    begin = time.process_time()
    result = analyse([text], toolkit)
    assert time.process_time() - begin < 20
    assert len(result.brands[0]) <= 2
