from hypothesis import given
from hypothesis import strategies as st

from streams.text.joined import SEPARATOR, Joined
from streams.text.marks import Marks

TEXTS = st.lists(st.text("屏幕续航好a ，", max_size=12), max_size=8)


@given(TEXTS)
def test_each_text_stands_where_it_begins(texts: list[str]) -> None:
    joined = Joined(texts)
    assert joined == texts
    for text, begin in zip(texts, joined.begins.tolist(), strict=True):
        assert joined.text.startswith(text, begin)
        assert joined.text[begin + len(text) :][:1] in ("", SEPARATOR)


def test_texts_that_are_joined_stay_as_they_are() -> None:
    joined = Joined(["屏幕", ""])
    assert Joined.of(joined) is joined
    assert Joined.of(["屏幕", ""]) == joined


@given(TEXTS)
def test_a_mark_is_found_in_its_own_text(texts: list[str]) -> None:
    words = ["屏", "屏幕", "续航好", "a"]
    for row, word, start, stop in (found := list(Marks(words).find(texts))):
        assert texts[row][start:stop] == words[word]
    assert found == sorted(found, key=lambda mark: (mark[0], mark[2]))
    for row, text in enumerate(texts):
        alone = [(word, start, stop) for _, word, start, stop in Marks(words).find([text])]
        assert [mark[1:] for mark in found if mark[0] == row] == alone
    assert {row for row, *_ in found} == {
        row for row, text in enumerate(texts) if {"屏", "a"} & set(text) or "续航好" in text
    }
