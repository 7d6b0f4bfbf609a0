"""The log of alerts as its one writer sees it."""

from collections.abc import Sequence
from functools import partial

from streams.agents.storing import StoreThread
from streams.alerts.model import Entry, Notice
from streams.store import alerts
from streams.store.alerts import Loaded


class AlertLog:
    """Reads and appends, for as long as it takes the store to serve.

    Args:
        store: where it is.
        epoch: ordinal of the topic's incarnation.
    """

    def __init__(self, store: StoreThread, epoch: int) -> None:
        self._store = store
        self._epoch = epoch

    async def load(self) -> Loaded:
        """What a predecessor left."""
        return await self._store.insist(partial(alerts.load, epoch=self._epoch))

    async def unsent(self, since: float) -> list[tuple[Notice, dict[str, str]]]:
        """Notices caused since then, Unix seconds, with the states of their channels; oldest first."""
        return await self._store.insist(partial(alerts.unsent, since=since))

    async def append(self, entries: Sequence[Entry], offset: int | None) -> None:
        """Log entries as one block.

        Args:
            entries: in order.
            offset: of the last record applied; None when no record caused them.

        Raises:
            StoreRefused: ClickHouse will never take them.
        """
        epoch = 0 if offset is None else self._epoch
        append = partial(alerts.append, entries=newest(entries), epoch=epoch, offset=offset or 0)
        await self._store.insist(append)


def newest(entries: Sequence[Entry]) -> list[Entry]:
    """The newest revision of each row, with the notices of all of them: a thousand matches make one row."""
    rows: dict[tuple[str, str, int], Entry] = {}
    for entry in entries:
        row = (entry.subject, entry.id, entry.snapshot.seq)
        before = rows.pop(row, None)
        kept = before.notices if before else ()
        rows[row] = entry._replace(notices=(*kept, *entry.notices))
    return list(rows.values())
