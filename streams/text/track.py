"""The batch as an evader's reader sees it: symbols left out, repeated characters once, one form for each digit.

Latin letters are repeated only side by side: those on either side of a symbol belong to two words.
Texts and terms go through the same squeezing, so that a term is always found in itself. Everything is done on
whole batches in numpy; `Track.places` leads back to the folded text.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.text.joined import SEPARATOR, Joined

STROKES = "丨丶丿乀乁乚乛亅亠冖冂灬丷ㄍㄨ〇ノヽヾーｰㅤ"
"""Letters to Unicode, but between Chinese characters mere lines and dots."""

_DIGITS = {
    "零": "0",
    "一壹弌": "1",
    "二贰弍贰貳": "2",
    "三叁弎": "3",
    "四肆": "4",
    "五伍": "5",
    "六陆": "6",
    "七柒": "7",
    "八捌": "8",
    "九玖": "9",
}
_ALIKE = {
    "乾": "干",
    "著": "着",
    "瞭": "了",
    "а": "a",
    "в": "b",
    "с": "c",
    "е": "e",
    "н": "h",
    "і": "i",
    "к": "k",
    "м": "m",
    "о": "o",
    "р": "p",
    "ѕ": "s",
    "т": "t",
    "ѵ": "v",
    "ѡ": "w",
    "х": "x",
    "у": "y",
    "α": "a",
    "ο": "o",
    "ν": "v",
    "ω": "w",
    "χ": "x",
    "ı": "i",
    "ɡ": "g",
    "ᴀ": "a",
    "ʙ": "b",
    "ᴄ": "c",
    "ᴅ": "d",
    "ᴇ": "e",
    "ꜰ": "f",
    "ɢ": "g",
    "ʜ": "h",
    "ɪ": "i",
    "ᴊ": "j",
    "ᴋ": "k",
    "ʟ": "l",
    "ᴍ": "m",
    "ɴ": "n",
    "ᴏ": "o",
    "ᴘ": "p",
    "ʀ": "r",
    "ꜱ": "s",
    "ᴛ": "t",
    "ᴜ": "u",
    "ᴠ": "v",
    "ᴡ": "w",
    "ʏ": "y",
    "ᴢ": "z",
}
TOP = 0x32000
"""Above it are no letters."""


class Track(NamedTuple):
    """A squeezed batch.

    Attributes:
        joined: the folded texts, `SEPARATOR` between them.
        squeezed: what is left of `joined`.
        places: for each character of `squeezed`, its index in `joined` (the first of a repeat).
        begins: where each text begins in `joined`, and behind them where one more would.
        firsts: the same in `squeezed`.
    """

    joined: str
    squeezed: str
    places: memoryview
    begins: list[int]
    firsts: list[int]

    def sound(self, table: NDArray[np.uint32]) -> str:
        """The squeezed batch with every character replaced by what `table` gives for it."""
        points = np.frombuffer(self.squeezed.encode("utf-32-le"), np.uint32)
        return table.take(points, mode="clip").tobytes().decode("utf-32-le")


@cache
def _table() -> NDArray[np.uint32]:
    """Code point → what it counts as, 0 for symbols."""
    table = np.zeros(TOP + 1, np.uint32)
    for point in range(TOP):
        if chr(point).isalnum():
            table[point] = point
    table[[ord(stroke) for stroke in STROKES]] = 0
    for forms, digit in _DIGITS.items():
        table[[ord(form) for form in forms]] = ord(digit)
    for form, letter in _ALIKE.items():
        table[ord(form)] = ord(letter)
    table[ord(SEPARATOR)] = ord(SEPARATOR)
    return table


class _Letters(dict[str, str]):
    def __missing__(self, character: str) -> str:
        point = int(_table()[min(ord(character), TOP)])
        shown = self[character] = chr(point) if point else ""
        return shown


letter = _Letters().__getitem__
"""What one folded character counts as, "" for a symbol."""


def squeeze(texts: Sequence[str]) -> Track:
    """Squeeze a batch of folded texts."""
    joined = Joined.of(texts).text
    letters = _table().take(np.frombuffer(joined.encode("utf-32-le"), np.uint32), mode="clip")
    places = np.flatnonzero(letters != 0)
    letters = letters.take(places)
    first = np.ones(len(letters), bool)
    np.not_equal(letters[1:], letters[:-1], out=first[1:])
    first |= letters <= 0x39  # digits and the separator stand for themselves each time
    again = np.flatnonzero(~first)
    # Over a symbol, a Latin letter begins the next word: vivo/oppo.
    first[again[(letters[again] < 0x80) & (places[again] - places[again - 1] > 1)]] = True
    places, letters = places[first], letters[first]
    ends = np.flatnonzero(letters == ord(SEPARATOR))
    return Track(
        joined,
        letters.tobytes().decode("utf-32-le"),
        places.data,
        [0, *(places.take(ends) + 1).tolist(), len(joined) + 1],
        [0, *(ends + 1).tolist(), len(letters) + 1],
    )
