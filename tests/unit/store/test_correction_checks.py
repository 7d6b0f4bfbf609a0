"""What may be written as a correction, before any store is asked."""

import pytest

from streams.store.corrections import (
    LONGEST_ACTOR,
    LONGEST_NOTE,
    BadCorrection,
    Correction,
    checked,
    sentiment,
)

GOOD = Correction("post", "微博", "1", "星曜", "neg", "李敏", "cli")


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("pos", "pos"), ("正", "pos"), ("正面", "pos"), (" NEG ", "neg"), ("负", "neg"), ("中", "neu"),
        ("中性", "neu"), ("withdraw", ""), ("撤销", ""),
    ],
)  # fmt: skip
def test_people_write_it_in_either_language(label: str, code: str) -> None:
    assert sentiment(label) == code


@pytest.mark.parametrize("label", ["", "positive?", "好", "posneg"])
def test_another_word_is_refused_with_the_known_ones(label: str) -> None:
    with pytest.raises(BadCorrection, match="pos、neu、neg") as refused:
        sentiment(label)
    assert str(refused.value).index("pos、neu、neg") < 100


def test_blanks_are_tidied_and_nothing_else_is_changed() -> None:
    made = checked(GOOD._replace(actor=" 李  敏\n", note="反话\u3000\t，他在\n讽刺"))
    assert (made.actor, made.note) == ("李 敏", "反话 ，他在 讽刺")
    assert made._replace(actor=GOOD.actor, note="") == GOOD


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "pst"}, "post"),
        ({"platform": " "}, "platform"),
        ({"id": ""}, "id"),
        ({"brand": ""}, "brand"),
        ({"actor": "\t"}, "署名"),
        ({"sentiment": "good"}, "pos、neu、neg"),
        ({"actor": "人" * (LONGEST_ACTOR + 1)}, str(LONGEST_ACTOR)),
        ({"note": "长" * (LONGEST_NOTE + 1)}, str(LONGEST_NOTE)),
    ],
)
def test_what_is_missing_too_long_or_unknown_is_named(change: dict[str, str], said: str) -> None:
    with pytest.raises(BadCorrection, match=said):
        checked(GOOD._replace(**change))


def test_the_longest_texts_are_kept_whole() -> None:
    whole = GOOD._replace(actor="人" * LONGEST_ACTOR, note="长" * LONGEST_NOTE)
    assert checked(whole) == whole
