"""From notices to channels: order, reasons that come late, what a predecessor left, and an end in time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from msgspec import structs
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from streams import config
from streams.agents.channels import made
from streams.agents.composing import Composer, Pages, Saying
from streams.agents.sending import Sender
from streams.alerts import links
from streams.alerts.calendar import Calendar
from streams.alerts.explanation import Example, Explanation
from streams.alerts.model import Alert, Event, Notice
from streams.clock import SYSTEM, Clock
from streams.notify import oncall
from streams.notify.base import Config, Message, Receipt
from streams.store.alerts import Attempt
from streams.telemetry.notifier import NotifierEvents

KEY = b"0123456789abcdef"


class Way:
    """A channel that keeps what it is given."""

    kind: ClassVar[str] = "way"
    config = Config(url=SecretStr(""), per_minute=0)

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, message: Message) -> Receipt:
        self.sent.append(message)
        await self.open.wait()
        return Receipt(outcome="sent", answer="ok")


class Notes:
    def __init__(self) -> None:
        self.lines: list[Attempt] = []

    async def write(self, lines: Sequence[Attempt]) -> None:
        self.lines += lines

    async def run(self) -> None:
        await asyncio.Event().wait()


class Reasons(Composer):
    """Writes messages; asks nobody, and takes as long over reasons as the alert's value says."""

    def __init__(self, events: NotifierEvents) -> None:
        super().__init__(
            "clickhouse://nowhere/", Pages("https://k.example", KEY, "Asia/Shanghai"), SYSTEM, events
        )
        self.asked: list[str] = []

    async def explained(self, alert: Alert) -> Explanation | None:
        self.asked.append(alert.alert_id)
        await asyncio.sleep(alert.value)
        return Explanation(
            examples=(Example(platform="微博", id="1", at=0.0, text=f"又断连了 {alert.rule}"),)
        )


class Office:
    """Deps of a sender, in memory."""

    clock: Clock = SYSTEM

    def __init__(self, names: str = "a", **rooms: Any) -> None:
        self.events = NotifierEvents(CollectorRegistry())
        self.ways = {name: Way() for name in names.split()}
        channels = {name: {"kind": "webhook", "url": "https://k.example/"} for name in self.ways}
        settings = config.load(**{"channels": channels, **rooms})
        told = oncall.on_call(settings, Calendar())
        self.notes: Any = Notes()
        self.reasons = Reasons(self.events)
        self.handed: list[str] = []
        self.tasks: list[asyncio.Task[Any]] = []
        ledger: Any = self.notes
        self.sender = Sender(self.ways, told, self.reasons, ledger, self)

    def fence(self) -> None:
        return

    def handing(self, alert_ids: Iterable[str], at: float) -> None:
        self.handed += alert_ids

    def watch(self, task: "asyncio.Task[Any]") -> None:
        self.tasks.append(task)

    def sent(self, name: str = "a") -> list[str]:
        return [message.key for message in self.ways[name].sent]


@pytest.fixture(autouse=True)
def apart(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@asynccontextmanager
async def running(office: Office) -> AsyncIterator[Sender]:
    tasks = [asyncio.create_task(loop) for loop in office.sender.loops()]
    try:
        yield office.sender
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, *office.tasks, return_exceptions=True)
    assert not [one for one in ended if isinstance(one, Exception)]


def alert(number: int = 1, **changes: Any) -> Alert:
    at = SYSTEM.now()
    return structs.replace(
        Alert(
            alert_id=f"a{number}", dedup_key=f"r{number}|b|", rule=f"r{number}", rule_version=1, brand="b",
            severity="orange", first_fired=at, last_fired=at, window_start=at, window_end=at, count=1,
            last=Event(kind="fired", at=at),
        ),
        **changes,
    )  # fmt: skip


def saying(one: Alert, key: str = "", **changes: Any) -> Saying:
    told: dict[str, Any] = {"reason": "firing", "at": SYSTEM.now(), "alert_id": one.alert_id, **changes}
    return Saying(Notice(key=key or f"{one.alert_id}:1", **told), one)


def logged() -> "asyncio.Future[None]":
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    return future


async def test_nothing_goes_before_it_is_logged_and_nothing_of_what_never_is() -> None:
    office = Office()
    async with running(office) as sender:
        first, never = logged(), logged()
        sender.send([saying(alert(1))], first)
        sender.send([saying(alert(2))], never)
        sender.send([saying(alert(3))], cancelled := logged())
        await asyncio.sleep(0.03)
        assert not office.sent()
        assert {line.state for line in office.notes.lines} == {
            "claimed"
        }  # ahead, while reasons are looked for
        first.set_result(None)
        cancelled.cancel()
        await sender.drain(0.2)
        assert office.sent() == ["a1:1"]
        never.cancel()
        await asyncio.sleep(0.03)
        assert office.sent() == ["a1:1"]


async def test_what_is_said_of_one_alert_keeps_its_order_however_long_its_reasons_take() -> None:
    office, done = Office(), logged()
    done.set_result(None)
    async with running(office) as sender:
        slow = alert(1, value=0.1)
        sender.send([saying(slow, "fired")], done)
        sender.send([saying(alert(2), "other")], done)
        sender.send([saying(slow, "claimed", reason="acknowledged")], done)
        await sender.drain(2.0)
        assert office.sent() == ["other", "fired", "claimed"]
        assert office.reasons.asked == ["a1", "a2"]  # who claims it needs none


async def test_a_message_says_why_and_leads_to_its_alert() -> None:
    office, done = Office(), logged()
    done.set_result(None)
    async with running(office) as sender:
        sender.send([saying(alert(1))], done)
        await sender.drain(2.0)
    (message,) = office.ways["a"].sent
    assert message.samples[0].text == "又断连了 r1"
    (page, *_) = [link.url for link in message.links]
    assert page.startswith("https://k.example/alerts/a1?token=")
    claim = links.read(KEY, page.partition("token=")[2], SYSTEM.now())
    assert (claim.alert_id, claim.nonce) == ("a1", "a1:1")
    assert office.handed == ["a1"]


async def test_in_a_storm_reasons_are_left_out_and_every_alert_is_told() -> None:
    office, done = Office(), logged()
    done.set_result(None)
    async with running(office) as sender:
        sender.send([saying(alert(number, value=0.01)) for number in range(300)], done)
        await sender.drain(5.0)
        assert len(set(office.sent())) == 300
        assert len(office.reasons.asked) < 20


async def test_routes_lead_to_channels_and_people_and_the_end_to_those_who_heard() -> None:
    office, done = (
        Office(
            "team boss rest",
            people={"zhang": {"name": "张三", "mobile": "138"}, "li": {"name": "李四"}},
            teams={
                "pr": {
                    "levels": [
                        {"people": ["zhang"], "channels": ["team"]},
                        {"people": ["li"], "channels": ["boss"]},
                    ]
                }
            },
            routes=[{"team": "pr", "brands": ["b"]}],
        ),
        logged(),
    )
    done.set_result(None)
    async with running(office) as sender:
        one = alert(1, level=1)
        sender.send([saying(one, "k0", level=0)], done)
        sender.send([saying(one, "k1", level=1, reason="escalated")], done)
        sender.send([saying(one, "k2", level=1, reason="resolved")], done)
        await sender.drain(2.0)
    told = {
        name: [(one.key, [who.name for who in one.mentions]) for one in way.sent]
        for name, way in office.ways.items()
    }
    assert told == {
        "team": [("k0", ["张三"]), ("k2", [])],
        "boss": [("k1", ["李四"]), ("k2", [])],
        "rest": [],
    }


async def test_a_channel_that_hangs_does_not_hold_up_another_and_the_end_comes_in_time() -> None:
    office, done = Office("a b"), logged()
    done.set_result(None)
    office.ways["a"].open.clear()
    async with running(office) as sender:
        sender.send([saying(alert(number)) for number in (1, 2)], done)
        began = SYSTEM.monotonic()
        await sender.drain(0.3)
        assert SYSTEM.monotonic() - began < 1.0
        assert office.sent("b") == ["a1:1", "a2:1"]
        states = {(line.key, line.channel): line.state for line in office.notes.lines}
        assert states == {
            ("a1:1", "a"): "claimed",
            ("a2:1", "a"): "claimed",
            ("a1:1", "b"): "sent",
            ("a2:1", "b"): "sent",
        }
        # The next ownership begins with empty hands.
        office.ways["a"].open.set()
        sender.send([saying(alert(3))], done)
        await sender.drain(2.0)
        assert office.sent("a") == ["a1:1", "a2:1", "a3:1"]


async def test_what_a_predecessor_left_is_marked_where_it_may_have_arrived_and_summed_up_where_it_is_old() -> (
    None
):
    office = Office("a b")
    old = SYSTEM.now() - 3600
    left = [
        (saying(alert(1)), {"a": "sent", "b": "claimed"}),
        (saying(alert(2)), {}),
        (saying(alert(3), at=old), {"a": "sent"}),
        (saying(alert(4), at=old), {"a": "failed", "b": "sent"}),
        (saying(alert(5), at=old), {"b": "unknown"}),
        (saying(alert(6)), {"a": "sent", "b": "merged"}),
    ]
    async with running(office) as sender:
        assert sender.take_up(left, 900.0) == (5, 2)
        await sender.drain(2.0)
    marked = {name: {one.key: one.repeated for one in way.sent} for name, way in office.ways.items()}
    summed = {
        name: next(one for one in way.sent if one.key.startswith("merged-"))
        for name, way in office.ways.items()
    }
    assert marked["a"] == {"a2:1": False, summed["a"].key: False}
    assert marked["b"] == {"a1:1": True, "a2:1": False, summed["b"].key: True}
    assert [one.alert_id for one in summed["a"].others] == ["a5"]
    assert [one.alert_id for one in summed["b"].others] == ["a5"]
    merged = {(line.key, line.channel) for line in office.notes.lines if line.state == "merged"}
    assert merged == {("a4:1", "a"), ("a5:1", "a"), ("a3:1", "b"), ("a5:1", "b")}


async def test_without_the_log_everybody_is_warned_and_the_ledger_is_left_alone() -> None:
    office = Office("a b")
    async with running(office) as sender:
        sender.warn(3)
        await asyncio.sleep(0.03)
    assert [len(way.sent) for way in office.ways.values()] == [1, 1]
    assert "ClickHouse" in office.ways["a"].sent[0].title
    assert not office.notes.lines


async def test_a_channel_without_an_address_refuses_and_says_why() -> None:
    settings = config.load(
        channels={"hook": {"kind": "webhook"}, "fine": {"kind": "webhook", "url": "https://k/"}}
    )
    found = made(settings, SYSTEM, NotifierEvents(CollectorRegistry()))
    office = Office()
    receipt = await found["hook"].send(office.reasons.warning(1))
    assert receipt.outcome == "refused"
    assert "KOUBEI_CHANNELS__HOOK__URL" in receipt.answer
    assert found["fine"].kind == "webhook"


async def test_where_nobody_is_to_be_told_the_time_counts_up_to_the_log() -> None:
    office = Office(routes=[{"silent": True}])
    async with running(office) as sender:
        sender.send([saying(alert(1))], log := logged())
        sender.send([saying(alert(2))], never := logged())
        await asyncio.sleep(0)
        assert office.handed == []
        log.set_result(None)
        never.cancel()
        await asyncio.sleep(0)
        assert office.handed == ["a1"]
        assert not office.sent()
