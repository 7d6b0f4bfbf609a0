"""The real cascades: streamed in any order they are what one pass makes of each, and what sets say."""

import gzip
import random
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest

from streams.cascades.forest import Forest
from streams.cascades.layout import sizes
from streams.cascades.shape import virality
from streams.cascades.tree import Tree, build
from streams.topics.share import Share
from tests.unit.cascades.oracle import Row, Told, columns, oracle

REAL = Path(__file__).parents[4] / "shared" / "data" / "weibo" / "shares.jsonl.gz"


@pytest.fixture(scope="module")
def cascades() -> dict[str, list[Row]]:
    if not REAL.is_file():
        pytest.skip(f"real shares are not here: put shares.jsonl.gz into {REAL.parent}")
    decode = msgspec.json.Decoder(Share).decode
    found: defaultdict[str, list[Row]] = defaultdict(list)
    with gzip.open(REAL) as lines:
        for order, line in enumerate(lines):
            share = decode(line)
            row = Row(
                share.root_id, share.share_id, share.parent_id, share.user_id, int(share.shared * 1000), order
            )
            found[share.root_id].append(row)
    return dict(found)


def plainly(tree: Tree) -> list[tuple[str, int, int]]:
    """Spreaders by walking up from every node: (user, direct, subtree)."""
    users, parent = ["", *tree.shares.user], tree.layout.parent.tolist()
    direct: Counter[str] = Counter()
    subtree: Counter[str] = Counter()
    for node in range(1, len(users)):
        direct[users[parent[node]]] += 1
        above, up = set(), parent[node]
        while up >= 0:
            above.add(users[up])
            up = parent[up]
        subtree.update(above)
    del direct[""]
    return sorted(
        ((user, count, subtree[user]) for user, count in direct.items()),
        key=lambda row: (-row[2], -row[1], row[0]),
    )


def test_the_stream_is_the_batch(cascades: dict[str, list[Row]]) -> None:
    rows = [row for root in cascades.values() for row in root]
    random.Random(1).shuffle(rows)
    told = Told(Forest())
    for start in range(0, len(rows), 5000):
        told.forest.absorb(columns(rows[start : start + 5000]), float(start))
        if start % 40_000 == 0:
            told.hear(float(start), every=False)
    told.hear()
    assert told.of.keys() == cascades.keys()
    for root, found in told.of.items():
        tree = build(root, columns(cascades[root]))
        size = sizes(tree.layout)
        assert found["size"] == len(tree.ids)
        assert found["shares"] == len({row.share for row in cascades[root]})
        assert found["nodes"] == [level.stop - level.start for level in (slice(0, 1), *tree.layout.slices())]
        assert (found["virality"] or 0) == (virality(tree.layout, size)[0] if len(tree.ids) > 1 else 0)
        counts = Counter(tree.apart.values())
        assert found["apart"] == [counts["orphan"], counts["cycle"], counts["self"]]
        assert found["spreaders"] == plainly(tree)


def test_small_ones_equal_networkx(cascades: dict[str, list[Row]]) -> None:
    small = dict(sorted(cascades.items(), key=lambda cascade: len(cascade[1]))[:30])
    told = Told(Forest())
    told.forest.absorb(columns([row for rows in small.values() for row in rows]), 0.0)
    told.hear()
    for root, rows in small.items():
        assert told.of[root] == oracle(rows, root)
