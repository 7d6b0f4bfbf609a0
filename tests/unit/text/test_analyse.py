import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.text.analyse import SEPARATOR, Analysis, analyse
from streams.text.normalise import normalise
from streams.text.segment import LONGEST
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
    assert analyse([], toolkit) == Analysis([], [], [], [], [], [], [], [], [])


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


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAMPLE), max_size=12), st.integers(0, 12))
def test_the_cut_of_batches_changes_nothing(toolkit: Toolkit, texts: list[str], cut: int) -> None:
    whole = analyse(texts, toolkit)
    first, second = analyse(texts[:cut], toolkit), analyse(texts[cut:], toolkit)
    columns: Any = zip(whole, first, second, strict=True)
    for column, left, right in columns:
        assert column == [*left, *right]


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
    assert cost(lambda: analyse(texts, toolkit)) < 5 * segmentation
