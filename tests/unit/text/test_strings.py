from hypothesis import given, settings
from hypothesis import strategies as st

from streams.text.strings import Strings

CLASHING = st.text("大麻烦a1", min_size=1, max_size=4)


@settings(max_examples=50, deadline=None)
@given(st.lists(CLASHING, max_size=8, unique=True), st.text("大麻烦a1 😀", max_size=40), st.booleans())
def test_every_occurrence_by_its_end_however_many_strings_there_are(
    strings: list[str], text: str, many: bool
) -> None:
    others = [f"{number:x}号" for number in range(3_000)] if many else []
    found = Strings([*strings, *others]).find(text)
    assert sorted(found) == sorted(
        (number, start, start + len(string))
        for number, string in enumerate(strings)
        for start in range(len(text))
        if text.startswith(string, start)
    )
    assert [stop for _, _, stop in found] == sorted(stop for _, _, stop in found)
