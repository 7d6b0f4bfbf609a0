"""Who a text with several voices speaks of: its clauses, and what each says of which brand.

A clause is about the brands named in it, else about those named last. Comparisons (甲比乙好, 不如, 被…吊打),
changes (从甲换到乙) and advice (别买甲买乙) speak of two sides at once. Others' business (快递, 老板, 别家),
questions and wishes say nothing of a brand.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from streams.text.clauses import UNSAYING, Cue, split, standing, together, without
from streams.text.marks import Marks
from streams.text.notes import MILD, NEGATIONS, Lean, Notes, Say
from streams.text.reading import Reading
from streams.text.sides import KINDS
from streams.text.terms import Hit

_DEGREES = "最更太很好真也还都超巨贼极挺蛮"
_TAILS = "过了的得太多很"
_SCALE = frozenset(("better", "worse", "more", "less"))
_NOWHERE: set[int] = set()
_LOUD = frozenset(
    (
        "others",
        "below",
        "far",
        "aside",
        "delivery",
        "verdict",
        "ask",
        "rhetoric",
        "doubt",
        "blame",
        "hearsay",
        "wish",
        "if",
        "eager",
        "news",
    )
)
"""Kinds of words that change what a text about one brand alone says of it, wherever they stand."""
_REMEMBERED = 200_000


class _Scale(dict[str, tuple[str, str, bool] | None]):
    """Token → its word on a scale without degree (更快了: 快), that word's kind, whether it is negated within.

    Worked out when first met; None for any other token.

    Args:
        kinds: word of a scale → its kind.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        super().__init__()
        self._kinds = kinds

    def __missing__(self, token: str) -> tuple[str, str, bool] | None:
        if len(self) > _REMEMBERED:
            self.clear()
        kinds = self._kinds
        bare = token if token in kinds else token.lstrip(_DEGREES).rstrip(_TAILS)
        turned = bare not in kinds and bare[:1] in ("不", "没")
        kind = kinds.get(bare[1:] if turned else bare)
        found = self[token] = None if kind is None else (bare, kind, turned)
        return found


class Relations:
    """A relations lexicon at work.

    Args:
        words: folded word → its kind.
        lean: sums the opinions of words, about ±1 for each.
    """

    def __init__(self, words: Mapping[str, str], lean: Lean) -> None:
        self._lean = lean
        self._marks = Marks(words)
        # words of a scale tell which way a comparison points, and nothing of who is compared
        self._kinds = [None if kind in _SCALE or kind == "plain" else kind for kind in words.values()]
        self._scale = _Scale({word: kind for word, kind in words.items() if kind in _SCALE})

    def cues(self, texts: Sequence[str]) -> list[list[Cue]]:
        """For each text the lexicon's words in it that speak of somebody."""
        kinds = self._kinds
        found: list[list[Cue]] = [[] for _ in texts]
        for row, number, start, stop in self._marks.find(texts):
            kind = kinds[number]
            if kind is not None:
                found[row].append((start, stop, kind))
        return found

    def plain(self, text: str, hits: list[Hit], cues: list[Cue]) -> bool:
        """Whether a text about one brand alone is all about it, so that it need not be read.

        Args:
            text: folded.
            hits: where it names the brand.
            cues: the lexicon's words in it.
        """
        for cue in cues:
            kind = cue[2]
            if cue[1] - cue[0] > 1 and (kind in _LOUD or (kind in KINDS and together(text, cue, hits))):
                return False
        return True

    def says(self, text: str, tokens: list[str], hits: list[Hit], cues: list[Cue]) -> list[Say]:
        """Everything that the text says of each brand, in the order of first mention.

        Args:
            text: folded.
            tokens: its words.
            hits: the brands that it names.
            cues: the lexicon's words in it.
        """
        bounds = list(accumulate(map(len, tokens), initial=0))
        cues = standing(text, cues, bounds, hits)
        kinds = {cue[2] for cue in cues}
        foreign = {cue[0] for cue in cues if cue[2] == "aside"} if "aside" in kinds else _NOWHERE
        notes = Notes(self.grade, self._lean, tokens, without(tokens, bounds, hits, foreign), bounds)
        return Reading(notes, split(text, cues, hits, kinds)).read(asking=not kinds.isdisjoint(UNSAYING))

    def grade(self, tokens: Sequence[str], burden: bool) -> float:
        """Which way the words of a comparison point: 快 and 省油 up, 费油 down; more of a burden is worse."""
        for position, found in enumerate(map(self._scale.__getitem__, tokens)):
            if found is None:
                continue
            bare, kind, turned = found
            way = MILD if kind in ("better", "more") else -MILD
            if burden and (kind in ("more", "less") or bare in ("高", "低")):
                way = -way
            before = tokens[position - 1] if position else ""
            turned ^= before in NEGATIONS or before[-1:] in ("不", "没")
            return -way if turned else way
        lean = self._lean(tokens)
        return MILD if lean >= 1 else -MILD if lean <= -1 else 0.0
