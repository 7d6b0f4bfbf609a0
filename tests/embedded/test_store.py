"""Migrations, declared tables and the store's small jobs against the embedded ClickHouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.errors import BadConfig, StoreRefused, StoreUnavailable
from streams.store import epochs, migrate, tables, upkeep
from streams.store.client import Address, Connection
from streams.store.rows import Columns
from tests import servers

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture
def connection(server: servers.ClickHouse) -> Iterator[Connection]:
    connection = Connection(server.url)
    yield connection
    connection.close()


@pytest.fixture
def fresh(server: servers.ClickHouse, request: pytest.FixtureRequest) -> str:
    """URL of a database of the test's own, not yet migrated."""
    return f"{server.url.removesuffix('koubei')}{request.node.name}"


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_declared_tables_equal_the_migrated_database(table: tables.Table, connection: Connection) -> None:
    found = connection.query(
        "SELECT name, type FROM system.columns WHERE database = 'koubei' AND table = {table:String} ORDER BY position",
        {"table": table.name},
    ).rows
    assert dict(found) == table.columns


def test_every_table_view_and_column_says_what_it_is(connection: Connection) -> None:
    assert (
        connection.query("SELECT name FROM system.tables WHERE database = 'koubei' AND comment = ''").rows
        == []
    )
    silent = (
        "SELECT table, name FROM system.columns WHERE database = 'koubei' AND comment = '' "
        "AND table IN (SELECT name FROM system.tables WHERE database = 'koubei' AND engine != 'View')"
    )
    assert connection.query(silent).rows == []


def test_migrating_twice_does_nothing_and_a_half_done_migration_is_finished(fresh: str) -> None:
    applied = migrate.migrate(fresh)
    assert applied == [f"{m.number:04d}_{m.name}" for m in migrate.available()]
    assert migrate.migrate(fresh) == []
    connection = Connection(fresh)
    connection.execute("DROP TABLE mentions")
    connection.execute("TRUNCATE TABLE migrations")
    assert migrate.migrate(fresh) == applied
    assert connection.query("SELECT count() FROM mentions").rows == [(0,)]
    connection.close()


def test_a_database_newer_than_the_program_is_refused(fresh: str) -> None:
    migrate.migrate(fresh)
    connection = Connection(fresh)
    connection.insert("migrations", {"number": [9999], "name": ["from_the_future"]})
    with pytest.raises(BadConfig, match="9999"):
        migrate.migrate(fresh)
    connection.close()


def test_ttl_is_set_changed_and_taken_away_by_setting(fresh: str) -> None:
    connection = Connection(fresh)

    def ttl() -> list[str]:
        ddl = connection.query(
            "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() "
            "AND name IN ('posts', 'shares', 'interactions') ORDER BY name"
        )
        return [row[0].partition(" TTL ")[2].partition(" SETTINGS ")[0] for row in ddl.rows]

    migrate.migrate(fresh, ttl_days=30)
    assert ttl() == [f"toDateTime({name}) + toIntervalDay(30)" for name in ("at", "published", "shared")]
    migrate.migrate(fresh, ttl_days=7)
    assert all("toIntervalDay(7)" in text for text in ttl())
    migrate.migrate(fresh)
    assert ttl() == ["", "", ""]
    connection.close()


def test_an_edit_wins_over_a_later_copy_and_a_post_counts_once(connection: Connection) -> None:
    def insert(text: str, offset: int, edited: int = 0) -> None:
        columns: Columns = {
            "platform": ["微博"],
            "post_id": ["e1"],
            "text": [text],
            "published": [1_760_000_000_000],
            "edited": [edited],
            "judge": [1],
            "src_epoch": [1],
            "src_offset": [offset],
        }
        connection.insert("posts", columns)

    insert("first", 1)
    insert("edited", 2, edited=1_760_000_100_000)
    insert("first, crawled again", 3)
    assert connection.query("SELECT text FROM posts_latest WHERE post_id = 'e1'").rows == [("edited",)]


def test_of_a_repeated_share_the_first_landed_stays(connection: Connection) -> None:
    for parent, epoch, offset in (("late", 1, 9), ("first", 1, 4), ("other topic", 2, 0)):
        columns: Columns = {
            "platform": ["微博"],
            "share_id": ["s1"],
            "root_id": ["r1"],
            "parent_id": [parent],
            "shared": [1_760_000_000_000],
            "src_epoch": [epoch],
            "src_offset": [offset],
        }
        connection.insert("shares", columns)
    assert connection.query("SELECT parent_id FROM shares_latest WHERE share_id = 's1'").rows == [("first",)]


def test_mentions_unite_posts_and_shares(connection: Connection) -> None:
    mentions: Columns = {
        "mentions.brand": [["星曜", "云岭"]],
        "mentions.sentiment": [["pos", "neg"]],
        "mentions.score": [[0.5, -0.5]],
        "mentions.start": [[0, 3]],
        "mentions.stop": [[2, 5]],
    }
    at = 1_760_000_000_000
    connection.insert(
        "posts", {"platform": ["m"], "post_id": ["m1"], "published": [at], "text": ["t"], **mentions}
    )
    connection.insert(
        "shares",
        {
            "platform": ["m"],
            "share_id": ["m2"],
            "root_id": ["m1"],
            "parent_id": ["m1"],
            "shared": [at],
            **mentions,
        },
    )
    found = connection.query(
        "SELECT kind, brand, sentiment FROM mentions WHERE platform = 'm' ORDER BY kind, brand"
    ).rows
    assert found == [
        ("post", "云岭", "neg"),
        ("post", "星曜", "pos"),
        ("share", "云岭", "neg"),
        ("share", "星曜", "pos"),
    ]


def test_the_same_id_with_another_hour_is_merged(connection: Connection) -> None:
    hour = 3_600_000
    for offset, shift in enumerate((0, 5 * hour, 2 * hour)):
        columns: Columns = {
            "platform": ["微博"],
            "post_id": ["c1"],
            "text": [f"{shift}"],
            "judge": [1],
            "src_offset": [offset],
            "published": [1_760_000_000_000 + shift],
        }
        connection.insert("posts", columns)
    assert upkeep.merge_conflicts(connection) == 2
    assert connection.query("SELECT text FROM posts WHERE post_id = 'c1'").rows == [(str(5 * hour),)]
    assert upkeep.merge_conflicts(connection) == 0


def test_a_topic_made_anew_gets_the_next_ordinal(connection: Connection) -> None:
    assert epochs.resolve(connection, {"posts": "id-a", "shares": "id-s"}) == {"posts": 1, "shares": 1}
    assert epochs.resolve(connection, {"posts": "id-b"}) == {"posts": 2}
    assert epochs.resolve(connection, {"posts": "id-a", "shares": "id-s"}) == {"posts": 1, "shares": 1}


def test_rows_that_the_table_refuses_raise(connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS checked (n UInt8, CONSTRAINT small CHECK n < 10) ENGINE = MergeTree ORDER BY n"
    )
    with pytest.raises(StoreRefused) as refused:
        connection.insert("checked", {"n": [1, 200]})
    assert refused.value.code == 469
    assert connection.query("SELECT count() FROM checked").rows == [(0,)]
    with pytest.raises(StoreRefused) as unencodable:
        connection.insert("checked", {"n": ["x"]})
    assert unencodable.value.code == 0


def test_errors_name_the_address_and_the_next_command(tmp_path: Path) -> None:
    connection = Connection("clickhouse://u:secret@127.0.0.1:1/db")
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1.*koubei doctor --only clickhouse") as away:
        connection.query("SELECT 1")
    assert "secret" not in str(away.value)
    with pytest.raises(BadConfig, match="clickhouse://"):
        Address.parse("http://x")
    with pytest.raises(BadConfig):
        Address.parse("clickhouse://host:port/db")


def test_a_stream_reads_rows_as_they_come(connection: Connection) -> None:
    columns, stream = connection.stream("SELECT number FROM system.numbers LIMIT 300000")
    assert columns[0].name == "number"
    assert sum(row[0] for row in stream) == 299_999 * 150_000
