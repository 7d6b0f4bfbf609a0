"""What of a product a text speaks of (屏幕, 续航, 客服 …), and in which tone: that of the clause."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import tanh
from operator import itemgetter
from typing import NamedTuple

from streams.text.brands import Plan
from streams.text.marks import Marks
from streams.text.normalise import places
from streams.text.opinions import Clause, Leans
from streams.text.sentiment.base import NEUTRAL_BAND

_Found = tuple[float, int, int]
"""Score, start and stop in the folded text."""


class AspectColumns(NamedTuple):
    """Columns, one list for each text; places are code points of the original text.

    Attributes:
        aspects: names; one appears once for each brand that it is said of.
        brands: of whom; "" where the text names nobody.
        sentiments: `pos`, `neu` or `neg`.
        scores: leaning, -1…1.
        starts: where the word stands.
        stops: behind it.
    """

    aspects: list[list[str]]
    brands: list[list[str]]
    sentiments: list[list[str]]
    scores: list[list[float]]
    starts: list[list[int]]
    stops: list[list[int]]


class Aspects:
    """An aspect lexicon at work.

    Args:
        words: folded word → the aspect that it speaks of.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._marks = Marks(words)
        self._aspects = list(words.values())

    def find(
        self,
        texts: Sequence[str],
        folded: Sequence[str],
        plans: Sequence[Plan],
        leans: Leans,
    ) -> AspectColumns:
        """The aspects of each text.

        Args:
            texts: the original texts.
            folded: the same, folded.
            plans: what is said of which brand, by text.
            leans: their clauses.
        """
        # one empty list stands for every text that speaks of none
        columns = AspectColumns(*([[]] * len(texts) for _ in AspectColumns._fields))  # type: ignore[arg-type]
        about: defaultdict[int, list[Plan]] = defaultdict(list)
        for plan in plans:
            about[plan[0]].append(plan)
        names = self._aspects
        last = -1
        best: dict[tuple[str, str], _Found] = {}
        for row, word, start, stop in self._marks.find(folded):
            if row != last:
                if best:
                    _add(columns, last, best, _places(texts[last], folded[last]))
                best, last = {}, row
                brand, spoken = "", None
                if row in about:
                    brand, says = about[row][0].hit.brand, about[row][0].says
                    spoken = _Spoken(about[row]) if says is not None else None
                clauses = iter(leans[row])
                clause = next(clauses)
            while clause[1] <= start:
                clause = next(clauses)
            name = names[word]
            if spoken is None:
                key = name, brand
                score = 0.0 if clause[3] else tanh(clause[2] / 2)
                if key not in best or abs(score) > abs(best[key][0]):
                    best[key] = score, start, stop
                continue
            for whose, score in spoken.said(clause):
                key = name, whose
                if key not in best or abs(score) > abs(best[key][0]):
                    best[key] = score, start, stop
        if best:
            _add(columns, last, best, _places(texts[last], folded[last]))
        return columns


def _places(text: str, folded: str) -> Sequence[int] | None:
    """Where each folded character came from; None where nothing was folded, as in most texts."""
    return None if text is folded else places(text)


def _add(
    columns: AspectColumns, row: int, best: dict[tuple[str, str], _Found], place: Sequence[int] | None
) -> None:
    aspects, brands = zip(*best, strict=True)
    scores, starts, stops = zip(*best.values(), strict=True)
    columns.aspects[row] = [*aspects]
    columns.brands[row] = [*brands]
    columns.scores[row] = [*scores]
    columns.sentiments[row] = [
        "pos" if score > NEUTRAL_BAND else "neg" if score < -NEUTRAL_BAND else "neu" for score in scores
    ]
    columns.starts[row] = [*starts] if place is None else [place[start] for start in starts]
    columns.stops[row] = [*stops] if place is None else [place[stop - 1] + 1 for stop in stops]


class _Spoken:
    """Who is spoken of in one text, asked clause after clause."""

    def __init__(self, plans: list[Plan]) -> None:
        self._alone = plans[0].hit.brand if len(plans) == 1 else ""
        self._spans = sorted(
            (
                (start, stop, plan.hit.brand, say.factor, say.fixed)
                for plan in plans
                for say in plan.says or ()
                for start, stop in say.spans
            ),
            key=itemgetter(0),
        )
        self._at = 0

    def said(self, clause: Clause) -> list[tuple[str, float]]:
        """The brands that the clause speaks of, and the tone toward each; later clauses only after earlier."""
        first, last, lean, asked = clause
        lean = 0.0 if asked else tanh(lean / 2)
        spans = self._spans
        while self._at < len(spans) and spans[self._at][1] <= first:
            self._at += 1
        found: dict[str, float] = {}
        at = self._at
        while at < len(spans) and spans[at][0] < last:
            _, stop, brand, factor, fixed = spans[at]
            if stop > first:
                found.setdefault(brand, fixed or factor * lean)
            at += 1
        return list(found.items()) or [(self._alone, lean)]
