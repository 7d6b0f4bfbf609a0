"""Which way each clause of a text leans in the eyes of the lexicon: where a verdict comes from.

No engine: the sum of the opinions of a clause with their negations, in one pass over the words.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from streams.text.lexicons import Entry

ENDS = frozenset("，。！？；!?;,…~～ ")
_END, _ASKS, _ASKED, _TURN = 1e9, 2e9, 3e9, 4e9
_RELATIVE = frozenset("高低大小多少重厚轻薄短软强")
"""Words that are good or bad only of something (油耗高, 画质高): no opinion on their own."""


_DEGREES = tuple("真很太超最好挺更贼巨特")
_REMEMBERED = 200_000


class _Weights(dict[str, float | None]):
    """Word → its weight; one met for the first time counts as what is left of it without degree (真好用)."""

    def __init__(self, weights: dict[str, float]) -> None:
        super().__init__(weights)
        self._known = weights

    def __missing__(self, word: str) -> float | None:
        if len(self) > len(self._known) + _REMEMBERED:
            self.clear()
            self.update(self._known)
        bare = word[1:] if word.startswith(_DEGREES) else word.removesuffix("得")
        weight = self._known.get(bare)
        found = self[word] = weight if weight and weight < _END else None
        return found


Clause = tuple[int, int, float, bool]
"""Between two marks of punctuation: first character in the folded text, behind its last, the sum of its
opinions (about ±1 for each), and whether it asks."""


class Opinions:
    """Opinion words at work.

    Args:
        lexicon: the sentiment lexicon.
        relations: the relations lexicon; its words for better and worse count where the first is silent.
    """

    def __init__(self, lexicon: Mapping[str, Entry], relations: Mapping[str, str]) -> None:
        weights: dict[str, float] = {}
        for word, kind in relations.items():
            if kind in ("better", "worse") and word not in _RELATIVE:
                weights[word] = 0.5 if kind == "better" else -0.5
        for word, entry in lexicon.items():
            if entry.kind in ("pos", "neg"):
                weights[word] = entry.weight if entry.kind == "pos" else -entry.weight
            elif entry.kind == "not":
                weights[word] = 0.0
            elif entry.kind == "plain":
                weights.pop(word, None)
            elif entry.kind == "but":
                weights[word] = _TURN
        weights["吗"] = _ASKS
        weights |= dict.fromkeys(ENDS, _END) | dict.fromkeys("？?", _ASKED)
        self._weight = _Weights(weights).__getitem__

    def silent(self, tokens: Iterable[str]) -> bool:
        """Whether the words hold no opinion."""
        return not any(weight and weight < 9 for weight in map(self._weight, tokens))

    def lean(self, tokens: Sequence[str]) -> float:
        """The sum of all their opinions, about ±1 for each."""
        return sum(clause[2] for clause in self.clauses(tokens))

    def clauses(self, tokens: Sequence[str]) -> list[Clause]:
        """The clauses of a text that hold anything."""
        found: list[Clause] = []
        bounds = list(accumulate(map(len, tokens), initial=0))
        start = number = 0
        lean, turned, asked = 0.0, False, False
        for number, weight in enumerate(map(self._weight, tokens)):
            if weight is None:
                continue
            if weight < 9:
                if weight:
                    lean += -weight if turned else weight
                    turned = False
                else:
                    turned = not turned
            elif weight == _ASKS:
                asked = True
            else:
                stop = bounds[number]
                if stop > start:
                    found.append((start, stop, lean, asked or weight == _ASKED))
                lean, turned, asked = 0.0, False, False
                start = stop if weight == _TURN else bounds[number + 1]
        if bounds[-1] > start:
            found.append((start, bounds[-1], lean, asked))
        return found


class Leans(dict[int, list[Clause]]):
    """Number of a text → its clauses, worked out when first asked for.

    Args:
        opinions: reads them.
        cuts: tokens of all texts.
    """

    def __init__(self, opinions: Opinions, cuts: Sequence[list[str]]) -> None:
        super().__init__()
        self._read = opinions.clauses
        self._cuts = cuts

    def __missing__(self, row: int) -> list[Clause]:
        clauses = self[row] = self._read(self._cuts[row])
        return clauses


def strongest(clauses: Iterable[Clause], good: bool) -> tuple[int, int] | None:
    """Where the clause stands that leans most that way; None when none does."""
    best, found = 0.0, None
    for start, stop, lean, _ in clauses:
        if (lean if good else -lean) > best:
            best, found = abs(lean), (start, stop)
    return found
