"""The tree of a cascade as Grafana and the page draw it: two frames that fit together, and a word on what is hidden."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from streams.boards.board import load_all
from streams.boards.panels import EVER, Frame, Range, Runner
from streams.cascades.layout import sizes
from streams.cascades.tree import Tree, build
from streams.config import shipped
from streams.derived.cascades import Cascades
from streams.read.queries import Reader
from streams.store.client import Connection
from tests import servers
from tests.embedded.test_cascades import finish, land, land_posts, numbered
from tests.unit.cascades.oracle import Row, columns

pytestmark = pytest.mark.embedded

(SPREAD,) = (board for _, board in load_all(shipped("dashboards")) if board.uid == "koubei-spread")
DRAWN = 200
NOW = int(time.time() * 1000)


def grown(root: str, count: int, *, chain: int = 0) -> list[Row]:
    """A tree of so many shares, the first ones in a line; with an orphan, a circle and shares of themselves."""
    chance = random.Random(root)
    tree = [
        Row(
            root,
            f"{root}{n}",
            root if n == 0 or (n > chain and chance.random() < 0.4) else f"{root}{n - 1 if n < chain else chance.randrange(n)}",
            f"u{chance.randrange(count)}",
            NOW - 1_000_000 + n,
            tie=chance.randrange(3),
            score=chance.choice((float("nan"), 0.5)),
        )
        for n in range(count)
    ]  # fmt: skip
    apart = [("orphan", "gone"), ("c1", "c2"), ("c2", "c1"), ("self", "self")]
    return [*tree, *(Row(root, root + at, root + up) for at, up in apart), Row(root, root, f"{root}0")]


CASCADES = {
    "small": grown("small", 40),
    "wide": grown("wide", 1_500),
    "deep": grown("deep", 400, chain=130),
    "large": grown("large", 5_200, chain=3),
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with servers.clickhouse(tmp_path_factory.mktemp("graph")) as store:
        connection = Connection(store.url)
        rows = numbered(*CASCADES.values())
        land(connection, rows, landed_at=[NOW - 60_000] * len(rows))
        # Counted, but too fresh to be in the picture.
        late = [Row("small", "small-late", "small0", order=len(rows))]
        land(connection, late, landed_at=[NOW + 3_600_000])
        land_posts(connection, [("wide", "author", 10)])
        finish(connection, Cascades())
        connection.close()
        opened = Reader(store.url)
        yield opened
        opened.close()


def ask(reader: Reader, title: str, *roots: str) -> list[Frame]:
    panel = next(panel for panel in SPREAD.panels if panel.title == title)
    span, chosen = Range(EVER, NOW + 60_000), {"root": roots} if roots else {}
    return asyncio.run(Runner(reader).panel(SPREAD, panel, span, chosen))


def parents(nodes: Frame, edges: Frame) -> dict[str, str]:
    """Child → parent, of a tree that the panel can draw: Grafana fails on an edge to a node that it was not given."""
    ids = [row[0] for row in nodes.rows]
    assert len(set(ids)) == len(ids)
    found = {target: source for _, source, target in edges.rows}
    assert len(found) == len(edges.rows) == len(ids) - 1
    assert found.keys() | {ids[0]} == set(ids)
    assert set(found.values()) <= set(ids)
    return found


def whole(root: str) -> tuple[Tree, dict[str, int], dict[str, str]]:
    """The tree, what is below each node, each share's parent."""
    tree = build(root, columns(numbered(CASCADES[root])))
    below = dict(zip(tree.ids, (sizes(tree.layout) - 1).tolist(), strict=True))
    return tree, below, {row.share: row.parent for row in CASCADES[root]}


def test_node_graph_is_two_frames_that_grafana_knows(reader: Reader) -> None:
    nodes, edges = ask(reader, "转发图", "small")
    assert nodes.names[:5] == ["id", "title", "subtitle", "mainstat", "secondarystat"]
    arcs = [name for name in nodes.names if name.startswith("arc__")]
    assert all(sum(row[nodes.names.index(name)] for name in arcs) == 1 for row in nodes.rows)
    assert edges.names == ["id", "source", "target"]


def test_a_small_tree_is_drawn_whole_and_as_it_is(reader: Reader) -> None:
    nodes, edges = ask(reader, "转发图", "small")
    tree, below, parent = whole("small")
    assert parents(nodes, edges) == {share: parent[share] for share in tree.ids[1:]}
    assert {row[0]: int(row[3]) for row in nodes.rows} == below
    users = dict(zip(tree.ids[1:], tree.shares.user, strict=True))
    assert {row[0]: row[1] for row in nodes.rows[1:]} == users
    assert nodes.rows[0][:3] == ["small", "small", "源头"]


@pytest.mark.parametrize("root", ["wide", "deep"])
def test_of_a_larger_one_the_largest_subtrees_are_drawn(reader: Reader, root: str) -> None:
    nodes, edges = ask(reader, "转发图", root)
    tree, below, parent = whole(root)
    drawn = parents(nodes, edges)
    assert all(parent[share] == up for share, up in drawn.items())
    assert len(nodes.rows) == DRAWN
    if root == "wide":
        counts = {row[0]: int(row[3]) for row in nodes.rows}
        assert counts == {node: below[node] for node in counts}
        left_out = [count for node, count in below.items() if node not in counts]
        assert max(left_out) <= min(counts.values())
        direct = Counter(parent[share] for share in tree.ids[1:])
        assert {row[0]: int(row[4]) for row in nodes.rows} == {node: direct[node] for node in counts}
        assert nodes.rows[0][1] == "author"


def test_what_is_hidden_is_said(reader: Reader) -> None:
    for root, counted in (("small", "all"), ("wide", "all"), ("deep", "levels"), ("large", "spreaders")):
        (about,) = ask(reader, "图中的传播", root)
        (row,) = about.rows
        said = dict(zip(about.names, row, strict=True))
        nodes, _ = ask(reader, "转发图", root)
        late = root == "small"
        assert said["规模"] == len(whole(root)[0].ids) + late
        assert (said["画出"], said["未画出"]) == (len(nodes.rows), said["规模"] - len(nodes.rows))
        assert (said["所数"], said["post_id"]) == (counted, root)


def test_a_very_large_one_is_drawn_by_its_key_spreaders(reader: Reader) -> None:
    nodes, edges = ask(reader, "转发图", "large")
    _, _, parent = whole("large")
    assert all(parent[share] == up for share, up in parents(nodes, edges).items())
    assert len(nodes.rows) == DRAWN


def test_of_all_cascades_the_largest_is_drawn_with_its_levels(reader: Reader) -> None:
    assert ask(reader, "转发图")[0].rows[0][0] == "large"
    assert ask(reader, "转发图", "deep", "small")[0].rows[0][0] == "deep"
    (levels,) = ask(reader, "各层节点", "wide")
    tree, _, _ = whole("wide")
    widths = [b - a for a, b in zip(tree.layout.cuts.tolist(), tree.layout.cuts[1:].tolist(), strict=False)]
    assert [(int(row[0]), sum(row[1:])) for row in levels.rows] == list(enumerate(widths))


def test_a_root_narrows_the_whole_board(reader: Reader) -> None:
    (stat,) = ask(reader, "传播中的帖子", "deep", "wide")
    assert stat.rows[0][0] == 2
    (shares,) = ask(reader, "转发次数", "deep")
    assert shares.rows[0][0] == len({row.share for row in CASCADES["deep"]})


def test_roots_are_offered_by_their_text(reader: Reader) -> None:
    texts = asyncio.run(Runner(reader).texts(SPREAD, Range(EVER, NOW + 60_000)))
    assert texts.keys() == {"root"}
    assert list(texts["root"]) == ["large", "wide", "deep", "small"]
    assert texts["root"]["small"] == "small"
