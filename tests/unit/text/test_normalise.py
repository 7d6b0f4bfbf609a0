import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.normalise import fold, normalise, origins, places


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("星曜X1真好！", "星曜x1真好！"),
        ("Ｘ１　Ｐｒｏ，真的", "x1 pro，真的"),
        ("断\u200b连\ufeff了\x1f吗\x00", "断连了吗"),
        ("换行\n和\t制表", "换行 和 制表"),
        ("❤️👨‍👩‍👧", "❤👨👩👧"),
        ("①号，㎡……～", "1号，m2……～"),
        ("孤儿\ud800代理", "孤儿代理"),
        ("這隻雞發財後，於是說", "这只鸡发财后，于是说"),
        ("乾隆、著名、瞭望", "乾隆、著名、瞭望"),
        ("wēi xìn Café ÜBER İ ß", "wei xin cafe uber i ß"),
        ("z̷̛͎a̴͚͝l̵̰͠g̶̗̏o 骗\u0336子", "zalgo 骗子"),
        ("①❶⑴⒈➀⓵²３1\ufe0f\u20e3", "111111231"),
        ("Ⓦⓔⓘ 🅧🅘🅝 🆅🆇 𝓿𝔁 ㊙", "wei xin vx vx 秘"),
        ("下三滥 壹贰叁 一二三", "下三滥 壹贰叁 一二三"),
        ("が พี่", "が พี่"),
        ("", ""),
    ],
)
def test_folds(text: str, folded: str) -> None:
    assert normalise([text]) == [folded] == [fold(text)]


@given(st.text())
def test_the_fast_path_changes_nothing(text: str) -> None:
    assert normalise([text]) == [fold(text)]


@given(st.text())
def test_every_character_knows_where_it_came_from(text: str) -> None:
    places = origins(text)
    assert len(places) == len(fold(text))
    assert places == sorted(places)
    for place, character in zip(places, fold(text), strict=True):
        assert character in fold(text[place])


@given(st.text())
def test_places_are_the_origins(text: str) -> None:
    assert list(places(text)) == origins(text)


@given(st.text())
def test_folding_twice_folds_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    assert not set(fold(text)) & set("\x00\x1f\n\t\u200b\u200d\ufeff\ufe0f\u3000")
