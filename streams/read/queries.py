"""A reader: a few connections of the reading account, each query bounded in time and rows."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from streams.store.client import Connection, Result

TIME_LIMIT = 10.0
"""Seconds that one query may take in ClickHouse."""

ROW_LIMIT = 10_000
"""Rows that one query may return."""


class Reader:
    """Runs SELECTs in threads of its own, one connection each; safe to share.

    Args:
        url: clickhouse:// address of the reading account.
        connections: how many queries run side by side.
        time_limit: seconds that one query may take.
        row_limit: rows that one query may return.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 4,
        time_limit: float = TIME_LIMIT,
        row_limit: int = ROW_LIMIT,
    ) -> None:
        self._url = url
        self._settings = {
            "max_execution_time": int(time_limit),
            "timeout_before_checking_execution_speed": 0,
            "max_result_rows": row_limit,
            "result_overflow_mode": "throw",
        }
        self._timeout = time_limit + 5.0
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="koubei-read")
        self._local = threading.local()
        self._opened: list[Connection] = []

    async def ask(self, sql: str, params: Mapping[str, Any] | None = None) -> Result:
        """Run a SELECT without holding up the event loop. Raises like `run`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.run, sql, params)

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> Result:
        """Run a SELECT with bound parameters ({name:Type} in the SQL).

        Raises:
            StoreUnavailable: no answer, not now, or longer than the time limit.
            StoreRefused: wrong SQL, no right, too many rows.
        """
        return self._connection().query(sql, params, self._settings)

    def close(self) -> None:
        """Let running queries end, then hang up."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for connection in self._opened:
            connection.close()

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = Connection(self._url, timeout=self._timeout)
            self._local.connection = connection
            self._opened.append(connection)
        return connection
