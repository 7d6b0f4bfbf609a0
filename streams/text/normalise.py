"""What is analysed: full-width letters made plain, case folded, traditional made simplified, invisible dropped.

Chinese punctuation stays as it is: it carries the clauses. Every character is folded on its own (NFKC and
OpenCC of a single character), so that a place in the folded text can always be traced back to the original.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from opencc import OpenCC

_BREAKS = "\t\n\v\f\r\x85"
_INVISIBLE = {"Cc", "Cf", "Cs", "Me"}
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u115f\u1160\u17b4\u17b5\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufe20-\ufe2f\uffa0]"
)
"""Accents, the marks that zalgo piles up, variation selectors and fillers that show nothing."""

_NEGATIVE = {0x1F150 + shift + row: chr(97 + shift) for row in (0, 0x20) for shift in range(26)}
"""Letters in black circles and squares, for which Unicode has no compatibility form."""

_KEPT = "乾"
"""Characters of simplified words as well (乾隆, 乾坤), which OpenCC changes when it sees them alone."""


def _simpler() -> dict[str, str]:
    """Each traditional character that has a simplified one."""
    han = "".join(map(chr, range(0x3400, 0xA000)))
    convert = OpenCC("t2s").convert
    return {old: new for old in han if old not in _KEPT and (new := convert(old)) != old}


_SIMPLER = _simpler()


def _plain() -> str:
    """The ranges of Chinese characters that stay as they are, as a part of a character class."""
    kept = [point for point in range(0x4E00, 0xA000) if chr(point) not in _SIMPLER]
    ranges = []
    for _, group in groupby(enumerate(kept), lambda item: item[1] - item[0]):
        points = [point for _, point in group]
        ranges.append(f"{chr(points[0])}-{chr(points[-1])}")
    return "".join(ranges)


_STILL = f" -@[-~—‘-”…→、-】！（），：；？～·😀-🙏🌀-🗿🤀-🧿{_plain()}"
_ODD = re.compile(f"[^{_STILL}]").search
"""Finds a character that folding changes. Most posts have none."""

_STRANGE = re.compile(f"[^A-Z{_STILL}]")
"""The same, but for capitals of ASCII, which keep their places."""


class _Fold(dict[int, str]):
    """Code point → what it is folded to, worked out when first met."""

    def __missing__(self, point: int) -> str:
        folded = self[point] = _fold(chr(point))
        return folded


def _fold(character: str) -> str:
    if character in _BREAKS:
        return " "
    if unicodedata.category(character) in _INVISIBLE or _MARKS.match(character):
        return ""
    if character.isspace():
        return " "
    digit = unicodedata.digit(character, None)
    plain = str(digit) if digit is not None else unicodedata.normalize("NFKC", character)
    plain = _NEGATIVE.get(ord(character), plain)
    return "".join(map(_letter, plain)) if plain.isalnum() else character


def _letter(character: str) -> str:
    """One letter in lower case, a Latin one without its accents, a Chinese one simplified."""
    if "\u00c0" <= character <= "\u024f" or "\u1e00" <= character <= "\u1eff":
        character = unicodedata.normalize("NFKD", character)
    return _MARKS.sub("", _SIMPLER.get(character, character).lower())


_FOLD = _Fold()


def normalise(texts: Sequence[str]) -> list[str]:
    """The folded texts, one for each."""
    return [_folded(text) if _ODD(text) else text for text in texts]


def _folded(text: str) -> str:
    return text.translate(_FOLD) if _STRANGE.search(text) else text.lower()


def origins(text: str) -> list[int]:
    """For every character of the folded `text`, the index of the character it came from."""
    return [index for index, character in enumerate(text) for _ in _FOLD[ord(character)]]


def places(text: str) -> Sequence[int]:
    """The same as `origins`, without a list where nothing moves."""
    moved = any(len(_FOLD[ord(character)]) != 1 for character in _STRANGE.findall(text))
    return origins(text) if moved else range(len(text))


def fold(text: str) -> str:
    """One text folded, as `normalise` does it."""
    return text.translate(_FOLD)
