"""From notices to people: what is said, to whom, through which channel, and what is done again after a crash."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from streams.agents.composing import Composer, Saying
from streams.agents.dispatch import Dispatch, pending
from streams.agents.ledger import Ledger
from streams.agents.outlet import Deps, Outlet
from streams.alerts.explanation import Explanation
from streams.notify.base import Channel
from streams.notify.limits import choose, merge
from streams.notify.oncall import Delivery, OnCall, subject
from streams.store.alerts import Attempt

ENDS = frozenset({"acknowledged", "resolved"})
"""Reasons that everybody is told who heard of the alert before, and nobody by name."""


COMPOSERS = 4
"""Messages put together side by side: their reasons are waited for."""

BUSY = 8
"""So many messages waiting to be put together, in a storm, and they go without their reasons."""


class _Job(NamedTuple):
    """A message to put together.

    Attributes:
        term: during which ownership.
        saying: what it is about.
        addressees: who is told.
        repeated: whether they may have been told before.
        logged: done when the log has it; None when it has.
        before: done when the message before, about the same alert, is on its way; None for none.
        done: what the next one waits for.
    """

    term: int
    saying: Saying
    addressees: Sequence[Delivery]
    repeated: bool
    logged: "asyncio.Future[None] | None"
    before: "asyncio.Future[None] | None"
    done: "asyncio.Future[None]"


class Sender:
    """Sends notices; the ledger knows what became of them.

    Args:
        channels: name → channel.
        oncall: whom to tell.
        composer: writes the messages.
        ledger: what was sent.
        deps: the world outside.
    """

    def __init__(
        self, channels: Mapping[str, Channel], oncall: OnCall, composer: Composer, ledger: Ledger, deps: Deps
    ) -> None:
        self.ledger = ledger
        self.deps = deps
        self._oncall = oncall
        self._composer = composer
        self._outlets = {
            name: Outlet(name, channel, self, relieved=len(oncall.chains[name]) > 1)
            for name, channel in channels.items()
        }
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._newest: dict[str, asyncio.Future[None]] = {}
        self._composing = 0
        self._term = 0

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """What must run: the ledger, those who put messages together, and every channel by itself."""
        composers = [self._compose_for_ever() for _ in range(COMPOSERS)]
        return [self.ledger.run(), *composers, *(outlet.run() for outlet in self._outlets.values())]

    def send(self, sayings: Sequence[Saying], logged: "asyncio.Future[None]") -> None:
        """Send notices as soon as they are logged; what they say is put together meanwhile."""
        for saying in sayings:
            addressees = self._addressees(saying)
            if addressees:
                self._put(saying, addressees, logged)
            else:
                self._unroutable(saying, logged)

    def _unroutable(self, saying: Saying, logged: "asyncio.Future[None]") -> None:
        """Nobody is to be told: how long it took is counted up to the log then."""
        alert_id = saying.alert.alert_id
        self.deps.events.unroutable(alert_id, saying.notice.reason)

        def counted(done: "asyncio.Future[None]") -> None:
            if not done.cancelled():
                self.deps.handing((alert_id,), self.deps.clock.now())

        logged.add_done_callback(counted)

    def take_up(self, unsent: Sequence[tuple[Saying, dict[str, str]]], page_within: float) -> tuple[int, int]:
        """Send what a predecessor did not, or may not have: old ones in one message a channel.

        Args:
            unsent: notices with the states of their channels in the ledger.
            page_within: seconds after which a notice is old.

        Returns:
            How many notices were taken up, and how many of them may have been delivered.
        """
        old: dict[Delivery, list[tuple[Saying, bool]]] = {}
        taken, repeated = set(), set()
        for saying, states in unsent:
            for to in self._addressees(saying):
                missing, doubtful = pending(states, self._oncall.chains[to.channel])
                if not missing:
                    continue
                taken.add(saying.notice.key)
                if doubtful:
                    repeated.add(saying.notice.key)
                if self.deps.clock.now() - saying.notice.at > page_within:
                    old.setdefault(to, []).append((saying, doubtful))
                else:
                    self._put(saying, (to,), repeated=doubtful)
        for to, those in old.items():
            parts = tuple(self._dispatch(saying, to, repeated=doubtful) for saying, doubtful in those)
            whole = merge([part.message for part in parts]).message
            self.pass_on([parts[0]._replace(message=whole, stands_for=parts)])
        return len(taken), len(repeated)

    def pass_on(self, dispatches: Sequence[Dispatch]) -> None:
        """Give each to the first channel of its chain that speaks and has not tried it."""
        gates = {name: outlet.gate for name, outlet in self._outlets.items()}
        by_channel: dict[str, list[Dispatch]] = {}
        for dispatch in dispatches:
            left = [name for name in dispatch.chain if name not in dispatch.tried]
            name = choose(left or dispatch.chain, gates, self.deps.clock.monotonic())
            by_channel.setdefault(name, []).append(dispatch)
        for name, some in by_channel.items():
            self._outlets[name].offer(some)

    def warn(self, waiting: int) -> None:
        """Tell everybody that alerts cannot be logged: this once without the ledger, which is away as well."""
        for outlet in self._outlets.values():
            self.deps.watch(asyncio.create_task(outlet.warn(self._composer.warning(waiting))))

    async def drain(self, limit: float) -> None:
        """Wait until all has been sent that can be within so many seconds; the rest is left to a successor."""
        end = self.deps.clock.monotonic() + limit
        while (left := end - self.deps.clock.monotonic()) > 0:
            if not self._waiting() and all(outlet.idle(left) for outlet in self._outlets.values()):
                break
            await asyncio.sleep(0.02)
        left_over = self._waiting() + sum(outlet.clear() for outlet in self._outlets.values())
        self._term += 1
        while not self._jobs.empty():
            self._jobs.get_nowait()
        self._newest.clear()
        if left_over:
            self.deps.events.gave_up(left_over)

    def _waiting(self) -> int:
        return self._jobs.qsize() + self._composing

    def _put(
        self,
        saying: Saying,
        addressees: Sequence[Delivery],
        logged: "asyncio.Future[None] | None" = None,
        *,
        repeated: bool = False,
    ) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        before = self._newest.get(saying.alert.alert_id)
        self._newest[saying.alert.alert_id] = done
        self._jobs.put_nowait(_Job(self._term, saying, addressees, repeated, logged, before, done))

    async def _compose_for_ever(self) -> None:
        while True:
            job = await self._jobs.get()
            self._composing += 1
            try:
                await self._compose(job)
            finally:
                self._composing -= 1
                job.done.set_result(None)
                if self._newest.get(job.saying.alert.alert_id) is job.done:
                    del self._newest[job.saying.alert.alert_id]
            await asyncio.sleep(0)

    async def _compose(self, job: "_Job") -> None:
        """Put a message together, and hand it over once it is logged and what was said before is on its way."""
        saying, claims = job.saying, {}
        explanation = None
        if saying.notice.reason not in ENDS and self._jobs.qsize() < BUSY:
            if not job.repeated:
                claims = {to.channel: self._claim(saying, to) for to in job.addressees}
            explanation = await self._composer.explained(saying.alert)
        for earlier in (job.logged, job.before):
            if earlier is not None:
                await asyncio.wait((earlier,))
        if job.logged is not None and job.logged.cancelled():
            return
        dispatches = []
        for to in job.addressees:
            dispatch = self._dispatch(saying, to, repeated=job.repeated, explanation=explanation)
            dispatches.append(dispatch._replace(claimed=claims.get(to.channel)))
        if job.term == self._term:
            self.pass_on(dispatches)

    def _claim(self, saying: Saying, to: Delivery) -> tuple[str, "asyncio.Future[None]"] | None:
        """Write the claim while the reasons are asked for, where the message will not have to wait."""
        if not self._outlets[to.channel].open():
            return None
        notice = saying.notice
        line = Attempt(notice.key, to.channel, notice.alert_id, notice.reason, "claimed")
        task = asyncio.create_task(self.ledger.write([line]))
        self.deps.watch(task)
        return to.channel, task

    def _dispatch(
        self, saying: Saying, to: Delivery, *, repeated: bool, explanation: Explanation | None = None
    ) -> Dispatch:
        message = self._composer.message(saying, explanation, to.mentions, repeated=repeated)
        return Dispatch(message, saying.notice.reason, self._oncall.chains[to.channel])

    def _addressees(self, saying: Saying) -> tuple[Delivery, ...]:
        notice, alert, _ = saying
        about, now = subject(alert), self.deps.clock.now()
        if notice.reason in ENDS:
            reached = self._oncall.plan.reached(about, max(alert.level, notice.level), now)
            return tuple(Delivery(channel) for channel in reached)
        return self._oncall.deliveries(about, notice.level, now)
