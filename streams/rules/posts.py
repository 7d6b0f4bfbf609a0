"""The posts of a batch as rules look at them."""

from collections.abc import Sequence
from typing import NamedTuple

from streams.rules.fields import Columns
from streams.text.finder import Found, Literals
from streams.text.view import Texts, View


class Batch(NamedTuple):
    """Posts to match.

    Attributes:
        texts: as they came.
        folded: the same, folded.
        cuts: tokens of the folded texts.
        columns: their fields.
    """

    texts: Sequence[str]
    folded: Sequence[str]
    cuts: Sequence[list[str]]
    columns: Columns


class Post(View):
    """One post of a batch, as far as rules look at it.

    Args:
        texts: the texts of the batch.
        row: its number there.
        columns: fields of the batch.
        literals: looks for terms without evasions.

    Attributes:
        row: see above.
        columns: see above.
        found: number of a term → its occurrences, empty where there are none; those that were asked for, and
            those of terms with evasions, which are looked for in many posts at once.
    """

    __slots__ = ("_literals", "columns", "found", "row")

    def __init__(self, texts: Texts, row: int, columns: Columns, literals: Literals) -> None:
        super().__init__(texts, row)
        self.row = row
        self.columns = columns
        self.found: dict[int, list[Found]] = {}
        self._literals = literals

    def find(self, term: int) -> list[Found]:
        """The occurrences of a term."""
        found = self.found.get(term)
        if found is None:
            found = self.found[term] = self._literals.find(term, self)
        return found
