"""How often a channel may speak. Pure: every method takes `now` and returns the next state.

A robot that writes more than 20 messages a minute is silenced, 钉钉's for ten minutes. So a message waits until
there is room, and what waits together becomes one message: the worst of them, and how many others there are.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from streams.notify.base import Brief, Message, Receipt
from streams.severity import SEVERITIES

BURST = 4
"""Messages that may go at once. With 15 a minute no minute holds more than 19, one less than the platforms take."""

SILENCE = 60.0
"""Seconds of silence after a rate limit that names no time."""


class Parcel(NamedTuple):
    """One message to send, and the messages it stands for: another channel is offered these if it fails."""

    message: Message
    parts: tuple[Message, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """What a ledger marks as sent."""
        return tuple(part.key for part in self.parts)


class Gate(Struct, frozen=True, kw_only=True):
    """What goes through a channel, and when.

    A new one has room for one message only: its predecessor may have used up the minute before it was killed.

    Attributes:
        per_minute: messages a minute; 0 for no limit, and then nothing is merged.
        tokens: messages that may go at once, at time `at`.
        at: monotonic seconds of the last change; None before the first.
        silent_until: monotonic seconds; before, the platform takes nothing.
        waiting: what has not gone yet, oldest first.
    """

    per_minute: int = 15
    tokens: float = 1.0
    at: float | None = None
    silent_until: float = 0.0
    waiting: tuple[Message, ...] = ()

    def offer(self, messages: Iterable[Message], now: float) -> "Gate":
        """With these messages to send as well. The same key twice is one message."""
        waiting = {message.key: message for message in self.waiting}
        for message in messages:
            waiting.setdefault(message.key, message)
        return structs.replace(self._filled(now), waiting=tuple(waiting.values()))

    def take(self, now: float) -> tuple["Gate", Parcel | None]:
        """The next thing to send now, if there is any and there is room for it."""
        gate = self._filled(now)
        if not gate.waiting or gate.silent(now):
            return gate, None
        if not gate.per_minute:
            first, *rest = gate.waiting
            return structs.replace(gate, waiting=tuple(rest)), Parcel(first, (first,))
        if gate.tokens < 1:
            return gate, None
        # While there is room for each, each has a message of its own.
        if len(gate.waiting) <= gate.tokens:
            first, *rest = gate.waiting
            parcel = Parcel(first, (first,))
        else:
            parcel, rest = merge(gate.waiting), []
        return structs.replace(gate, tokens=gate.tokens - 1, waiting=tuple(rest)), parcel

    def ready_at(self, now: float) -> float | None:
        """When `take` has something, in monotonic seconds; None while nothing waits."""
        if not self.waiting:
            return None
        gate = self._filled(now)
        missing = 0.0 if not gate.per_minute or gate.tokens >= 1 else (1 - gate.tokens) * 60 / gate.per_minute
        return max(now + missing, self.silent_until)

    def answered(self, receipt: Receipt, now: float) -> "Gate":
        """After an answer: a rate limit silences the channel."""
        if not receipt.limited:
            return self
        until = now + (SILENCE if receipt.retry_after is None else receipt.retry_after)
        return structs.replace(self._filled(now), silent_until=max(self.silent_until, until))

    def silent(self, now: float) -> bool:
        """Whether the platform takes nothing now."""
        return now < self.silent_until

    def emptied(self) -> tuple["Gate", tuple[Message, ...]]:
        """Without what waits, and that: for another channel."""
        return structs.replace(self, waiting=()), self.waiting

    def _filled(self, now: float) -> "Gate":
        passed = 0.0 if self.at is None else max(0.0, now - self.at)
        tokens = min(float(BURST), self.tokens + passed * self.per_minute / 60)
        return structs.replace(self, tokens=tokens, at=now if self.at is None else max(self.at, now))


def merge(waiting: Sequence[Message]) -> Parcel:
    """One message for all: of each alert the newest, of the alerts the worst, and the rest as `others`.

    Its key follows from those of all, so that a second attempt at the same merge is known as one.
    """
    newest = {message.alert_id: message for message in waiting}
    ranked = sorted(newest.values(), key=lambda one: -SEVERITIES.index(one.severity))
    first = ranked[0]
    parts = tuple(waiting)
    if len(ranked) == 1:
        return Parcel(structs.replace(first, repeated=any(one.repeated for one in waiting)), parts)
    others: dict[str, Brief] = {}
    for message in ranked:
        for brief in (message.brief, *message.others):
            if brief.alert_id != first.alert_id:
                others.setdefault(brief.alert_id, brief)
    merged = structs.replace(
        first,
        key=f"merged-{hashlib.sha256(' '.join(sorted(one.key for one in parts)).encode()).hexdigest()[:32]}",
        others=tuple(others.values()),
        mentions=tuple(dict.fromkeys(one for message in ranked for one in message.mentions)),
        repeated=any(message.repeated for message in waiting),
    )
    return Parcel(merged, parts)


def choose(chain: Sequence[str], gates: Mapping[str, Gate], now: float) -> str:
    """The first channel of the chain that is not silent; the one that speaks again soonest if all are.

    Raises:
        ValueError: the chain is empty.
    """
    if not chain:
        raise ValueError("a chain of channels needs one at least")
    quiet = {name: gates[name].silent_until if name in gates else 0.0 for name in chain}
    speaking = [name for name in chain if quiet[name] <= now]
    return speaking[0] if speaking else min(chain, key=lambda name: quiet[name])
