from typing import NamedTuple

import pytest

from streams.text.lexicons import Entry
from streams.text.sentiment.rule import Rule

LEXICON = {
    "好": Entry("pos", 1),
    "卡": Entry("neg", 1),
    "极好": Entry("pos", 2),
    "还行": Entry("pos", 0.4),
    "一般": Entry("neg", 0.4),
    "不": Entry("not", 1),
    "不卡": Entry("pos", 1),
    "谁不": Entry("plain", 2),
    "凭什么": Entry("neg", 3),
    "回复": Entry("pos", 0.1),
    "担心": Entry("neg", 1),
    "严重": Entry("neg", 1),
    "感觉不到": Entry("not", 2),
    "也没有": Entry("not", 1),
    "打滑": Entry("neg", 0.1),
    "一点": Entry("degree", 0.6),
    "很": Entry("degree", 1.5),
    "希望": Entry("degree", 0.2),
    "但": Entry("but", 1),
    "吗": Entry("question", 1),
    "？": Entry("question", 1),
    "发布": Entry("news", 1),
    "[怒]": Entry("neg", 1),
}


class Reading(NamedTuple):
    """Readings of a single text."""

    lean: float
    good: float
    bad: float
    turned: float
    asked: float
    news: float


def read(*tokens: str) -> Reading:
    columns = Rule(LEXICON, list).read(["".join(tokens)], [list(tokens)])
    return Reading(*(float(column[0]) for column in columns))


def test_negation_turns_an_opinion_round_and_two_turn_it_back() -> None:
    assert read("好").lean == 1
    assert read("不", "好").lean < 0 < read("不", "卡").lean
    assert read("不", "不", "好").lean == 1
    assert read("不", "，", "好").lean == 1, "negation ends with its clause"
    assert read("不", "卡")[1:4] == (1, 0, 1), "a negated complaint is a good word, turned round"


def test_praise_that_takes_a_complaint_back_is_read_as_both() -> None:
    assert read("不卡") == read("不", "卡")


def test_two_negations_in_one_word_cancel_out_and_still_count_as_turned() -> None:
    assert read("谁不", "好") == read("好")._replace(turned=1)
    assert read("谁不", "卡").lean < 0


def test_some_troubles_are_worth_a_word_only_where_they_are_absent() -> None:
    assert read("打滑") == read("路")
    assert read("不", "打滑") == read("不", "卡")
    assert read("不", "不", "打滑").bad == 1


def test_not_even_one_is_none() -> None:
    assert read("一点", "卡", "都", "不") == read("不", "卡")
    assert read("一点", "卡").lean < 0


def test_what_follows_jiu_is_not_negated() -> None:
    assert read("不", "管", "就", "卡") == read("卡")
    assert read("就", "不", "卡").lean > 0


def test_degree_strengthens_and_a_wish_is_hardly_an_opinion() -> None:
    assert read("很", "好").lean > read("好").lean > read("希望", "好").lean > 0
    assert read("很", "卡").lean < read("卡").lean
    assert read("极好").lean > read("好").lean


def test_what_follows_dan_counts_more() -> None:
    assert read("好", "，", "但", "卡").lean < 0 < read("卡", "，", "但", "好").lean
    assert read("但", "好").lean == 1, "nothing came before it"


def test_indifference_leans_a_little_and_is_no_opinion() -> None:
    for word, sign in (("还行", 1), ("一般", -1)):
        found = read(word)
        assert 0 < sign * found.lean < 1
        assert (found.good, found.bad, found.news) == (0, 0, 1)
    assert read("一般", "，", "好").news == 0, "beside an opinion it only leans"


def test_a_guessed_word_is_read_through_its_parts() -> None:
    assert read("好卡卡").lean == read("好", "卡", "卡").lean


def test_emoticons_are_read() -> None:
    assert read("[", "怒", "]").lean < 0


def test_what_is_asked_is_not_said() -> None:
    asked = read("卡", "吗")
    assert asked.asked == 1
    assert read("卡").lean < asked.lean < 0
    assert read("好", "？", "卡").asked == 0.5, "the mark ends its clause"
    assert read("好").asked == 0


def test_news_is_counted() -> None:
    assert read("发布").news == 1
    assert read("好").news == 0


def test_a_reading_does_not_depend_on_what_was_read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [["好"] * times + ["卡"] * (times % 3) for times in range(300)]
    joined = list(map("".join, texts))
    whole = Rule(LEXICON, list).read(joined, texts)
    monkeypatch.setattr("streams.text.sentiment.rule._REMEMBERED", 5)
    rule = Rule(LEXICON, list)
    for index, tokens in enumerate(texts):
        again = rule.read([joined[index]], [tokens])
        assert [column[0] for column in again] == [column[index] for column in whole]


def test_what_stands_behind_a_trouble_may_negate_it() -> None:
    assert read("卡", "完全", "感觉不到") == read("不", "卡")
    assert read("感觉不到", "卡") == read("不", "卡")
    assert read("卡", "不", "严重") == read("不", "卡")
    assert read("卡", "很", "严重").lean < read("卡").lean
    assert read("一个", "卡", "也没有") == read("不", "卡")


def test_not_even_what_should_be_there() -> None:
    assert read("连", "筷子", "也没有").lean < 0
    assert read("连", "好", "也没有").lean < 0
    assert read("连", "卡", "也没有").lean > 0


def test_what_is_listed_is_negated_together() -> None:
    assert read("不", "卡", "和", "打滑", "、", "卡").good == 3
    assert read("不", "卡", "和", "好").good == 2
    assert read("不", "不", "卡", "和", "卡").bad == 2


def test_a_negation_says_nothing_beyond_the_next_one() -> None:
    assert read("不", "渍", "也没有", "卡") == read("不", "卡")


def test_worries() -> None:
    assert read("不", "担心", "卡").good == 2
    assert read("不", "担心").lean > 0 > read("担心").lean
    assert read("担心", "卡").lean > read("卡").lean, "what is feared is not there yet"


def test_what_is_expected_counts_only_where_it_is_missing() -> None:
    assert read("回复") == read("路")
    assert read("不", "回复").lean < 0


def test_blame_in_the_form_of_a_question_asks_nothing() -> None:
    assert read("凭什么", "？").asked == 0
    assert read("凭什么", "？").lean < read("卡", "？").lean


def test_what_did_not_happen_in_a_trial_was_a_trouble() -> None:
    assert read("用", "了", "半年", "不", "渍").lean > 0
    assert read("摔", "三次", "，", "不", "渍").lean > 0
    assert read("渍").lean == 0
    for tokens in (
        ("不", "渍"),
        ("等", "了", "半年", "不", "渍"),
        ("半年", "就", "不", "渍"),
        ("不", "半年", "渍"),
        ("半年", "不", "渍", "吗"),
    ):
        assert read(*tokens).lean == 0, tokens
    assert read("半年", "不", "好").lean < 0


def test_a_word_that_is_made_like_a_trouble_is_one_where_it_is_absent() -> None:
    whole = Rule(LEXICON, lambda word: [word])
    absent, there = whole.read(["不茶垢", "茶垢"], [["不", "茶垢"], ["茶垢"]]).lean
    assert absent == read("不", "卡").lean
    assert there == 0


def test_what_is_feared_and_does_not_come_makes_the_rest_sure() -> None:
    assert read("希望", "卡", "，", "但", "好").turned == 1
    assert read("卡", "，", "但", "好").turned == 0


def test_a_negation_ends_before_dou() -> None:
    assert read("不", "放", "都", "好") == read("好")
