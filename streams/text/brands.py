"""Sentiment toward each brand that a text names: what is said of it, else the text as a whole.

A text about one brand that speaks of nothing else is judged as a whole. Any other is read clause by clause
(`relations.py`); what is said of each brand is judged apart, all of a batch in one call of the engine.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import tanh
from typing import Any, NamedTuple

import numpy as np

from streams.text.clauses import FOREIGN, Span
from streams.text.normalise import places
from streams.text.notes import Say
from streams.text.opinions import Clause, Leans, Opinions, strongest
from streams.text.profiles import Brand
from streams.text.relations import Relations
from streams.text.sentiment.base import NEUTRAL_BAND, confidence, labels
from streams.text.terms import Hit

_NO_PARTS: list[int] = []
_DELIVERED_BY = frozenset(("platform", "express"))
_FAINT = 0.4
"""What is left of a leaning without a word of opinion, in a text that has opinions on something else."""
_FOUND = 0.25
"""The least leaning of a part in which engine and lexicon find the same opinion."""
_WEAK = 0.3
"""What a neutral remark weighs beside an opinion."""


class Mentions(NamedTuple):
    """Columns, one list for each text; places are code points of the original text.

    Attributes:
        brands: canonical names, each once, in order of first mention.
        sentiments: `pos`, `neu` or `neg` toward each.
        scores: leaning toward each, -1…1.
        confidences: ½…1.
        starts: where each is mentioned first.
        stops: behind that mention.
        evidence_starts: where the words begin that carry the verdict; 0 when it is neutral.
        evidence_stops: behind them; 0 when it is neutral.
    """

    brands: list[list[str]]
    sentiments: list[list[str]]
    scores: list[list[float]]
    confidences: list[list[float]]
    starts: list[list[int]]
    stops: list[list[int]]
    evidence_starts: list[list[int]]
    evidence_stops: list[list[int]]


class Plan(NamedTuple):
    """How the tone toward one brand of one text is found.

    Attributes:
        row: which text.
        hit: first mention of the brand.
        says: what is said of it; None stands for the whole text.
        parts: for each, the number of the part to judge; -1 for none.
    """

    row: int
    hit: Hit
    says: list[Say] | None
    parts: list[int]


class Toward:
    """Finds what is said of each brand, and the tone of it.

    Args:
        opinions: tells words of opinion from others.
        relations: folded word → what it says of who is spoken of.
        brands: those that are monitored.
        known: others that they are compared with.
    """

    def __init__(
        self,
        opinions: Opinions,
        relations: Mapping[str, str],
        brands: Sequence[Brand] = (),
        known: Sequence[Brand] = (),
    ) -> None:
        self._opinions = opinions
        self._relations = Relations(relations, opinions.lean)
        self._delivering = {brand.name for brand in (*brands, *known) if brand.sector in _DELIVERED_BY}
        self._monitored = frozenset(brand.name for brand in brands)

    def plan(
        self,
        folded: Sequence[str],
        cuts: Sequence[list[str]],
        hits: Mapping[int, list[Hit]],
        asked: Sequence[str],
        parts: list[list[str]],
    ) -> list[Plan]:
        """What has to be judged.

        Args:
            folded: the folded texts.
            cuts: their tokens.
            hits: index of a text → the brands named in it.
            asked: for each text a brand that is asked for, or ""; empty when none is. Brands that are neither
                monitored nor asked for are only compared with.
            parts: what has to be judged is added here.
        """
        plans: list[Plan] = []
        relations, opinions = self._relations, self._opinions
        rows = list(hits)
        for row, found in zip(rows, relations.cues([folded[row] for row in rows]), strict=True):
            text, named, cues = folded[row], hits[row], found
            first = named[0]
            firsts = {first[2]: first}
            for hit in named[1:]:
                firsts.setdefault(hit[2], hit)
            if not self._delivering.isdisjoint(firsts):
                cues = [cue for cue in found if cue[2] != "delivery"]
            if len(firsts) == 1 and relations.plain(text, named, cues) and not _compared(text, first[0]):
                plans.append(Plan(row, first, None, _NO_PARTS))
                continue
            says = relations.says(text, cuts[row], named, cues)
            kinds = {cue[2] for cue in cues}
            if not FOREIGN.isdisjoint(kinds):
                says = [say.fainter(_FAINT) if opinions.silent(say.tokens) else say for say in says]
            numbers: dict[tuple[str, ...], int] = {}
            for brand, hit in firsts.items():
                if brand in self._monitored or (asked and asked[row] == brand):
                    own = [say for say in says if say.brand == brand]
                    if "eager" in kinds:
                        own = self._hopes(own)
                    if "verdict" in kinds:
                        own = [self._summed_up(say) if say.verdict else say for say in own]
                    plans.append(Plan(row, hit, own, [_add(parts, numbers, say) for say in own]))
        return plans

    def _hopes(self, says: list[Say]) -> list[Say]:
        """Eagerness alone, or everything else where that says anything bad (期待了很久，结果死机)."""
        rest = [say for say in says if not say.hope]
        if len(rest) == len(says):
            return says
        if any(say.fixed < 0 or self._opinions.lean(say.tokens) < 0 for say in rest):
            return rest
        return [say for say in says if say.hope]

    def _summed_up(self, say: Say) -> Say:
        """A summing up in plain words (整体不推荐) needs no judging: it is too short to be judged well."""
        lean = self._opinions.lean(say.tokens)
        return say._replace(fixed=tanh(lean / 2)) if abs(lean) >= 1 else say

    def _surer(self, plans: Sequence[Plan], judged: Sequence[float]) -> list[float]:
        """The leanings of the parts; one that is nearly neutral counts where the lexicon finds the same opinion in it.

        A part is short, and what is said of one of two brands is seldom nothing.
        """
        surer = list(judged)
        for plan in plans:
            for say, part in zip(plan[2] or (), plan[3], strict=False):
                if part >= 0 and abs(leaning := surer[part]) <= NEUTRAL_BAND:
                    lean = self._opinions.lean(say.tokens)
                    if abs(lean) >= 1 and lean * leaning > 0:
                        surer[part] = _FOUND if lean > 0 else -_FOUND
        return surer

    def mentions(
        self,
        texts: Sequence[str],
        folded: Sequence[str],
        plans: Sequence[Plan],
        leans: Leans,
        *,
        scores: Sequence[float],
        judged: Sequence[float],
    ) -> Mentions:
        """Who is mentioned in each text, where, and in which tone.

        Args:
            texts: the original texts.
            folded: the same, folded.
            plans: as `plan` made them.
            leans: the clauses of each text.
            scores: leanings of the texts as a whole.
            judged: leanings of the parts.
        """
        judged = self._surer(plans, judged)
        leanings = [
            scores[plan[0]] if plan[2] is None else _toward(plan[2], plan[3], judged) for plan in plans
        ]
        toward = np.array(leanings)
        # one empty list stands for every text that names nobody
        columns = Mentions(*([[]] * len(texts) for _ in Mentions._fields))  # type: ignore[arg-type]
        brands, sentiments, leaning, sureness, starts, stops, firsts, ends = columns
        every: Sequence[list[list[Any]]] = columns
        last = -1
        for plan, score, label, sure in zip(
            plans, leanings, labels(toward), confidence(toward).tolist(), strict=True
        ):
            row, hit, _, _ = plan
            start, stop, brand = hit
            text = folded[row]
            first = end = 0
            if label != "neu":
                first, end = _evidence(plan, score, judged, text, leans[row])
            if text is not texts[row]:
                place = places(texts[row])
                start, stop = place[start], place[stop - 1] + 1
                if end:
                    first, end = place[first], place[end - 1] + 1
            if row == last:
                values = brand, label, score, sure, start, stop, first, end
                for column, value in zip(every, values, strict=True):
                    column[row].append(value)
                continue
            last = row
            brands[row], sentiments[row], leaning[row], sureness[row] = [brand], [label], [score], [sure]
            starts[row], stops[row], firsts[row], ends[row] = [start], [stop], [first], [end]
        return columns


def _add(parts: list[list[str]], numbers: dict[tuple[str, ...], int], say: Say) -> int:
    """Number of the part to judge; the same words are judged once a text."""
    if say.fixed or not say.tokens:
        return -1
    key = tuple(say.tokens)
    if key not in numbers:
        numbers[key] = len(parts)
        parts.append(say.tokens)
    return numbers[key]


def _value(say: Say, part: int, judged: Sequence[float]) -> float:
    value = say.fixed if part < 0 else say.factor * judged[part]
    return 0.0 if value < 0 and say.fault else value


def _toward(says: list[Say], parts: list[int], judged: Sequence[float]) -> float:
    if len(says) == 1:
        value = _value(says[0], parts[0], judged)
        if abs(value) > NEUTRAL_BAND:
            return value
    total = weights = 0.0
    summed_up = None
    for say, part in zip(says, parts, strict=True):
        value = _value(say, part, judged)
        said = abs(value) > NEUTRAL_BAND
        if say.verdict:
            summed_up = value if said else summed_up
        else:
            weight = 1.0 if said else _WEAK
            total += weight * value
            weights += weight
    if summed_up is not None:
        return summed_up
    return total / weights if weights else 0.0


def _compared(text: str, start: int) -> bool:
    """Whether a word of comparison stands right before the brand: 比三星好用 is no praise of it."""
    return text.endswith(("比", "没有", "没", "换"), 0, start)


def _evidence(plan: Plan, score: float, judged: Sequence[float], text: str, clauses: list[Clause]) -> Span:
    """The words that say most in the direction of the verdict."""
    _, hit, says, parts = plan
    if says is None:
        return _with_name(strongest(clauses, score > 0) or _around(clauses, hit), hit)
    most, best = 0.0, None
    for say, part in zip(says, parts, strict=True):
        value = _value(say, part, judged)
        if value * score > 0 and abs(value) > most:
            most, best = abs(value), say
    if best is None:
        return _around(clauses, hit)
    spans = best.spans
    if best.factor > 0 and not best.fixed:
        if len(spans) == 1:
            [(first, last)] = spans
            inside = [clause for clause in clauses if first <= clause[0] < last]
        else:
            starts = [start for start, _ in spans]
            inside = [c for c in clauses if (at := bisect_right(starts, c[0])) and c[0] < spans[at - 1][1]]
        if inside:
            return _with_name(strongest(inside, score > 0) or inside[0][:2], hit)
    return _trimmed(text, spans[0])


def _with_name(span: Span, hit: Hit) -> Span:
    """The span from the beginning of the name, where a blank within the name would cut it (星曜 X1)."""
    start, stop = span
    return (hit[0], stop) if hit[0] < start <= hit[1] <= stop else span


def _around(clauses: list[Clause], hit: Hit) -> Span:
    """The clause of a mention."""
    start, stop, *_ = next(clause for clause in clauses if clause[1] > hit.start)
    return min(start, hit.start), max(stop, hit.stop)


def _trimmed(text: str, span: Span) -> Span:
    """The span without the punctuation at its ends."""
    start, stop = span
    bare = text[start:stop].strip("，。！？；!?;,… 、~～")
    if not bare:
        return span
    start = text.index(bare, start)
    return start, start + len(bare)
