"""The lexicon rule: negation, degree, 但, questions and news, over what is left of a text in a lexicon's eyes.

Each token becomes one letter or nothing, so a text becomes a short signature such as `!p,|+n`. Signatures
repeat: most texts are judged by a dictionary look-up, and only new signatures are walked letter by letter.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count, repeat
from typing import NamedTuple

import numpy as np

from streams.text.lexicons import Entry
from streams.text.sentiment.base import Cuts, Scores, Texts

_CLAUSE_END = "，。！!；;,、…~～\n "
_ASKING = "？?"
_NOT_EVEN = re.compile("-([pPnNo])!$").sub
"""一点磕碰都没有 says what 没有磕碰 says."""
_SO = ("就", "就会", "就要")
"""不注意就会打滑: what follows is not negated any more."""
_EMOTICON = re.compile(r"\[[^\[\]]{1,8}\]").findall
_REMEMBERED = 200_000
_LETTERS = {"not": "!", "but": ",|", "question": "?", "news": "=", "others": "~"}
_VALUE = {
    "p": 1.0,
    "P": 1.8,
    "n": -1.0,
    "N": -1.8,
    "<": -1.0,
    ">": 0.0,
    "}": 1.5,
    "a": 0.35,
    "z": -0.35,
    "o": -1.0,
}
_MILD = 0.4
"""A pos or neg up to this leans a little (还行, 一般) and is no opinion."""
LATENT = 0.1
"""A neg up to this is a trouble worth a word only where it is absent (不压鼻梁, 没起褶子)."""
_NOT_GOOD, _NOT_BAD = -0.8, -0.7
_BEFORE_BUT, _AFTER_BUT = 0.35, 1.3
_ASKED = 0.5
_DEGREE = {"+": 1.4, "-": 0.6, "w": 0.2}
_WISH = 0.4
"""A degree up to this is a wish or a condition (希望, 如果): what it wishes for is not there."""


class Readings(NamedTuple):
    """What the rule says of each text.

    Attributes:
        lean: sum of its opinions, about ±1 for each; 0 without any.
        good: how many opinions are positive, negation applied.
        bad: how many are negative.
        turned: how many of them stand behind a negation, single or double.
        asked: 1 when all that it says is asked, ½ when a part is, else 0.
        news: how many words of news, plans, facts and indifference.
    """

    lean: Scores
    good: Scores
    bad: Scores
    turned: Scores
    asked: Scores
    news: Scores


class _Letters(dict[str, str]):
    """Token → its letter; a token met for the first time is split, its letters are remembered."""

    def __init__(self, split: Callable[[str], list[str]]) -> None:
        super().__init__()
        self._split = split
        self._fixed: dict[str, str] | None = None

    def __missing__(self, token: str) -> str:
        letters = ""
        if len(token) > 1:
            parts = self._split(token)
            if len(parts) > 1:
                letters = "".join(map(self.get, parts, repeat("")))
        self[token] = letters
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
        self._letter.update(dict.fromkeys(_CLAUSE_END, ",") | dict.fromkeys(_SO, "."))
        self._emoticon: dict[str, str] = {}
        self._clauses = _Clauses()
        self._row: dict[str, int] = {}
        self._table = np.zeros((len(Readings._fields), 0))
        for word, entry in lexicon.items():
            table = self._emoticon if word.startswith("[") and len(word) > 1 else self._letter
            table[word] = _taken_back(word, lexicon) or _letter(entry) + ("," if word in _ASKING else "")

    def read(self, texts: Texts, cuts: Cuts) -> Readings:
        """The reading of each text."""
        if len(self._row) > _REMEMBERED:
            self._row = {}
        signatures = self._signatures(texts, cuts)
        new = [signature for signature in dict.fromkeys(signatures) if signature not in self._row]
        if new:
            first = len(self._row)
            self._row.update(zip(new, count(first), strict=False))
            fresh = np.array([_walk(signature, self._clauses) for signature in new]).T
            room = self._table.shape[1] - first - len(new)
            if room < 0:  # doubled, so that small batches do not copy the table each time
                wider = np.zeros((len(Readings._fields), max(first, -room)))
                self._table = np.concatenate([self._table, wider], axis=1)
            self._table[:, first : first + len(new)] = fresh
        rows = np.fromiter(map(self._row.__getitem__, signatures), np.intp, len(signatures))
        return Readings(*self._table[:, rows])

    def _signatures(self, texts: Texts, cuts: Cuts) -> list[str]:
        """What is left of each text: one letter for each word that the lexicon knows."""
        self._letter.trim()
        letter = self._letter.__getitem__
        signatures = ["".join(map(letter, tokens)) for tokens in cuts]
        for index, text in enumerate(texts):
            if "[" in text:
                emoticons = "".join(map(self._emoticon.get, _EMOTICON(text), repeat("")))
                signatures[index] += f",{emoticons}"
        return signatures


def _taken_back(word: str, lexicon: Mapping[str, Entry]) -> str:
    """The letters of a word of praise that is a complaint and its negation (不卡, 没有色差); "" for any other."""
    if lexicon[word].kind == "pos":
        for cut in range(1, len(word)):
            head, rest = lexicon.get(word[:cut]), lexicon.get(word[cut:])
            if head and rest and head.kind == "not" and _letter(rest) in ("n", "N", "o"):
                return _letter(head) + _letter(rest)
    return ""


def _letter(entry: Entry) -> str:
    kind, weight = entry
    if kind in ("pos", "neg"):
        return _opinion(kind == "pos", weight)
    if kind == "degree":
        return "+" if weight > 1 else "w" if weight <= _WISH else "-"
    if kind == "compare":
        return "}" if weight > 1 else ">"
    if kind == "plain":
        return _LETTERS["not"] * int(weight)
    return "<" if kind == "lose" else _LETTERS[kind]


def _opinion(good: bool, weight: float) -> str:
    if weight > _MILD:
        letter = "p" if good else "n"
        return letter.upper() if weight > 1 else letter
    if good:
        return "a"
    return "z" if weight > LATENT else "o"


class _Clause(NamedTuple):
    """What one clause says; `but` when it opens with a turn."""

    but: bool
    lean: float
    good: int
    bad: int
    turned: int
    asked: bool
    news: int
    mild: bool


class _Clauses(dict[str, _Clause]):
    """Signature of a clause → what it says; clauses repeat far more than texts do."""

    def __missing__(self, signature: str) -> _Clause:
        if len(self) > _REMEMBERED:
            self.clear()
        clause = self[signature] = _clause(signature)
        return clause


def _walk(signature: str, clauses: _Clauses) -> Sequence[float]:
    """The row of `Readings` for a text: its clauses from first to last."""
    lean, emphasis = 0.0, 1.0
    good = bad = turned = stated = news = 0
    asked = mild = False
    for part in signature.split(","):
        if not part:
            continue
        but, leans, praises, blames, turns, asks, tells, lukewarm = clauses[part]
        if but and (good or bad):
            lean, emphasis = lean * _BEFORE_BUT, _AFTER_BUT
        lean += leans * emphasis
        good += praises
        bad += blames
        turned += turns
        news += tells
        mild |= lukewarm
        if asks:
            asked = True
        else:
            stated += praises + blames
    if mild and not (good or bad):
        news += 1
    return lean, good, bad, turned, asked and (0.5 if stated else 1), news


def _clause(signature: str) -> _Clause:
    lean = 0.0
    good = bad = turned = negations = 0
    degree = 1.0
    mild = False
    for letter in _NOT_EVEN(r"!\1", signature):
        value = _VALUE.get(letter)
        if value is None or (letter == "o" and not negations):
            negations = 0 if letter == "." else negations + (letter == "!")
            degree *= _DEGREE.get(letter, 1.0)
            continue
        if abs(value) <= _MILD:
            mild |= value != 0
        else:
            turned += negations > 0
            if negations % 2:
                value *= _NOT_GOOD if value > 0 else _NOT_BAD
            good += value > 0
            bad += value < 0
        lean += value * degree
        negations, degree = 0, 1.0
    asked = "?" in signature
    return _Clause(
        signature[0] == "|",
        lean * (_ASKED if asked else 1),
        good,
        bad,
        turned,
        asked,
        signature.count("="),
        mild,
    )
