"""Sentiment toward each brand that a text names: the clauses about it, else the text as a whole.

A clause belongs to the brands named in it, else to those named last before it, unless it speaks of others
(别家都烂). In a comparison (甲比乙好用, 比起乙，甲……) the other side is judged the other way round.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from streams.text.lexicons import Entry
from streams.text.normalise import origins
from streams.text.sentiment.base import NEUTRAL_BAND, Engine, Scores, labels
from streams.text.terms import Hit

_ENDS = frozenset("，。！？；!?;, ")


class Mentions(NamedTuple):
    """Columns, one list for each text; places are code points of the original text.

    Attributes:
        brands: canonical names, each once, in order of first mention.
        sentiments: `pos`, `neu` or `neg` toward each.
        scores: leaning toward each, -1…1.
        starts: where each is mentioned first.
        stops: behind that mention.
    """

    brands: list[list[str]]
    sentiments: list[list[str]]
    scores: list[list[float]]
    starts: list[list[int]]
    stops: list[list[int]]


class _Clause(NamedTuple):
    tokens: list[str]
    start: int
    stop: int


class _Plan(NamedTuple):
    """How the tone toward one brand of one text is found: numbers of the parts to judge.

    Attributes:
        row: which text.
        hit: first mention of the brand.
        direct: what is said about it; None is the text as a whole if it is alone, else nothing.
        inverse: comparisons that it is the other side of.
        alone: whether the text names no other brand.
    """

    row: int
    hit: Hit
    direct: int | None
    inverse: int | None
    alone: bool


class Toward:
    """Splits texts by the brand that each clause is about, and judges the parts."""

    def __init__(self, lexicon: Mapping[str, Entry]) -> None:
        def words(*kinds: str) -> frozenset[str]:
            return frozenset(word for word, entry in lexicon.items() if entry.kind in kinds)

        self._turns = words("but")
        self._others = words("others")
        self._compares = words("compare", "lose") | {"没有", "没"}
        self._special = self._others | words("compare", "lose")

    def mentions(
        self,
        texts: Sequence[str],
        folded: Sequence[str],
        cuts: Sequence[list[str]],
        scores: Scores,
        *,
        hits: Mapping[int, list[Hit]],
        engine: Engine,
    ) -> Mentions:
        """Who is mentioned in each text, where, and in which tone.

        Args:
            texts: the original texts.
            folded: the same, folded.
            cuts: their tokens.
            scores: their leanings as a whole.
            hits: index of a text → the brands named in it.
            engine: judges the parts.
        """
        parts: list[list[str]] = []
        plans: list[_Plan] = []
        for index, named in hits.items():
            tokens = cuts[index]
            brand = named[0].brand
            alone = all(hit.brand == brand for hit in named)
            if alone and self._special.isdisjoint(tokens):
                part = self._from_clause(folded[index], tokens, named[0].start)
                plans.append(_Plan(index, named[0], _add(parts, part), None, alone))
                continue
            about, against = self._divide(tokens, named)
            firsts: dict[str, Hit] = {}
            for hit in named:
                firsts.setdefault(hit.brand, hit)
            for brand, hit in firsts.items():
                direct, inverse = _add(parts, about.get(brand)), _add(parts, against.get(brand))
                plans.append(_Plan(index, hit, direct, inverse, alone))
        judged = engine.judge(["".join(part) for part in parts], parts).tolist() if parts else []
        return _columns(texts, folded, plans, [_toward(plan, judged, scores) for plan in plans])

    def _from_clause(self, text: str, tokens: list[str], start: int) -> list[str] | None:
        """What is said from the clause at `start` on: all of it is about the one brand. None is everything."""
        before = text[:start]
        if _ENDS.isdisjoint(before) and self._turns.isdisjoint(tokens):
            return None
        bounds = list(accumulate(map(len, tokens)))
        first = bisect_right(bounds, start)
        while first and tokens[first] not in self._turns and tokens[first - 1] not in _ENDS:
            first -= 1
        return tokens[first:] if first else None

    def _divide(
        self, tokens: list[str], hits: list[Hit]
    ) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Brand → tokens about it, and brand → tokens of comparisons that it is the other side of."""
        about: dict[str, list[str]] = {}
        against: dict[str, list[str]] = {}
        owners: list[str] = []
        for clause in self._clauses(tokens, hits):
            inside = [hit for hit in hits if clause.start <= hit.start < clause.stop]
            if inside:
                rivals = self._other_side(clause, inside)
                owners = list(dict.fromkeys(hit.brand for hit in inside if hit.brand not in rivals))
                for brand in rivals:
                    against.setdefault(brand, []).extend(clause.tokens)
            elif not self._others.isdisjoint(clause.tokens):
                owners = []
            for brand in owners:
                about.setdefault(brand, []).extend(clause.tokens)
        return about, against

    def _clauses(self, tokens: list[str], hits: list[Hit]) -> list[_Clause]:
        clauses: list[_Clause] = []
        current: list[str] = []
        start = stop = 0
        for token in tokens:
            if token in self._turns and current:
                clauses.append(_Clause(current, start, stop))
                current, start = [], stop
            current.append(token)
            stop += len(token)
            if token in _ENDS and not any(hit.start < stop < hit.stop for hit in hits):
                clauses.append(_Clause(current, start, stop))
                current, start = [], stop
        if current:
            clauses.append(_Clause(current, start, stop))
        return clauses

    def _other_side(self, clause: _Clause, inside: list[Hit]) -> set[str]:
        """The brands that the clause compares its subject with; empty without a comparison of two brands."""
        brands = list(dict.fromkeys(hit.brand for hit in inside))
        if len(brands) < 2:
            return set()
        begins = accumulate(map(len, clause.tokens), initial=clause.start)
        marks = [
            begin for begin, token in zip(begins, clause.tokens, strict=False) if token in self._compares
        ]
        if not marks:
            return set()
        before = {hit.brand for hit in inside if hit.start < marks[0]}
        # 比起乙甲更好: with the mark in front, the one right behind it is the other side
        return set(brands) - before if before else {brands[0]}


def _add(parts: list[list[str]], part: list[str] | None) -> int | None:
    if part is None:
        return None
    parts.append(part)
    return len(parts) - 1


def _toward(plan: _Plan, judged: list[float], scores: Scores) -> float:
    if plan.inverse is not None:
        inverse = -judged[plan.inverse]
        return inverse if plan.direct is None else (judged[plan.direct] + inverse) / 2
    if plan.direct is not None and not (plan.alone and abs(judged[plan.direct]) <= NEUTRAL_BAND):
        return judged[plan.direct]
    return float(scores[plan.row]) if plan.alone else 0.0


def _columns(
    texts: Sequence[str], folded: Sequence[str], plans: Sequence[_Plan], toward: Sequence[float]
) -> Mentions:
    # one empty list stands for every text that names nobody
    count = len(texts)
    columns = Mentions([[]] * count, [[]] * count, [[]] * count, [[]] * count, [[]] * count)
    last = -1
    places: Sequence[int] = ()
    for plan, score, label in zip(plans, toward, labels(np.array(toward)), strict=True):
        row, (start, stop, brand) = plan.row, plan.hit
        if row != last:
            text = texts[row]
            same = len(text) == len(folded[row]) and text.lower() == folded[row]
            places = range(len(text)) if same else origins(text)
            last = row
            for column in columns:
                column[row] = []
        columns.brands[row].append(brand)
        columns.sentiments[row].append(label)
        columns.scores[row].append(score)
        columns.starts[row].append(places[start])
        columns.stops[row].append(places[stop - 1] + 1)
    return columns
