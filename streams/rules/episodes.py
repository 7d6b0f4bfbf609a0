"""How often a rule would have called somebody: hits that follow one another closely are one episode."""

from collections.abc import Iterable
from typing import NamedTuple

QUIET = 3600.0
"""Seconds without a hit after which the next one begins a new episode."""


class Episode(NamedTuple):
    """Hits that one alert would have gathered.

    Attributes:
        rule: name of the rule.
        first: time of the first hit, Unix seconds.
        last: time of the last.
        hits: how many.
    """

    rule: str
    first: float
    last: float
    hits: int


def episodes(hits: Iterable[tuple[str, float]], quiet: float = QUIET) -> list[Episode]:
    """Gather hits into episodes, by begin.

    Args:
        hits: rule and time of each, in any order.
        quiet: seconds without a hit that end an episode.
    """
    open_: dict[str, Episode] = {}
    closed: list[Episode] = []
    for rule, at in sorted(hits, key=lambda hit: (hit[1], hit[0])):
        current = open_.get(rule)
        if current is not None and at - current.last < quiet:
            open_[rule] = current._replace(last=at, hits=current.hits + 1)
            continue
        if current is not None:
            closed.append(current)
        open_[rule] = Episode(rule, at, at, 1)
    return sorted([*closed, *open_.values()], key=lambda episode: (episode.first, episode.rule))
