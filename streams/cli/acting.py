"""What people do to alerts and cases from the terminal: one command into Kafka, then the notifier's answer."""

import getpass
import secrets
import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from streams.cli.common import ClickHouse, Data, Json, Kafka, reader_url, say, settings, show_json
from streams.clock import SYSTEM
from streams.config import Settings
from streams.config.durations import seconds
from streams.errors import BadConfig, BadRecord
from streams.language import t
from streams.store import alerts
from streams.store.client import Connection
from streams.topics.alert import Command
from streams.topics.codec import decode, decoder, encode
from streams.topics.registry import ALERTS

WAIT = 5.0
"""Seconds within which the notifier usually answers many times over."""

PAUSE = 0.1
"""Seconds between two looks for the answer."""

REFUSED = 1
AWAY = 75
"""sysexits.h: a failure that passes; the act is in Kafka and will be applied."""

SHORTEST = 6
"""Characters of an id that are enough, if no other one begins with them."""

SHOWN = 10
"""Characters of an id that lists show."""

Subject = Literal["alert", "silence", "case"]

By = Annotated[
    str | None,
    Parameter(name="--as", help=t("署名（默认为登录名）", "Who does it; the login name if not given")),
]
Id = Annotated[
    str,
    Parameter(help=t("告警编号，或它的前六位以上", "Id of the alert, or its first six characters or more")),
]
Note = Annotated[str, Parameter(help=t("说明", "In your words"))]


@Parameter(name="*")
@dataclass(frozen=True)
class Terminal:
    """What every act takes besides what it does: who does it, where it goes, and how it is answered."""

    by: By = None
    json: Json = False
    data: Data = None
    kafka: Kafka = None
    clickhouse: ClickHouse = None

    def settings(self) -> Settings:
        """The settings of this command. Raises as `common.settings`."""
        return settings(self.data, self.kafka, self.clickhouse)


HERE = Terminal()

_IDS = (
    "SELECT DISTINCT id FROM alert_log WHERE subject = {subject:String} AND startsWith(id, {begin:String}) "
    "ORDER BY id LIMIT 5"
)


def find(connection: Connection, subject: Subject, begin: str) -> str:
    """The whole id of an alert, a silence or a case.

    Args:
        connection: an account that reads.
        subject: of what.
        begin: the id, or the first six characters of it or more.

    Raises:
        BadConfig: there is none, or more than one.
    """
    found: list[str] = [row[0] for row in connection.query(_IDS, {"subject": subject, "begin": begin}).rows]
    zh, en, listing = {
        "alert": ("告警", "alert", "koubei alerts list"),
        "silence": ("静默", "silence", "koubei alerts silences"),
        "case": ("处置单", "case", "koubei cases list"),
    }[subject]
    if begin in found:
        return begin
    if len(begin) < SHORTEST:
        raise BadConfig(
            t(
                f"编号 {begin!r} 太短，至少写 {SHORTEST} 位。看编号：{listing}",
                f"The id {begin!r} is too short: {SHORTEST} characters at least. See them: {listing}",
            )
        )
    if not found:
        raise BadConfig(
            t(f"没有{zh} {begin}。看有哪些：{listing}", f"There is no {en} {begin}. See which: {listing}")
        )
    if len(found) > 1:
        names = t("、", ", ").join(found)
        raise BadConfig(
            t(f"{begin} 开头的{zh}不止一个：{names}", f"More than one {en} begins with {begin}: {names}")
        )
    return found[0]


def span(option: str, text: str) -> float:
    """Seconds of a span such as 30m, 2h or 1d.

    Raises:
        BadConfig: it is none, or nothing.
    """
    try:
        found = seconds(text)
    except ValueError as error:
        raise BadConfig(f"{option} {text}：{error}") from None
    if found <= 0:
        raise BadConfig(t(f"{option} {text}：要大于 0", f"{option} {text}: must be more than 0"))
    return found


def command(action: str, by: str | None, **fields: Any) -> Command:
    """An act of the person at this terminal.

    Raises:
        BadConfig: nobody is named, or a text is too long.
    """
    made = Command(
        id=secrets.token_hex(10),
        action=action,  # type: ignore[arg-type]
        actor=getpass.getuser() if by is None else by,
        via="cli",
        source=socket.gethostname(),
        at=SYSTEM.now(),
        **fields,
    )
    try:
        return decode(decoder(Command), encode(made))
    except BadRecord as error:
        raise BadConfig(t(f"没有执行：{error.detail}", f"Nothing was done: {error.detail}")) from error


def perform(loaded: Settings, acts: Sequence[Command], done: str, *, as_json: bool) -> int:
    """Send acts, wait for what the notifier makes of them, and say it.

    Args:
        loaded: where Kafka and the store are.
        acts: in order.
        done: what to say of one that was applied.
        as_json: print one object, or an array when there are several.

    Returns:
        0; 1 when one was refused; 75 when the notifier has not answered in time.

    Raises:
        BrokerUnavailable: Kafka did not take them: nothing was done.
    """
    _send(loaded, acts)
    found = _outcomes(loaded, acts)
    answers = [_answer(act, found.get(act.id)) for act in acts]
    if as_json:
        show_json(answers if len(answers) > 1 else answers[0])
    else:
        for answer in answers:
            _say(answer, done)
    if any(answer["rejected"] for answer in answers):
        return REFUSED
    return 0 if all(answer["applied"] for answer in answers) else AWAY


def _send(loaded: Settings, acts: Sequence[Command]) -> None:
    from streams.broker.address import Broker, alerts_group
    from streams.broker.feeder import Feeder

    with Feeder(Broker.of(loaded.kafka), alerts_group(loaded.kafka)) as feeder:
        for act in acts:
            feeder.send(ALERTS, ALERTS.key(act), encode(act))
        feeder.flush(10.0)


def _outcomes(loaded: Settings, acts: Sequence[Command]) -> dict[str, Any]:
    """What became of each act that was applied in time."""
    found: dict[str, Any] = {}
    limit = SYSTEM.monotonic() + WAIT
    with closing(Connection(reader_url(loaded), timeout=WAIT)) as connection:
        while True:
            for act in acts:
                if act.id not in found and (outcome := alerts.outcome_of(connection, act.id)):
                    found[act.id] = outcome
            if len(found) == len(acts) or SYSTEM.monotonic() > limit:
                return found
            time.sleep(PAUSE)


def _answer(act: Command, outcome: Any) -> dict[str, Any]:
    rejected = outcome is not None and outcome["kind"] == "rejected"
    known = outcome or {}
    return {
        "command": act.id,
        "action": act.action,
        "applied": outcome is not None and not rejected,
        "rejected": rejected,
        "subject": known.get("subject", ""),
        "id": known.get("id") or act.alert_id or act.case_id or act.silence_id or act.id,
        "state": known.get("state", ""),
        "owner": known.get("owner", ""),
        "detail": known.get("detail", ""),
    }


def _say(answer: dict[str, Any], done: str) -> None:
    ident = answer["id"][:SHOWN]
    if answer["applied"]:
        owner = t(f"，负责人 {answer['owner']}", f", owner {answer['owner']}") if answer["owner"] else ""
        print(f"{done} {ident}{owner}")
    elif answer["rejected"]:
        say(t(f"没有执行 {ident}：{answer['detail']}", f"Refused {ident}: {answer['detail']}"))
    else:
        say(
            t(
                f"已交给 Kafka，但 {WAIT:g} 秒内没有生效：通知进程可能不在。不会丢，它一回来就执行。看 koubei status",
                f"Kafka has it, but it took no effect within {WAIT:g} s: the notifier seems to be away. "
                "Nothing is lost: it is applied when that is back. See koubei status",
            )
        )
