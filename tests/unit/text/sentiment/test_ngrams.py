import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.text.sentiment import ngrams
from streams.text.sentiment.ngrams import BUCKETS, STEP, Ngrams, grams

WEIGHTS = np.random.default_rng(7).integers(-127, 128, (2, BUCKETS), dtype=np.int8)
MODEL = Ngrams(WEIGHTS)
TEXT = st.text(st.characters(exclude_characters="\0"), max_size=30)


def by_hand(text: str) -> tuple[float, float]:
    """The same sums, one n-gram at a time."""
    hashed = grams([text])
    places = len(text) + 2
    sums = [sum(int(head[bucket]) for row in hashed.buckets for bucket in row[:places]) for head in WEIGHTS]
    return sums[0] * STEP / np.sqrt(3 * places), sums[1] * STEP / np.sqrt(3 * places)


@given(TEXT)
def test_evidence_is_the_sum_of_the_weights_of_all_grams(text: str) -> None:
    polarity, subjectivity = by_hand(text)
    found = MODEL.read([text])
    assert found.polarity == pytest.approx(polarity)
    assert found.subjectivity == pytest.approx(subjectivity)


@given(st.lists(TEXT, max_size=8), st.integers(0, 8))
def test_no_gram_spans_two_texts(texts: list[str], cut: int) -> None:
    whole, first, second = MODEL.read(texts), MODEL.read(texts[:cut]), MODEL.read(texts[cut:])
    for column, left, right in zip(whole, first, second, strict=True):
        assert column.tolist() == [*left.tolist(), *right.tolist()]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["好" * length for length in range(40)]
    whole = MODEL.read(texts)
    monkeypatch.setattr(ngrams, "_BLOCK", 50)
    for column, again in zip(whole, MODEL.read(texts), strict=True):
        assert column.tolist() == again.tolist()


def test_a_digit_is_a_digit_and_a_letter_is_not() -> None:
    same, other = MODEL.read(["卖1999元", "卖2888元"]).polarity, MODEL.read(["卖a元", "卖b元"]).polarity
    assert same[0] == same[1]
    assert other[0] != other[1]


@settings(max_examples=20)
@given(st.lists(st.sampled_from("01好差a，😀\ud800"), min_size=1, max_size=9).map("".join))
def test_both_heads_are_read_in_one_pass_without_touching_each_other(text: str) -> None:
    alone = [
        Ngrams(WEIGHTS * mask).read([text])
        for mask in (np.array([[1], [0]], np.int8), np.array([[0], [1]], np.int8))
    ]
    both = MODEL.read([text])
    assert both.polarity == alone[0].polarity
    assert both.subjectivity == alone[1].subjectivity
    assert alone[0].subjectivity == alone[1].polarity == 0


def test_a_million_characters_take_no_special_time() -> None:
    begin = time.process_time()
    MODEL.read(["不好" * 500_000, "😀" * 10_000])
    assert time.process_time() - begin < 2
