"""The two structures below the forest, each against the plain Python that it stands for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.cascades.index import Index
from streams.cascades.ragged import Ragged, ranges

steps = st.lists(
    st.tuples(
        st.sampled_from(["extend", "delete"]),
        st.dictionaries(st.integers(0, 3000), st.integers(0, 70), max_size=5),
    ),
    max_size=20,
)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5))))
def test_ranges(pairs: list[tuple[int, int]]) -> None:
    starts, counts = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    assert ranges(starts, counts).tolist() == [start + at for start, count in pairs for at in range(count)]


@given(steps)
def test_ragged_is_a_dictionary_of_lists(steps: list[tuple[str, dict[int, int]]]) -> None:
    ragged, plain, written = Ragged({"value": ("i8", -1)}), dict[int, list[int]](), 0
    for verb, of in steps:
        lists = np.array(list(of), np.int64)
        if verb == "delete":
            ragged.delete(lists)
            for key in of:
                plain.pop(key, None)
            continue
        places = ragged.extend(lists, np.array(list(of.values()), np.int64))
        assert (ragged.columns["value"][places] == -1).all(), "what a deleted list left is wiped"
        values = np.arange(written, written + len(places))
        ragged.columns["value"][places] = values
        written += len(places)
        for key, count in of.items():
            plain.setdefault(key, []).extend(values[:count].tolist())
            values = values[count:]
    for key, expected in plain.items():
        lists = np.array([key])
        assert ragged.lengths(lists).tolist() == [len(expected)]
        assert ragged.columns["value"][ragged.places(lists)].tolist() == expected
    together = ragged.places(np.array(list(plain), np.int64))
    assert len(set(together.tolist())) == len(together), "no two entries share a place"


def test_room_is_used_again() -> None:
    ragged, lists = Ragged({"value": ("i8", 0)}), np.arange(100)
    for _ in range(50):
        ragged.extend(lists, np.full(100, 40))
        ragged.delete(lists)
    assert ragged.columns.room < 2 * 100 * 60


@given(
    st.lists(
        st.tuples(st.booleans(), st.sets(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=60)),
        max_size=30,
    )
)
def test_index_is_a_dictionary(steps: list[tuple[bool, set[int]]]) -> None:
    index, plain, column = Index(), dict[int, int](), np.zeros(2000, np.uint64)
    for add, keys in steps:
        chosen = keys - plain.keys() if add else keys & plain.keys()
        if add:
            places = np.arange(len(chosen)) + int(np.count_nonzero(column[:0])) + _next(plain)
            column[places] = np.array(list(chosen), np.uint64)
            index.add(places, column)
            plain.update(zip(chosen, places.tolist(), strict=True))
        else:
            index.delete(np.array([plain.pop(key) for key in chosen], np.int64), column)
        wanted = sorted(keys | plain.keys())
        found = index.find(np.array(wanted, np.uint64), column)
        assert found.tolist() == [plain.get(key, -1) for key in wanted]


def _next(plain: dict[int, int]) -> int:
    return max(plain.values(), default=-1) + 1
