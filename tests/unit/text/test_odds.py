import pytest

from streams.text.odds import frequency, gain, inner, likelihood, parted


def test_what_hardly_comes_by_chance_is_seldom() -> None:
    assert frequency("手抢") <= 5 < frequency("大吗") < frequency("大妈")


@pytest.mark.parametrize(
    ("word", "begins", "ends"),
    [
        ("想退货", {1}, {3}),
        ("退货退款", {0, 2}, {2, 4}),
        ("麻烦", {0}, {2}),
    ],
)
def test_words_within_what_only_users_know(word: str, begins: set[int], ends: set[int]) -> None:
    assert tuple(map(set, inner(word))) == (begins, ends)


def test_likelihood_of_nothing_is_certain() -> None:
    assert likelihood("") == 0 > likelihood("手枪") > likelihood("手抢")


def test_a_term_fits_better_than_its_homophone_unless_the_neighbours_need_it() -> None:
    assert gain("", "手抢", "手枪", "现货") > 3
    assert gain("", "抢支", "枪支", "配件") > 3
    assert gain("双", "手抢", "手枪", "红包") < 0
    assert gain("", "充电满", "充电慢", "了") < 3


@pytest.mark.parametrize(
    ("phrase", "begins"),
    [
        ("开发票", {0, 1}),
        ("打电话", {0, 1}),
        ("乱收费", {0, 1}),
        ("贩卖毒品", {0, 2}),
        ("发动机", {0}),
        ("发电机", {0}),
        ("卖国贼", {0}),
        ("大麻子", {0}),
        ("一心一意", {0}),
        ("点点滴滴", {0}),
    ],
)
def test_a_phrase_of_the_dictionary_is_opened_and_a_word_is_not(phrase: str, begins: set[int]) -> None:
    assert inner(phrase)[0] == begins


@pytest.mark.parametrize(
    ("term", "text", "apart"),
    [
        ("发票", "在分发票根", True),
        ("数据", "闲着数数据说", True),
        ("催收", "我去催催收货", True),
        ("翻新", "是不是翻新机", False),
        ("难吃", "吃过最难吃的", False),
        ("骗子", "全是骗子公司", False),
        ("骗子", "骗子", False),
    ],
)
def test_words_on_both_sides_take_a_term_apart(term: str, text: str, apart: bool) -> None:
    start = text.index(term)
    assert parted(text, start, start + len(term)) is apart
