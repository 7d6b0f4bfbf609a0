"""What people do to alerts, silences and cases: a command on Kafka, and what the alerts' owner made of it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from streams.clock import SYSTEM, Clock
from streams.errors import Retryable
from streams.language import t
from streams.rules.durations import seconds
from streams.store.alerts import outcome_of
from streams.store.client import Connection
from streams.topics.alert import AlertRecord, Command, Via
from streams.topics.registry import ALERTS
from streams.web.problems import Problem
from streams.web.writes import Writer

PATIENCE = 3.0
"""Seconds that an act may take before the answer is "not yet"."""

LOOK = 0.05
"""Seconds between two looks for what came of an act."""

LONGEST_SILENCE = 30 * 86_400.0
"""Seconds that a silence may last: what is to be quiet for longer is a matter of its rule."""

LONGEST_NAME = 100
LONGEST_NOTE = 2_000

MACHINE = "koubei"
"""Whom the log names for what the program does by itself; nobody else goes by that name."""

ON_ALERT = {
    "acknowledge": "acknowledge",
    "unacknowledge": "unacknowledge",
    "assign": "assign",
    "note": "note",
    "silence": "silence",
    "resolve": "resolve",
    "false-alarm": "false_alarm",
}
"""What people do to an alert, by its word in an address."""

ON_CASE = {
    "assign": "case_assign",
    "note": "case_note",
    "listen": "case_listen",
    "interact": "case_interact",
    "resolve": "case_resolve",
    "close": "case_close",
    "reopen": "case_reopen",
}
"""What people do to a case, by its word in an address."""

Await = Callable[[str, float], Mapping[str, Any] | None]
"""(id of a command, seconds) → the event that it caused, or None if there is none by then; blocks."""

_decode = msgspec.json.Decoder(AlertRecord).decode


class Done(NamedTuple):
    """What came of an act.

    Attributes:
        result: `done`, `rejected`, or `pending` while the owner has not said.
        command: the act.
        event: what it caused (`store.alerts.outcome_of`); empty while that is pending.
    """

    result: Literal["done", "rejected", "pending"]
    command: Command
    event: Mapping[str, Any]


class Order(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What somebody says of an act. All but `by` may be left out where the act does not need it.

    Attributes:
        by: who acts.
        note: why, or what there is to say; silences and notes need it.
        owner: who is to have it; `assign` needs it.
        alert_id, rule, brand: what a silence covers, one of them at least; of a new case, its alert.
        severity: the worst level that a silence covers; "" for any but red.
        lasting: how long a silence lasts, such as `2h`; `for` in JSON.
        until: when it ends (RFC 3339), where `for` is not given.
        outcome: what came of a case; closing one needs it.
    """

    by: str = ""
    note: str = ""
    owner: str = ""
    alert_id: str = ""
    rule: str = ""
    brand: str = ""
    severity: str = ""
    lasting: str = msgspec.field(default="", name="for")
    until: str = ""
    outcome: str = ""


class Desk:
    """Hands acts to the owner of the alerts and waits for its word.

    Args:
        writer: feeds Kafka.
        outcome: waits for what an act causes.
        clock: the time.
        patience: seconds to wait.
    """

    def __init__(self, writer: Writer, outcome: Await, clock: Clock, *, patience: float = PATIENCE) -> None:
        self._writer = writer
        self._outcome = outcome
        self._patience = patience
        self.clock = clock

    async def put(self, command: Command) -> Done:
        """Produce a command and wait for what comes of it.

        Raises:
            BrokerUnavailable: it may have arrived or not; the same id may be sent again.
            Problem: 429, too many wait.
        """
        refused = await self._writer.write(ALERTS, [command])
        for error in refused.values():
            raise error
        return await self.look(command, self._patience)

    async def look(self, command: Command, patience: float = 0.0) -> Done:
        """What came of a command that was put before; waits no longer than `patience` seconds."""
        try:
            event = await asyncio.to_thread(self._outcome, command.id, patience)
        except Retryable:
            event = None  # it is in Kafka: a store that is away delays it, and loses nothing
        if event is None:
            return Done("pending", command, {})
        # A link may be pressed by two people, and a key be sent twice: what counts is who came first.
        theirs = event["kind"] == "rejected" or event["actor"] != command.actor
        return Done("rejected" if theirs else "done", command, event)


def watch(url: str, clock: Clock = SYSTEM) -> Await:
    """Looks for outcomes there, over a connection for each act: they are as rare as people are slow."""

    def wait(command: str, patience: float) -> Mapping[str, Any] | None:
        deadline = clock.monotonic() + patience
        connection = Connection(url, timeout=5.0)
        try:
            while (event := outcome_of(connection, command)) is None and clock.monotonic() < deadline:
                time.sleep(LOOK)
            return event
        finally:
            connection.close()

    return wait


def parse(body: bytes) -> Order:
    """The order in a body.

    Raises:
        Problem: 400, no JSON, a field is unknown or of the wrong type.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=Order)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad(
            t(
                f"读不懂：{error}。要一个 JSON 对象，至少有 by（署名）",
                f"Cannot read it: {error}. Send one JSON object with at least `by`, your name",
            )
        ) from error


def command(
    action: str,
    order: Order,
    *,
    id: str,
    via: Via,
    source: str,
    now: float,
    case_id: str = "",
    silence_id: str = "",
) -> Command:
    """The act that somebody asks for.

    Args:
        action: as in `Command`.
        order: what they say of it.
        id: unique; the same twice is one act.
        via: by which way.
        source: from which address.
        now: Unix seconds.
        case_id: the case it is about.
        silence_id: the silence to end.

    Raises:
        Problem: 400, something is missing, too long, or none of the values that there are.
    """
    order = msgspec.structs.replace(
        order, note=order.note.strip(), owner=order.owner.strip(), outcome=order.outcome.strip()
    )
    _check(action, order)
    made = {
        "type": "command",
        "id": id,
        "action": action,
        "alert_id": order.alert_id,
        "case_id": case_id,
        "silence_id": silence_id,
        "actor": signed(order.by),
        "via": via,
        "source": source[:256],
        "at": now,
        "note": order.note,
        "owner": order.owner,
        "rule": order.rule,
        "brand": order.brand,
        "severity": order.severity,
        "until": _ends(order, now) if action == "silence" else 0.0,
        "outcome": order.outcome,
    }
    try:
        record = _decode(msgspec.json.encode(made))
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise bad(t(f"字段不对：{error}", f"A field is wrong: {error}")) from error
    assert isinstance(record, Command)
    return record


def rejected(done: Done, zone: ZoneInfo) -> Problem:
    """Why an act was not done, in words: who was first."""
    event = done.event
    why = str(event["detail"])
    if event["kind"] != "rejected":
        at = f"{event['at'].astimezone(zone):%H:%M}"
        claims = event["kind"] == "acknowledged"
        why = (
            t(f"{event['actor']} {at} 已认领", f"claimed by {event['actor']} at {at}")
            if claims
            else t(f"{event['actor']} {at} 已做过", f"{event['actor']} did it at {at}")
        )
    return Problem(409, "rejected", t("没有接受", "Refused"), why)


def signed(by: str) -> str:
    """The name that somebody signs with.

    Raises:
        Problem: 400, none, too long, or the program's own.
    """
    name = " ".join(by.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise bad(
            t(
                f"请署名：by 填姓名，最多 {LONGEST_NAME} 个字，记录里要写是谁做的",
                f"Sign with your name in `by`, up to {LONGEST_NAME} characters: the record says who did it",
            )
        )
    if name.casefold() == MACHINE:
        raise bad(
            t(f"{MACHINE} 是程序自己的名字，请写你的姓名", f"{MACHINE} is the program itself: sign as you")
        )
    return name


def bad(detail: str) -> Problem:
    """The answer to an act that cannot be taken as it was asked for."""
    return Problem(400, "bad-act", t("操作不对", "The act is wrong"), detail)


def _check(action: str, order: Order) -> None:
    empty_note = t("备注是空的：写在 note 里", "The note is empty: write it in `note`")
    nobody = t("指派给谁？姓名写在 owner 里", "Assign to whom? Give the name in `owner`")
    needed = {
        "silence": (
            order.note,
            t("静默要写原因（note）：别人要知道为什么没响", "Say in `note` why it is to be silent"),
        ),
        "note": (order.note, empty_note),
        "case_note": (order.note, empty_note),
        "assign": (order.owner, nobody),
        "case_assign": (order.owner, nobody),
        "case_close": (order.outcome, t("结案要写结果（outcome）", "Say in `outcome` what came of it")),
    }
    given, missing = needed.get(action, ("-", ""))
    if not given:
        raise bad(missing)
    if action == "silence" and not (order.alert_id or order.rule or order.brand):
        raise bad(
            t(
                "静默什么？alert_id、rule、brand 至少给一个",
                "Silence what? Give one of alert_id, rule and brand",
            )
        )
    if max(len(order.note), len(order.outcome)) > LONGEST_NOTE:
        raise bad(
            t(f"最多 {LONGEST_NOTE:,} 个字，请写短些", f"Up to {LONGEST_NOTE:,} characters: make it shorter")
        )


def _ends(order: Order, now: float) -> float:
    wrong = bad(
        t(
            "静默到何时？for 写 30m、2h 或 1d，或 until 写时间（2026-11-22T18:00:00+08:00），最长 30 天",
            "Until when? Give `for` as 30m, 2h or 1d, or `until` as 2026-11-22T18:00:00+08:00; 30 days at most",
        )
    )
    if order.lasting:
        span = seconds(order.lasting)
    else:
        try:
            moment = datetime.fromisoformat(order.until)
        except ValueError as error:
            raise wrong from error
        span = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    if span is None or not 0 < span <= LONGEST_SILENCE:
        raise wrong
    return now + span
