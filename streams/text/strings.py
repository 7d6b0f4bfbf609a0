"""Many strings, looked for in a long text at once."""

from collections.abc import Collection

from ahocorasick_rs import AhoCorasick, Implementation

_TABLED = 6_000
"""Characters of all strings up to which a table of every step is quicker; a greater one leaves the cache."""


class Strings:
    """An automaton for strings that are numbered in their order.

    Args:
        strings: each once, none empty.
    """

    def __init__(self, strings: Collection[str]) -> None:
        tabled = sum(map(len, strings)) <= _TABLED
        implementation = Implementation.DFA if tabled else Implementation.ContiguousNFA
        self._search = AhoCorasick(strings, implementation=implementation) if strings else None

    def __bool__(self) -> bool:
        return self._search is not None

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Number, start and stop of every occurrence, by their ends; they may overlap."""
        return self._search.find_matches_as_indexes(text, overlapping=True) if self._search else []
