"""`koubei notifier` as a process: verdicts come in by Kafka, messages go out by HTTP, and anything may be killed."""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from streams.alerts.model import Alert, Entry, Event, Notice
from streams.rules.rule import Rule
from streams.store import alerts, rules
from streams.store.client import Connection
from streams.store.rules import Change
from tests.alerting import Place, Stand, place, stand, until
from tests.landed import NOW, land
from tests.receivers import Reply

pytestmark = pytest.mark.embedded

RATE_LIMITED = Reply(status=429, headers={"Retry-After": "1"})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("notifier"), 20) as made:
        yield made


def event(one: Stand, name: str) -> dict[str, object]:
    """The newest line of the log with that event."""
    lines = [json.loads(line) for line in one.log.read_text("utf-8").splitlines() if line.startswith("{")]
    return next(line for line in reversed(lines) if line.get("event") == name)


async def test_from_verdict_to_message_claim_and_end(shared: Place) -> None:
    async with stand(shared, "hook") as one:
        hook = one.receivers["hook"]
        notifier = await one.notifier()
        first = one.verdict()
        one.produce(b"{", first, first)
        await until("the message", lambda: hook.requests)
        sent = hook.requests[0]
        assert sent.json["alert_id"] == first.id
        assert sent.json["severity"] == "orange"
        assert sent.json["possibly_repeated"] is False
        assert sent.headers["idempotency-key"] == sent.json["key"]
        one.produce(*(one.verdict() for _ in range(49)), first)
        await until("all counted", lambda: one.rows("SELECT 1 FROM alerts WHERE count = 50"))
        assert len(hook.requests) == 1

        one.produce(one.command("acknowledge", first.id, note="在看"))
        await until("the claim is told", lambda: len(hook.requests) == 2)
        assert hook.requests[1].json["state"] == "acknowledged"
        assert hook.requests[1].json["owner"] == "张三"
        one.produce(one.command("resolve", first.id))
        await until("the end is told", lambda: len(hook.requests) == 3)
        assert hook.requests[2].json["state"] == "resolved"

        (row,) = await one.rows("SELECT alert_id, state, owner, latency_ms FROM alerts")
        assert row[:3] == (first.id, "resolved", "张三")
        assert 0 < row[3] < 10_000
        events = await one.rows("SELECT kind, actor, via FROM alert_events ORDER BY seq")
        assert ("acknowledged", "张三", "cli") in events
        told = [kind for kind, _, _ in events if kind not in ("handed", "counted")]
        assert told == ["fired", "acknowledged", "resolved"]
        assert set((await one.states()).values()) == {"sent"}
        assert event(one, "dead_letters")["reason"] == "not_json"
        assert await asyncio.to_thread(notifier.end) == 0


async def test_what_was_not_surely_sent_is_sent_again_with_the_mark_and_the_rest_is_not(
    shared: Place,
) -> None:
    async with stand(shared, "hook") as one:
        hook = one.receivers["hook"]
        notifier = await one.notifier()
        # An act on what nobody knows is refused, and must not stop a successor.
        one.produce(one.verdict("早"), one.command("acknowledge", "nobody"))
        await until("the first is in the ledger", lambda: _all_sent(one, 1))
        hook.answers(Reply(kind="hang"))
        one.produce(one.verdict("中"))
        await until("the second is under way", lambda: len(hook.requests) == 2)
        notifier.kill()
        hook.answers(Reply())
        # Nobody is there: this one has never been tried.
        one.produce(one.verdict("晚"))
        await one.notifier()
        await until("both", lambda: len(hook.requests) == 4)
        await until("the ledger", lambda: _all_sent(one, 3))
        told = [(request.json["rule"], request.json["possibly_repeated"]) for request in hook.requests]
        assert sorted(told[2:]) == [("中", True), ("晚", False)]
        assert told[:2] == [("早", False), ("中", False)]
        assert hook.requests[1].json["key"] in {request.json["key"] for request in hook.requests[2:]}
        recovered = event(one, "alerts_recovered")
        assert (recovered["open_alerts"], recovered["unsent_notices"], recovered["possibly_repeated"]) == (
            2,
            1,
            1,
        )


async def test_no_kill_loses_a_message_or_doubles_one_without_the_mark(shared: Place) -> None:
    """Killed at random moments of a storm, before the log, between log and ledger, between ledger and answer."""
    rng = random.Random(6)  # noqa: S311
    alerts_in_all = 60
    async with stand(shared, "hook") as one:
        hook = one.receivers["hook"]
        process = await one.notifier()
        for round_ in range(3):
            one.produce(*(one.verdict(f"规则 {round_}-{number}") for number in range(alerts_in_all // 3)))
            await asyncio.sleep(rng.uniform(0.0, 0.6))
            process.kill()
            process = await one.notifier()
        wanted = {f"规则 {round_}-{number}" for round_ in range(3) for number in range(alerts_in_all // 3)}
        await until("everybody has heard", lambda: {one.json["rule"] for one in hook.requests} >= wanted)
        await until("the ledger agrees", lambda: _all_sent(one, alerts_in_all))
        assert len(await one.rows("SELECT alert_id FROM alerts")) == alerts_in_all
        unmarked = Counter(one.json["key"] for one in hook.requests if not one.json["possibly_repeated"])
        assert unmarked.most_common(1)[0][1] == 1
        assert await asyncio.to_thread(process.end) == 0


async def test_a_channel_that_hangs_or_refuses_holds_up_nobody_else(shared: Place) -> None:
    async with stand(shared, "hangs", "refuses", "relief", "slow", "works") as one:
        replies = one.receivers
        replies["hangs"].answers(Reply(kind="hang"))
        replies["refuses"].answers(Reply(status=404))
        replies["slow"].answers(RATE_LIMITED, Reply(status=500), Reply())
        await one.notifier(
            KOUBEI_CHANNELS__REFUSES__FALLBACK="relief",
            # Only the four are told of anything; the fifth takes over.
            KOUBEI_ROUTES='[{"channels": ["hangs", "refuses", "slow", "works"]}]',
        )
        verdict = one.verdict()
        began = time.monotonic()
        one.produce(verdict)
        await until("who works", lambda: replies["works"].requests, 5.0)
        await until("who takes over", lambda: replies["relief"].requests, 5.0)
        await until("429, then 500, then accepted", lambda: len(replies["slow"].requests) == 3)
        waited = time.monotonic() - began
        key = replies["works"].requests[0].json["key"]

        async def settled() -> bool:
            states = await one.states()
            return [states.get((key, name)) for name in ("refuses", "relief", "slow", "works", "hangs")] == [
                "refused",
                "sent",
                "sent",
                "sent",
                "claimed",
            ]

        await until("the ledger", settled)
        assert waited > 1.0, "Retry-After was not heeded"
        assert [len(replies[name].requests) for name in ("works", "relief", "hangs", "refuses")] == [1] * 4


async def test_two_robots_of_which_one_says_no_inside_of_a_200(shared: Place) -> None:
    async with stand(shared, "relief") as one:
        robot = one.receivers["relief"]
        robot.answers(Reply(body='{"errcode":310000,"errmsg":"sign not match"}'), Reply())
        await one.notifier(
            KOUBEI_CHANNELS__ROBOT__KIND="dingtalk",
            KOUBEI_CHANNELS__ROBOT__URL=robot.url("/robot/send?access_token=x"),
            KOUBEI_CHANNELS__ROBOT__ALLOW_PRIVATE="true",
            KOUBEI_CHANNELS__ROBOT__FALLBACK="relief",
            KOUBEI_ROUTES='[{"channels": ["robot"]}]',
        )
        one.produce(one.verdict())
        await until("both were tried", lambda: len(robot.requests) == 2)
        assert "msgtype" in robot.requests[0].json
        assert robot.requests[1].json["alert_id"]

        async def told() -> bool:
            return sorted((await one.states()).values()) == ["refused", "sent"]

        await until("the ledger", told)


async def test_without_clickhouse_nothing_is_said_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with place(tmp_path_factory.mktemp("away"), 1) as apart:
        async with stand(apart, "hook") as one:
            hook = one.receivers["hook"]
            await one.notifier()
            apart.clickhouse.kill()
            verdict = one.verdict()
            one.produce(verdict)
            await until("it is noticed", lambda: "store_unavailable" in one.log.read_text("utf-8"))
            await asyncio.sleep(0.5)
            assert not hook.requests
            await asyncio.to_thread(apart.clickhouse.restart)
            await until("the message", lambda: hook.requests)
            await until("the ledger", lambda: _all_sent(one, 1))
            assert [request.json["alert_id"] for request in hook.requests] == [verdict.id]
            assert hook.requests[0].json["possibly_repeated"] is False


async def test_one_that_stood_still_does_not_speak_again(shared: Place) -> None:
    """Frozen for longer than its session: its partition is another's, who says what there is to say, once."""
    async with stand(shared, "hook") as one:
        hook = one.receivers["hook"]
        frozen = await one.notifier()
        await until("it owns the alerts", lambda: "alerts_recovered" in one.log.read_text("utf-8"))
        frozen.signal(signal.SIGSTOP)
        one.produce(one.verdict())
        await one.notifier()
        await until("the message", lambda: hook.requests)
        await until("the ledger", lambda: _all_sent(one, 1))
        frozen.signal(signal.SIGCONT)
        assert await asyncio.to_thread(frozen.wait) == 70
        await asyncio.sleep(0.3)
        assert len(hook.requests) == 1


async def test_a_second_one_waits_and_takes_over_in_order(shared: Place) -> None:
    async with stand(shared, "hook") as one:
        hook = one.receivers["hook"]
        first = await one.notifier()
        one.produce(one.verdict("一"))
        await until("the first", lambda: _all_sent(one, 1))
        second = await one.notifier()
        one.produce(one.verdict("二"))
        await until("the second", lambda: _all_sent(one, 2))
        assert await asyncio.to_thread(first.end) == 0
        one.produce(one.verdict("三"))
        await until("the third", lambda: _all_sent(one, 3))
        assert [request.json["rule"] for request in hook.requests] == ["一", "二", "三"]
        assert not any(request.json["possibly_repeated"] for request in hook.requests)
        assert await asyncio.to_thread(second.end) == 0


async def test_a_rule_over_a_window_is_told_and_so_is_its_end(shared: Place) -> None:
    async with stand(shared, "hook") as one:
        hook = one.receivers["hook"]
        await one.notifier()
        await asyncio.to_thread(_complain, one.url, 5)
        await until("it is told", lambda: hook.requests)
        told = hook.requests[0].json
        assert (told["rule"], told["state"], told["severity"]) == ("投诉多", "firing", "red")
        await asyncio.to_thread(_change, one.url, Change("投诉多", 1, None))
        await until("its end is told", lambda: len(hook.requests) == 2)
        assert hook.requests[1].json["state"] == "resolved"
        (row,) = await one.rows("SELECT state, value, sql != '' FROM alerts")
        assert row == ("resolved", 5.0, True)


async def test_what_waited_for_long_is_one_message(shared: Place) -> None:
    async with stand(shared, "hook") as one:
        hook = one.receivers["hook"]
        await asyncio.to_thread(_leave_behind, one.url, 30, time.time() - 3600)
        await one.notifier()
        await until("one message", lambda: hook.requests)
        await until("the ledger", lambda: _all_sent(one, 31))
        (request,) = hook.requests
        assert len(request.json["others"]) == 29
        assert Counter((await one.states()).values()) == {"merged": 30, "sent": 1}
        assert not request.json["possibly_repeated"]


def _complain(url: str, count: int) -> None:
    """So many complaints just now, and a rule that finds them too many."""
    connection = Connection(url)
    try:
        land(connection, [NOW - time.time() + 1.0 + number for number in range(count)])
    finally:
        connection.close()
    rule = Rule(
        name="投诉多", brand="星曜", kind="window", sentiment="neg", above=float(count), severity="red"
    )
    _change(url, Change(rule.name, 0, rule))


def _change(url: str, change: Change) -> None:
    connection = Connection(url)
    try:
        rules.change(connection, [change], actor="张三", via="cli")
    finally:
        connection.close()


def _leave_behind(url: str, count: int, at: float) -> None:
    """Alerts that were logged and never told."""
    entries = [
        Entry(
            "alert",
            f"old-{number}",
            Alert(
                alert_id=f"old-{number}",
                dedup_key=f"旧 {number}|星曜|",
                rule=f"旧 {number}",
                rule_version=1,
                brand="星曜",
                severity="yellow",
                first_fired=at,
                last_fired=at,
                window_start=at,
                window_end=at,
                notices=1,
                notified_at=at,
                due={"resolve": at + 86_400},
                seq=1,
                revision=1,
                last=Event(kind="fired", at=at),
            ),
            (Notice(key=f"old-{number}:1:firing", alert_id=f"old-{number}", reason="firing", at=at),),
        )
        for number in range(count)
    ]
    connection = Connection(url)
    try:
        alerts.append(connection, entries)
    finally:
        connection.close()


async def _all_sent(one: Stand, lines: int) -> bool:
    states = await one.states()
    return len(states) >= lines and set(states.values()) <= {"sent", "merged"}
