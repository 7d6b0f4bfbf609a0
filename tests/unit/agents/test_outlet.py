"""One channel at work: the ledger before and after, order, rests, and who takes over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from streams.agents import outlet as outlets
from streams.agents.dispatch import Dispatch, pending
from streams.agents.outlet import Outlet
from streams.clock import SYSTEM, Clock
from streams.notify.base import Config, Message, Receipt
from streams.notify.delivery import Patience
from streams.store.alerts import Attempt
from streams.telemetry.notifier import NotifierEvents
from tests.messages import numbered

SENT = Receipt(outcome="sent", answer="ok")
REFUSED = Receipt(outcome="refused", answer="no", code="404")
LATER = Receipt(outcome="later", answer="busy", code="500")
UNKNOWN = Receipt(outcome="unknown", answer="silence")
LIMITED = Receipt(outcome="later", answer="slow down", code="429", retry_after=0.05, limited=True)


class Way:
    """A channel that gives its receipts in turn, the last one for ever; `open` holds its answers back."""

    kind: ClassVar[str] = "way"

    def __init__(self, *receipts: Receipt, per_minute: int = 0) -> None:
        self.config = Config(url=SecretStr(""), per_minute=per_minute)
        self.receipts = list(receipts) or [SENT]
        self.open = asyncio.Event()
        self.open.set()
        self.sent: list[Message] = []

    async def send(self, message: Message) -> Receipt:
        self.sent.append(message)
        await self.open.wait()
        return self.receipts.pop(0) if len(self.receipts) > 1 else self.receipts[0]


class Notes:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.lines: list[Attempt] = []

    async def write(self, lines: Sequence[Attempt]) -> None:
        await asyncio.sleep(0)
        self.lines += lines

    def of(self, key: str) -> list[str]:
        return [f"{line.channel} {line.state}" for line in self.lines if line.key == key]


class Office:
    """Whose outlets they are; everything in memory."""

    clock: Clock = SYSTEM

    def __init__(self, **ways: Way) -> None:
        self.deps: Any = self
        self.ledger: Any = Notes()
        self.events = NotifierEvents(CollectorRegistry())
        self.handed: list[str] = []
        self.fenced: list[int] = []
        self.failed: list[BaseException] = []
        self.passed: list[Dispatch] = []
        self.ways = ways
        self.outlets = {
            name: Outlet(name, way, self, relieved=len(ways) > 1 and name == "first")
            for name, way in ways.items()
        }

    def fence(self) -> None:
        self.fenced.append(sum(len(way.sent) for way in self.ways.values()))

    def handing(self, alert_ids: Iterable[str], at: float) -> None:
        self.handed += alert_ids

    def watch(self, task: "asyncio.Task[Any]") -> None:
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed.append(error)

    def pass_on(self, dispatches: Sequence[Dispatch]) -> None:
        self.passed += dispatches
        for dispatch in dispatches:
            name = next((one for one in dispatch.chain if one not in dispatch.tried), dispatch.chain[0])
            self.outlets[name].offer([dispatch])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALONE", "RELIEVED"):
        monkeypatch.setattr(outlets, name, Patience(attempts=1))
    monkeypatch.setattr(outlets, "BACK_OFF", 0.02)


@asynccontextmanager
async def running(office: Office) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.run()) for one in office.outlets.values()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not office.failed


async def until(check: Callable[[], object]) -> None:
    for _ in range(500):
        if check():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not in time")


def dispatch(number: int, *chain: str, **changes: Any) -> Dispatch:
    at = numbered(number).at + timedelta(days=3650, seconds=number)
    return Dispatch(numbered(number, at=at, **changes), "firing", chain or ("first",))


async def test_a_claim_stands_in_the_ledger_before_the_message_goes_and_the_outcome_after() -> None:
    way = Way()
    way.open.clear()
    office = Office(first=way)
    async with running(office):
        office.outlets["first"].offer([dispatch(1)])
        await until(lambda: way.sent)
        assert office.ledger.of("k1") == ["first claimed"]
        assert (office.handed, office.fenced) == (["a1"], [0])
        way.open.set()
        await until(lambda: office.outlets["first"].idle(1.0))
        assert office.ledger.of("k1") == ["first claimed", "first sent"]


async def test_a_claim_made_ahead_is_waited_for_and_not_repeated() -> None:
    office = Office(first=Way())
    ahead: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with running(office):
        office.outlets["first"].offer([dispatch(1)._replace(claimed=("first", ahead))])
        await asyncio.sleep(0.05)
        assert not office.ways["first"].sent
        ahead.set_result(None)
        await until(lambda: office.ledger.lines)
        assert office.ledger.of("k1") == ["first sent"]


async def test_what_is_said_of_one_alert_keeps_its_order_and_others_do_not_wait() -> None:
    way = Way()
    way.open.clear()
    office = Office(first=way)
    async with running(office):
        office.outlets["first"].offer([dispatch(1), dispatch(2, key="k2", alert_id="a1"), dispatch(3)])
        await asyncio.sleep(0.05)
        assert [one.key for one in way.sent] == ["k1"]  # the next is about the same alert
        way.open.set()
        await until(lambda: len(way.sent) == 3)
        assert [one.key for one in way.sent][:2] == ["k1", "k2"]


@pytest.mark.parametrize(
    ("receipt", "state", "marked"),
    [(REFUSED, "refused", False), (LATER, "failed", False), (UNKNOWN, "unknown", True)],
)
async def test_the_next_of_the_chain_takes_over(receipt: Receipt, state: str, marked: bool) -> None:
    office = Office(first=Way(receipt), second=Way())
    async with running(office):
        office.outlets["first"].offer([dispatch(1, "first", "second")])
        await until(lambda: len(office.ledger.lines) == 4)
        assert office.ledger.of("k1") == ["first claimed", f"first {state}", "second claimed", "second sent"]
        assert office.ways["second"].sent[0].repeated is marked


async def test_what_waits_for_a_channel_that_is_silenced_goes_elsewhere_too() -> None:
    office = Office(first=Way(LIMITED, per_minute=60), second=Way())
    office.ways["first"].open.clear()
    async with running(office):
        office.outlets["first"].offer([dispatch(1, "first", "second")])
        await until(lambda: office.ways["first"].sent)
        office.outlets["first"].offer([dispatch(2, "first", "second"), dispatch(3, "first", "second")])
        office.ways["first"].open.set()
        await until(lambda: len(office.ways["second"].sent) == 1)
        assert {one.message.key for one in office.passed} == {"k1", "k2", "k3"}


async def test_alone_it_goes_on_trying_after_a_rest_each_longer() -> None:
    office = Office(first=Way(LATER, LATER, LIMITED, SENT))
    async with running(office):
        office.outlets["first"].offer([dispatch(1)])
        await until(lambda: "first sent" in office.ledger.of("k1"))
        assert office.ledger.of("k1") == [
            *["first claimed", "first failed"] * 3,
            "first claimed",
            "first sent",
        ]
        assert not any(one.repeated for one in office.ways["first"].sent)


@pytest.mark.parametrize("receipt", [REFUSED, UNKNOWN])
async def test_alone_it_does_not_repeat_what_is_refused_or_may_have_arrived(receipt: Receipt) -> None:
    office = Office(first=Way(receipt))
    async with running(office):
        office.outlets["first"].offer([dispatch(1)])
        await until(lambda: len(office.ledger.lines) == 2)
        await asyncio.sleep(0.05)
        assert len(office.ways["first"].sent) == 1
        assert office.outlets["first"].idle(1.0)


async def test_what_is_too_old_is_given_up() -> None:
    office = Office(first=Way(LATER))
    async with running(office):
        office.outlets["first"].offer(
            [Dispatch(numbered(1, at=numbered(1).at.replace(year=2020)), "firing", ("first",))]
        )
        await until(lambda: len(office.ledger.lines) == 2)
        await asyncio.sleep(0.05)
        assert office.ledger.of("k1") == ["first claimed", "first failed"]


async def test_a_message_tried_again_stands_before_what_came_since() -> None:
    way = Way(LATER, SENT)
    way.open.clear()
    office = Office(first=way)
    async with running(office):
        office.outlets["first"].offer([dispatch(1)])
        await until(lambda: way.sent)
        office.outlets["first"].offer(
            [dispatch(2, key="k2", alert_id="a1"), dispatch(3, key="k3", alert_id="a1")]
        )
        way.open.set()
        await until(lambda: len(way.sent) == 4)
        assert [one.key for one in way.sent] == ["k1", "k1", "k2", "k3"]


async def test_many_become_one_message_and_each_has_its_line() -> None:
    way = Way(per_minute=60)
    office = Office(first=way)
    async with running(office):
        office.outlets["first"].offer([dispatch(number) for number in range(1, 6)])
        await until(lambda: office.outlets["first"].idle(0.0) and office.ledger.lines)
        (message,) = way.sent
        assert len(message.others) == 4
        states = {line.key: (line.state, line.merged_into) for line in office.ledger.lines}
        assert states.pop(message.key) == ("sent", "")
        assert states == {f"k{number}": ("merged", message.key) for number in range(1, 6)}
        assert sorted(office.handed) == [f"a{number}" for number in range(1, 6)]


async def test_one_that_stands_for_others_from_the_start_marks_them_too() -> None:
    office = Office(first=Way())
    parts = (dispatch(1), dispatch(2))
    whole = dispatch(9, key="sum")._replace(stands_for=parts)
    async with running(office):
        office.outlets["first"].offer([whole])
        await until(lambda: office.outlets["first"].idle(1.0) and office.ledger.lines)
        assert {line.key: line.state for line in office.ledger.lines} == {
            "sum": "sent",
            "k1": "merged",
            "k2": "merged",
        }


async def test_cleared_nothing_goes_any_more() -> None:
    way = Way()
    way.open.clear()
    office = Office(first=way)
    async with running(office):
        one = office.outlets["first"]
        one.offer([dispatch(1), dispatch(2, key="k2", alert_id="a1"), dispatch(3)])
        await until(lambda: way.sent)
        assert not one.idle(1.0)
        assert one.clear() == 3
        way.open.set()
        await asyncio.sleep(0.05)
        assert [message.key for message in way.sent] == ["k1"]
        assert office.ledger.of("k1") == ["first claimed"]  # for a successor: perhaps delivered
        one.offer([dispatch(4)])  # of the next ownership
        await until(lambda: len(way.sent) == 2)


async def test_no_more_than_there_is_room_for_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "LIMIT", 2)
    office = Office(first=Way())
    office.outlets["first"].offer([dispatch(1), dispatch(2), dispatch(3)])
    assert len(office.outlets["first"].gate.waiting) == 2


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, (True, False)),
        ({"a": "claimed"}, (True, True)),
        ({"a": "unknown"}, (True, True)),
        ({"a": "failed"}, (True, False)),
        ({"a": "sent"}, (False, False)),
        ({"a": "merged"}, (False, False)),
        ({"a": "claimed", "b": "sent"}, (False, False)),
        ({"a": "refused"}, (True, False)),
        ({"a": "refused", "b": "claimed"}, (True, True)),
        ({"a": "refused", "b": "refused"}, (False, False)),
        ({"other": "sent"}, (True, False)),
    ],
)
def test_what_the_ledger_says_is_still_to_be_sent(
    states: dict[str, str], expected: tuple[bool, bool]
) -> None:
    assert pending(states, ("a", "b")) == expected
