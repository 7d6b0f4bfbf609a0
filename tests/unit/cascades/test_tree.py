import random
import xml.etree.ElementTree as ET
from io import BytesIO

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import language
from streams.cascades.export import drawn, gexf, graphml, nodes
from streams.cascades.spreaders import growing
from streams.cascades.tree import build
from tests.unit.cascades.oracle import Row, columns, edges, oracle, stand, why
from tests.unit.cascades.test_forest import ROOTS, landed

WORKED = edges(("1", "r"), ("2", "r"), ("3", "r"), ("4", "1"), ("5", "1"), ("6", "4"))


@given(landed(), st.randoms(use_true_random=False))
def test_the_tree_equals_networkx(rows: list[Row], chance: random.Random) -> None:
    for root in ROOTS:
        tree = build(root, columns(chance.sample(rows, len(rows))))
        wanted, first = oracle(rows, root), stand(rows, root)
        ids = tree.ids
        assert len(ids) == len(set(ids)) == wanted["size"]
        assert len(tree.layout.cuts) - 2 == wanted["depth"]
        inside = {share: ids[parent] for share, parent in zip(ids, tree.layout.parent.tolist(), strict=True)}
        assert all(parent == first[share].parent for share, parent in inside.items() if share != root)
        apart = {share for share in first if share not in inside or share == root}
        assert tree.apart == {share: why(first, share, root) for share in apart}
        assert [tuple(row) for row in zip(*tree.shares[:4], strict=True)] == [
            first[share][:4] for share in ids[1:]
        ]


def test_why_a_share_is_not_in_the_tree() -> None:
    tree = build(
        "r",
        edges(("a", "a"), ("b", "c"), ("c", "b"), ("d", "b"), ("e", "a"), ("f", "x"), ("g", "f"), ("r", "f")),
    )
    assert tree.ids == ["r"]
    assert tree.apart == {
        "a": "self",
        "b": "cycle",
        "c": "cycle",
        "d": "cycle",
        "e": "cycle",
        "f": "orphan",
        "g": "orphan",
        "r": "self",
    }


def test_a_deep_chain_is_no_trouble() -> None:
    deep = edges(("0", "r"), *((str(at), str(at - 1)) for at in range(1, 10_000)))
    tree = build("r", deep)
    assert len(tree.layout.cuts) - 2 == 10_000
    assert sum(1 for _ in drawn(tree, depth=20_000)) == 10_001


def test_where_it_still_grows() -> None:
    rows = [
        Row("r", share, parent, share, shared, order)
        for order, (share, parent, shared) in enumerate(
            [
                ("a", "r", 0),
                ("b", "r", 0),
                ("c", "a", 50),
                ("d", "c", 60),
                ("e", "b", 61),
                ("f", "b", 5),
                ("g", "c", 7),
            ]
        )
    ]
    found = growing(build("r", columns(rows)), 50)
    assert [(node.share, node.recent, node.below) for node in found] == [
        ("a", 2, 3),
        ("b", 1, 2),
        ("c", 1, 2),
    ]
    assert len(growing(build("r", columns(rows)), 50, top=1)) == 1


def test_graphml_is_read_back_by_networkx() -> None:
    tree = build("r", edges(("1", "r"), ('<"&', "1")))
    graph = nx.read_graphml(BytesIO("".join(graphml(tree)).encode()))
    assert set(graph.edges) == {("r", "1"), ("1", '<"&')}
    assert graph.nodes["1"] == {
        "user": "1",
        "level": 1,
        "shared": 1_700_000_000_000,
        "tie": "unknown",
        "followers": 0,
        "direct": 1,
        "below": 1,
    }


def test_ids_that_xml_cannot_write_stay_apart() -> None:
    ids = ["\x00坏", "\x01坏", "a b", "a\tb", "a\nb", "a\rb", "\uffff"]
    tree = build("r", edges(*((ident, "r") for ident in ids)))
    for read, form in ((nx.read_graphml, graphml), (nx.read_gexf, gexf)):
        graph = read(BytesIO("".join(form(tree)).encode()))
        assert set(graph) == {
            "r", r"\u0000坏", r"\u0001坏", "a b", r"a\u0009b", r"a\u000ab", r"a\u000db", r"\uffff"
        }  # fmt: skip
        assert graph.out_degree("r") == len(ids)


def test_gexf_has_every_node_and_edge() -> None:
    space = {"g": "http://gexf.net/1.3"}
    document = ET.fromstring("".join(gexf(build("r", WORKED))))
    found = [(edge.get("source"), edge.get("target")) for edge in document.findall(".//g:edge", space)]
    assert sorted(found) == [("1", "4"), ("1", "5"), ("4", "6"), ("r", "1"), ("r", "2"), ("r", "3")]
    assert [node.get("id") for node in document.findall(".//g:node", space)] == ["r", *"123456"]
    assert document.find(".//g:node[@id='4']//g:attvalue[@for='below']", space).get("value") == "1"  # type: ignore[union-attr]


def test_the_drawing_says_what_it_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_current", "zh")
    tree = build("r", WORKED)
    assert list(drawn(tree)) == [
        "r · 树内转发 6 次",
        "├─ 1  直接 2 · 以下 3",
        "│  ├─ 4  直接 1 · 以下 1",
        "│  │  └─ 6",
        "│  └─ 5",
        "├─ 2",
        "└─ 3",
    ]
    assert list(drawn(tree, width=1, depth=2)) == [
        "r · 树内转发 6 次",
        "├─ 1  直接 2 · 以下 3",
        "│  ├─ 4  直接 1 · 以下 1",
        "│  │  └─ … 另有 1 次未画出",
        "│  └─ … 另有 1 次未画出",
        "└─ … 另有 2 次未画出",
    ]
    assert [node.below for node in nodes(tree)] == [6, 3, 0, 0, 1, 0, 0]
