"""A measure is one number: its SQL and its fold agree on random rows, raw and organic."""

import contextlib
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from streams.measures import ALL
from streams.measures.base import COLUMNS, Measure, Row, Share
from streams.measures.query import MENTIONS, POSTS, Relation, View, sql
from streams.store.client import Connection
from tests import servers

pytestmark = pytest.mark.embedded

START = datetime(2026, 11, 11, tzinfo=UTC)
STOP = START + timedelta(hours=12)
STEP = 6 * 3600
TROLL = "水军"


class World(NamedTuple):
    """Random rows, and where they were put."""

    connection: Connection
    rows: list[Row]


def made(seed: int) -> Row:
    draw = random.Random(seed)
    return Row(
        kind=draw.choice(["post", "share"]),
        platform=draw.choice(["微博", "小红书"]),
        id=f"p{seed}",
        at=START + timedelta(milliseconds=draw.randrange(-3_600_000, 13 * 3_600_000)),
        author_id=draw.choice(["", TROLL, *(f"a{n}" for n in range(40))]),
        author_followers=draw.choice([0, 0, draw.randrange(10**9)]),
        # 云岭 stays below the minimum sample
        brand=draw.choices(["星曜", "极光", "云岭"], [50, 40, 1])[0],
        sentiment=draw.choice(["pos", "neu", "neg"]),
        score=draw.choice([0.0, 1.0, -1.0, round(draw.uniform(-1, 1) * 2**20) / 2**20]),
        likes=draw.choice([0, draw.randrange(10**6)]),
        comments=draw.choice([0, draw.randrange(10**5)]),
        reposts=draw.choice([0, draw.randrange(10**5)]),
        intent=draw.choice(["", "question", "complaint", "purchase"]),
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with servers.clickhouse(tmp_path_factory.mktemp("measures")) as server:
        with contextlib.closing(Connection(server.url)) as founder:
            founder.execute("CREATE DATABASE laws")
        connection = Connection(f"{server.url.removesuffix('koubei')}laws")
        rows = [made(seed) for seed in range(1_500)]
        columns: dict[str, list[Any]] = {
            name: list(values) for name, values in zip(Row._fields, zip(*rows, strict=True), strict=True)
        }
        for relation in (MENTIONS, POSTS):
            there = {relation.names.get(name, name): kind for name, kind in COLUMNS.items()}
            declared = ", ".join(f"`{name}` {kind}" for name, kind in there.items())
            connection.execute(f"CREATE TABLE {relation.raw} ({declared}) ENGINE = MergeTree ORDER BY ()")
            connection.execute(
                f"CREATE VIEW {relation.organic} AS SELECT * FROM {relation.raw} WHERE author_id != '{TROLL}'"
            )
            connection.insert(relation.raw, dict(zip(there, columns.values(), strict=True)))
        yield World(connection, rows)
        connection.close()


def grouped(rows: Sequence[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)


def bucket(row: Row) -> datetime:
    return START + timedelta(seconds=(row.at - START) // timedelta(seconds=STEP) * STEP)


def folded(measure: Measure, rows: Sequence[Row], by: Sequence[str]) -> dict[Any, float | None]:
    """What Python says for each group; a share needs its peers."""

    def key(row: Row) -> tuple[Any, ...]:
        return tuple(bucket(row) if name == "time" else getattr(row, name) for name in by)

    if not isinstance(measure, Share):
        if not by:
            return {(): measure.of(rows, STOP)}
        return {group: measure.of(members, STOP) for group, members in grouped(rows, key).items()}
    answer = {}
    place = list(by).index("brand")
    for peers, members in grouped(rows, lambda row: key(row)[:place] + key(row)[place + 1 :]).items():
        for brand, share in measure.among(grouped(members, lambda row: row.brand), STOP).items():
            answer[(*peers[:place], brand, *peers[place:])] = share
    return answer


def same(found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


BY: tuple[list[str], ...] = ([], ["brand"], ["brand", "platform"], ["time", "brand"])


@pytest.mark.parametrize("view", ["raw", "organic"])
@pytest.mark.parametrize("measure", ALL, ids=lambda measure: measure.name)
def test_sql_and_fold_agree(world: World, measure: Measure, view: View) -> None:
    inside = [row for row in world.rows if START <= row.at < STOP]
    rows = [row for row in inside if view == "raw" or row.author_id != TROLL]
    assert len(rows) < len(inside) or view == "raw"
    for by in BY:
        if isinstance(measure, Share) and not by:
            continue
        found = asked(world, MENTIONS, measure, view, by)
        expected = folded(measure, rows, by)
        assert found.keys() == expected.keys()
        assert any(value is not None for value in found.values())
        for group, value in expected.items():
            assert same(found[group], value), group
    if measure.least:
        assert None in found.values() or isinstance(measure, Share)


@pytest.mark.parametrize("measure", [m for m in ALL if not isinstance(m, Share)], ids=lambda m: m.name)
def test_the_same_over_posts(world: World, measure: Measure) -> None:
    rows = [row for row in world.rows if START <= row.at < STOP]
    found = asked(world, POSTS, measure, "raw", ["platform"])
    for group, value in folded(measure, rows, ["platform"]).items():
        assert same(found[group], value), group


@pytest.mark.parametrize("measure", ALL, ids=lambda measure: measure.name)
def test_nothing_said_is_no_error(world: World, measure: Measure) -> None:
    later = {"from": STOP + timedelta(days=9), "to": STOP + timedelta(days=10)}
    if isinstance(measure, Share):
        assert world.connection.query(sql(measure, by=["brand"]), later).rows == []
    else:
        assert world.connection.query(sql(measure), later).rows == [(measure.of([], STOP),)]


def test_a_filter_takes_several_values_and_quotes_them(world: World) -> None:
    query = sql(ALL[0], by=["brand"], where=["brand", "platform"])
    chosen = {"from": START, "to": STOP, "brand": ["星曜", "云岭", "x' OR 1=1 --"], "platform": ["微博"]}
    rows = [row for row in world.rows if START <= row.at < STOP and row.platform == "微博"]
    counts = grouped(rows, lambda row: row.brand)
    assert dict(world.connection.query(query, chosen).rows) == {
        brand: len(counts[brand]) for brand in ("星曜", "云岭") if brand in counts
    }


def asked(
    world: World, over: Relation, measure: Measure, view: View, by: Sequence[str]
) -> dict[tuple[Any, ...], float | None]:
    query = sql(measure, view=view, by=by, over=over)
    found = world.connection.query(query, {"from": START, "to": STOP, "step": STEP}).rows
    return {group: value for *rest, value in found for group in [tuple(rest)]}
