"""Clauses: where one ends, whom it names, which marks it holds, and whether it says anything at all."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from sys import maxsize

from streams.text.terms import Hit

Span = tuple[int, int]
"""Where something stands in a folded text: its first character, and behind its last."""

_MARKS = "，。！？；!?;,…~～ "
_END = re.compile(f"[{_MARKS}][{_MARKS}]*")
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_SENTENCE = frozenset("。！？!?…；;")
_REACH = 6
"""Characters between a mark and the brand that it governs (比老款星曜, 没有隔壁云岭)."""
_SIDES = frozenset(
    (
        "with",
        "passive",
        "takes",
        "choose",
        "over",
        "notover",
        "against",
        "above",
        "lacks",
        "switch",
        "back",
        "prefer",
        "rather",
        "avoid",
        "except",
        "still",
    )
)
"""Kinds of words that mean nothing in a clause without a name."""
_NEXT = frozenset(("over", "notover", "against", "except", "switch", "back"))
"""Kinds of words that may mean the next clause: 跟三星比，…."""
UNSAYING = frozenset(("wish", "if", "hearsay", "news", "ask", "question", "still"))
"""Kinds of words that may keep a clause from saying anything."""
FOREIGN = frozenset(("aside", "delivery"))
"""Kinds of words that begin somebody else's business."""

Cue = tuple[int, int, str]
"""A word of the lexicon in a folded text: where it begins, where it ends, its kind."""


class Clause:
    """A stretch of a text between two marks of punctuation."""

    __slots__ = ("cues", "hits", "kinds", "names", "sentence", "start", "stop")

    def __init__(self, start: int, stop: int, hits: list[Hit], cues: list[Cue], sentence: int) -> None:
        self.start = start
        self.stop = stop
        self.hits = hits
        self.cues = cues
        self.sentence = sentence
        self.names = list(dict.fromkeys([hit[2] for hit in hits])) if hits else []
        self.kinds = {cue[2]: cue for cue in reversed(cues)} if cues else {}

    def first(self, kind: str) -> Cue | None:
        """The first mark of a kind."""
        return self.kinds.get(kind)

    def has(self, *kinds: str) -> bool:
        """Whether it holds a mark of any of the kinds."""
        return bool(self.kinds) and not self.kinds.keys().isdisjoint(kinds)


def standing(text: str, cues: list[Cue], bounds: list[int], hits: list[Hit]) -> list[Cue]:
    """The cues outside of names; those of one character only as a word or before a name."""
    edges = set(bounds)
    names = {hit[0] for hit in hits}
    inside = {place for start, stop, _ in hits for place in range(start, stop)}
    return [
        cue
        for cue in cues
        if cue[0] not in inside
        and (
            cue[1] - cue[0] > 1
            or (cue[0] in edges and cue[1] in edges)
            or cue[1] in names
            or text[cue[0]] in "？?、"
        )
    ]


def split(text: str, cues: list[Cue], hits: list[Hit]) -> list[Clause]:
    """Cut at punctuation and before words that turn (但, 而), never within a name.

    Clauses without a mark are as good as one with what stands before them, where no word means a single clause.
    """
    kinds = {cue[2] for cue in cues}
    joins = kinds.isdisjoint(_NEXT) and kinds.isdisjoint(UNSAYING)
    cuts, ends = _cuts(text, hits)
    if "turn" in kinds:
        behind = {hit[1] for hit in hits}  # 甲就是比乙快 goes on
        cuts = sorted({*cuts, *[cue[0] for cue in cues if cue[2] == "turn" and cue[0] not in behind]} - {0})
    clauses: list[Clause] = []
    start = sentence = next_hit = next_cue = 0
    hit_at, cue_at = _starts(hits), _starts(cues)
    for stop in cuts:
        named: list[Hit] = []
        marks: list[Cue] = []
        if hit_at[next_hit] < stop:
            first = next_hit
            while hit_at[next_hit] < stop:
                next_hit += 1
            named = hits[first:next_hit]
        if cue_at[next_cue] < stop:
            first = next_cue
            while cue_at[next_cue] < stop:
                next_cue += 1
            marks = cues[first:next_cue]
            if not named:
                marks = [cue for cue in marks if cue[2] not in _SIDES]
        if joins and clauses and not named and not marks and not clauses[-1].kinds:
            clauses[-1].stop = stop
        else:
            clauses.append(Clause(start, stop, named, marks, sentence))
        sentence += stop in ends
        start = stop
    return clauses


def _cuts(text: str, hits: list[Hit]) -> tuple[list[int], set[int]]:
    """Where clauses end, and which of them end a sentence."""
    cuts: list[int] = []
    ends: set[int] = set()
    for found in _END.finditer(text):
        start, stop = found.span()
        mark = text[start]
        if mark == " " and start and stop < len(text):
            mark = text[start:stop].strip(" ")
            if not mark and text[start - 1] in _LATIN and text[stop] in _LATIN:
                continue
        if mark in _SENTENCE or (stop - start > 1 and not _SENTENCE.isdisjoint(text[start:stop])):
            ends.add(stop)
        cuts.append(stop)
    if not cuts or cuts[-1] < len(text):
        cuts.append(len(text))
    for start, stop, _ in hits:
        if " " in text[start:stop]:
            cuts = [cut for cut in cuts if not start < cut < stop]
    return cuts, ends


def _starts(marks: Sequence[Hit] | Sequence[Cue]) -> list[int]:
    """Where each begins, and behind them all a place that no text reaches."""
    return [*[mark[0] for mark in marks], maxsize]


def together(text: str, cue: Cue, hits: list[Hit]) -> bool:
    """Whether no punctuation stands between the cue and one of the names."""
    for start, stop, _ in hits:
        between = (stop, cue[0]) if start < cue[0] else (cue[1], start)
        if not _END.search(text, *between):
            return True
    return False


def unsaid(clauses: list[Clause]) -> tuple[set[int], set[int]]:
    """Clauses that ask or wish and so say nothing, and clauses whose faults are part of a question."""
    quiet: set[int] = set()
    faults: set[int] = set()
    rhetoric = {clause.sentence for clause in clauses if clause.has("rhetoric", "doubt", "blame")}
    asking = -1
    begin = told = 0
    sentence = 0
    for number, clause in enumerate(clauses):
        if clause.sentence != sentence:
            sentence, begin, told = clause.sentence, number, number
        if sentence in rhetoric or (not clause.kinds and sentence != asking):
            continue
        if clause.has("wish"):
            quiet.update(range(begin, number + 1))
            begin = number + 1
        elif clause.has("if", "hearsay", "news"):
            quiet.add(number)
        if clause.has("ask"):
            asking = clause.sentence
        if clause.sentence == asking or clause.has("question", "ask") or _either(clause):
            quiet.add(number)
            faults.update(range(told, number))
            told = number
    return quiet, faults


def _either(clause: Clause) -> bool:
    """Whether two brands stand on both sides of a 还是: which one?"""
    cue = clause.first("still")
    return (
        cue is not None
        and bool(names_in(clause, clause.start, cue[0]))
        and bool(set(names_in(clause, cue[1], clause.stop)) - set(names_in(clause, clause.start, cue[0])))
        and not clause.has("both")
        and len(clause.hits) == 2
    )


def names_in(clause: Clause, start: int, stop: int) -> list[str]:
    """The brands between two places of the clause, each once."""
    return list(dict.fromkeys(hit.brand for hit in clause.hits if start <= hit.start < stop))


def run(clause: Clause, start: int) -> list[str]:
    """The brands that a mark ending at `start` governs: the next one, and those listed with it."""
    named: list[str] = []
    last, end = -1, start + _REACH
    joints = {cue[1] for cue in clause.cues if cue[2] == "with"}
    for hit in clause.hits:
        if hit.start < start:
            continue
        near = hit.start in joints and hit.start - last < 3 if named else hit.start < end
        if not near:
            break
        named.append(hit.brand)
        last = hit.stop
    return list(dict.fromkeys(named))


def without(tokens: list[str], bounds: list[int], hits: list[Hit], foreign: set[int]) -> list[str]:
    """The tokens without what belongs to a name ("" for its words, 快 of a misread 中通快) or to others (加班)."""
    bare = (
        ["" if bounds[place] in foreign else token for place, token in enumerate(tokens)]
        if foreign
        else list(tokens)
    )
    for start, stop, _ in hits:
        place = bisect_right(bounds, start) - 1
        while place < len(bare) and bounds[place] < stop:
            begin = bounds[place]
            token = tokens[place]
            bare[place] = token[: max(0, start - begin)] + token[max(0, stop - begin) :]
            place += 1
    return bare
