"""Hot words by hand, and new words that were planted."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.newwords import discover
from streams.text.segment import Segmenter, UserWord
from streams.text.words import Counts, Run, Said, count, hot, runs, score, terms

DAY = datetime(2026, 11, 11, tzinfo=UTC)


def test_what_counts_as_a_term() -> None:
    text = "@小明同学 屏幕不错 2026 http://t.cn/A6xyz [doge] www.abc.com/dd 很 5G"
    tokens = ["小明", "屏幕", "不错", "2026", "http", "cn", "a6xyz", "doge", "abc", "dd", "很", "5g", "屏幕"]
    assert terms(text, tokens) == {"屏幕", "不错", "5g"}


def test_a_post_counts_once_however_often_it_says_it() -> None:
    said = [Said("", ["断连", "断连", "客服"], "neg"), Said("", ["断连"], "pos")]
    assert count(said) == Counts(2, Counter({"断连": 2, "客服": 1}), Counter({"断连": 1, "客服": 1}))
    assert count([]) == Counts(0, Counter(), Counter())


def test_the_score_by_hand() -> None:
    # 30 of 100 posts now, 10 of 200 before: the prior is 10 posts, of which 10 × 40 / 301 hold it
    prior = 10 * 40 / 301
    rise = log((30 + prior) / (110 - 30 - prior)) - log((10 + prior) / (210 - 10 - prior))
    assert score(30, 100, 10, 200) == pytest.approx(rise / sqrt(1 / (30 + prior) + 1 / (10 + prior)))
    assert score(100, 100, 200, 200) is not None
    assert score(5, 100, 0, 0) is None


def test_chance_stays_below_a_rise_that_many_share() -> None:
    many, few = score(1000, 10_000, 500, 10_000), score(3, 10_000, 0, 10_000)
    assert many is not None
    assert few is not None
    assert many > 10 > few > 0


@given(st.integers(1, 500), st.integers(0, 500), st.integers(1, 20))
def test_a_quiet_hour_may_be_held_against_a_busy_one(now: int, before: int, busier: int) -> None:
    """The same share of the posts before gives the same sign, and a fall is the mirror of a rise."""
    rise = score(now, 500, before, 500)
    longer = score(now, 500, before * busier, 500 * busier)
    assert rise is not None
    assert longer is not None
    assert rise * longer >= 0 or abs(now - before) <= 1
    back = score(before, 500, now, 500)
    assert back == pytest.approx(-rise)


def test_what_rises_is_hot_and_not_what_is_frequent() -> None:
    before = Counts(1000, Counter({"手机": 900, "断连": 2, "屏幕": 100}), Counter())
    now = Counts(
        1000, Counter({"手机": 900, "断连": 80, "屏幕": 90, "云岭": 50, "偶然": 2}), Counter({"断连": 60})
    )
    found = hot(now, before, without={"云岭"})
    assert [word.term for word in found] == ["断连"]
    assert (found[0].posts, found[0].before, found[0].negative) == (80, 2, 75.0)
    unheard = hot(now, Counts(0, Counter(), Counter()), limit=2)
    assert [(word.term, word.score) for word in unheard] == [("手机", None), ("屏幕", None)]


def test_windows_side_by_side_are_counted_together_up_to_a_bound() -> None:
    def at(minutes: int) -> datetime:
        return DAY + timedelta(minutes=minutes)

    due = [(300, at(0), 60, 9), (300, at(5), 40, 9), (300, at(10), 1, 9), (300, at(20), 500, 9)]
    assert runs([*due, (3600, at(60), 5, 9)], most=100) == [
        Run(300, at(0), at(10), 9),
        Run(300, at(10), at(15), 9),
        Run(300, at(20), at(25), 9),
        Run(3600, at(60), at(120), 9),
    ]
    assert runs([]) == []


PLANTED = ("绝绝子", "栓q", "内卷王", "泰酷辣", "芭比q", "显眼包")
KNOWN = [
    "手机",
    "屏幕",
    "客服",
    "价格",
    "物流",
    "电池",
    "拍照",
    "今天",
    "朋友",
    "喜欢",
    "觉得",
    "漂亮",
    "便宜",
    "清楚",
    "质量",
    "速度",
    "城市",
    "天气",
    "学校",
    "音乐",
]


def chatter(draw: random.Random, extra: str = "") -> str:
    words = draw.choices(KNOWN, k=12)
    for place in (3, 6, 9):
        words[place] += draw.choice("，。！ ")
    if extra:
        words.insert(draw.randrange(13), extra)
    return "".join(words)


def test_planted_words_are_found_and_nothing_else() -> None:
    draw = random.Random(0)
    texts = [chatter(draw, draw.choice(PLANTED) if draw.random() < 0.1 else "") for _ in range(4_000)]
    found = discover(texts, Segmenter(), least=10)
    assert {word.word for word in found} == set(PLANTED)
    for word in found:
        assert word.posts == sum(word.word in text for text in set(texts))
        assert all(word.word in sample for sample in word.samples)
        assert word.pmi > 6
        assert word.entropy > 2


def test_a_word_must_stand_free_and_be_new() -> None:
    draw = random.Random(1)
    # 泰酷 is always followed by 辣, so that it does not stand free
    texts = [chatter(draw, draw.choice(("泰酷辣", "显眼包", *[""] * 18))) for _ in range(2_000)]
    segmenter = Segmenter([UserWord("显眼包")])
    assert [word.word for word in discover(texts, segmenter)] == ["泰酷辣"]
    assert discover(texts, segmenter, without={"泰酷辣"}) == []
    broken = [text.replace("泰酷辣", "泰，酷辣") for text in texts]
    assert "泰酷辣" not in {word.word for word in discover(broken, segmenter)}


def test_a_copied_text_counts_once() -> None:
    draw = random.Random(2)
    once = [chatter(draw) for _ in range(200)]
    assert discover(once + [chatter(draw, "泰酷辣")] * 1_000, Segmenter()) == []


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["，。"],
        ["a"],
        ["好"],
        ["😀" * 10_000],
        ["哈" * 100_000],
        ["\x00好的\u202e" * 9, "x" * 1_000_000],
    ],
    ids=["none", "empty", "marks", "letter", "han", "emoji", "laughter", "odd"],
)
def test_odd_texts_do_no_harm(texts: list[str]) -> None:
    assert discover(texts, Segmenter(), least=2) == []
