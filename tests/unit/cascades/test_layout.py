from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cascades.layout import Layout, below, by_level, children, preorder, sizes
from streams.cascades.shape import virality


def laid(*trees: list[int]) -> Layout:
    """Trees, each given by the parents of its nodes 1, 2, … (a parent comes before its children)."""
    rows = []
    for tree, edges in enumerate(trees):
        level = [0]
        for above in edges:
            level.append(level[above] + 1)
        rows += [(level[node], tree, node, above) for node, above in enumerate([-1, *edges])]
    order, cuts = by_level(np.array([row[0] for row in rows]))
    rows = [rows[at] for at in order]
    number = {(tree, node): at for at, (_, tree, node, _) in enumerate(rows)}
    parent = [number.get((tree, above), -1) for _, tree, _, above in rows]
    return Layout(np.array([row[1] for row in rows]), np.array(parent), cuts)


@st.composite
def parents(draw: st.DrawFn) -> list[int]:
    return [draw(st.integers(0, node)) for node in range(draw(st.integers(0, 30)))]


def star(n: int) -> list[int]:
    return [0] * (n - 1)


def chain(n: int) -> list[int]:
    return list(range(n - 1))


@pytest.mark.parametrize(
    ("tree", "mean"),
    [
        *((star(n), 2 - 2 / n) for n in (2, 3, 10, 1000)),
        *((chain(n), (n + 1) / 3) for n in (2, 3, 10, 1000, 70_000)),
        ([0, 0, 0, 1, 1, 4], 46 / 21),
    ],
)
def test_virality_is_what_the_paper_says(tree: list[int], mean: float) -> None:
    layout = laid(tree)
    assert virality(layout, sizes(layout)).tolist() == pytest.approx([mean], rel=1e-12)


def test_the_worked_tree() -> None:
    layout = laid([0, 0, 0, 1, 1, 4])
    assert round(float(virality(layout, sizes(layout))[0]), 4) == 2.1905
    assert len(layout.cuts) - 2 == 3
    assert np.diff(layout.cuts).tolist() == [1, 3, 2, 1]


def test_a_lone_root_has_no_virality() -> None:
    layout = laid([], [0])
    assert np.isnan(virality(layout, sizes(layout))).tolist() == [True, False]


@given(st.lists(parents(), min_size=1, max_size=5))
def test_every_measure_equals_networkx_exactly(trees: list[list[int]]) -> None:
    layout = laid(*trees)
    size = sizes(layout)
    number = preorder(layout, size)
    for tree, edges in enumerate(trees):
        graph = nx.DiGraph((parent, node) for node, parent in enumerate(edges, 1))
        graph.add_node(0)
        n = graph.number_of_nodes()
        own = layout.tree == tree
        assert sorted(size[own]) == sorted(len(nx.descendants(graph, node)) + 1 for node in graph)
        assert sorted(children(layout)[own]) == sorted(graph.out_degree(node) for node in graph)
        if n > 1:
            total = nx.wiener_index(graph.to_undirected())
            assert virality(layout, size)[tree] == float(Fraction(2 * int(total), n * (n - 1)))
    assert sorted(number) == list(range(len(number)))
    for node, parent in enumerate(layout.parent.tolist()):
        if parent >= 0:
            assert number[parent] < number[node]
            assert number[node] + size[node] <= number[parent] + size[parent]


@given(parents(), st.data())
def test_what_is_below_is_the_sum_over_the_subtree(tree: list[int], data: st.DataObject) -> None:
    layout = laid(tree)
    weight = np.array(data.draw(st.lists(st.integers(-9, 9), min_size=len(tree) + 1, max_size=len(tree) + 1)))
    graph = nx.DiGraph((parent, node) for node, parent in enumerate(layout.parent.tolist()) if parent >= 0)
    graph.add_node(0)
    assert below(layout, weight).tolist() == [
        sum(weight[other] for other in nx.descendants(graph, node) | {node}) for node in range(len(weight))
    ]
