"""One connection to ClickHouse over its native protocol; errors come out as koubei's own."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from clickhouse_driver import Client, errors

from streams.errors import BadConfig, StoreRefused, StoreUnavailable
from streams.language import t
from streams.store import native

DEFAULT_PORT = 9000

TRANSIENT = frozenset(
    # Timeouts, too many queries, network, shutdown, memory, read-only, disk full, too many parts, cancelled.
    {159, 202, 203, 209, 210, 236, 241, 242, 243, 252, 285, 319, 394, 425, 439, 999}
)
"""Server errors after which the same request may succeed."""

DATA_FAULTS = frozenset({0, 6, 26, 27, 38, 41, 43, 53, 69, 70, 72, 117, 130, 190, 321, 349, 395, 469})
"""Server errors that the rows themselves cause (parse, range, type, constraint); 0 is the driver's own."""


class Column(NamedTuple):
    """One column of a result."""

    name: str
    type: str


class Result(NamedTuple):
    """A whole result in memory."""

    columns: list[Column]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows as dicts by column name."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


class Address(NamedTuple):
    """The parts of a clickhouse:// URL."""

    host: str
    port: int
    user: str
    password: str
    database: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Split clickhouse://user:password@host:port/database.

        Raises:
            BadConfig: the URL has another scheme or no host.
        """
        parts = urlsplit(url)
        try:
            port = parts.port or DEFAULT_PORT
        except ValueError:
            port = 0
        if parts.scheme != "clickhouse" or not parts.hostname or not port:
            raise BadConfig(
                t(
                    "ClickHouse 地址要写成 clickhouse://用户:密码@主机:9000/数据库",
                    "A ClickHouse address reads clickhouse://user:password@host:9000/database",
                )
            )
        return cls(
            parts.hostname,
            port,
            unquote(parts.username or "default"),
            unquote(parts.password or ""),
            unquote(parts.path.lstrip("/")) or "koubei",
        )


class Connection:
    """One session with ClickHouse. Not for sharing between threads.

    Args:
        url: clickhouse://user:password@host:port/database.
        timeout: seconds to wait for an answer (not the length of a query: its packets keep coming).
        database: another database than the URL's, for creating that one.
        settings: ClickHouse settings of every query of this connection.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 30.0,
        database: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.address = Address.parse(url)
        self._client = Client(
            self.address.host,
            port=self.address.port,
            user=self.address.user,
            password=self.address.password,
            database=self.address.database if database is None else database,
            connect_timeout=min(timeout, 5.0),
            send_receive_timeout=timeout,
            sync_request_timeout=min(timeout, 5.0),
            settings={"server_side_params": True, "insert_block_size": 1_000_000, **(settings or {})},
            client_name="koubei",
        )
        native.use(self._client)

    def query(
        self, sql: str, params: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Result:
        """Run a SELECT with bound parameters ({name:Type} in the SQL) and fetch everything.

        Raises:
            StoreUnavailable: no answer, or not now.
            StoreRefused: wrong SQL, no right, a limit.
        """
        with self._translated():
            rows, columns = self._client.execute(
                sql, dict(params or {}), settings=dict(settings or {}), with_column_types=True
            )
        return Result([Column(*column) for column in columns], rows)

    def stream(
        self, sql: str, params: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> tuple[list[Column], Iterator[tuple[Any, ...]]]:
        """Run a SELECT whose rows come as they are read; memory stays flat. Raises like `query`."""
        with self._translated():
            rows = self._client.execute_iter(
                sql, dict(params or {}), settings=dict(settings or {}), with_column_types=True
            )
            columns = [Column(*column) for column in next(rows)]

        def translated() -> Iterator[tuple[Any, ...]]:
            with self._translated():
                yield from rows

        return columns, translated()

    def execute(
        self, sql: str, params: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run a statement that returns nothing. Raises like `query`."""
        with self._translated():
            self._client.execute(sql, dict(params or {}), settings=dict(settings or {}))

    def insert(
        self,
        table: str,
        columns: Mapping[str, Sequence[Any]],
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert columns of equal length as one block, so that they land whole or not at all.

        Returns only after ClickHouse has confirmed. Raises like `query`; a value that the driver cannot
        encode is StoreRefused with code 0.
        """
        names = ", ".join(f"`{name}`" for name in columns)
        with self._translated():
            self._client.execute(
                f"INSERT INTO `{table}` ({names}) VALUES",  # noqa: S608 - names come from declared tables
                list(columns.values()),
                columnar=True,
                settings={"async_insert": 0, **(settings or {})},
            )

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Driver errors as koubei's; after any of them the session starts anew."""
        try:
            yield
        except errors.ServerException as error:
            self._client.disconnect()
            message = _without_trace(error.message)
            if error.code in TRANSIENT:
                raise StoreUnavailable(f"ClickHouse {error.code}: {message}") from error
            raise StoreRefused(error.code, message) from error
        except (errors.NetworkError, errors.PartiallyConsumedQueryError, EOFError, OSError) as error:
            self._client.disconnect()
            raise StoreUnavailable(self._unreachable(error)) from error
        except (errors.Error, TypeError, ValueError, AttributeError, struct.error) as error:
            self._client.disconnect()
            raise StoreRefused(0, f"{type(error).__name__}: {error}") from error
        except BaseException:
            # An interrupted query leaves half an answer in the socket.
            self._client.disconnect()
            raise

    def _unreachable(self, error: BaseException) -> str:
        where = f"{self.address.host}:{self.address.port}"
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        return t(
            f"连不上 ClickHouse {where}（{cause}）：它没有启动，或端口不同。试试 koubei doctor --only clickhouse",
            f"Cannot reach ClickHouse {where} ({cause}): not started, or another port. "
            "Try koubei doctor --only clickhouse",
        )


def _without_trace(message: str) -> str:
    text = message.split("Stack trace:", maxsplit=1)[0].strip()
    return text.removeprefix("DB::Exception: ").split(" (version ")[0].rstrip(". ")
