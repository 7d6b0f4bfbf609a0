"""How the pipeline is doing: delay, lag, sources gone quiet, reloads that failed. One look for all readers."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import structlog

from streams.clock import Clock
from streams.errors import KoubeiError
from streams.read import alerts, state
from streams.read.queries import Reader

EVERY = 3.0
"""Seconds between two looks."""

PATIENCE = 4.0
"""Seconds after which a broker that does not answer counts as gone."""

SILENCES_EVERY = 30.0
"""Seconds between two looks for sources gone quiet: it reads a day of arrival times."""

Lag = Callable[[], int]
"""Records in Kafka that have not landed yet; blocks; raises BrokerUnavailable."""

_log = structlog.get_logger(__name__)


class Monitor:
    """Looks at the store and the broker every few seconds.

    Args:
        reader: the store.
        lag: asks the broker; called in a thread, one call at a time.
        announce: told every new state.
        clock: the time.
    """

    def __init__(
        self, reader: Reader, lag: Lag, announce: Callable[[dict[str, Any]], None], clock: Clock
    ) -> None:
        self._reader = reader
        self._lag = lag
        self._announce = announce
        self._clock = clock
        self._silences: list[state.Silence] = []
        self._silences_due = 0.0
        self._asking: asyncio.Future[int] | None = None
        self.state: dict[str, Any] = {"lag": None, "p95": None}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                _log.exception("status_failed")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Look once and announce."""
        found: dict[str, Any] = {}
        try:
            fresh = await state.freshness(self._reader)
            outdated = await state.outdated(self._reader)
            tally = await alerts.tally(self._reader)
            if self._clock.monotonic() >= self._silences_due:
                self._silences = await state.silences(self._reader)
                self._silences_due = self._clock.monotonic() + SILENCES_EVERY
        except KoubeiError as error:
            found["store"] = str(error)
        else:
            found |= fresh._asdict()
            found["silences"] = [
                {"platform": s.platform, "since": int(s.since.timestamp() * 1000)} for s in self._silences
            ]
            found["outdated"] = [
                one._asdict() | {"since": int(one.since.timestamp() * 1000)} for one in outdated
            ]
            found["alerts"] = {"open": tally.open, "unclaimed": tally.unclaimed, "worst": tally.worst}
        try:
            found["lag"] = await self.lag()
        except KoubeiError as error:
            found["lag"] = None
            found["broker"] = str(error)
        self.state = found
        self._announce(found)

    async def lag(self) -> int | None:
        """Records that have not landed yet; None while the broker has not answered. Raises as `Lag`."""
        if self._asking is None or self._asking.done():
            self._asking = _in_thread(self._lag)
        try:
            return await asyncio.wait_for(asyncio.shield(self._asking), PATIENCE)
        except TimeoutError:
            return None


def _in_thread(call: Lag) -> asyncio.Future[int]:
    """The answer of a blocking call; its thread is a daemon, so that a silent broker cannot hold up our end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[int] = loop.create_future()
    # One that nobody waits for any more is not an event-loop error.
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(result: int | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result or 0)

    def run() -> None:
        result, failure = None, None
        try:
            result = call()
        except Exception as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="koubei-lag", daemon=True).start()
    return answer
