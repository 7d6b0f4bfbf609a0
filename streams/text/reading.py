"""Reading a text clause by clause: what is said of which brand, before anything is judged."""

from itertools import permutations

from streams.text.clauses import FOREIGN, Clause, Cue, Span, unsaid
from streams.text.notes import FAINT, MILD, STRONG, Notes, Say
from streams.text.sides import HANDLERS, KINDS

_NONE: frozenset[int] = frozenset()
_OPENING = 3
"""A brand that begins within so many characters of its clause is what the clause is about."""
_BESIDE = frozenset(("也", "都", "是", "在", "停", "放", "去", "来", "先"))
"""What is only mentioned beside another brand is spoken of like this (乙停在旁边)."""


class Reading:
    """One text being read, clause after clause.

    Args:
        notes: to write in what is said.
        clauses: what the text is made of.
    """

    __slots__ = ("_asked", "_clauses", "_direct", "_leading", "_listed", "_longing", "_notes", "_suspended")

    def __init__(self, notes: Notes, clauses: list[Clause]) -> None:
        self._notes = notes
        self._clauses = clauses
        self._direct: dict[str, list[Span]] = {}
        self._listed: list[str] = []
        self._leading: list[Span] = []
        self._longing: tuple[Clause, Cue] | None = None
        self._suspended = False
        self._asked = False

    def read(self, *, asking: bool) -> list[Say]:
        """Everything that is said of each brand.

        Args:
            asking: whether any clause may ask or wish.
        """
        quiet, faults = unsaid(self._clauses) if asking else (_NONE, _NONE)
        notes = self._notes
        for number, clause in enumerate(self._clauses):
            if not clause.names and not clause.kinds and number not in quiet and number not in faults:
                if self._suspended:
                    continue
                if notes.standards or notes.against or not notes.owners:
                    self._unnamed(clause)
                else:
                    self._more(clause.start, clause.stop)
                continue
            if clause.names:
                self._listed = clause.names
            if number in faults:
                before, self._asked = len(notes.says), True
                self._clause(clause, said=number not in quiet)
                notes.says[before:] = [say._replace(fault=True) for say in notes.says[before:]]
                self._asked = False
            else:
                self._clause(clause, said=number not in quiet)
            if clause.names:
                notes.seen += [name for name in clause.names if name not in notes.seen]
        if len(self._direct) == 2 and not notes.says:
            self._contrast()
        for brand, spans in self._direct.items():
            words = [word for span in spans for word in notes.words(span)]
            notes.says.append(Say(brand, spans, words))
        return notes.says

    def _contrast(self) -> None:
        """甲两天到，乙一周没动静: beside praise of one brand, unknown words about the other are blame."""
        notes, named = self._notes, [clause for clause in self._clauses if clause.hits]
        if any(len(clause.names) > 1 or clause.hits[0][0] - clause.start > _OPENING for clause in named):
            return
        words = {
            brand: [word for span in spans for word in notes.words(span)]
            for brand, spans in self._direct.items()
        }
        for one, other in permutations(self._direct):
            lean = notes.sum(words[other])
            if abs(lean) >= 1 and not notes.sum(words[one]) and _BESIDE.isdisjoint(words[one]):
                said = next(clause for clause in named if one in clause.names)
                notes.fix(said, [one], -FAINT if lean > 0 else FAINT)
                del self._direct[one]
                return

    def _clause(self, clause: Clause, *, said: bool) -> None:
        notes, names = self._notes, clause.names
        if not said:
            notes.owners = names or notes.owners
            return
        if self._aside(clause):
            return
        if not names:
            self._unnamed(clause)
            return
        if not self._related(clause, names):
            notes.against = []
            notes.owners = names
            self._about(clause, (clause.start, clause.stop))
        self._leading = []

    def _aside(self, clause: Clause) -> bool:
        """Whether the clause is about somebody else's business."""
        foreign = None
        if clause.kinds and not FOREIGN.isdisjoint(clause.kinds):
            foreign = next(cue for cue in clause.cues if cue[2] in FOREIGN)
        if clause.hits:
            self._suspended = False
            if (
                foreign is not None
                and foreign[0] < clause.hits[0].start
                and not clause.has("turn", "over", "against")
            ):
                self._suspended = True
                self._notes.owners = clause.names
                return True
            return False
        if foreign is not None:
            self._suspended = True
        elif self._suspended and (
            clause.has("thing", "verdict") or (self._notes.seen and clause.has("turn"))
        ):
            self._suspended = False
        return self._suspended

    def _unnamed(self, clause: Clause) -> None:
        notes, span = self._notes, (clause.start, clause.stop)
        kinds = clause.kinds
        if kinds:
            if "others" in kinds and not (notes.standards and "both" in kinds):  # but 除了甲，其他都…
                notes.owners, notes.against = [], []
                return
            if ("former" in kinds or "latter" in kinds) and len(self._listed) > 1:
                notes.owners = [self._listed[0] if "former" in kinds else self._listed[1]]
            elif "both" in kinds and len(notes.seen) > 1 and not notes.against:
                notes.owners = list(notes.seen)
        if notes.standards:
            notes.compare(clause, notes.owners_but(notes.standards), notes.standards, span)
            notes.standards = []
        elif notes.owners:
            if kinds and len(notes.seen) == 1 and clause.has("below", "far"):
                notes.fix(clause, notes.owners, -STRONG)
            else:
                self._about(clause, span)
        elif not notes.seen:
            eager = kinds.get("eager")
            if eager is None:
                self._leading.append(span)
            else:
                self._longing = clause, eager

    def _about(self, clause: Clause, span: Span) -> None:
        """The span speaks of the owners; its summing up counts apart."""
        notes = self._notes
        if self._longing is not None and clause.hits:
            notes.hoped(*self._longing)
            self._longing = None
        eager = clause.kinds.get("eager")
        if eager is not None and not self._asked and notes.hoped(clause, eager):
            return
        if self._asked:
            for brand in notes.owners:
                notes.say(brand, span)
        else:
            if clause.hits and not notes.seen and self._leading:
                for brand in notes.owners:
                    self._direct.setdefault(brand, []).extend(self._leading)
            self._more(*span)
            if "blame" in clause.kinds or "verdict" in clause.kinds:
                for brand in notes.owners:
                    if "blame" in clause.kinds:
                        notes.fix(clause, [brand], -MILD)
                    if "verdict" in clause.kinds and "others" not in clause.kinds:
                        notes.say(brand, span, verdict=True)
        for brand in notes.against:
            notes.say(brand, span, factor=-1.0)

    def _more(self, start: int, stop: int) -> None:
        """The span speaks of the owners, as what stands right before it may do."""
        direct = self._direct
        for brand in self._notes.owners:
            spans = direct.get(brand)
            if spans is None:
                direct[brand] = [(start, stop)]
            elif spans[-1][1] == start:
                spans[-1] = spans[-1][0], stop
            else:
                spans.append((start, stop))

    def _related(self, clause: Clause, names: list[str]) -> bool:
        """Whether the clause is a comparison, change or advice; then what it says is noted."""
        notes = self._notes
        kinds = clause.kinds
        if kinds and not KINDS.isdisjoint(kinds):
            for kind, handle in HANDLERS:
                cue = kinds.get(kind)
                if cue is not None and handle(notes, clause, cue, names):
                    return True
        if notes.standards:
            subject = [name for name in names if name not in notes.standards]
            if subject:
                notes.compare(clause, subject, notes.standards, (clause.start, clause.stop))
                notes.standards = []
                return True
        others = [name for name in notes.seen if name not in names]
        if len(others) == 1 and notes.words((clause.start, clause.stop))[-1:] in (["得多"], ["多了"]):
            notes.compare(clause, names, others, (clause.start, clause.stop))
            notes.owners = names
            return True
        if notes.avoided and clause.has("choose"):
            chosen = [name for name in names if name not in notes.owners]
            notes.avoided = False
            if chosen:
                notes.fix(clause, chosen, STRONG)
                notes.owners = chosen
                return True
        return False
