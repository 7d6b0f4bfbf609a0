"""What a case is: one alert in people's hands, and the two clocks that run while it is."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from streams.alerts.model import Event
from streams.language import t
from streams.severity import Severity
from streams.topics.alert import Command, Ref

CaseState = Literal["found", "listening", "interacting", "resolved", "closed", "reopened"]
Clock = Literal["respond", "resolve"]

WITHIN: Mapping[Severity, float] = {"blue": 172_800.0, "yellow": 86_400.0, "orange": 14_400.0, "red": 3_600.0}
"""Of both clocks: 48 h is the State Council's for ordinary matters (2016), 4 h the trade's 黄金四小时."""

ENDED: frozenset[CaseState] = frozenset({"resolved", "closed"})
"""States in which no clock runs."""

ACTS = 64
"""Ids of acts that a case remembers, so that one sent twice is one act."""


class Limits(NamedTuple):
    """How long people may take; seconds.

    Attributes:
        respond: severity → until the first reply.
        resolve: severity → until it is resolved.
        same_event: an alert that fires again so soon after its case ended is the same event: the case reopens.
        reopen_within: a person may reopen a case so long after it ended.
    """

    respond: Mapping[Severity, float] = WITHIN
    resolve: Mapping[Severity, float] = WITHIN
    same_event: float = 86_400.0
    reopen_within: float = 604_800.0


class Case(Struct, frozen=True, kw_only=True):
    """One case as it stands: all that a successor needs to go on.

    Attributes:
        case_id: id of the command that opened it.
        alert_id: the alert it is about; of several incarnations the newest.
        dedup_key, rule, brand, entity: of that alert.
        severity: the worst so far.
        state: where it is.
        owner: who has it: who opened it, or whom it was assigned to.
        level: escalation level that the alert was at, to be told when a clock runs out.
        opened_at: Unix seconds, as all times here; 0 for "not yet".
        respond_by, resolve_by: when the clocks run out.
        responded_at: the first reply.
        resolved_at, closed_at: cleared when it is reopened.
        reopened: how many times it was.
        outcome: what came of it, in words.
        due: clock → when it runs out, of those that run.
        breached: `clock:n` of each that ran out, n = how many times it had been reopened.
        alert: what the alert was last seen to be.
        refs: the posts it is about.
        window_start, window_end: of the posts that the alert was about when the case was opened.
        acts: newest ids of acts applied or refused.
        seq, revision, last: as of an alert.
    """

    case_id: str
    alert_id: str
    dedup_key: str
    rule: str
    brand: str = ""
    entity: str = ""
    severity: Severity = "blue"
    state: CaseState = "found"
    owner: str = ""
    level: int = 0
    opened_at: float
    respond_by: float
    resolve_by: float
    responded_at: float = 0.0
    resolved_at: float = 0.0
    closed_at: float = 0.0
    reopened: int = 0
    outcome: str = ""
    due: dict[Clock, float] = {}
    breached: tuple[str, ...] = ()
    alert: Literal["firing", "resolved", "false_alarm"] = "firing"
    refs: tuple[Ref, ...] = ()
    window_start: float = 0.0
    window_end: float = 0.0
    acts: tuple[str, ...] = ()
    seq: int = 0
    revision: int = 0
    last: Event


def named(state: CaseState) -> str:
    """The name of a state, as people read it."""
    names: dict[CaseState, str] = {
        "found": t("发现", "found"),
        "listening": t("聆听", "listening"),
        "interacting": t("互动", "interacting"),
        "resolved": t("化解", "resolved"),
        "closed": t("结案", "closed"),
        "reopened": t("重开", "reopened"),
    }
    return names[state]


def mark(clock: Clock, case: Case) -> str:
    """What says that this clock ran out: it runs anew each time the case is reopened."""
    return f"{clock}:{case.reopened}"


def after(case: Case, kind: str, at: float, detail: str = "", command: Command | None = None) -> Case:
    """The case after an event, with the clocks that run from then on.

    Args:
        case: with the fields that the event changed.
        kind: of the event.
        at: when, Unix seconds.
        detail: in words.
        command: the act that it was; None for the machine.
    """
    due: dict[Clock, float] = {}
    if case.state not in ENDED:
        if not case.responded_at and mark("respond", case) not in case.breached:
            due["respond"] = case.respond_by
        if mark("resolve", case) not in case.breached:
            due["resolve"] = case.resolve_by
    return replace(
        case,
        due=due,
        acts=(*case.acts, command.id)[-ACTS:] if command else case.acts,
        seq=case.seq + 1,
        revision=case.revision + 1,
        last=happened(kind, at, detail, command),
    )


def happened(kind: str, at: float, detail: str = "", command: Command | None = None) -> Event:
    """An event, by the machine or by whoever sent the command."""
    if command is None:
        return Event(kind=kind, at=at, detail=detail)
    return Event(
        kind=kind,
        at=at,
        actor=command.actor,
        via=command.via,
        source=command.source,
        detail=detail,
        command=command.id,
    )
