"""A text is cut where marks begin and end, and loses nothing by it."""

from hypothesis import given
from hypothesis import strategies as st

from streams.web.marks import Mark, pieces


def test_overlapping_marks_share_the_stretch_between_them() -> None:
    cut = pieces("星曜总断连", [Mark(0, 2, "named tone-pos", "星曜：正面"), Mark(2, 5, "evidence tone-neg", "依据"),
                               Mark(3, 5, "hit", "规则 断连")])  # fmt: skip
    assert [(piece.text, piece.classes) for piece in cut] == [
        ("星曜", "named tone-pos"),
        ("总", "evidence tone-neg"),
        ("断连", "evidence tone-neg hit"),
    ]
    assert cut[2].label == "依据\n规则 断连"


def test_of_two_tones_the_first_counts() -> None:
    (piece,) = pieces("好", [Mark(0, 1, "named tone-pos", "a"), Mark(0, 1, "evidence tone-neg", "b")])
    assert piece.classes == "named tone-pos evidence"


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40)), max_size=8))
def test_no_character_is_lost_and_each_knows_its_marks(text: str, places: list[tuple[int, int]]) -> None:
    marks = [Mark(start, stop, f"m{number}", "") for number, (start, stop) in enumerate(places)]
    cut = pieces(text, marks)
    assert "".join(piece.text for piece in cut) == text
    position = 0
    for piece in cut:
        covering = tuple(m for m in marks if 0 <= m.start <= position < m.stop <= len(text))
        assert piece.marks == covering
        position += len(piece.text)
