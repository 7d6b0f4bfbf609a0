"""One text out of a batch: what nobody asks for is not worked out."""

from collections.abc import Sequence
from typing import NamedTuple

from streams.text.line import Line
from streams.text.segment import Segmenter
from streams.text.track import Track


class Texts(NamedTuple):
    """A batch of texts.

    Attributes:
        originals: as they came.
        folded: the same, folded.
        cuts: tokens of the folded texts.
        track: the folded texts, squeezed.
        segmenter: the one that cut them.
    """

    originals: Sequence[str]
    folded: Sequence[str]
    cuts: Sequence[list[str]]
    track: Track
    segmenter: Segmenter


class View:
    """A text of a batch.

    Attributes:
        index: its number there.
        folded: the folded text.
        squeezed: the same without symbols and repeats (`streams.text.track`).

    Args:
        texts: the batch.
        index: see above.
    """

    __slots__ = ("_line", "_texts", "folded", "index", "squeezed")

    def __init__(self, texts: Texts, index: int) -> None:
        firsts = texts.track.firsts
        self.index = index
        self.folded = texts.folded[index]
        self.squeezed = texts.track.squeezed[firsts[index] : firsts[index + 1] - 1]
        self._texts = texts
        self._line: Line | None = None

    @property
    def original(self) -> str:
        """As it came."""
        return self._texts.originals[self.index]

    @property
    def line(self) -> Line:
        """The text with its tokens."""
        if self._line is None:
            texts = self._texts
            self._line = Line(self.original, self.folded, texts.cuts[self.index], texts.segmenter)
        return self._line

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Where in the folded text a stretch of the squeezed one begins, and where its last unit ends."""
        _, _, places, begins, firsts = self._texts.track
        offset, begin = firsts[self.index], begins[self.index]
        return places[offset + first] - begin, places[offset + last - 1] - begin + 1
