"""One channel at work: what waits for it, how fast it may speak, and what became of each message.

Every channel has its own, so that one that hangs holds up nobody else. A line `claimed` is in the ledger before
a message goes and its outcome afterwards: a crash in between repeats the message, with the mark.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol

from msgspec import structs

from streams.agents.dispatch import Dispatch
from streams.agents.ledger import Ledger
from streams.clock import Clock
from streams.notify.base import Channel, Message, Receipt
from streams.notify.delivery import Delivery, Patience, deliver
from streams.notify.limits import Gate, Parcel
from streams.store.alerts import Attempt
from streams.telemetry.notifier import NotifierEvents

WIDTH = 8
"""Messages under way at once; those about one alert go one after the other."""

LIMIT = 20_000
"""Messages that may wait for a channel."""

ALONE = Patience(attempts=3)
RELIEVED = Patience(attempts=2)
"""How long to try where another channel takes over."""

BACK_OFF, LONGEST_BACK_OFF = 5.0, 60.0
"""Seconds of rest for a channel that could not be reached, doubled each time."""

_STATES = {"sent": "sent", "refused": "refused", "later": "failed", "unknown": "unknown"}

KEEP = 86_400.0
"""Seconds after which a message that nobody could take is given up."""


class Deps(Protocol):
    """What an outlet and whoever feeds it ask of the world outside."""

    clock: Clock
    events: NotifierEvents

    def fence(self) -> None:
        """End the process if it may not send any more."""
        ...

    def handing(self, alert_ids: Iterable[str], at: float) -> None:
        """Messages about these alerts are given to a channel at this moment, Unix seconds."""
        ...

    def watch(self, task: "asyncio.Task[Any]") -> None:
        """End the process when the task fails."""
        ...


class Office(Protocol):
    """Whose outlet it is."""

    deps: Deps
    ledger: Ledger

    def pass_on(self, dispatches: Sequence[Dispatch]) -> None:
        """Find another channel for what this one could not deliver."""
        ...


class _Guarded:
    """A channel, used only by a process that may use it.

    Args:
        channel: the channel.
        fence: ends the process if it may not send any more.
    """

    kind: ClassVar[str] = "guarded"

    def __init__(self, channel: Channel, fence: Callable[[], None]) -> None:
        self.config = channel.config
        self._channel = channel
        self._fence = fence

    async def send(self, message: Message) -> Receipt:
        """Make one attempt to deliver the message."""
        self._fence()
        return await self._channel.send(message)


class Outlet:
    """What goes through one channel.

    Args:
        name: the channel's name in the settings.
        channel: the channel.
        office: whose outlet it is.
        relieved: whether another channel takes over when this one is silent or refuses.
    """

    def __init__(self, name: str, channel: Channel, office: Office, *, relieved: bool) -> None:
        self.name = name
        self._gate = Gate(per_minute=channel.config.per_minute)
        self._office = office
        self._deps = office.deps
        self._channel = _Guarded(channel, office.deps.fence)
        self._patience = RELIEVED if relieved else ALONE
        self._relieved = relieved
        self._dispatches: dict[str, Dispatch] = {}
        self._arriving: list[Message] = []
        self._under_way: dict[asyncio.Task[None], frozenset[str]] = {}
        self._changed = asyncio.Event()
        self._back_off = BACK_OFF

    @property
    def gate(self) -> Gate:
        """What waits, and when it may go; its times are monotonic."""
        if self._arriving:
            # What is tried again stands before what has come since: the newest word on an alert goes last.
            late = self._gate.waiting and min(one.at for one in self._arriving) < self._gate.waiting[-1].at
            gate = self._gate.offer(self._arriving, self._monotonic())
            if late:
                gate = structs.replace(gate, waiting=tuple(sorted(gate.waiting, key=lambda one: one.at)))
            self._gate = gate
            self._arriving = []
        return self._gate

    @gate.setter
    def gate(self, gate: Gate) -> None:
        self._gate = gate

    def offer(self, dispatches: Sequence[Dispatch]) -> None:
        """Take these in; the same key twice is one message."""
        room = max(0, LIMIT - len(self._dispatches))
        for dispatch in dispatches[:room]:
            if self._dispatches.setdefault(dispatch.message.key, dispatch) is dispatch:
                self._arriving.append(dispatch.message)
        if (left := len(dispatches) - room) > 0:
            self._deps.events.overflowed(self.name, left)
        self._show()
        self._changed.set()

    async def run(self) -> None:
        """Send for ever."""
        try:
            while True:
                self._start(await self._next())
        finally:
            self.clear()

    async def warn(self, message: Message) -> None:
        """Make one attempt now, whatever waits and without a trace in the ledger."""
        receipt = await self._channel.send(message)
        self._deps.events.noticed(
            self.name, _STATES[receipt.outcome], 1, answer=receipt.answer, code=receipt.code
        )

    def open(self) -> bool:
        """Whether a message would go at once."""
        now = self._monotonic()
        gate = self.gate.offer((), now)
        room = not gate.per_minute or gate.tokens >= 1
        free = not self._dispatches and len(self._under_way) < WIDTH
        return room and free and not gate.silent(now)

    def idle(self, within: float) -> bool:
        """Whether nothing is under way, and nothing will be within so many seconds."""
        ready = self.gate.ready_at(self._monotonic())
        later = ready is None or ready > self._monotonic() + within
        return later and not self._under_way

    def clear(self) -> int:
        """Drop what waits and is under way: a successor has it now. Returns how many messages."""
        dropped = len(self._dispatches) + len(self._under_way)
        for task in self._under_way:
            task.cancel()
        self._arriving = []
        self.gate, _ = self.gate.emptied()
        self._dispatches.clear()
        self._show()
        return dropped

    def _start(self, parcel: Parcel) -> None:
        dispatches = [self._dispatches.pop(part.key) for part in parcel.parts]
        task = asyncio.create_task(self._send(parcel.message, dispatches))
        self._under_way[task] = _about(parcel)
        task.add_done_callback(self._under_way.pop)
        self._deps.watch(task)

    def _blocked(self, parcel: Parcel) -> bool:
        """What is said of one alert keeps its order."""
        about = _about(parcel)
        return len(self._under_way) >= WIDTH or any(about & busy for busy in self._under_way.values())

    async def _next(self) -> Parcel:
        while True:
            self._changed.clear()
            now = self._monotonic()
            after, parcel = self.gate.take(now)
            if parcel is not None and self._blocked(parcel):
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                continue
            self.gate = after
            if parcel is not None:
                return parcel
            ready = self.gate.ready_at(now)
            wait = None if ready is None else max(0.01, ready - now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()

    async def _send(self, message: Message, dispatches: Sequence[Dispatch]) -> None:
        """One message, which stands for one dispatch or several."""
        deps = self._deps
        parts = [part for one in dispatches for part in one.stands_for or (one,)]
        ahead = dispatches[0].claimed
        if len(parts) == 1 and ahead is not None and ahead[0] == self.name:
            await asyncio.shield(ahead[1])
        else:
            await self._write(message, parts, "claimed", None)
        self._show()
        deps.handing({part.message.alert_id for part in parts}, deps.clock.now())
        delivery = await deliver(self._channel, message, self._patience)
        receipt = delivery.receipt
        state = _STATES[receipt.outcome]
        if state == "sent":
            self._back_off = BACK_OFF
        elif receipt.outcome == "later":
            self._rest(receipt)
        deps.events.noticed(self.name, state, len(parts), answer=receipt.answer, code=receipt.code)
        await self._write(message, parts, state, delivery)
        if state != "sent":
            self._try_elsewhere(dispatches, delivery)

    def _try_elsewhere(self, dispatches: Sequence[Dispatch], delivery: Delivery) -> None:
        """The next of the chain takes over; where none could be reached, all of it is tried again after a rest."""
        doubtful = any(one.outcome == "unknown" for one in delivery.attempts)
        now = self._deps.clock.now()
        again = []
        for dispatch in dispatches:
            one = self._tried(dispatch, doubtful)
            if now - one.message.at.timestamp() > KEEP:
                continue
            if set(one.tried) < set(one.chain):
                again.append(one)
            elif delivery.receipt.outcome == "later":
                again.append(one._replace(tried=()))
        if self._relieved:  # what waits behind them would wait in vain as long
            self.gate, _ = self.gate.emptied()
            again += self._dispatches.values()
            self._dispatches = {}
        self._office.pass_on(again)

    def _tried(self, dispatch: Dispatch, doubtful: bool) -> Dispatch:
        message = dispatch.message
        return dispatch._replace(
            tried=(*dispatch.tried, self.name),
            claimed=None,
            message=structs.replace(message, repeated=message.repeated or doubtful),
        )

    def _rest(self, receipt: Receipt) -> None:
        if not receipt.limited:
            receipt = structs.replace(
                receipt, limited=True, retry_after=receipt.retry_after or self._back_off
            )
            self._back_off = min(2 * self._back_off, LONGEST_BACK_OFF)
        self.gate = self.gate.answered(receipt, self._monotonic())

    async def _write(
        self, message: Message, parts: Sequence[Dispatch], state: str, delivery: Delivery | None
    ) -> None:
        """A line for each notice; of several in one message, one for the message as well."""
        attempts, code, answer = 0, "", ""
        if delivery is not None:
            attempts, code = len(delivery.attempts), delivery.receipt.code
            answer = delivery.receipt.answer

        def line(of: Message, reason: str, became: str, into: str) -> Attempt:
            return Attempt(
                of.key, self.name, of.alert_id, reason, became, attempts, of.repeated, code, answer, into
            )

        lines = [line(message, parts[0].reason, state, "")]
        if len(parts) > 1:
            became = "merged" if state == "sent" else state
            lines += [line(part.message, part.reason, became, message.key) for part in parts]
        await self._office.ledger.write(lines)

    def _show(self) -> None:
        self._deps.events.queued(self.name, len(self._dispatches))

    def _monotonic(self) -> float:
        return self._deps.clock.monotonic()


def _about(parcel: Parcel) -> frozenset[str]:
    return frozenset(part.alert_id for part in parcel.parts)
