"""A text cut into stretches, each with all that is to be shown of it: brands, evidence, rule hits may overlap."""

from collections.abc import Sequence
from typing import NamedTuple


class Mark(NamedTuple):
    """Something to be shown of a stretch of text.

    Attributes:
        start: its first character.
        stop: the one behind its last.
        classes: CSS classes.
        label: what it is, in words.
    """

    start: int
    stop: int
    classes: str
    label: str


class Piece(NamedTuple):
    """A stretch of a text that is covered by the same marks throughout, none for plain text."""

    text: str
    marks: tuple[Mark, ...]

    @property
    def classes(self) -> str:
        """The classes of all marks, each once; of two tones the first mark's counts."""
        names: dict[str, None] = {}
        for name in (name for mark in self.marks for name in mark.classes.split()):
            if not name.startswith("tone-") or not any(known.startswith("tone-") for known in names):
                names[name] = None
        return " ".join(names)

    @property
    def label(self) -> str:
        """What all marks say."""
        return "\n".join(dict.fromkeys(mark.label for mark in self.marks))


def pieces(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """The text cut wherever a mark begins or ends; marks that lie outside of it are left out."""
    inside = [mark for mark in marks if 0 <= mark.start < mark.stop <= len(text)]
    cuts = sorted({0, len(text), *(place for mark in inside for place in (mark.start, mark.stop))})
    return [
        Piece(text[start:stop], tuple(mark for mark in inside if mark.start <= start and stop <= mark.stop))
        for start, stop in zip(cuts, cuts[1:], strict=False)
    ]
