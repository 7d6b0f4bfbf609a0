"""A grammar of posts: symbols, and the ways to write each."""

import re
from collections.abc import Mapping
from pathlib import Path
from random import Random

_SYMBOL = re.compile(r"\{([a-z.]+)\}")


class Grammar:
    """Expands symbols at random; reads the format that `posts.grammar` explains at its head."""

    def __init__(self, source: str) -> None:
        self._ways: dict[str, list[list[str]]] = {}
        symbol = ""
        for line in source.splitlines():
            if line.startswith("= "):
                symbol = line[2:]
                self._ways[symbol] = []
            elif line and not line.startswith("# "):
                # odd places hold symbols, even places text
                self._ways[symbol].append(_SYMBOL.split("" if line == "∅" else line))
        unknown = {part for ways in self._ways.values() for way in ways for part in way[1::2]}
        self.open = unknown - self._ways.keys()

    @classmethod
    def shipped(cls) -> "Grammar":
        """The grammar of the demonstration."""
        return cls(Path(__file__).with_name("posts.grammar").read_text(encoding="utf-8"))

    def ways(self, symbol: str) -> int:
        """How many lines a symbol has."""
        return len(self._ways[symbol])

    def say(self, symbol: str, given: Mapping[str, str], rng: Random) -> str:
        """One way to write the symbol; `given` supplies what the grammar itself leaves open."""
        if symbol in given:
            return given[symbol]
        ways = self._ways[symbol]
        way = ways[int(rng.random() * len(ways))]
        if len(way) == 1:
            return way[0]
        parts = way.copy()
        for place in range(1, len(way), 2):
            parts[place] = self.say(way[place], given, rng)
        return "".join(parts)
