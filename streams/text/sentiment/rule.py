"""The lexicon rule: negation, degree, 但, questions and news, over what is left of a text in a lexicon's eyes.

Each token becomes one letter or nothing, so a text becomes a short signature such as `!p,|+n`. Signatures
repeat: most texts are judged by a dictionary look-up, and only new signatures are walked letter by letter.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

from streams.text.lexicons import Entry

_CLAUSE_END = "，。！!；;,、…~～\n "
_EMOTICON = re.compile(r"\[[^\[\]]{1,8}\]").findall
_REMEMBERED = 500_000
_LETTERS = {"not": "!", "but": "|", "question": "?", "news": "=", "others": "~", "plain": ""}
_VALUE = {"p": 1.0, "P": 1.8, "n": -1.0, "N": -1.8, "<": -1.0, ">": 0.0, "}": 1.5}
_DEGREE = {"+": 1.4, "-": 0.6}


class Reading(NamedTuple):
    """What the rule says of a text.

    Attributes:
        lean: sum of its opinions, about ±1 for each; 0 without any.
        trust: 0…1, by how much other evidence of the text counts: less in questions, in news and where
            the lexicon finds no opinion.
    """

    lean: float
    trust: float


class _Letters(dict[str, str]):
    """Token → its letter; a token met for the first time is split, its letters are remembered."""

    def __init__(self, split: Callable[[str], list[str]]) -> None:
        super().__init__()
        self._split = split
        self._fixed: dict[str, str] | None = None

    def __missing__(self, token: str) -> str:
        parts = self._split(token) if len(token) > 1 else []
        letters = self[token] = "".join(self.get(part, "") for part in parts) if len(parts) > 1 else ""
        return letters

    def trim(self) -> None:
        """Forget what was split once that has grown large."""
        if self._fixed is None:
            self._fixed = dict(self)
        elif len(self) > _REMEMBERED:
            self.clear()
            self.update(self._fixed)


class Rule:
    """A sentiment lexicon at work.

    Args:
        lexicon: folded word → what it does.
        split: cuts a word that no dictionary knows (强太多) into words that one does.
    """

    def __init__(self, lexicon: Mapping[str, Entry], split: Callable[[str], list[str]]) -> None:
        self._letter = _Letters(split)
        self._letter.update(dict.fromkeys(_CLAUSE_END, ","))
        self._emoticon: dict[str, str] = {}
        for word, entry in lexicon.items():
            table = self._emoticon if word.startswith("[") and len(word) > 1 else self._letter
            table[word] = _letter(entry)
        self._readings: dict[str, Reading] = {}

    def signatures(self, texts: Sequence[str], cuts: Sequence[list[str]]) -> list[str]:
        """What is left of each text: one letter for each word that the lexicon knows."""
        self._letter.trim()
        letter = self._letter.__getitem__
        signatures = ["".join(map(letter, tokens)) for tokens in cuts]
        for index, text in enumerate(texts):
            if "[" in text:
                emoticons = "".join(map(self._emoticon.get, _EMOTICON(text), repeat("")))
                signatures[index] += f",{emoticons}"
        return signatures

    def read(self, signatures: Sequence[str]) -> list[Reading]:
        """The reading of each signature."""
        if len(self._readings) > _REMEMBERED:
            self._readings = {}
        known = self._readings
        for signature in set(signatures).difference(known):
            known[signature] = _walk(signature)
        return [known[signature] for signature in signatures]


def _letter(entry: Entry) -> str:
    kind, weight = entry
    if kind in ("pos", "neg"):
        letter = kind[0]
        return letter.upper() if weight > 1 else letter
    if kind == "degree":
        return "+" if weight > 1 else "-"
    if kind == "compare":
        return "}" if weight > 1 else ">"
    return "<" if kind == "lose" else _LETTERS[kind]


def _walk(signature: str) -> Reading:
    lean = 0.0
    opinions = questions = news = 0
    negations, degree, emphasis = 0, 1.0, 1.0
    for letter in signature:
        value = _VALUE.get(letter)
        if value is not None:
            if negations % 2:
                value *= -0.8 if value > 0 else -0.7
            lean += value * degree * emphasis
            opinions += letter != ">"
            negations, degree = 0, 1.0
        elif letter == "!":
            negations += 1
        elif letter == ",":
            negations, degree = 0, 1.0
        elif letter == "|":
            if opinions:
                lean *= 0.35
                emphasis = 1.3
            negations, degree = 0, 1.0
        elif letter == "?":
            questions += 1
        elif letter == "=":
            news += 1
        else:
            degree *= _DEGREE.get(letter, 1.0)
    trust = 1.0 if opinions else 0.35
    if news:
        trust *= 0.5 if opinions else 0.15
    if questions:
        trust *= 0.5 if opinions > 1 else 0.2
    return Reading(lean, trust)
