"""What of a product a text speaks of (屏幕, 续航, 客服 …), and in which tone: that of the clause."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from math import tanh
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from streams.text.brands import Plan
from streams.text.marks import Marks
from streams.text.normalise import places
from streams.text.opinions import Clause, Leans
from streams.text.sentiment.base import labels


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
        words: folded word → the aspect that it speaks of; "" hides the words within it.
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
        about: defaultdict[int, list[Plan]] = defaultdict(list)
        for plan in plans:
            about[plan[0]].append(plan)
        names = self._aspects
        told = _Told()
        last = -1
        for row, word, start, stop in self._marks.find(folded):
            if not names[word]:
                continue
            if row != last:
                last = row
                told.begin(row)
                brand, spoken = "", None
                clauses = iter(leans[row])
                if row in about:
                    brand, says = about[row][0].hit.brand, about[row][0].says
                    spoken = _Spoken(about[row]) if says is not None else None
                else:
                    del leans[row]  # no brand asks for them: kept, they are what the collector looks through
                clause = next(clauses)
            while clause[1] <= start:
                clause = next(clauses)
            if spoken is None:
                told.tell(names[word], brand, 0.0 if clause[3] else tanh(clause[2] / 2), start, stop)
                continue
            for whose, score in spoken.said(clause):
                told.tell(names[word], whose, score, start, stop)
        return told.columns(texts, folded)


class _Told:
    """What is told of the texts of a batch, one entry for each aspect of each."""

    def __init__(self) -> None:
        self._aspects: list[str] = []
        self._brands: list[str] = []
        self._scores: list[float] = []
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._firsts: dict[int, int] = {}
        self._known: dict[tuple[str, str], int] = {}

    def begin(self, row: int) -> None:
        """What follows is of this text."""
        self._firsts[row] = len(self._aspects)
        self._known = {}

    def tell(self, aspect: str, brand: str, score: float, start: int, stop: int) -> None:
        """Add an aspect, or let it replace what leans less."""
        known = self._known
        at = known.get((aspect, brand))
        if at is None:
            known[aspect, brand] = len(self._aspects)
            self._aspects.append(aspect)
            self._brands.append(brand)
            self._scores.append(score)
            self._starts.append(start)
            self._stops.append(stop)
        elif abs(score) > abs(self._scores[at]):
            self._scores[at], self._starts[at], self._stops[at] = score, start, stop

    def columns(self, texts: Sequence[str], folded: Sequence[str]) -> AspectColumns:
        """The same for all texts, with places of the original ones."""
        # one empty list stands for every text that speaks of none
        columns = AspectColumns(*([[]] * len(texts) for _ in AspectColumns._fields))  # type: ignore[arg-type]
        if not self._firsts:
            return columns
        aspects, brands, sentiments, scores, starts, stops = columns
        labelled = labels(np.array(self._scores))
        for (row, first), last in zip(
            self._firsts.items(), [*islice(self._firsts.values(), 1, None), len(self._aspects)], strict=True
        ):
            aspects[row] = self._aspects[first:last]
            brands[row] = self._brands[first:last]
            sentiments[row] = labelled[first:last]
            scores[row] = self._scores[first:last]
            starts[row] = self._starts[first:last]
            stops[row] = self._stops[first:last]
            if texts[row] is not folded[row]:
                place = places(texts[row])
                starts[row] = [place[start] for start in starts[row]]
                stops[row] = [place[stop - 1] + 1 for stop in stops[row]]
        return columns


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
