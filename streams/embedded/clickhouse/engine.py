"""The engine: one chdb on one data directory, its configuration, its spool and its threads."""

import asyncio
import fcntl
import itertools
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from streams.embedded.clickhouse.session import Session
from streams.embedded.clickhouse.statement import Statement
from streams.embedded.clickhouse.users import User
from streams.errors import BadConfig, Unsupported
from streams.language import t

T = TypeVar("T")

# Everything but the SOURCES: no file(), url(), remote(), s3(), no table engine or database that reads
# elsewhere, no users, no backups, no shutdown. The engine's only user is the one all sessions share.
_GRANTS = (
    "SHOW, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, CHECK, KILL QUERY, dictGet, "
    "INTROSPECTION, SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM MOVES, SYSTEM FLUSH, SYSTEM DROP CACHE, "
    "SYSTEM RELOAD, SYSTEM VIEWS, SYSTEM CLEANUP"
)
_USERS_XML = f"""<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users><default>
    <password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    <grants><query>GRANT {_GRANTS} ON *.*</query></grants>
  </default></users>
</clickhouse>
"""
# Inserts of ten thousand rows come a few times a second: few merge threads leave the cores to queries, and
# parts stay compact below 64 MB so that fifty columns are not fifty files.
_CONFIG_XML = """<clickhouse>
  <users_config>{users}</users_config>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <mark_cache_size>268435456</mark_cache_size>
  <merge_tree>
    <min_bytes_for_wide_part>67108864</min_bytes_for_wide_part>
  </merge_tree>
</clickhouse>
"""
_SELECT_THREADS = 12
_INSERT_THREADS = 6


class DirectoryInUse(Unsupported):
    """Another process serves this data directory."""


class Engine:
    """Owns the data directory; hands out sessions; runs blocking work on the right threads.

    Its paths go into SQL and into the engine's address: give it a plain relative one, such as `.`.

    Selects, inserts and control each have threads of their own, so that slow queries never hold up an
    insert, nor the KILL that ends them.
    """

    def __init__(self, directory: Path) -> None:
        self._lock = _lock(directory)
        self._connect = _chdb()
        self.spool = directory / "spool"
        shutil.rmtree(self.spool, ignore_errors=True)
        self.spool.mkdir()
        users, config = directory / "engine-users.xml", directory / "engine-config.xml"
        users.write_text(_USERS_XML, "utf-8")
        config.write_text(_CONFIG_XML.format(users=escape(str(users.absolute()))), "utf-8")
        self._address = f"{directory / 'data'}?config-file={config}"
        self._serial = itertools.count(1)
        self.selects = ThreadPoolExecutor(_SELECT_THREADS, thread_name_prefix="select")
        self.inserts = ThreadPoolExecutor(_INSERT_THREADS, thread_name_prefix="insert")
        self.control = ThreadPoolExecutor(2, thread_name_prefix="control")
        self._root = self._connect(self._address)
        self._prepare(directory)

    def _prepare(self, directory: Path) -> None:
        """Make `default` an ordinary database and learn what the engine knows.

        At each start chdb lays an overlay over `default` that looks for tables among the files of the host
        first, which no session may read. The database beneath is attached in its place, never dropped.
        """
        root = self._root
        found = root.query("SELECT engine, uuid FROM system.databases WHERE name = 'default'", "TSVRaw")
        engine, _, uuid = str(found).strip().partition("\t")
        if engine and engine != "Atomic":
            root.query("DETACH DATABASE default")
            kept = (directory / "data" / "metadata" / "default.sql").exists()
            verb = f"ATTACH DATABASE default UUID '{uuid}'" if kept else "CREATE DATABASE default"
            root.query(f"{verb} ENGINE = Atomic")
        listed = root.query("SELECT name FROM system.settings", "TSVRaw")
        self.settings = frozenset(str(listed).split())
        facts = str(root.query("SELECT version(), timezone()", "TSVRaw")).strip().split("\t")
        self.version, self.timezone = facts

    def pool(self, statement: Statement) -> ThreadPoolExecutor:
        """The threads on which a statement runs."""
        if statement.kind in {"KILL", "SET", "USE"}:
            return self.control
        return self.inserts if statement.insert else self.selects

    def session(self, user: User, database: str) -> Session:
        """A new session of a user (blocking).

        Raises:
            ServerError: 81 when the database does not exist.
        """
        tag = f"koubei-{os.getpid()}-{next(self._serial)}"
        return Session(self, lambda: self._connect(self._address), user, database, tag)

    def spool_file(self) -> Path:
        """A name in the spool that nobody has."""
        return self.spool / f"{next(self._serial)}.rows"

    def kill(self, tag: str) -> Future[None]:
        """End the running query of the session with that tag; returns at once."""
        return self.control.submit(self._kill, tag)

    def _kill(self, tag: str) -> None:
        self._root.query(f"KILL QUERY WHERE Settings['send_logs_source_regexp'] = '{tag}' ASYNC")

    async def run(self, pool: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any) -> T:
        """Run blocking work on a pool."""
        return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)


def _lock(directory: Path) -> Any:
    handle = (directory / "lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        owner = handle.read().strip() or "?"
        handle.close()
        raise DirectoryInUse(
            t(
                f"数据目录正被进程 {owner} 使用：{directory}。请停止它，或换一个 --data 目录。",
                f"Process {owner} is using the data directory {directory}: stop it, or choose another --data.",
            )
        ) from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def _chdb() -> Callable[[str], Any]:
    try:
        from chdb.state.sqlitelike import Connection
    except ImportError as error:
        raise BadConfig(
            t(
                '缺少内嵌的 ClickHouse 引擎，请运行：pip install "koubei[embedded]"',
                'The embedded ClickHouse engine is missing, run: pip install "koubei[embedded]"',
            )
            + f" ({error})"
        ) from error
    connect: Callable[[str], Any] = Connection
    return connect
