"""Many cascades growing at once, each share in constant time; nothing here that edges cannot bring back."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from streams.cascades import shape
from streams.cascades.index import Index, Keys, hashes, mixed
from streams.cascades.layout import Layout, by_level, sizes
from streams.cascades.names import WIDTH, Names
from streams.cascades.ragged import Columns, Ints, Ragged
from streams.cascades.shares import Shares
from streams.cascades.spreaders import foremost, ranked, spreaders
from streams.cascades.told import Levels, Shapes, Standing

_NEVER = 2**63 - 1
_UNSCORED = -(2**15)

_NODES = {
    "key": ("u8", 0),
    "cascade": ("i4", -1),
    "parent": ("i4", -1),  # -1: a root, or a parent that has not come yet
    "level": ("i4", -1),  # -1: not in the tree
    "waiting": ("i4", -1),  # a child that waits for this node, the others follow by `sibling`
    "sibling": ("i4", -1),
    "order": ("i8", _NEVER),
    "shared": ("i8", 0),
    "name": (f"S{WIDTH}", b""),
    "followers": ("u4", 0),
    "score": ("i2", _UNSCORED),  # thousandths: whole numbers add up alike in every order
    "tie": ("i1", 0),
}
_LEVELS = {
    "nodes": ("i4", 0),
    "reach": ("i8", 0),
    "strong": ("i4", 0),
    "weak": ("i4", 0),
    "scored": ("i4", 0),
    "score": ("i8", 0),
    "first": ("i8", _NEVER),
}
_CASCADES = {
    "salt": ("u8", 0),
    "root": ("i4", -1),
    "size": ("i4", 1),
    "shares": ("i4", 0),
    "breadth": ("i4", 1),
    "first": ("i8", _NEVER),
    "last": ("i8", -1),
    "changed": ("?", True),  # since `changed` was last asked
    "touched": ("f8", 0.0),
    "measured": ("f8", 0.0),
    "counted": ("i4", 0),  # shares when it was last measured
}


class Forest:
    """Cascades as they grow.

    Shares come in any order, any number of times; what is known of a cascade depends on the set of its
    shares alone. A share whose parent has not come waits below it with everything that hangs on it.

    Args:
        growth: a cascade is measured anew when it has grown by this part,
        quiet: when nothing came for so many seconds,
        lag: or so many seconds after the last time, if anything came.
    """

    def __init__(self, *, growth: float = 0.01, quiet: float = 2.0, lag: float = 30.0) -> None:
        self._growth, self._quiet, self._lag = growth, quiet, lag
        self._index = Index()
        self._nodes = Ragged(_NODES)
        self._levels = Ragged(_LEVELS)
        self._cascades = Columns(_CASCADES)
        self._numbers: dict[str, int] = {}
        self._roots: list[str] = []
        self._vacant: list[int] = []
        self._names = Names(self._nodes.columns)
        self.nodes = 0
        """Nodes held, parents that have not come included."""

    def __contains__(self, root: object) -> bool:
        return root in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays; without the root ids."""
        return self._index.nbytes + self._nodes.nbytes + self._levels.nbytes + self._cascades.nbytes

    def missing(self, roots: Iterable[str]) -> list[str]:
        """The roots among these that are not held: their earlier shares are to be absorbed first, or with the new."""
        return [root for root in dict.fromkeys(roots) if root not in self._numbers]

    def absorb(self, shares: Shares, now: float) -> None:
        """Adds shares, of any number of cascades.

        Args:
            shares: the batch.
            now: seconds on any clock that only `measure` is compared with.
        """
        if not len(shares.root):
            return
        cascade = self._open(shares.root)
        cascades, n = self._cascades, self._nodes.columns
        cascades["touched"][cascade] = now
        salt = cascades["salt"][cascade]
        own, up = mixed(hashes(shares.share) ^ salt), mixed(hashes(shares.parent) ^ salt)
        # A share with the root's id is kept apart under a key that no parent can name: its own parent.
        echo = own == n["key"][cascades["root"][cascade]]
        own[echo] = up[echo] = ~own[echo]
        order = np.asarray(shares.order, np.int64)
        earliest = np.lexsort((order, own))
        row = earliest[np.concatenate(([True], own[earliest[1:]] != own[earliest[:-1]]))]
        place = self._index.find(own[row], n["key"])
        row = row[(place < 0) | (order[row] < n["order"][place])]
        if not len(row):
            return
        self._enter(np.concatenate((own[row], up[row])), np.concatenate((cascade[row], cascade[row])))
        n = self._nodes.columns
        place = self._index.find(own[row], n["key"])
        parent = self._index.find(up[row], n["key"])
        landed = n["order"][place] != _NEVER
        # An earlier row of a share that stands already: its cascade is put together anew.
        displaced = np.unique(cascade[row][landed])
        self._write(place, shares, row)
        n["parent"][place], n["order"][place] = parent, order[row]
        touched = cascade[row]
        np.add.at(cascades["shares"], touched[~landed], 1)
        np.minimum.at(cascades["first"], touched, n["shared"][place])
        np.maximum.at(cascades["last"], touched, n["shared"][place])
        cascades["changed"][touched] = True
        if len(displaced):
            place = np.concatenate((place[~np.isin(touched, displaced)], self._reset(displaced)))
        self._link(place)

    def author(self, roots: Sequence[str], users: Sequence[str], followers: Sequence[int]) -> None:
        """Says who wrote roots; those not held, or known with the same figures, are passed over."""
        held = [at for at, root in enumerate(roots) if root in self._numbers]
        cascade = np.array([self._numbers[roots[at]] for at in held], np.int64)
        place = self._cascades["root"][cascade].astype(np.int64)
        many = np.minimum([followers[at] for at in held], 2**32 - 1).astype(np.int64)
        n, before = self._nodes.columns, self._names.keys(place)
        self._names.write(place, [users[at] for at in held])
        news = (self._names.keys(place) != before) | (n["followers"][place] != many)
        n["followers"][place] = many
        self._levels.columns["reach"][self._levels.at(cascade, np.zeros_like(cascade))] = many
        self._cascades["changed"][cascade[news]] = True
        self._cascades["counted"][cascade[news]] = -1

    def changed(self) -> Standing:
        """How cascades stand that have changed since this was last asked."""
        cascade = self._which(self._cascades["changed"])
        self._cascades["changed"][cascade] = False
        c = {name: self._cascades[name][cascade].astype(np.int64) for name in _CASCADES if name != "salt"}
        deep = self._levels.lengths(cascade)
        place = self._levels.places(cascade)
        level = {name: self._levels.columns[name][place].astype(np.int64) for name in _LEVELS}
        never = np.int64(-1)
        return Standing(
            [self._roots[number] for number in cascade.tolist()],
            c["size"],
            deep - 1,
            c["breadth"],
            c["shares"],
            np.where(c["first"] == _NEVER, never, c["first"]),
            c["last"],
            Levels(
                np.concatenate(([0], np.cumsum(deep))),
                level["nodes"],
                level["reach"],
                level["strong"],
                level["weak"],
                level["scored"],
                level["score"] / 1000,
                np.where(level["first"] == _NEVER, never, level["first"]),
            ),
        )

    def measure(self, now: float, *, limit: int = 1000, every: bool = False) -> Shapes:
        """Measures the cascades for which it is time.

        Args:
            now: as for `absorb`.
            limit: how many spreaders of a cascade are named, by subtree and by direct reposts.
            every: measure all that anything came for since the last time.
        """
        cascade = self._due(now, every)
        c, n = self._cascades, self._nodes.columns
        c["measured"][cascade], c["counted"][cascade] = now, c["shares"][cascade]
        lengths = self._nodes.lengths(cascade)
        place = self._nodes.places(cascade)
        tree = np.repeat(np.arange(len(cascade)), lengths)
        inside = n["level"][place] >= 0
        apart = self._apart(place[~inside], tree[~inside], len(cascade))
        tree, place = tree[inside], place[inside]
        order, cuts = by_level(n["level"][place])
        tree, place = tree[order], place[order]
        number = np.empty(n.room, np.int32)  # only the pages that are written to become real
        number[place] = np.arange(len(place))
        parent = number[n["parent"][place]].astype(np.int64)
        parent[: len(cascade)] = -1
        layout = Layout(tree, parent, cuts)
        size = sizes(layout)
        user = self._names.keys(place)
        everyone = spreaders(layout, size, user)
        found = foremost(everyone, limit)
        names = self._names.read(place[found.node])
        rows = ranked(found, names, limit)
        named = np.bincount(found.tree[rows], minlength=len(cascade))
        return Shapes(
            [self._roots[number] for number in cascade.tolist()],
            size[: len(cascade)],
            shape.virality(layout, size),
            shape.pace(layout, n["shared"][place]),
            shape.audience(layout, user, n["followers"][place].astype(np.int64)),
            shape.passed_on(layout, n["tie"][place]),
            *apart,
            np.bincount(everyone.tree, minlength=len(cascade)),
            np.concatenate(([0], np.cumsum(named))),
            [name.decode(errors="surrogatepass") for name in names[rows].tolist()],
            found.direct[rows],
            found.subtree[rows],
        )

    def evict(self, nodes: int) -> int:
        """Forgets cascades, the longest untouched first, until so many nodes are left; returns how many went.

        Cascades that `changed` or `measure` still have to tell of are kept.
        """
        c = self._cascades
        cascade = self._which(~c["changed"] & (c["counted"] == c["shares"]))
        cascade = cascade[np.argsort(c["touched"][cascade], kind="stable")]
        gone = np.cumsum(self._nodes.lengths(cascade))
        cascade = (
            cascade[: np.searchsorted(gone, self.nodes - nodes) + 1] if self.nodes > nodes else cascade[:0]
        )
        place = self._nodes.places(cascade)
        self._index.delete(place, self._nodes.columns["key"])
        self._nodes.delete(cascade)
        self._levels.delete(cascade)
        self.nodes -= len(place)
        self._names.delete(place)
        c.clear(cascade)
        for number in cascade.tolist():
            del self._numbers[self._roots[number]]
            self._roots[number] = ""
        self._vacant += cascade.tolist()
        return len(cascade)

    def _which(self, chosen: npt.NDArray[np.bool_]) -> Ints:
        """The numbers of the cascades held that are chosen."""
        held = len(self._roots)
        return np.flatnonzero(chosen[:held] & (self._cascades["root"][:held] >= 0))

    def _open(self, roots: Sequence[str]) -> Ints:
        """The number of each root's cascade; those not held begin."""
        fresh = self.missing(roots)
        if fresh:
            again = self._vacant[len(self._vacant) - min(len(fresh), len(self._vacant)) :]
            del self._vacant[len(self._vacant) - len(again) :]
            begin = len(self._roots)
            self._roots += [""] * (len(fresh) - len(again))
            self._cascades.reserve(len(self._roots))
            numbers = [*again, *range(begin, len(self._roots))]
            for number, root in zip(numbers, fresh, strict=True):
                self._numbers[root], self._roots[number] = number, root
            cascade = np.array(numbers, np.int64)
            self._cascades.clear(cascade)
            own = hashes(fresh)
            self._cascades["salt"][cascade] = salt = mixed(own)
            keys = mixed(own ^ salt)
            self._enter(keys, cascade)
            place = self._index.find(keys, self._nodes.columns["key"])
            self._nodes.columns["level"][place] = 0
            self._cascades["root"][cascade] = place
            self._plant(cascade)
        number = self._numbers.__getitem__
        return np.fromiter(map(number, roots), np.int64, len(roots))

    def _plant(self, cascade: Ints) -> None:
        """Gives cascades without levels the root's."""
        place = self._levels.extend(cascade, np.ones_like(cascade))
        levels = self._levels.columns
        levels["nodes"][place] = 1
        levels["reach"][place] = self._nodes.columns["followers"][self._cascades["root"][cascade]]

    def _enter(self, keys: Keys, cascade: Ints) -> None:
        """Makes nodes for the keys that have none yet."""
        keys, first = np.unique(keys, return_index=True)
        unknown = self._index.find(keys, self._nodes.columns["key"]) < 0
        keys, cascade = keys[unknown], cascade[first[unknown]]
        order = np.argsort(cascade, kind="stable")
        lists, counts = np.unique(cascade, return_counts=True)
        place = self._nodes.extend(lists, counts)
        self._nodes.columns["key"][place] = keys[order]
        self._nodes.columns["cascade"][place] = cascade[order]
        self._index.add(place, self._nodes.columns["key"])
        self.nodes += len(place)

    def _write(self, place: Ints, shares: Shares, row: npt.NDArray[np.intp]) -> None:
        """What the shares say of themselves."""
        n = self._nodes.columns
        n["shared"][place] = np.asarray(shares.shared, np.int64)[row]
        n["followers"][place] = np.minimum(np.asarray(shares.followers), 2**32 - 1)[row]
        n["tie"][place] = np.asarray(shares.tie)[row]
        score = np.asarray(shares.score, np.float64)[row]
        spoken = ~np.isnan(score)
        n["score"][place] = _UNSCORED
        n["score"][place[spoken]] = np.rint(score[spoken] * 1000)
        self._names.write(place, [shares.user[at] for at in row.tolist()])

    def _reset(self, cascade: Ints) -> Ints:
        """Takes all shares of cascades out of their trees; returns their places."""
        c, n = self._cascades, self._nodes.columns
        place = self._nodes.places(cascade)
        n["level"][place] = n["waiting"][place] = n["sibling"][place] = -1
        n["level"][c["root"][cascade]] = 0
        shares: Ints = place[n["order"][place] != _NEVER]
        c["size"][cascade] = c["breadth"][cascade] = 1
        c["counted"][cascade] = c["last"][cascade] = -1
        c["first"][cascade] = _NEVER
        np.minimum.at(c["first"], n["cascade"][shares], n["shared"][shares])
        np.maximum.at(c["last"], n["cascade"][shares], n["shared"][shares])
        self._levels.delete(cascade)
        self._plant(cascade)
        return shares

    def _link(self, place: Ints) -> None:
        """Hangs shares below their parents, or lets them wait for them."""
        n = self._nodes.columns
        ready = n["level"][n["parent"][place]] >= 0
        self._wait(place[~ready])
        attached, place = place[ready], place[~ready]
        n["level"][attached] = n["level"][n["parent"][attached]] + 1
        late = self._follow(attached[n["waiting"][attached] >= 0])
        self._count(np.concatenate((attached, late)))

    def _wait(self, place: Ints) -> None:
        n = self._nodes.columns
        parent = n["parent"][place]
        order = np.argsort(parent, kind="stable")
        place, parent = place[order], parent[order]
        last = np.ones(len(place), bool)
        last[:-1] = parent[1:] != parent[:-1]
        n["sibling"][place[:-1]] = place[1:]
        n["sibling"][place[last]] = n["waiting"][parent[last]]
        first = np.roll(last, 1)
        n["waiting"][parent[first]] = place[first]

    def _follow(self, attached: Ints) -> Ints:
        """Attaches what waits for these nodes, and what waits for that; each share once in its life."""
        n = self._nodes.columns
        # Single values of a memoryview come three times as fast as those of an array.
        level, waiting, sibling = n["level"].data, n["waiting"].data, n["sibling"].data
        stack, late = attached.tolist(), []
        while stack:
            node = stack.pop()
            child, deeper = waiting[node], level[node] + 1
            while child >= 0:
                level[child] = deeper
                late.append(child)
                if waiting[child] >= 0:
                    stack.append(child)
                child = sibling[child]
        return np.array(late, np.int64)

    def _count(self, place: Ints) -> None:
        """Counts nodes that came into their trees."""
        n, c = self._nodes.columns, self._cascades
        cascade, level = n["cascade"][place].astype(np.int64), n["level"][place].astype(np.int64)
        lists = np.unique(cascade)
        deep = self._levels.lengths(lists)
        deepest = np.zeros(len(lists), np.int64)
        np.maximum.at(deepest, np.searchsorted(lists, cascade), level)
        self._levels.extend(lists, np.maximum(deepest + 1 - deep, 0))
        row, levels = self._levels.at(cascade, level), self._levels.columns
        score, tie = n["score"][place].astype(np.int64), n["tie"][place]
        scored = score != _UNSCORED
        np.add.at(levels["nodes"], row, 1)
        np.add.at(levels["reach"], row, n["followers"][place].astype(np.int64))
        np.add.at(levels["strong"], row[tie == shape.TIES.index("strong")], 1)
        np.add.at(levels["weak"], row[tie == shape.TIES.index("weak")], 1)
        np.add.at(levels["scored"], row[scored], 1)
        np.add.at(levels["score"], row[scored], score[scored])
        np.minimum.at(levels["first"], row, n["shared"][place])
        np.add.at(c["size"], cascade, 1)
        np.maximum.at(c["breadth"], cascade, levels["nodes"][row])

    def _due(self, now: float, every: bool) -> Ints:
        c = self._cascades
        cascade = self._which(c["shares"] != c["counted"])
        if every:
            return cascade
        shares, counted = c["shares"][cascade], c["counted"][cascade]
        grown = shares >= counted * (1 + self._growth)
        quiet = now - c["touched"][cascade] >= self._quiet
        late = now - c["measured"][cascade] >= self._lag
        return cascade[grown | quiet | late]

    def _apart(self, place: Ints, tree: Ints, trees: int) -> tuple[Ints, Ints, Ints]:
        """Orphans, cycles and selves of each tree, from the nodes outside."""
        n = self._nodes.columns
        number = np.empty(n.room, np.int32)
        number[place] = np.arange(len(place))
        came = n["order"][place] != _NEVER
        up = np.arange(len(place))
        up[came] = number[n["parent"][place[came]]]
        selves = came & (up == np.arange(len(place)))
        end = up
        # Each round doubles the way that was gone; who is not at a gap after n steps goes round in a circle.
        for _ in range(len(place).bit_length()):
            end = end[end]
        orphans = came & ~came[end]
        cycles = came & ~orphans & ~selves
        count = [np.bincount(tree[which], minlength=trees) for which in (orphans, cycles, selves)]
        return count[0], count[1], count[2]
