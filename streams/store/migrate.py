"""Numbered migrations: forward, idempotent, refusing a database newer than the program."""

import re
from importlib.resources import files
from typing import NamedTuple

from streams.errors import BadConfig, StoreRefused
from streams.language import t
from streams.store import tables
from streams.store.client import Connection
from streams.store.tables import Table

_ALREADY_EXISTS = 57


class Migration(NamedTuple):
    """One file of migrations/: its number, its name and its statements."""

    number: int
    name: str
    statements: tuple[str, ...]


def available() -> list[Migration]:
    """The migrations that this version of koubei brings, in order."""
    found = []
    for file in files("streams.store").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name)
        if match:
            text = re.sub(r"^--.*$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            statements = tuple(part.strip() for part in re.split(r";\s*$", text, flags=re.MULTILINE))
            found.append(Migration(int(match[1]), match[2], tuple(filter(None, statements))))
    return sorted(found)


def migrate(url: str, ttl_days: int | None = None) -> list[str]:
    """Bring the database at `url` up to date; returns the names applied, [] when nothing was to do.

    A migration cut off in the middle is finished by the next call: what it created before is kept.

    Raises:
        BadConfig: the database was migrated by a newer koubei.
        StoreUnavailable, StoreRefused: as `Connection`.
    """
    with_database = Connection(url, database="default")
    try:
        with_database.execute(f"CREATE DATABASE IF NOT EXISTS `{with_database.address.database}`")
    except StoreRefused as error:
        if error.code != 497:  # the account may not create databases: somebody else has done it
            raise
    finally:
        with_database.close()
    connection = Connection(url)
    try:
        return _apply(connection, ttl_days)
    finally:
        connection.close()


def current(connection: Connection) -> int:
    """Number of the newest migration applied, 0 for an empty database."""
    exists = connection.query(
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'"
    )
    if not exists.rows[0][0]:
        return 0
    return int(connection.query("SELECT max(number) FROM migrations").rows[0][0])


def _apply(connection: Connection, ttl_days: int | None) -> list[str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations ("
        "number UInt16 COMMENT '编号', name String COMMENT '名称', "
        "at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT '执行时间'"
        ") ENGINE = MergeTree ORDER BY number COMMENT '已执行的表结构变更'"
    )
    done = current(connection)
    known = available()
    if done > known[-1].number:
        raise BadConfig(
            t(
                f"数据库的表结构是 {done} 号，比这个版本的 koubei（{known[-1].number} 号）新：请升级 koubei",
                f"The database is at migration {done}, newer than this koubei ({known[-1].number}): upgrade koubei",
            )
        )
    applied = []
    for migration in known:
        if migration.number <= done:
            continue
        for statement in migration.statements:
            try:
                connection.execute(statement)
            except StoreRefused as error:
                if error.code != _ALREADY_EXISTS:
                    raise
        connection.insert("migrations", {"number": [migration.number], "name": [migration.name]})
        applied.append(f"{migration.number:04d}_{migration.name}")
    for table in tables.EVENTS:
        _set_ttl(connection, table, ttl_days)
    return applied


def _set_ttl(connection: Connection, table: Table, days: int | None) -> None:
    ddl = connection.query(
        "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
        {"name": table.name},
    ).rows[0][0]
    has = re.search(r"TTL toDateTime\(\w+\) \+ toIntervalDay\((\d+)\)", ddl)
    if days is None and has:
        connection.execute(f"ALTER TABLE {table.name} REMOVE TTL")
    elif days is not None and (not has or int(has[1]) != days):
        connection.execute(
            f"ALTER TABLE {table.name} MODIFY TTL toDateTime({table.time}) + toIntervalDay({days})"
        )
