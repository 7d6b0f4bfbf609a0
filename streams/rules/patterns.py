"""RE2 patterns: time linear in the text whatever the pattern, which is why users may write them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import re2

from streams.text.normalise import fold

_MEMORY = 4 << 20
_SET_MEMORY = 64 << 20


class BadPattern(ValueError):
    """RE2 refuses a pattern; the text is its reason."""


class Regex:
    """One pattern, to search folded texts with.

    Args:
        source: the pattern, folded.

    Raises:
        BadPattern: it is none.
    """

    def __init__(self, source: str) -> None:
        try:
            self._regex: Any = re2.compile(source, _options(_MEMORY))
        except re2.error as error:
            reason = error.args[0] if error.args else ""
            text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
            raise BadPattern(text) from None

    def holds(self, folded: str) -> bool:
        """Whether the pattern is somewhere in a text."""
        return self._regex.search(folded) is not None

    def spans(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where it is, from left to right; empty matches are left out."""
        for match in self._regex.finditer(folded):
            start, stop = match.span()
            if start < stop:
                yield start, stop


class Regexes(NamedTuple):
    """Many patterns as one automaton, which costs a text as much as a single one does."""

    automaton: Any

    @classmethod
    def of(cls, sources: Sequence[str]) -> "Regexes":
        """All patterns, known to be good, as one."""
        automaton = re2.Set.SearchSet(_options(_SET_MEMORY))
        for source in sources:
            automaton.Add(source)
        automaton.Compile()
        return cls(automaton)

    def holding(self, folded: str) -> Sequence[int]:
        """Numbers of the patterns that are somewhere in a text."""
        return self.automaton.Match(folded) or ()


def fold_pattern(source: str) -> str:
    """A pattern whose letters are folded as texts are; an end of a range such as [一-龥] stays as it is."""
    parts = []
    for index, character in enumerate(source):
        if character < "\x80" or "-" in (source[index - 1 : index], source[index + 1 : index + 2]):
            parts.append(character)
        else:
            parts += [_literal(part) for part in fold(character)]
    return "".join(parts)


def _literal(character: str) -> str:
    return f"\\{character}" if character < "\x80" and not character.isalnum() else character


def _options(memory: int) -> Any:
    chosen = re2.Options()
    chosen.case_sensitive = False
    chosen.log_errors = False
    chosen.max_mem = memory
    return chosen
