import pytest

from streams.text.odds import frequency, gain, inner, likelihood


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
