"""Clauses: where one ends, whom it names, which marks it holds, and whether it says anything at all."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence, Set
from itertools import accumulate
from sys import maxsize

from streams.text.terms import Hit

Span = tuple[int, int]
"""Where something stands in a folded text: its first character, and behind its last."""

_MARKS = "，。！？；!?;,…~～ "
_END = re.compile(f"([{_MARKS}]+)")
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
_RHETORIC = frozenset(("rhetoric", "doubt", "blame"))
"""Kinds of words whose sentence asks for no answer."""
FOREIGN = frozenset(("aside", "delivery"))
"""Kinds of words that begin somebody else's business."""

Cue = tuple[int, int, str]
"""A word of the lexicon in a folded text: where it begins, where it ends, its kind."""

# shared by the clauses without any, which are most; nobody changes what a clause holds
_NO_HITS: list[Hit] = []
_NO_CUES: list[Cue] = []
_NO_NAMES: list[str] = []
_NO_KINDS: dict[str, Cue] = {}


class Clause:
    """A stretch of a text between two marks of punctuation."""

    __slots__ = ("cues", "hits", "kinds", "names", "sentence", "start", "stop")

    def __init__(self, start: int, stop: int, hits: list[Hit], cues: list[Cue], sentence: int) -> None:
        self.start = start
        self.stop = stop
        self.hits = hits
        self.cues = cues
        self.sentence = sentence
        if not hits:
            self.names = _NO_NAMES
        elif len(hits) == 1:
            self.names = [hits[0][2]]
        else:
            self.names = list(dict.fromkeys([hit[2] for hit in hits]))
        if not cues:
            self.kinds = _NO_KINDS
        elif len(cues) == 1:
            self.kinds = {cues[0][2]: cues[0]}
        else:
            self.kinds = {cue[2]: cue for cue in reversed(cues)}

    def first(self, kind: str) -> Cue | None:
        """The first mark of a kind."""
        return self.kinds.get(kind)

    def has(self, *kinds: str) -> bool:
        """Whether it holds a mark of any of the kinds."""
        return bool(self.kinds) and not self.kinds.keys().isdisjoint(kinds)


def standing(text: str, cues: list[Cue], bounds: list[int], hits: list[Hit]) -> list[Cue]:
    """The cues outside of names; those of one character only as a word or before a name."""
    if not cues:
        return cues
    names = {hit[0] for hit in hits}
    inside = {place for start, stop, _ in hits for place in range(start, stop)}
    return [
        cue
        for cue in cues
        if cue[0] not in inside
        and (
            cue[1] - cue[0] > 1
            or cue[1] in names
            or text[cue[0]] in "？?、"
            # one character between two bounds
            or bounds[place := bisect_left(bounds, cue[0])] == cue[0] == bounds[place + 1] - 1
        )
    ]


def split(text: str, cues: list[Cue], hits: list[Hit], kinds: Set[str]) -> list[Clause]:
    """Cut at punctuation and before words that turn (但, 而), never within a name.

    Clauses without a mark are as good as one with what stands before them, where no word means a single clause.
    `kinds` are those of the cues.
    """
    asks = not kinds.isdisjoint(UNSAYING)
    joins = not asks and kinds.isdisjoint(_NEXT)
    sided = not kinds.isdisjoint(_SIDES)
    cuts, ends = _cuts(text, hits, sentences=asks)
    if "turn" in kinds:
        behind = {hit[1] for hit in hits}  # 甲就是比乙快 goes on
        cuts = sorted({*cuts, *[cue[0] for cue in cues if cue[2] == "turn" and cue[0] not in behind]} - {0})
    clauses: list[Clause] = []
    start = sentence = next_hit = next_cue = 0
    hit_at, cue_at = _starts(hits), _starts(cues)
    last: Clause | None = None
    for stop in cuts:
        named, marks = _NO_HITS, _NO_CUES
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
            if sided and not named:
                marks = [cue for cue in marks if cue[2] not in _SIDES]
        if joins and last is not None and not named and not marks and not last.kinds:
            last.stop = stop
        else:
            last = Clause(start, stop, named, marks, sentence)
            clauses.append(last)
        sentence += stop in ends
        start = stop
    return clauses


def _cuts(text: str, hits: list[Hit], *, sentences: bool) -> tuple[list[int], set[int]]:
    """Where clauses end, and, when `sentences` is set, which of them end a sentence."""
    pieces = _END.split(text)  # words and marks in turn
    bounds = list(accumulate(map(len, pieces)))
    cuts = bounds[1::2]
    ends: set[int] = set()
    if sentences:
        ends.update(
            [stop for stop, mark in zip(cuts, pieces[1::2], strict=True) if not _SENTENCE.isdisjoint(mark)]
        )
    if pieces[-1]:
        cuts.append(len(text))
    if " " in text:
        within = {
            bounds[number]
            for number in range(1, len(pieces) - 1, 2)
            if pieces[number].isspace()
            and pieces[number - 1][-1:] in _LATIN
            and pieces[number + 1][:1] in _LATIN
        }
        cuts = [cut for cut in cuts if cut not in within]
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
    rhetoric = {
        clause.sentence for clause in clauses if clause.kinds and not _RHETORIC.isdisjoint(clause.kinds)
    }
    asking = -1
    begin = told = 0
    sentence = 0
    for number, clause in enumerate(clauses):
        if clause.sentence != sentence:
            sentence, begin, told = clause.sentence, number, number
        if sentence in rhetoric or (not clause.kinds and sentence != asking):
            continue
        kinds = clause.kinds
        if kinds:
            if "wish" in kinds:
                quiet.update(range(begin, number + 1))
                begin = number + 1
            elif "if" in kinds or "hearsay" in kinds or "news" in kinds:
                quiet.add(number)
            if "ask" in kinds:
                asking = sentence
        if sentence == asking or "question" in kinds or ("still" in kinds and _either(clause)):
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
