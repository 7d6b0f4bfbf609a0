"""Live views: each is computed once for all who look at it, and only what changed is sent.

A reader's queue holds the newest state of each panel, so a slow reader skips states but never grows.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from streams.boards.board import Board, Panel
from streams.boards.panels import Range, Runner
from streams.clock import Clock
from streams.errors import KoubeiError
from streams.read import state
from streams.read.queries import Reader
from streams.web import problems
from streams.web.views import View

TICK = 2.0
"""Seconds between two looks at a view that ends now."""

HEARTBEAT = 15.0
"""Seconds of silence after which a comment keeps proxies from hanging up."""

REST = 8.0
"""A panel rests this many times as long as its query took: heavy ones must not take the machine."""

SETTLED = 10.0
"""Seconds between two looks at a view whose range lies in the past."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Subscriber:
    """One open page: what it has not been sent yet, newest state of each part."""

    pending: dict[str, bytes] = field(default_factory=dict)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, part: str, event: bytes) -> None:
        """Queue the newest state of a part, replacing one that has not gone out."""
        self.pending.pop(part, None)
        self.pending[part] = event
        self.ready.set()


class Feed:
    """One view being computed, and everybody who looks at it."""

    def __init__(self, view: View, board: Board, runner: Runner, reader: Reader, clock: Clock) -> None:
        self._view = view
        self._board = board
        self._runner = runner
        self._reader = reader
        self._clock = clock
        self._parts: dict[str, bytes] = {}
        self._due: dict[str, float] = {}
        self.subscribers: set[Subscriber] = set()

    def join(self, subscriber: Subscriber) -> None:
        """Hand over what is known and everything that comes."""
        self.subscribers.add(subscriber)
        for part, data in self._parts.items():
            subscriber.put(part, data)

    def publish(self, part: str, event: str, data: Any) -> None:
        """Send a part's state to everybody, if it differs from the last one."""
        encoded = b"event: " + event.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
        if self._parts.get(part) == encoded:
            return
        self._parts[part] = encoded
        for subscriber in self.subscribers:
            subscriber.put(part, encoded)

    async def run(self) -> None:
        """Look again every tick until cancelled."""
        while True:
            began = self._clock.monotonic()
            try:
                await self._look()
            except Exception:
                _log.exception("view_failed", board=self._view.board)
            pause = TICK if self._view.live else SETTLED
            await asyncio.sleep(max(0.1, began + pause - self._clock.monotonic()))

    async def _look(self) -> None:
        now = self._clock.now() // TICK * TICK  # all views of a tick share one `now`, hence their queries
        span = self._view.span(now)
        jobs = [self._panel(panel, span) for panel in self._board.panels if self._is_due(str(panel.id))]
        if self._is_due("view"):
            jobs.append(self._extent(span))
        await asyncio.gather(*jobs)

    def _is_due(self, part: str) -> bool:
        return self._clock.monotonic() >= self._due.get(part, 0.0)

    def _rest(self, part: str, took: float) -> None:
        self._due[part] = self._clock.monotonic() + min(REST * took, 60.0)

    async def _panel(self, panel: Panel, span: Range) -> None:
        part, began = str(panel.id), self._clock.monotonic()
        answer: dict[str, Any] = {"panel": panel.id}
        try:
            answer["frames"] = await self._runner.panel(self._board, panel, span, self._view.values)
        except (KoubeiError, ValueError) as error:
            answer["error"] = problems.of(error).body()
        self._rest(part, self._clock.monotonic() - began)
        self.publish(part, "panel", answer)

    async def _extent(self, span: Range) -> None:
        began = self._clock.monotonic()
        try:
            extent = await state.extent(self._reader, *span)
            listed = await self._runner.listed(self._board, span)
            texts = await self._runner.texts(self._board, span)
        except KoubeiError as error:
            self.publish("view", "view", {"error": problems.of(error).body()})
        else:
            latest = int(extent.latest.timestamp() * 1000) if extent.latest else None
            shown = {v.name: listed[v.name] for v in self._board.templating.variables if v.hide == 0}
            told = {**extent._asdict(), "latest": latest, "listed": shown, "texts": texts}
            self.publish("view", "view", told)
        self._rest("view", max(self._clock.monotonic() - began, 0.2))


class Hub:
    """All feeds. A view is computed while somebody looks at it.

    Args:
        boards: dashboards by uid.
        runner: runs panels.
        reader: for what the page must know beside its panels.
        clock: the time.
    """

    def __init__(self, boards: Mapping[str, Board], runner: Runner, reader: Reader, clock: Clock) -> None:
        self._boards = boards
        self._runner = runner
        self._reader = reader
        self._clock = clock
        self._feeds: dict[View, tuple[Feed, asyncio.Task[None]]] = {}
        self._status: bytes = b""
        self._sequence = 0
        self._closed = False

    @property
    def readers(self) -> int:
        """How many pages are open."""
        return sum(len(feed.subscribers) for feed, _ in self._feeds.values())

    def announce(self, status: Any) -> None:
        """Tell everybody how the pipeline is doing."""
        self._status = b"event: status\ndata: " + msgspec.json.encode(status) + b"\n\n"
        for feed, _ in self._feeds.values():
            for subscriber in feed.subscribers:
                subscriber.put("status", self._status)

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._closed = True
        for feed, task in self._feeds.values():
            task.cancel()
            for subscriber in feed.subscribers:
                subscriber.ready.set()

    async def stream(self, view: View) -> AsyncIterator[bytes]:
        """Server-sent events of one view, for as long as the reader stays."""
        subscriber = Subscriber()
        feed = self._feed(view)
        feed.join(subscriber)
        if self._status:
            subscriber.put("status", self._status)
        try:
            yield b"retry: 2000\n\n"
            while not self._closed:
                try:
                    await asyncio.wait_for(subscriber.ready.wait(), HEARTBEAT)
                except TimeoutError:
                    yield b": \n\n"
                    continue
                subscriber.ready.clear()
                while subscriber.pending:
                    part = next(iter(subscriber.pending))
                    self._sequence += 1
                    yield b"id: %d\n" % self._sequence + subscriber.pending.pop(part)
        finally:
            feed.subscribers.discard(subscriber)
            self._leave(view)

    def _feed(self, view: View) -> Feed:
        if view not in self._feeds:
            feed = Feed(view, self._boards[view.board], self._runner, self._reader, self._clock)
            task = asyncio.create_task(feed.run())
            self._feeds[view] = feed, task
        return self._feeds[view][0]

    def _leave(self, view: View) -> None:
        feed, task = self._feeds.get(view, (None, None))
        if feed is not None and task is not None and not feed.subscribers:
            task.cancel()
            del self._feeds[view]
