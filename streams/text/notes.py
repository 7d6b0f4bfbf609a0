"""Notes taken while a text is read: what was said of whom, and of whom the next clause will speak."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from streams.text.clauses import Clause, Cue, Span

NEGATIONS = frozenset(
    ("不", "没", "没有", "不是", "不能", "没能", "无法", "难以", "别", "未", "并没有", "并不", "不会", "不够")
)
STRONG = 0.7
"""Leaning of an outright 不如, 吊打 or 别买."""
MILD = 0.5
"""Leaning of a comparison whose last word says only which way (快, 费油)."""

FAINT = 0.3
"""Leaning of a comparison with 比 whose words nobody knows (带派)."""
_PLAIN = frozenset("0123456789早晚先后不没一样")
"""What such a comparison may hold when it only states a fact (早发布, 贵100)."""

Grade = Callable[[Sequence[str], bool], float]
"""Which way the words of a comparison point; whether they speak of a burden is given."""
Lean = Callable[[Sequence[str]], float]
"""The sum of the opinions in some words, about ±1 for each."""


class Say(NamedTuple):
    """Something that is said of a brand.

    Attributes:
        brand: canonical name.
        spans: where, in the folded text.
        tokens: the words to judge, without the names of brands.
        factor: how their leaning counts: 1, or negative for the other side of a comparison.
        fixed: leaning that needs no judging; 0 asks the engine.
        verdict: whether it sums everything up.
        fault: whether only praise counts: a fault named in a question is part of the question.
        hope: whether it is eagerness, which counts as long as nothing bad is said.
    """

    brand: str
    spans: list[Span]
    tokens: list[str]
    factor: float = 1.0
    fixed: float = 0.0
    verdict: bool = False
    fault: bool = False
    hope: bool = False

    def fainter(self, share: float) -> "Say":
        """The same with a share of its factor."""
        return Say(
            self.brand,
            self.spans,
            self.tokens,
            share * self.factor,
            self.fixed,
            self.verdict,
            self.fault,
            self.hope,
        )


class Notes:
    """What is known so far of one text.

    Attributes:
        says: what was said.
        owners: of whom a clause without a name speaks.
        against: whom the owners replaced: what is said of the owners is the other way round of them.
        standards: with whom the next clause compares the owners.
        seen: every brand named before this clause.
        avoided: whether a brand was just advised against.

    Args:
        grade: which way the words of a comparison point.
        lean: sums the opinions of words.
        tokens: the words of the text.
        bare: the same without the names of brands.
        bounds: where each word begins, and the end of the text.
    """

    __slots__ = (
        "_bare",
        "_bounds",
        "_lean",
        "_tokens",
        "against",
        "avoided",
        "grade",
        "owners",
        "says",
        "seen",
        "standards",
    )

    def __init__(
        self, grade: Grade, lean: Lean, tokens: list[str], bare: list[str], bounds: list[int]
    ) -> None:
        self.grade = grade
        self._lean = lean
        self._tokens = tokens
        self._bare = bare
        self._bounds = bounds
        self.says: list[Say] = []
        self.owners: list[str] = []
        self.against: list[str] = []
        self.standards: list[str] = []
        self.seen: list[str] = []
        self.avoided = False

    def say(self, brand: str, span: Span, *, factor: float = 1.0, verdict: bool = False) -> None:
        """The span is said of the brand."""
        self.says.append(Say(brand, [span], self.words(span), factor, verdict=verdict))

    def fix(self, clause: Clause, brands: Iterable[str], leaning: float) -> None:
        """The clause says this of the brands, whatever its words."""
        for brand in brands:
            self.says.append(Say(brand, [(clause.start, clause.stop)], [], fixed=leaning))

    def hoped(self, clause: Clause, cue: Cue) -> bool:
        """Note that the author is eager for the owners; False where the clause says the opposite."""
        around = self.words((clause.start, cue[0])) + self.words((cue[1], clause.stop))
        if self.negated(cue) or self._lean(around) < 0:
            return False
        span = (clause.start, clause.stop)
        self.says += [Say(brand, [span], [], fixed=STRONG, hope=True) for brand in self.owners]
        return True

    def compare(
        self,
        clause: Clause,
        subject: Collection[str],
        standards: Collection[str],
        span: Span,
        way: float = 1.0,
        *,
        guess: bool = False,
    ) -> None:
        """What the span says is so of the subject, and the other way round of what it is compared with.

        With `guess`, words that say nothing known are taken for praise: people seldom say what is worse with 比.
        """
        words = self.words(span)
        fixed = self.grade(words, clause.has("burden"))
        if guess and not fixed and not self._lean(words) and _PLAIN.isdisjoint("".join(words)):
            fixed = FAINT
        whole = (clause.start, clause.stop)
        for brands, factor in ((subject, way), (standards, -way)):
            for brand in brands:
                self.says.append(Say(brand, [whole], words, factor, factor * fixed))

    def sum(self, words: Sequence[str]) -> float:
        """The sum of the opinions in the words, about ±1 for each."""
        return self._lean(words)

    def owners_but(self, others: Collection[str]) -> list[str]:
        """Of whom the text speaks, without the others."""
        return [name for name in self.owners if name not in others]

    def negated(self, cue: Cue) -> bool:
        """Whether a negation stands right before the cue."""
        place = bisect_left(self._bounds, cue[0])
        return 0 < place <= len(self._tokens) and self._tokens[place - 1] in NEGATIONS

    def has_words(self, span: Span) -> bool:
        """Whether the span holds anything to judge."""
        return any(word.isalnum() and word not in ("的", "了", "，") for word in self.words(span))

    def words(self, span: Span) -> list[str]:
        """The tokens of the span without the names of brands."""
        bounds = self._bounds
        return [
            word for word in self._bare[bisect_left(bounds, span[0]) : bisect_left(bounds, span[1])] if word
        ]
