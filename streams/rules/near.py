"""NEAR over sorted occurrences: in n log n, where every pair would be n² on a text that repeats one word."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from streams.text.finder import Found

MOST = 20_000
"""Links of a chain that are kept between two steps; only a text made of the same few words has more."""


class Link(NamedTuple):
    """The part of a chain that was found so far: what lies between `start` and `stop`.

    Attributes:
        start: as of `Found`, as are the next three.
        stop: see `start`.
        first: see `start`.
        last: see `start`.
        parts: the occurrences it is made of.
    """

    start: int
    stop: int
    first: int
    last: int
    parts: tuple[Found, ...]


class Hop(NamedTuple):
    """One step: the occurrences of its right operand, and how far they may be.

    Attributes:
        found: in any order.
        distance: tokens that may lie between.
        ordered: whether the left operand must end before the right one starts.
    """

    found: Sequence[Found]
    distance: int
    ordered: bool


def chain(first: Sequence[Found], hops: Sequence[Hop]) -> list[Found] | None:
    """The occurrences that take part in a chain; None if there is none."""
    links = [Link(hit.start, hit.stop, hit.first, hit.last, (hit,)) for hit in first]
    for hop in hops[:-1]:
        links = [] if not links else _grown(links, hop)
    return _taking_part(links, hops[-1]) or None


class _Line(NamedTuple):
    """Places along a text by start and by stop. Numbers of tokens never fall along either."""

    by_start: list[Link]
    starts: list[int]
    by_stop: list[Link]
    stops: list[int]

    @classmethod
    def of(cls, links: Sequence[Link]) -> "_Line":
        by_start = sorted(links, key=lambda link: link.start)
        by_stop = sorted(links, key=lambda link: link.stop)
        return cls(by_start, [link.start for link in by_start], by_stop, [link.stop for link in by_stop])

    def after(self, link: Link, distance: int) -> Iterator[Link]:
        """What starts behind the link and not too far, the nearest first."""
        for index in range(bisect_left(self.starts, link.stop), len(self.starts)):
            other = self.by_start[index]
            if other.first - link.last > distance:
                return
            yield other

    def before(self, link: Link, distance: int) -> Iterator[Link]:
        """What stops before the link and not too far, the nearest first."""
        for index in range(bisect_right(self.stops, link.start) - 1, -1, -1):
            other = self.by_stop[index]
            if link.first - other.last > distance:
                return
            yield other


def _grown(links: Sequence[Link], hop: Hop) -> list[Link]:
    """Every link with every occurrence that it may be joined to."""
    line = _Line.of([Link(hit.start, hit.stop, hit.first, hit.last, (hit,)) for hit in hop.found])
    grown: list[Link] = []
    for link in links:
        for other in line.after(link, hop.distance):
            grown.append(Link(link.start, other.stop, link.first, other.last, link.parts + other.parts))
        if not hop.ordered:
            for other in line.before(link, hop.distance):
                grown.append(Link(other.start, link.stop, other.first, link.last, link.parts + other.parts))
        if len(grown) > MOST:
            break
    return grown


def _taking_part(links: Sequence[Link], hop: Hop) -> list[Found]:
    """The parts of every link and occurrence that find a partner; the nearest is all that must be looked at."""
    others = [Link(hit.start, hit.stop, hit.first, hit.last, (hit,)) for hit in hop.found]
    right, left = _Line.of(others), _Line.of(links)
    found: list[Found] = []
    for link in links:
        if any(True for _ in right.after(link, hop.distance)) or (
            not hop.ordered and any(True for _ in right.before(link, hop.distance))
        ):
            found += link.parts
    for other in others:
        if any(True for _ in left.before(other, hop.distance)) or (
            not hop.ordered and any(True for _ in left.after(other, hop.distance))
        ):
            found += other.parts
    return found
