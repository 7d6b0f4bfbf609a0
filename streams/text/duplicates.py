"""Near duplicates: which posts are copies of an earlier one, as they arrive.

Leader clustering: a post joins the group of the earlier leader that it is most like, or founds a group of its own
and leads it. Leaders that could be alike are found by keys computed from the text (its beginnings, its ends and
min-hashes of its shingles); whether they are is decided on the texts (`differences`).
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.text.differences import LONG, canonical, likeness
from streams.text.fingerprint import letters, mix, own_words, units

_HEADS = (8, 16, 32)
_TAILS = (10,)
_SHINGLE = 4
_MINIMA = tuple(int(odd) | 1 for odd in mix(np.arange(1, 5, dtype=np.uint64)))
KEYS = 1 + len(_HEADS) + len(_TAILS) + len(_MINIMA)
"""Keys of a text: the whole, its beginnings, its ends, its smallest shingles under several orders."""

_STEPS = 6
"""Leaders of one key that are looked at, the newest first: a template may have thousands."""

_ENOUGH = 2
"""Keys that a long text shares with one that is nearly the same; cut off, it may share no more than a beginning."""

_TRIED = 4
"""Leaders whose text is compared, those that share most keys first."""

Id = TypeVar("Id", bound=Hashable)


class Place(NamedTuple, Generic[Id]):
    """Where a post belongs.

    Attributes:
        group: id of the post that leads the group; its own if it is the first.
        likeness: how alike the two are, 1 for the leader and for the same words.
    """

    group: Id
    likeness: float


class Groups(Generic[Id]):
    """The leaders met so far, the newest `capacity` of them.

    What a post is assigned to depends on the posts before it alone: not on how they were cut into batches, and not
    on a restart, if the newest `capacity` leaders are restored in the order in which they were founded. A group whose
    leader has been dropped stays as it is, later copies found a new one. Memory: some 500 bytes for each leader with a
    text of usual length, 2 KB more for the longest; 120 of them are reserved for `capacity`, but untouched until used.

    Args:
        capacity: leaders that are kept.
    """

    def __init__(self, capacity: int = 1_000_000) -> None:
        self._capacity = capacity
        self._mask = (1 << (capacity - 1).bit_length()) - 1
        self._count = 0
        self._leaders: dict[int, tuple[Id, str, int]] = {}
        # Leaders with one key are chained from the newest: heads by slot of the key, then by number of the leader.
        # A link is the upper half of the key and the number of the next older leader.
        self._heads = [np.zeros(self._mask + 1, np.uint32).data for _ in range(KEYS)]
        self._links = [np.zeros(capacity, np.uint64).data for _ in range(KEYS)]

    def __len__(self) -> int:
        return len(self._leaders)

    def assign(self, ids: Sequence[Id], folded: Sequence[str]) -> list[Place[Id]]:
        """The group of each post, in order of arrival. A post without text leads a group of its own.

        Args:
            ids: of the posts, unique over all platforms.
            folded: their texts as `normalise` gives them.
        """
        words = own_words(folded)
        texts = [canonical(text) for text in words.texts]
        places: list[Place[Id]] = []
        for index, (id_, text, keys) in enumerate(zip(ids, texts, _keys(texts), strict=True)):
            truncated = words.truncated.get(index, 0)
            place = self._join(text, keys, truncated) if text else Place(id_, 1.0)
            if place is None:
                self._found(id_, text, keys, truncated)
                place = Place(id_, 1.0)
            places.append(place)
        return places

    def restore(self, ids: Sequence[Id], folded: Sequence[str]) -> None:
        """Take leaders over from an earlier run.

        Args:
            ids: of the leaders, in the order in which they founded their groups.
            folded: their texts.
        """
        words = own_words(folded)
        texts = [canonical(text) for text in words.texts]
        for index, (id_, text, keys) in enumerate(zip(ids, texts, _keys(texts), strict=True)):
            if text:
                self._found(id_, text, keys, words.truncated.get(index, 0))

    def _join(self, text: str, keys: list[int], truncated: int) -> Place[Id] | None:
        best: Place[Id] | None = None
        for number, shared in self._candidates(keys):
            leader, other, cut = self._leaders[number]
            if shared < _ENOUGH and len(text) >= LONG and not (truncated or cut):
                continue
            alike = likeness(text, other, (truncated, cut))
            if alike and (best is None or alike > best.likeness):
                best = Place(leader, alike)
                if alike == 1.0:
                    break
        return best

    def _candidates(self, keys: list[int]) -> Iterable[tuple[int, int]]:
        """Leaders to compare with and how many keys they share, most first, then the oldest."""
        forgotten = max(self._count - self._capacity, 0)
        shared: dict[int, int] = {}
        for kind, key in enumerate(keys):
            if not key:
                continue
            number = self._heads[kind][key & self._mask]
            if number <= forgotten:
                continue
            links, tag = self._links[kind], key >> 32
            for _ in range(_STEPS):
                link = links[number % self._capacity]
                if link >> 32 == tag:
                    if not kind:
                        return ((number, KEYS),)
                    shared[number] = shared.get(number, 0) + 1
                number = link & 0xFFFFFFFF
                if number <= forgotten:
                    break
        if len(shared) < 2:
            return shared.items()
        return sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:_TRIED]

    def _found(self, id_: Id, text: str, keys: list[int], truncated: int) -> None:
        self._count += 1
        number = self._count
        position = number % self._capacity
        self._leaders.pop(number - self._capacity, None)
        self._leaders[number] = (id_, text, truncated)
        for kind, key in enumerate(keys):
            if key:
                heads, slot = self._heads[kind], key & self._mask
                self._links[kind][position] = key >> 32 << 32 | heads[slot]
                heads[slot] = number


def _keys(texts: Sequence[str]) -> list[list[int]]:
    """`KEYS` numbers for each text, 0 where it is too short to have one."""
    if not texts:
        return []
    codes, starts, lengths = units(texts, letters())
    keys = np.zeros((len(texts), KEYS), np.uint64)
    places = np.arange(len(codes)) - np.repeat(starts, lengths)
    forward = _sums(codes, places)
    ends = starts + lengths
    keys[:, 0] = forward[ends] - forward[starts]
    kind = 1
    for length in _HEADS:
        long = lengths >= length
        keys[long, kind] = forward[starts[long] + length] - forward[starts[long]]
        kind += 1
    backward = _sums(codes, np.repeat(lengths, lengths) - places)
    for length in _TAILS:
        long = lengths >= length
        keys[long, kind] = backward[ends[long]] - backward[ends[long] - length]
        kind += 1
    counts = np.maximum(lengths - _SHINGLE + 1, 0)
    shingles = _shingles(codes)[places < np.repeat(counts, lengths)]
    long = counts > 0
    firsts = (np.cumsum(counts) - counts)[long]
    if len(firsts):
        for factor in _MINIMA:
            keys[long, kind] = np.minimum.reduceat(shingles * np.uint64(factor), firsts)
            kind += 1
    return mix(keys).tolist()  # type: ignore[no-any-return]


def _sums(codes: NDArray[np.uint64], places: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Running sums of characters at their places: the difference of two is the hash of what lies between."""
    return np.append(np.uint64(0), np.cumsum(mix(codes << np.uint64(21) | places.astype(np.uint64))))


def _shingles(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The hash of each character with the three behind it, whichever text they are of."""
    following = np.append(codes, np.zeros(_SHINGLE - 1, np.uint64))
    pairs = mix(following[:-1] << np.uint64(21) | following[1:])
    return mix(pairs[:-2] ^ pairs[2:] << np.uint64(1))
