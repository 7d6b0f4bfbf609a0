"""The result of a statement as blocks for the wire, made one by one on a worker thread."""

from collections.abc import Iterator, Mapping
from functools import partial

from streams.embedded.clickhouse.blocks import Block, all_to_wire
from streams.embedded.clickhouse.session import Session
from streams.embedded.clickhouse.statement import Statement


class Blocks:
    """The blocks of one result.

    Attributes:
        ended: whether the engine has nothing more to do for it.
    """

    def __init__(self, session: Session, statement: Statement, params: Mapping[str, str]) -> None:
        self._results = session.results(statement, "Native", params)
        self._describe = partial(session.zones, statement, params)
        self._zones: dict[bytes, bytes] | None = None
        self._ready: Iterator[Block] = iter(())
        self.ended = False

    def next(self) -> Block | None:
        """The next block (blocking), None after the last; then, and after an error, it has `ended`."""
        try:
            block = self._next()
        except BaseException:
            self.ended = True
            raise
        self.ended = block is None
        return block

    def _next(self) -> Block | None:
        while True:
            block = next(self._ready, None)
            if block is not None:
                return block
            chunk = next(self._results, None)
            if chunk is None:
                return None
            found = all_to_wire(chunk, self._zones)
            if self._zones is None:
                plain = any(kind == b"DateTime" for _, kind in found[0].columns)
                self._zones = self._describe() if plain else {}
                if self._zones:
                    found = all_to_wire(chunk, self._zones)
            self._ready = iter(found)

    def close(self) -> None:
        """Let the engine forget the query."""
        self._results.close()
