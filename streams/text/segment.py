"""Cutting texts into words: jieba's algorithm and dictionary in Rust, with a user dictionary in jieba's format."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import rjieba

from streams.text.joined import SEPARATOR, Joined

LONGEST = 64
"""Characters of the longest token; a longer one (an address, a key smash) is cut so that nothing is lost."""


_JOINT = re.compile(r"[._+#&%-](?:(?<=[a-zA-Z0-9].)|(?=[a-zA-Z0-9]))").search
"""Finds what may join Latin letters or digits to one token."""

_LATIN = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)").split
"""How jieba cuts what it has no word for: rjieba leaves t.cn and 2015-11-25 in one piece, jieba does not."""


NAME = "nz"
"""jieba's tag of a proper name; of those that only a brand's profile knows, each part is meant as well."""


class UserWord(NamedTuple):
    """A line of a user dictionary: `word [frequency] [tag]`.

    Attributes:
        word: the word, already folded.
        frequency: how often; None asks for just enough that the word is not cut apart.
        tag: part of speech.
    """

    word: str
    frequency: int | None = None
    tag: str | None = None

    def __str__(self) -> str:
        """The line as jieba reads it."""
        return " ".join(str(part) for part in self if part is not None)


class Segmenter:
    """jieba's exact mode with its HMM for unknown words.

    Attributes:
        words: the user words that were added, those that jieba lacked or cut apart.
    """

    def __init__(self, words: Iterable[UserWord] = ()) -> None:
        self._jieba = rjieba.Jieba()
        self.words: list[UserWord] = []
        self._names: set[str] = set()
        for word in words:
            if word.tag == NAME and not self._jieba.has_word(word.word):
                self._names.add(word.word)
            if word.frequency is not None or not self._whole(word.word):
                self._jieba.add_word(*word)
                self.words.append(word)

    def _whole(self, word: str) -> bool:
        """Whether jieba leaves the word in one piece: of those it knows it cuts some apart (无语, 省电)."""
        return self._jieba.has_word(word) and self._jieba.cut(word) == [word]

    def knows(self, word: str) -> bool:
        """Whether the dictionary holds the word: a word guessed by the HMM is not known."""
        return bool(self._jieba.has_word(word))

    def swallows(self, word: str) -> bool:
        """Whether what is written inside the word is not meant: 大麻 in 大麻烦, but not 星曜 in the name 星曜手机."""
        return word not in self._names and self.knows(word)

    def split(self, word: str) -> list[str]:
        """The dictionary words in a word that the HMM guessed; a known word stays whole."""
        return [word] if self._jieba.has_word(word) else self._jieba.cut(word, False)

    def cut(self, texts: Sequence[str]) -> list[list[str]]:
        """The tokens of each text; joined together they are the text.

        Args:
            texts: folded texts (none holds the unit separator).
        """
        # one call: one for each text costs more
        tokens = self._jieba.cut(texts.text if isinstance(texts, Joined) else SEPARATOR.join(texts))
        tokens.append(SEPARATOR)
        cuts: list[list[str]] = []
        start = 0
        for text in texts:
            stop = tokens.index(SEPARATOR, start)
            cut = tokens[start:stop]
            start = stop + 1
            if _JOINT(text):
                odd = [place for place, token in enumerate(cut) if len(token) > 1 and not token.isalnum()]
                for place in reversed(odd):
                    cut[place : place + 1] = self._latin(cut[place])
            # no token can be longer than what the others leave
            if len(text) - len(cut) >= LONGEST and max(map(len, cut)) > LONGEST:
                cut = [piece for token in cut for piece in _pieces(token)]
            cuts.append(cut)
        return cuts

    def _latin(self, token: str) -> list[str]:
        if not token.isascii() or self.knows(token):
            return [token]
        return [piece for piece in _LATIN(token) if piece]


def _pieces(token: str) -> list[str]:
    return [token[start : start + LONGEST] for start in range(0, len(token), LONGEST)]
