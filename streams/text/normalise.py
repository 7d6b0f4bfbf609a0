"""What is analysed: full-width letters made plain, case folded, invisible characters dropped.

Chinese punctuation stays as it is: it carries the clauses. Every character is folded on its own (NFKC of a
single character), so that a place in the folded text can always be traced back to the original.
"""

import re
import unicodedata
from collections.abc import Sequence

_ODD = re.compile("[^ -~—‘-”…、-】一-鿿！（），：；？]").search
"""Finds a character that folding may change. Most posts have none and only need their case folded."""

_BREAKS = "\t\n\v\f\r\x85"
_INVISIBLE = {"Cc", "Cf", "Cs"}


class _Fold(dict[int, str]):
    """Code point → what it is folded to, worked out when first met."""

    def __missing__(self, point: int) -> str:
        folded = self[point] = _fold(chr(point))
        return folded


def _fold(character: str) -> str:
    if character in _BREAKS:
        return " "
    if unicodedata.category(character) in _INVISIBLE or "\ufe00" <= character <= "\ufe0f":
        return ""
    if character.isspace():
        return " "
    plain = unicodedata.normalize("NFKC", character)
    return plain.lower() if plain.isalnum() else character


_FOLD = _Fold()


def normalise(texts: Sequence[str]) -> list[str]:
    """The folded texts, one for each."""
    return [text.translate(_FOLD) if _ODD(text) else text.lower() for text in texts]


def origins(text: str) -> list[int]:
    """For every character of the folded `text`, the index of the character it came from."""
    return [index for index, character in enumerate(text) for _ in _FOLD[ord(character)]]


def fold(text: str) -> str:
    """One text folded, as `normalise` does it."""
    return text.translate(_FOLD)
