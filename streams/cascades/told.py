"""What a forest tells of its cascades: columns, ready to be written as rows keyed by root."""

from typing import NamedTuple

from streams.cascades.ragged import Ints
from streams.cascades.shape import Floats, Pace


class Standing(NamedTuple):
    """What is known of cascades the moment their shares are in; columns with one value a cascade.

    Attributes:
        root: root_id.
        size: nodes in the tree, the root included.
        depth: the deepest level; the root's is 0.
        breadth: nodes of the widest level.
        shares: distinct share ids, those outside the tree included.
        first: when the first of them was shared, Unix milliseconds; -1 without any.
        last: when the last of them was shared.
        levels: their levels.
    """

    root: list[str]
    size: Ints
    depth: Ints
    breadth: Ints
    shares: Ints
    first: Ints
    last: Ints
    levels: "Levels"


class Levels(NamedTuple):
    """The levels of cascades from 0 to the deepest, cascade after cascade.

    Attributes:
        cuts: where the levels of each cascade begin, and the end.
        nodes: nodes of each level.
        reach: Σ followers of their authors, not de-duplicated.
        strong: nodes that came by a strong tie.
        weak: nodes that came by a weak tie.
        scored: nodes with words.
        score: the sum of their leanings.
        first: when the level was first reached, Unix milliseconds; -1 at the root.
    """

    cuts: Ints
    nodes: Ints
    reach: Ints
    strong: Ints
    weak: Ints
    scored: Ints
    score: Floats
    first: Ints


class Shapes(NamedTuple):
    """What takes a walk over whole cascades; columns with one value a cascade.

    Attributes:
        root: root_id.
        size: the size that this was computed at.
        virality: structural virality, NaN at size 1.
        pace: half-life, speed, acceleration.
        audience: Σ followers, every user once.
        passed_on: how many shares were shared on, by tie (`shape.passed_on`).
        orphans: shares whose line of parents ends at a share that has not come.
        cycles: shares whose line of parents comes back on itself.
        selves: shares that name themselves, or bear the root's id.
        spreaders: how many users have a direct repost.
        cuts: where the rows of each cascade begin in the columns that follow, and the end.
        user: user id of a key spreader.
        direct: direct reposts, summed over the user's nodes.
        subtree: nodes below at least one of the user's nodes.
    """

    root: list[str]
    size: Ints
    virality: Floats
    pace: Pace
    audience: Ints
    passed_on: Ints
    orphans: Ints
    cycles: Ints
    selves: Ints
    spreaders: Ints
    cuts: Ints
    user: list[str]
    direct: Ints
    subtree: Ints
