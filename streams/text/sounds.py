"""Toneless pinyin of characters, as one private character a syllable, for whole batches."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.text.track import TOP

_FIRST = 0xE000
"""Syllables are numbered in the private use area: no squeezed text holds any of it."""


_USUAL = {"伽": "jia", "茄": "qie", "呗": "bei", "嘌": "piao"}
"""Characters whose usual reading is not the first of the dictionary."""


class Sounds(NamedTuple):
    """The readings of all Chinese characters.

    Attributes:
        readings: character → its toneless readings, the usual one first (ü is v).
        code: syllable → the character that stands for it.
        table: code point → code point of its usual syllable; everything else stands for itself.
    """

    readings: dict[str, tuple[str, ...]]
    code: dict[str, str]
    table: NDArray[np.uint32]


@cache
def sounds() -> Sounds:
    """Built when first asked for: it takes a quarter of a second, which only evasions need."""
    from pypinyin.constants import PINYIN_DICT

    readings: dict[str, tuple[str, ...]] = {}
    code: dict[str, str] = {}
    table = np.arange(TOP + 1, dtype=np.uint32)
    plain: dict[str, str] = {}
    for point, spoken in PINYIN_DICT.items():
        if not (0x3400 <= point <= 0x4DBF or 0x4E00 <= point <= 0x9FFF):
            continue
        syllables = []
        for toned in spoken.split(","):
            if toned not in plain:
                plain[toned] = _toneless(toned)
            if plain[toned]:
                syllables.append(plain[toned])
        if syllables:
            syllables.insert(0, _USUAL.get(chr(point), syllables[0]))
            usual = code.setdefault(syllables[0], chr(_FIRST + len(code)))
            readings[chr(point)] = tuple(dict.fromkeys(syllables))
            table[point] = ord(usual)
    return Sounds(readings, code, table)


def spelled(word: str) -> bool:
    """Whether Latin letters can be read as pinyin from end to end."""
    return bool(_syllables().fullmatch(word))


@cache
def _syllables() -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(sorted(sounds().code, key=len, reverse=True)) + ")+")


def _toneless(syllable: str) -> str:
    parts = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(letter for letter in parts if letter.isascii() and letter.isalpha())
