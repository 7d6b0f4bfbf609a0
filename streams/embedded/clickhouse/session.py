"""What one client holds in the engine: current database, settings, temporary tables. All calls block."""

import json
import logging
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.embedded.clickhouse.errors import ServerError, from_engine
from streams.embedded.clickhouse.packets import Progress
from streams.embedded.clickhouse.statement import (
    FRONT_SETTINGS,
    READS,
    STREAMED,
    Insert,
    Statement,
    allowed,
    check_limited,
    parse,
    protected,
    tokens,
)
from streams.embedded.clickhouse.users import User

if TYPE_CHECKING:
    from streams.embedded.clickhouse.engine import Engine

log = logging.getLogger(__name__)

_NOT_STREAMED = re.compile(r"Code: 36\. .*Streaming query is not supported", re.S)
_INSERTABLE = frozenset({"", "DEFAULT", "EPHEMERAL"})


def quote(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identifier(name: str) -> str:
    """A quoted identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class Session:
    """One client's session. Its calls come one at a time, from any thread."""

    def __init__(
        self, engine: "Engine", connect: Callable[[], Any], user: User, database: str, tag: str
    ) -> None:
        self.engine = engine
        self.user = user
        self.tag = tag
        self.progress = Progress()
        self._connect = connect
        self._connection = connect()
        self._database = "" if database == "default" else database
        self._said: dict[str, str] = {}
        self._applied: dict[str, str] = {}
        base = {
            **user.settings,
            "async_insert": "0",
            "implicit_select": "0",
            "max_query_size": str(64 << 20),
            "send_logs_source_regexp": tag,
        }
        try:
            self._run("SET " + ", ".join(f"{name} = {quote(value)}" for name, value in base.items()))
            if self._database:
                self._run(f"USE {identifier(self._database)}")
            if user.readonly:
                self._run("SET readonly = 2")
            self._connection.set_progress_callback(self._on_progress)
        except BaseException:
            self.close()
            raise

    def _on_progress(self, now: dict[str, int]) -> None:
        self.progress = Progress(
            now["read_rows"],
            now["read_bytes"],
            now["total_rows_to_read"],
            now["total_bytes_to_read"],
            now["written_rows"],
            now["written_bytes"],
            now["elapsed_ns"],
        )

    def _run(self, sql: str, form: str = "Native", params: Mapping[str, str] | None = None) -> Any:
        try:
            return self._connection.query(sql, form, params=dict(params) if params else None)
        except Exception as error:
            raise from_engine(error) from None

    def close(self) -> None:
        """End the session; temporary tables go with it."""
        with suppress(Exception):
            self._connection.close()

    def parse(self, sql: str) -> Statement:
        """Read a query text and refuse what this user may not say."""
        statement = parse(sql)
        if self.user.readonly:
            check_limited(statement, self.user.settings)
        return statement

    @property
    def configured(self) -> bool:
        """Whether settings of an earlier query still hold."""
        return bool(self._applied)

    def configure(self, settings: Mapping[str, str], important: frozenset[str] = frozenset()) -> None:
        """Let exactly these settings hold for the next query, over what SET statements said.

        Args:
            settings: names and values as text.
            important: names whose being unknown is an error (115) rather than of no matter.
        """
        wanted = {}
        for name, value in settings.items():
            if name not in self.engine.settings:
                if name in important:
                    raise ServerError(115, f"Unknown setting '{name}'. (UNKNOWN_SETTING)")
                continue
            limited = self.user.readonly and protected(name) and not allowed(name, value, self.user.settings)
            if name not in FRONT_SETTINGS and not limited:
                wanted[name] = value
        changes = [
            f"{name} = {self._said.get(name) or self._default(name)}"
            for name in self._applied
            if name not in wanted
        ]
        changes += [f"{n} = {quote(v)}" for n, v in wanted.items() if self._applied.get(n) != v]
        if changes:
            # Should the engine refuse one of them, none counts as said.
            self._applied = dict.fromkeys([*self._applied, *wanted], "\0")
            self._run("SET " + ", ".join(changes))
            self._applied = wanted

    def _default(self, name: str) -> str:
        own = self.user.settings.get(name)
        return quote(own) if own is not None else "DEFAULT"

    def results(
        self, statement: Statement, form: str, params: Mapping[str, str]
    ) -> Generator[bytes, None, None]:
        """Run a statement; its result in pieces, each a whole document of `form`, none when it is empty.

        Raises:
            ServerError: whatever the engine says.
        """
        self.progress = Progress()
        if statement.kind in STREAMED:
            try:
                stream = self._connection.send_query(
                    statement.text, form, params=dict(params) if params else None
                )
            except Exception as error:
                if not _NOT_STREAMED.search(str(error)):
                    raise from_engine(error) from None
            else:
                yield from _chunks(stream)
                return
        whole = self.whole(statement, form, params)
        if whole:
            yield whole

    def whole(self, statement: Statement, form: str, params: Mapping[str, str]) -> bytes:
        """Run a statement; its result as one document."""
        self.progress = Progress()
        result: bytes = self._run(statement.text, form, params).bytes()
        for name, value in statement.assigned:
            self._said[name] = value
            self._applied.pop(name, None)
        if statement.kind == "USE":
            self._database = _used(statement.text)
        return result

    def columns(self, statement: Statement, params: Mapping[str, str]) -> list[tuple[str, str]]:
        """Names and types of a result without rows."""
        if statement.kind not in READS and statement.kind != "KILL":
            return []
        if statement.kind in STREAMED:
            with suppress(ServerError):
                return self._described(f"DESCRIBE TABLE (\n{statement.text}\n)", params)
        head = self._run(statement.text, "JSONCompactEachRowWithNamesAndTypes", params).bytes().split(b"\n")
        return list(zip(json.loads(head[0]), json.loads(head[1]), strict=True)) if len(head) > 1 else []

    def zones(self, statement: Statement, params: Mapping[str, str]) -> dict[bytes, bytes]:
        """The DateTime columns of a running query that have a time zone, by name, with their types.

        The engine's Native format writes plain `DateTime` for them. The query is described by a connection
        of its own, since it is still being read; one that uses temporary tables keeps the plain type.
        """
        if statement.kind not in STREAMED:
            return {}
        other = self._connect()
        try:
            if self._database:
                other.query(f"USE {identifier(self._database)}")
            sql = f"DESCRIBE TABLE (\n{statement.text}\n)"
            rows = other.query(sql, "JSONCompactEachRow", params=dict(params) or None).bytes().splitlines()
            types = [(row[0].encode(), row[1].encode()) for row in map(json.loads, rows)]
            return {name: kind for name, kind in types if kind.startswith(b"DateTime(")}
        except Exception as error:
            log.debug("a result's time zones stay unknown: %s", error)
            return {}
        finally:
            other.close()

    def _described(self, sql: str, params: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
        rows = self._run(sql, "JSONCompactEachRow", params).bytes().splitlines()
        return [(row[0], row[1]) for row in map(json.loads, rows) if row[2] in _INSERTABLE]

    def insert_columns(self, insert: Insert) -> list[tuple[str, str]]:
        """Names and types of the columns whose rows an INSERT awaits."""
        if not insert.columns:
            return [(name, kind) for name, kind, default in self._table(insert) if default in {"", "DEFAULT"}]
        known = {name: kind for name, kind, default in self._table(insert) if default in _INSERTABLE}
        names = _plain_names(insert.columns)
        if names is None:
            chosen = f"SELECT {insert.columns} FROM {insert.table}"  # noqa: S608  # the client's own words
            return self._described(f"DESCRIBE TABLE ({chosen})")
        missing = [name for name in names if name not in known]
        if missing:
            raise ServerError(
                16,
                f"No such column {missing[0]} in table {insert.table} that takes values; "
                f"it has: {', '.join(known)}. (NO_SUCH_COLUMN_IN_TABLE)",
            )
        return [(name, known[name]) for name in names]

    def _table(self, insert: Insert) -> list[tuple[str, str, str]]:
        rows = self._run(f"DESCRIBE TABLE {insert.table}", "JSONCompactEachRow").bytes().splitlines()
        return [(row[0], row[1], row[2]) for row in map(json.loads, rows)]

    def insert(
        self,
        insert: Insert,
        path: Path,
        form: str,
        params: Mapping[str, str],
        *,
        settings: str = "",
        rows: int | None = None,
    ) -> int:
        """Insert the rows of a spool file; when this returns they are in the table.

        Args:
            insert: the client's statement.
            path: the file.
            form: its format.
            params: the client's parameters.
            settings: what to add to the statement's SETTINGS.
            rows: how many rows the file holds, when that is known.

        Returns:
            How many rows were written.

        Raises:
            ServerError: whatever the engine says; 1001 when it read fewer rows than the file holds.
        """
        self.progress = Progress()
        result = self._run(insert.from_file(str(path), form=form, settings=settings), "Null", params)
        if rows is not None and result.rows_read() < rows:
            raise ServerError(1001, f"The engine read {result.rows_read()} of {rows} rows. (STD_EXCEPTION)")
        return int(result.rows_written())

    def temporary(self, name: str, columns: list[tuple[str, str]], path: Path | None) -> None:
        """Make a temporary table that holds the rows of a spool file: an external table of a query."""
        listed = ", ".join(f"{identifier(column)} {kind}" for column, kind in columns)
        self._run(f"CREATE TEMPORARY TABLE {identifier(name)} ({listed}) ENGINE = Memory")
        if path is not None:
            self._run(f"INSERT INTO {identifier(name)} FROM INFILE '{path}' FORMAT Native")

    def drop_temporary(self, name: str) -> None:
        """Drop a temporary table."""
        with suppress(ServerError):
            self._run(f"DROP TEMPORARY TABLE IF EXISTS {identifier(name)}")


def _chunks(stream: Any) -> Generator[bytes, None, None]:
    try:
        while True:
            try:
                chunk = stream.fetch()
            except Exception as error:
                raise from_engine(error) from None
            if chunk is None:
                return
            yield chunk.bytes()
    finally:
        with suppress(Exception):
            stream.cancel()


def _used(sql: str) -> str:
    """The database that a USE statement names."""
    return [token.name for token in tokens(sql)][-1]


def _plain_names(columns: str) -> list[str] | None:
    """The names of a column list, or None when it holds more than names."""
    names, current = [], ""
    for token in tokens(columns):
        if token.text == ",":
            names.append(current)
            current = ""
        elif token.text == "." or token.kind in {"word", "quoted"}:
            current += token.text if token.text == "." else token.name
        else:
            return None
    return [*names, current]
