import random
from collections.abc import Sequence
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cascades.forest import Forest
from tests.unit.cascades.oracle import Row, Told, columns, edges, oracle, stand

ROOTS = ["r", "q"]
IDS = [*"abcdefgh", "r", "q"]
USERS = ["u", "v", "w", "长" * 20, "u\0", "长" * 10 + "ab", "长" * 10 + "abc"]


@st.composite
def landed(draw: st.DrawFn) -> list[Row]:
    """Shares of two cascades in the order they landed: late parents, repeats, cycles, shares of themselves."""
    rows = st.builds(
        Row,
        root=st.sampled_from(ROOTS),
        share=st.sampled_from(IDS),
        parent=st.sampled_from(IDS),
        user=st.sampled_from(USERS),
        shared=st.integers(1_700_000_000_000, 1_700_000_000_099),
        followers=st.integers(0, 3),
        tie=st.integers(0, 2),
        score=st.just(nan) | st.sampled_from([-1.0, -0.25, 0.0, 0.125, 1.0]),
    )
    return [row._replace(order=at) for at, row in enumerate(draw(st.lists(rows, max_size=40)))]


def cut(rows: Sequence[Row], places: list[int]) -> list[list[Row]]:
    edges = [0, *sorted(places), len(rows)]
    return [list(rows[start:stop]) for start, stop in zip(edges, edges[1:], strict=False)]


@given(landed(), st.randoms(use_true_random=False), st.lists(st.integers(0, 40), max_size=6))
def test_any_order_any_cut_and_any_repeat_give_what_one_pass_gives(
    rows: list[Row], chance: random.Random, places: list[int]
) -> None:
    arriving = [*rows, *chance.choices(rows, k=len(rows) // 3)] if rows else []
    chance.shuffle(arriving)
    told = Told(Forest())
    for batch in cut(arriving, places):
        told.forest.absorb(columns(batch), 0.0)
        told.hear()
    for root in ROOTS:
        if any(row.root == root for row in rows):
            assert told.of[root] == oracle(rows, root)
        else:
            assert root not in told.forest


@given(landed(), st.lists(st.integers(0, 40), max_size=6), st.data())
def test_what_is_forgotten_comes_back_from_its_stored_edges(
    rows: list[Row], places: list[int], data: st.DataObject
) -> None:
    forest = Forest()
    told = Told(forest)
    stored: list[Row] = []
    for batch in cut(rows, places):
        stored += batch
        wanted = forest.missing(row.root for row in batch)
        earlier = [row for root in wanted for row in stand(stored, root).values()]
        forest.absorb(columns(earlier), 0.0)
        forest.absorb(columns(batch), 0.0)
        forest.author(["q", "x"], ["v", "v"], [0, 0])
        told.hear()
        forest.evict(data.draw(st.integers(0, 20), label="keep"))
        if data.draw(st.booleans(), label="restart"):
            forest = told.forest = Forest()
    for root in {row.root for row in rows}:
        assert told.of[root] == oracle(rows, root, author="v" if root == "q" else None)


def feed(forest: Forest, rows: Sequence[Row], size: int, now: float = 0.0) -> None:
    for start in range(0, len(rows), size):
        forest.absorb(columns(rows[start : start + size]), now)


def test_the_worked_tree_in_the_wrong_order() -> None:
    told = Told(Forest())
    for pair in [("6", "4"), ("5", "1"), ("4", "1"), ("3", "r"), ("1", "r"), ("2", "r")]:
        told.forest.absorb(edges(pair), 0.0)
    found = told.hear().of["r"]
    assert round(found["virality"], 4) == 2.1905
    assert (found["size"], found["depth"], found["breadth"], found["nodes"]) == (7, 3, 3, [1, 3, 2, 1])
    # The user of node "1" has two direct reposts and three below; the root's author is not known.
    assert found["spreaders"] == [("1", 2, 3), ("4", 1, 1)]


def test_the_first_landed_counts_even_when_it_comes_last() -> None:
    told = Told(Forest())
    late, early = Row("r", "b", "nowhere", order=2), Row("r", "b", "a", order=1)
    told.forest.absorb(columns([Row("r", "a", "r", order=0), Row("r", "c", "b", order=3), late]), 0.0)
    assert told.hear().of["r"]["nodes"] == [1, 1]
    told.forest.absorb(columns([early]), 0.0)
    assert told.hear().of["r"]["nodes"] == [1, 1, 1, 1]
    assert told.of["r"]["shares"] == 3
    told.forest.absorb(columns([late]), 0.0)
    assert told.forest.changed().root == []


def test_a_users_nested_shares_count_once() -> None:
    rows = [
        Row("r", "a", "r", "u"),
        Row("r", "b", "a", "v"),
        Row("r", "c", "b", "u"),
        Row("r", "d", "c", "w"),
        Row("r", "e", "r", "u"),
        Row("r", "f", "e", "v"),
    ]
    forest = Forest()
    forest.absorb(columns([row._replace(order=at) for at, row in enumerate(rows)]), 0.0)
    forest.author(["r"], ["w"], [9])
    # u: b and its own c and d below a, f below e. v: c and d below b.
    assert Told(forest).hear().of["r"]["spreaders"] == [("w", 2, 6), ("u", 3, 4), ("v", 1, 2)]


def test_a_deep_and_a_wide_cascade_whose_top_comes_last() -> None:
    n = 10_000
    deep = [Row("r", str(at), str(at - 1) if at else "r", order=at) for at in range(n)]
    wide = [Row("q", f"w{at}", "hub" if at else "q", order=at) for at in range(n)]
    wide[0] = wide[0]._replace(share="hub")
    told = Told(Forest())
    feed(told.forest, [*reversed(deep), *reversed(wide)], 1000)
    told.hear()
    assert (told.of["r"]["depth"], told.of["r"]["size"]) == (n, n + 1)
    assert told.of["r"]["virality"] == pytest.approx((n + 2) / 3)
    assert told.of["q"]["nodes"] == [1, 1, n - 1]


def test_the_most_named_are_those_of_the_whole_list() -> None:
    chance = random.Random(5)
    rows = [
        Row("r", str(at), str(chance.randrange(at)) if at else "r", f"u{chance.randrange(150)}", order=at)
        for at in range(600)
    ]
    forest = Forest()
    forest.absorb(columns(rows), 0.0)
    shapes = forest.measure(0.0, limit=7)
    everyone = oracle(rows, "r")["spreaders"]
    by_direct = sorted(everyone, key=lambda row: (-row[1], row[0]))[:7]
    wanted = [row for row in everyone if row in everyone[:7] or row in by_direct]
    assert list(zip(shapes.user, shapes.direct.tolist(), shapes.subtree.tolist(), strict=True)) == wanted
    assert shapes.spreaders.tolist() == [len(everyone)]
    assert 7 < len(wanted) < len(everyone)


def test_when_a_cascade_is_measured() -> None:
    forest = Forest()
    rows = [Row("r", str(at), "r", order=at) for at in range(1012)]

    def at(now: float, upto: int) -> list[str]:
        forest.absorb(columns(rows[:upto][-12:]), now)
        return forest.measure(now).root

    feed(forest, rows[:999], 100)
    assert at(0.0, 1000) == ["r"], "never measured"
    assert at(1.0, 1000) == [], "nothing new"
    assert at(1.5, 1001) == [], "too little"
    assert forest.measure(3.4).root == []
    assert forest.measure(3.5).root == ["r"], "2 s of quiet"
    assert at(4.0, 1010) == []
    assert at(4.5, 1012) == ["r"], "1 % more"
    forest = Forest(quiet=100.0)
    feed(forest, rows[:1000], 100)
    assert forest.measure(0.0).root == ["r"]
    forest.absorb(columns(rows[1000:1001]), 29.0)
    assert forest.measure(29.9).root == []
    assert forest.measure(30.0).root == ["r"], "30 s since the last time"


def test_the_longest_untouched_goes_first_and_what_is_untold_stays() -> None:
    forest = Forest()
    for now, root in enumerate("abcd"):
        forest.absorb(columns([Row(root, f"{root}{at}", root, order=at) for at in range(9)]), float(now))
    assert forest.evict(0) == 0
    Told(forest).hear()
    forest.absorb(columns([Row("a", "a9", "a", order=9)]), 9.0)
    assert forest.evict(25) == 2
    assert [root for root in "abcd" if root in forest] == ["a", "d"]
    assert forest.nodes == 11 + 10
    assert forest.evict(0) == 1, "a has news"
    assert forest.missing(["a", "b", "b", "d"]) == ["b", "d"]


def test_a_long_name_does_not_outlive_its_cascade() -> None:
    told = Told(Forest())
    told.forest.absorb(columns([Row("a", "x", "a", "长" * 90)]), 0.0)
    told.forest.author(["a"], ["久" * 90], [0])
    assert told.hear().of["a"]["spreaders"] == [("久" * 90, 1, 1)]
    assert told.forest.evict(0) == 1
    told.forest.absorb(columns([Row("b", "x", "b")]), 0.0)
    assert told.hear().of["b"]["spreaders"] == []


def test_memory_and_work_stay_bounded_while_cascades_come_and_go() -> None:
    forest = Forest()
    for now in range(24):
        rows = [
            Row(f"r{now}-{at % 100}", f"{at}", f"{at - 100}" if at > 99 else f"r{now}-{at}", order=at)
            for at in range(5000)
        ]
        forest.absorb(columns(rows), float(now))
        forest.changed()
        forest.measure(float(now))
        forest.evict(20_000)
    assert forest.nodes <= 20_000
    assert len(forest) == 392
    assert forest.nbytes < 200 * 25_000


def test_a_node_costs_120_bytes_at_most_on_average() -> None:
    chance, forest, costs = random.Random(2), Forest(), []
    rows = [
        Row("r", str(at), str(chance.randrange(at)) if at else "r", f"{at:032x}", order=at)
        for at in range(120_000)
    ]
    for start in range(0, len(rows), 5000):
        forest.absorb(columns(rows[start : start + 5000]), 0.0)
        if start >= 30_000:
            costs.append(forest.nbytes / forest.nodes)
    assert forest.nodes == 120_001
    assert sum(costs) / len(costs) < 120
    assert max(costs) < 150
