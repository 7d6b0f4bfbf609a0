"""The tables of cascades over a store: whatever the cuts, the order and the crashes, the rows of one pass."""

import gzip
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import networkx as nx
import pytest

from streams.cascades.tree import build
from streams.cli import accounts
from streams.derived import arrivals, cascades
from streams.derived.arrivals import Mark, behind
from streams.derived.cascades import Cascades
from streams.errors import StoreUnavailable
from streams.store.client import Connection, Result
from streams.store.tables import POSTS, SHARES
from streams.topics.share import Share
from tests import servers
from tests.unit.cascades.oracle import Row, columns, oracle

pytestmark = pytest.mark.embedded

REAL = Path(__file__).parents[3] / "shared" / "data" / "weibo"
TIES = ("unknown", "strong", "weak")
NOON = 1_760_000_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("cascades")) as server:
        yield server


@pytest.fixture
def connection(server: servers.ClickHouse) -> Iterator[Connection]:
    connection = Connection(server.url)
    tables = ("posts", "shares", "interactions", "accounts", "flagged_accounts", "watermarks")
    for table in (*tables, "cascade_standing", "cascade_shapes"):
        connection.execute(f"TRUNCATE TABLE {table}")
    yield connection
    connection.close()


def land(connection: Connection, rows: Sequence[Row], *, partition: int = 0, **more: Sequence[Any]) -> None:
    """Shares as a worker lands them; `order` is the offset in epoch 1."""
    spoken = [row.score == row.score for row in rows]
    connection.insert(
        "shares",
        {
            "platform": ["微博"] * len(rows),
            "share_id": [row.share for row in rows],
            "root_id": [row.root for row in rows],
            "parent_id": [row.parent for row in rows],
            "user_id": [row.user for row in rows],
            "shared": [row.shared for row in rows],
            "tie": [TIES[row.tie] for row in rows],
            "author_followers": [row.followers for row in rows],
            "sentiment": ["neu" if said else "" for said in spoken],
            "score": [row.score if said else 0.0 for row, said in zip(rows, spoken, strict=True)],
            "origin": ["file"] * len(rows),
            "src_epoch": [1] * len(rows),
            "src_partition": [partition] * len(rows),
            "src_offset": [row.order for row in rows],
            "appended_at": [NOON + row.order for row in rows],
            **more,
        },
    )


def land_posts(connection: Connection, posts: Sequence[tuple[str, str, int]], *, first: int = 0) -> None:
    """Posts as (post_id, author, followers)."""
    connection.insert(
        "posts",
        {
            "platform": ["微博"] * len(posts),
            "post_id": [post for post, _, _ in posts],
            "author_id": [author for _, author, _ in posts],
            "author_followers": [followers for _, _, followers in posts],
            "published": [NOON - 60_000] * len(posts),
            "src_epoch": [1] * len(posts),
            "src_offset": list(range(first, first + len(posts))),
            "appended_at": [NOON] * len(posts),
        },
    )


def finish(connection: Connection, derived: Cascades) -> Cascades:
    for _ in range(200):
        if not derived.step(connection).more:
            return derived
    raise AssertionError("steps without end")


def found(connection: Connection) -> dict[str, dict[str, Any]]:
    """What the tables say of every root, in the words of the oracle."""
    standing = connection.query("SELECT * FROM cascade_standing FINAL").dicts()
    shapes = {row["root_id"]: row for row in connection.query("SELECT * FROM cascade_shapes FINAL").dicts()}
    return {row["root_id"]: _told(row, shapes[row["root_id"]]) for row in standing}


def _told(standing: Mapping[str, Any], shape: Mapping[str, Any]) -> dict[str, Any]:
    def millis(moment: Any) -> int:
        return round(moment.timestamp() * 1000) or -1

    assert standing["size"] == shape["size"]
    return {
        "size": standing["size"],
        "depth": standing["depth"],
        "breadth": standing["max_breadth"],
        "shares": standing["shares"],
        "first": millis(standing["first_share"]),
        "last": millis(standing["last_share"]),
        **{name: standing[f"levels.{name}"] for name in ("nodes", "reach", "strong", "weak", "scored")},
        "score": [round(score, 3) for score in standing["levels.score"]],
        "reached": [millis(moment) for moment in standing["levels.first"]],
        "virality": shape["virality"],
        "half_at": millis(shape["half_at"]),
        "audience": shape["audience"],
        "passed_on": [shape["passed_unknown"], shape["passed_strong"], shape["passed_weak"]],
        "apart": [shape["orphans"], shape["cycles"], shape["selves"]],
        "spreaders": list(
            zip(shape["spreaders.user"], shape["spreaders.direct"], shape["spreaders.subtree"], strict=True)
        ),
    }


class Flaky(Connection):
    """Loses contact at one of its calls, before or after what was asked has been done."""

    def __init__(self, url: str, chance: random.Random, rate: float) -> None:
        super().__init__(url)
        self._chance, self._rate = chance, rate

    def _lose(self) -> None:
        if self._chance.random() < self._rate:
            raise StoreUnavailable("lost")

    def query(self, *args: Any, **more: Any) -> Result:
        self._lose()
        return super().query(*args, **more)

    def insert(self, *args: Any, **more: Any) -> None:
        self._lose()
        super().insert(*args, **more)
        self._lose()


def tangle(chance: random.Random, count: int) -> list[Row]:
    """Shares of five roots: repeated, orphaned, in circles, of themselves, later ones first."""
    made: list[Row] = []
    for _ in range(count):
        root = f"r{chance.randrange(5)}"
        share = f"{root}s{chance.randrange(count // 4)}"
        parent = chance.choice([root, f"{root}s{chance.randrange(count // 4)}", f"{root}gone"])
        made.append(
            Row(
                root,
                root if chance.random() < 0.02 else share,
                parent,
                f"u{chance.randrange(9)}",
                NOON + chance.randrange(10_000_000),
                followers=chance.choice((0, 0, 7, 4_000)),
                tie=chance.randrange(3),
                score=chance.choice((float("nan"), -0.5, 0.25)),
            )
        )
    return [row._replace(order=at) for at, row in enumerate(made)]


@pytest.mark.parametrize("seed", range(6))
def test_any_cut_any_order_and_any_crash_leave_the_rows_of_one_pass(
    server: servers.ClickHouse, connection: Connection, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(arrivals, "WINDOW", chance.choice((5, 17, 4_000)))
    monkeypatch.setattr(cascades, "NODES", chance.choice((0, 40, 10_000)))
    monkeypatch.setattr(cascades, "LOADED", chance.choice((10, 100_000)))
    monkeypatch.setattr(cascades, "NAMED", chance.choice((1, 3, 10_000)))
    monkeypatch.setattr(cascades, "PAGE", chance.choice((3, 20_000)))
    monkeypatch.setattr(cascades, "LAG", chance.choice((0.0, 60.0)))
    rows = tangle(chance, 160)
    authors = {"r1": "u3", "r2": "author"}
    flaky, derived = Flaky(server.url, chance, 0.05), Cascades()
    post_after = chance.randrange(len(rows))
    start = 0
    while start < len(rows):
        stop = start + chance.randrange(1, 40)
        land(connection, rows[start:stop])
        if start <= post_after < stop:
            land_posts(connection, [(root, author, 11) for root, author in authors.items()])
        start = stop
        for _ in range(chance.randrange(3)):
            try:
                derived.step(flaky)
            except StoreUnavailable:
                if chance.random() < 0.3:
                    derived = Cascades()
    flaky.close()
    finish(connection, derived if chance.random() < 0.5 else Cascades())
    told = found(connection)
    assert told.keys() == {row.root for row in rows}
    for root in told:
        expected = oracle(rows, root, authors.get(root))
        if root in authors:
            expected["reach"][0] = 11
            people: dict[str, int] = {authors[root]: 11}
            tree = build(root, columns(rows))
            for user, followers in zip(tree.shares.user, tree.shares.followers, strict=True):
                people[user] = max(people.get(user, 0), followers)
            expected["audience"] = sum(people.values())
        assert told[root] == expected
    assert behind(connection, "cascades", SHARES, 600) == 0


@pytest.mark.parametrize("done", [False, True], ids=["lost before", "lost after"])
def test_an_insert_that_fails_is_made_up_for_by_the_same_worker(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """Whichever insert it is, and whether or not the server had it."""
    insert, made, failing = Connection.insert, 0, 0

    def unreliable(self: Connection, table: str, *args: Any, **more: Any) -> None:
        nonlocal made
        made += table != "shares"
        lost = table != "shares" and made == failing
        if done or not lost:
            insert(self, table, *args, **more)
        if lost:
            raise StoreUnavailable("lost")

    rows = numbered(WORKED[::-1])
    monkeypatch.setattr(Connection, "insert", unreliable)
    for failing in range(1, 7):  # noqa: B007 - read by `unreliable`
        for table in ("shares", "watermarks", "cascade_standing", "cascade_shapes"):
            connection.execute(f"TRUNCATE TABLE {table}")
        made, derived = 0, Cascades()
        for part in (rows[:3], rows[3:]):
            land(connection, part)
            with suppress(StoreUnavailable):
                finish(connection, derived)
        finish(connection, derived)
        assert found(connection) == {"tree": oracle(rows, "tree")}
        assert behind(connection, "cascades", SHARES, 600) == 0
        assert made > failing, "there is no such insert"


# Goel's measure on trees whose mean distance can be counted by hand.
STAR = [Row("star", f"s{n}", "star", user=f"s{n}") for n in range(9)]
CHAIN = [Row("chain", f"c{n}", f"c{n - 1}" if n else "chain", user=f"c{n}") for n in range(9)]
WORKED = [
    Row("tree", share, parent, user=share, shared=NOON + at * 60_000, followers=10 * at, tie=1 + at % 2)
    for at, (share, parent) in enumerate(
        [("t1", "tree"), ("t2", "tree"), ("t3", "tree"), ("t4", "t1"), ("t5", "t1"), ("t6", "t4")], 1
    )
]


def numbered(*groups: Sequence[Row]) -> list[Row]:
    return [row._replace(order=at) for at, row in enumerate(row for group in groups for row in group)]


def test_the_views_say_the_worked_values(connection: Connection) -> None:
    land(connection, numbered(STAR, CHAIN, WORKED)[::-1])
    land_posts(connection, [("tree", "author", 1000)])
    finish(connection, Cascades())
    rows = connection.query(
        "SELECT root_id, size, depth, max_breadth, virality, shares, live FROM cascades ORDER BY root_id"
    ).rows
    assert rows == [
        ("chain", 10, 9, 1, pytest.approx(11 / 3), 9, False),
        ("star", 10, 1, 9, pytest.approx(2 - 2 / 10), 9, False),
        ("tree", 7, 3, 3, pytest.approx(2.1905, abs=1e-4), 6, False),
    ]
    levels = connection.query(
        "SELECT level, nodes, ratio, reach, strong, weak, seconds FROM cascade_levels "
        "WHERE root_id = 'tree' ORDER BY level"
    ).rows
    assert levels == [
        (0, 1, 3.0, 1000, 0, 0, None),
        (1, 3, 2 / 3, 60, 1, 2, 120.0),
        (2, 2, 0.5, 90, 1, 1, 300.0),
        (3, 1, None, 60, 1, 0, 420.0),
    ]
    spread = "SELECT user_id, direct, subtree FROM {} WHERE root_id = 'tree' ORDER BY subtree DESC"
    assert connection.query(spread.format("spreaders")).rows == [("author", 3, 6), ("t1", 2, 3), ("t4", 1, 1)]
    (figures,) = connection.query(
        "SELECT half_life, reach, audience, strong_conversion, weak_conversion, first_share, last_share "
        "FROM cascades WHERE root_id = 'tree'"
    ).rows
    assert figures[:3] == (240.0, 1210, 1210)
    assert figures[3:5] == (1 / 3, 1 / 3)  # of t2, t4, t6 and of t1, t3, t5
    connection.insert(
        "accounts",
        {
            "platform": ["微博", "微博"],
            "author_id": ["t1", "t4"],
            "score": [9, 3],
            "label": ["heavy", "suspected"],
        },
    )
    connection.insert("flagged_accounts", {"platform": ["微博"], "author_id": ["t1"], "label": ["heavy"]})
    organic = connection.query(spread.format("spreaders_organic")).rows
    assert organic == [("author", 3, 6), ("t4", 1, 1)]


def test_what_a_cascade_brought(connection: Connection) -> None:
    rows = numbered(WORKED)
    paid = [row.share in {"t1", "t4"} for row in rows]
    campaign = ["launch" if spent else "" for spent in paid]
    land(connection, rows, paid=paid, campaign=campaign, targets=[5] * len(rows))
    found = connection.query(
        "SELECT campaign, paid, shares, sharers, reach, targets FROM cascade_attribution "
        "WHERE root_id = 'tree' ORDER BY shares"
    ).rows
    assert found == [("launch", True, 2, 2, 50, 10), ("", False, 4, 4, 160, 20)]
    late, early = NOON + 3_600_000, NOON - 3_600_000
    follows = [
        ("t2", "", "", late),  # shared it
        ("fan", "t3", "launch", late),  # invited by who shared it
        ("other", "stranger", "launch", late),  # of the same campaign
        ("nobody", "stranger", "", late),
        ("t5", "", "launch", early),  # before
    ]
    users, inviters, campaigns, times = map(list, zip(*follows, strict=True))
    connection.insert(
        "interactions",
        {
            "platform": ["微博"] * 5,
            "id": [f"i{user}" for user in users],
            "user_id": users,
            "kind": ["follow"] * 5,
            "at": times,
            "brand": ["星曜"] * 5,
            "inviter": inviters,
            "campaign": campaigns,
        },
    )
    assert connection.query("SELECT user_id, way FROM cascade_fans ORDER BY user_id").rows == [
        ("fan", "inviter"),
        ("other", "campaign"),
        ("t2", "sharer"),
    ]


def test_the_watermark_passes_a_backlog_only_when_all_of_it_is_measured(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "WINDOW", 3)
    monkeypatch.setattr(cascades, "LAG", 3600.0)
    land(connection, numbered(CHAIN))
    derived = Cascades()
    derived.step(connection)
    assert derived.step(connection).more
    assert connection.query("SELECT size FROM cascade_standing FINAL").rows == [(7,)]
    assert connection.query("SELECT size FROM cascade_shapes FINAL").rows == [(4,)]
    assert behind(connection, "cascades", SHARES, 600) == 6, "counted, but not measured"
    assert not derived.step(connection).more
    assert connection.query("SELECT size FROM cascade_shapes FINAL").rows == [(10,)]
    assert behind(connection, "cascades", SHARES, 600) == 0


def test_a_long_backlog_is_measured_now_and_then_and_the_watermark_moves(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "WINDOW", 2)
    monkeypatch.setattr(cascades, "LAG", 3600.0)
    land(connection, numbered(CHAIN))
    derived = Cascades()
    for measured in (3, 3):
        assert derived.step(connection).more
        assert connection.query("SELECT size FROM cascade_shapes FINAL").rows == [(measured,)]
    monkeypatch.setattr(cascades, "SETTLED", 0.0)
    assert derived.step(connection).more
    assert connection.query("SELECT size FROM cascade_shapes FINAL").rows == [(7,)]
    assert behind(connection, "cascades", SHARES, 600) == 3
    assert behind(connection, "cascades", SHARES, 600, [Mark(1, 0, 5)]) == 0, "what came first is told"


def test_what_is_fed_beside_is_not_waited_for(connection: Connection) -> None:
    land(connection, numbered(CHAIN[:4]))
    finish(connection, Cascades())
    land(connection, [row._replace(order=at) for at, row in enumerate(CHAIN)][4:])
    land(connection, numbered(WORKED), partition=1)
    assert behind(connection, "cascades", SHARES, 600, [Mark(1, 0, 3)]) == 0
    assert behind(connection, "cascades", SHARES, 600, [Mark(1, 0, 4)]) == 1
    assert behind(connection, "cascades", SHARES, 600, [Mark(2, 0, 8)]) == 0, "another epoch"
    assert behind(connection, "cascades", SHARES, 600, []) == 0
    assert behind(connection, "cascades", SHARES, 600) == 5 + len(WORKED)


class Fed(NamedTuple):
    """All that an account asks of a feeder."""

    runs: dict[tuple[str, int], list[range]]


def test_a_feeder_waits_for_its_own_posts_and_shares_until_cascades_tell_of_them(
    server: servers.ClickHouse, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "epoch_ids", lambda _, topics: dict.fromkeys(topics, "boot"))
    connection.execute("TRUNCATE TABLE epochs")
    connection.insert("epochs", {"topic": ["posts", "shares"], "id": ["boot"] * 2, "epoch": [1, 1]})
    monkeypatch.setattr(accounts, "ALL", (Cascades,))
    fed = Fed({("shares", 0): [range(2), range(3, 5)], ("posts", 0): [range(1)]})
    with closing(accounts.Ledger(server.url, cast(Any, None), cast(Any, fed))) as ledger:
        land(connection, numbered(CHAIN[:5]))
        assert ledger.wait_derived(0.0) == 5
        finish(connection, Cascades())
        land_posts(connection, [("chain", "author", 7)])
        assert ledger.wait_derived(0.0) == 1
        finish(connection, Cascades())
        land(connection, numbered(CHAIN)[5:])
        land(connection, numbered(WORKED), partition=1)
        assert ledger.wait_derived(0.0) == 0, "others' shares"


def test_a_shape_that_a_crash_left_behind_is_measured_by_the_next_worker(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "WINDOW", 3)
    land(connection, numbered(CHAIN))
    monkeypatch.setattr(cascades, "LAG", 3600.0)
    derived = Cascades()
    derived.step(connection)
    derived.step(connection)
    # All that remains is gone: nothing but the table tells that seven nodes were never measured.
    connection.execute("DELETE FROM shares WHERE src_offset >= 6", settings={"lightweight_deletes_sync": 2})
    finish(connection, Cascades())
    assert connection.query("SELECT size FROM cascade_shapes FINAL").rows == [(7,)]


def test_a_post_that_comes_long_after_its_shares_names_the_first_spreader(connection: Connection) -> None:
    land(connection, numbered(WORKED))
    finish(connection, Cascades())
    assert connection.query("SELECT author_id, reach FROM cascades").rows == [("", 210)]
    land_posts(connection, [("unshared", "u", 5), ("tree", "author", 7)])
    finish(connection, Cascades())
    assert connection.query("SELECT author_id, reach FROM cascades").rows == [("author", 217)]
    assert connection.query("SELECT subtree FROM spreaders WHERE user_id = 'author'").rows == [(6,)]
    assert behind(connection, "cascades", POSTS, 600) == 0


@pytest.mark.parametrize("again", [False, True], ids=["same worker", "next worker"])
def test_rows_that_come_into_sight_after_later_ones_are_counted(connection: Connection, again: bool) -> None:
    """As the parts of one insert do, and what is made up for after an insert was cut off."""
    rows = numbered(WORKED)
    land(connection, rows[2:])
    land_posts(connection, [("other", "u", 5)], first=1)
    derived = finish(connection, Cascades())
    assert connection.query("SELECT shares FROM cascades").rows == [(4,)]
    land(connection, rows[:2])
    land_posts(connection, [("tree", "author", 7)], first=0)
    finish(connection, Cascades() if again else derived)
    assert connection.query("SELECT shares, size, author_id FROM cascades").rows == [(6, 7, "author")]
    assert connection.query("SELECT subtree FROM spreaders WHERE user_id = 'author'").rows == [(6,)]


def test_what_is_held_in_memory_is_bounded(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascades, "NODES", 50)
    derived = Cascades()
    for wave in range(5):
        rows = [Row(f"{wave}r{n}", f"{wave}s{n}", f"{wave}r{n}", order=wave * 40 + n) for n in range(40)]
        land(connection, rows)
        finish(connection, derived)
        assert 0 < derived.held <= 26
    assert connection.query("SELECT count(), sum(size) FROM cascades").rows == [(200, 400)]


@pytest.mark.timeout(180)
def test_the_real_cascades_equal_an_independent_computation(connection: Connection) -> None:
    if not (REAL / "shares.jsonl.gz").is_file():
        pytest.skip(f"real shares are not here: put shares.jsonl.gz into {REAL}")
    decode = msgspec.json.Decoder(Share).decode
    with gzip.open(REAL / "shares.jsonl.gz") as lines:
        every = [decode(line) for line in lines]
    with gzip.open(REAL / "posts.jsonl.gz") as lines:
        posts = [msgspec.json.decode(line) for line in lines]
    rows = [
        Row(one.root_id, one.share_id, one.parent_id, one.user_id, int(one.shared * 1000), order=at)
        for at, one in enumerate(every)
    ]
    derived = Cascades()
    for start in range(0, len(rows), 50_000):
        land(connection, rows[start : start + 50_000])
        derived.step(connection)
    land_posts(connection, [(post["post_id"], post["author"]["id"], 0) for post in posts])
    finish(connection, derived)
    of_root: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_root[row.root].append(row)
    authors = {post["post_id"]: post["author"]["id"] for post in posts}
    told = {
        root: told
        for root, *told in connection.query(
            "SELECT root_id, size, depth, max_breadth, virality, shares FROM cascades"
        ).rows
    }
    levels, spread = defaultdict(list), defaultdict(list)
    for root, nodes in connection.query(
        "SELECT root_id, nodes FROM cascade_levels ORDER BY root_id, level"
    ).rows:
        levels[root].append(nodes)
    for root, *numbers in connection.query(
        "SELECT root_id, user_id, direct, subtree FROM spreaders ORDER BY root_id, subtree DESC, direct DESC, user_id"
    ).rows:
        spread[root].append(tuple(numbers))
    assert told.keys() == of_root.keys()
    for root, some in of_root.items():
        expected = independently(root, some, authors.get(root))
        assert told[root] == [*expected[:3], pytest.approx(expected[3], rel=1e-12), expected[4]]
        assert levels[root] == expected[5]
        assert spread[root] == expected[6]


def independently(root: str, rows: Sequence[Row], author: str | None) -> tuple[Any, ...]:
    """Size, depth, breadth, virality, shares, levels and spreaders by networkx and sets."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.share, row)
    graph = nx.DiGraph([(row.parent, row.share) for row in first.values() if row.share != root])
    graph.add_node(root)
    tree = graph.subgraph({root} | nx.descendants(graph, root))
    level = nx.single_source_shortest_path_length(tree, root)
    widths = [0] * (max(level.values()) + 1)
    for distance in level.values():
        widths[distance] += 1
    n, below, crossings = len(tree), dict[str, set[str]](), 0
    for node in nx.dfs_postorder_nodes(tree, root):
        below[node] = set(tree[node]).union(*(below[child] for child in tree[node]))
        crossings += (len(below[node]) + 1) * (n - len(below[node]) - 1)
    direct: defaultdict[str, int] = defaultdict(int)
    under: defaultdict[str, set[str]] = defaultdict(set)
    for node in tree:
        user = author if node == root else first[node].user
        if user and tree[node]:
            direct[user] += len(tree[node])
            under[user] |= below[node]
    spread = [(user, direct[user], len(under[user])) for user in direct]
    return (
        n,
        len(widths) - 1,
        max(widths),
        2 * crossings / (n * (n - 1)) if n > 1 else None,
        len(first),
        widths,
        sorted(spread, key=lambda one: (-one[2], -one[1], one[0])),
    )


def test_while_shares_come_the_next_step_follows_soon_however_long_this_one_took(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cascades, "BUSY", 5)
    derived = Cascades()
    rows = tangle(random.Random(1), 20)
    land(connection, rows[:3])
    trickle = derived.step(connection)
    assert (trickle.rows, trickle.more) == (3, False)
    assert trickle.within <= cascades.LAG / 2
    land(connection, rows[3:])
    assert derived.step(connection).more
    assert derived.step(connection) == (0, False, math.inf)
