"""Alerts, silences and cases over HTTP: /api/v1 for programs. Reading; acting is in act_api."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.types import ControllerRouterHandler

from streams.alerts.model import Alert
from streams.language import t
from streams.read import alerts as read
from streams.read.alerts import Wanted
from streams.read.queries import Reader
from streams.topics.alert import Command
from streams.web.acts import Desk, Done
from streams.web.paper import exact
from streams.web.problems import Problem
from streams.web.words import LEVELS, PROGRESS, STANDINGS

MOST = 1_000
"""Alerts on one page of the list."""

States = Annotated[list[str] | None, QueryParameter(name="state")]
"""`state` itself is a name that Litestar keeps for its own."""

_STATES = frozenset(STANDINGS) - {"active", "ended"}
_SHOWN = (
    "alert_id", "rule", "rule_version", "kind", "brand", "entity", "team", "severity", "state", "owner", "level",
    "count", "value", "expected", "latency_ms", "sql", "stored", "false_alarm", "resolved_by", "silence",
    "inhibited_by", "case_id",
)  # fmt: skip
_TIMES = ("first_fired", "last_fired", "window_start", "window_end", "acknowledged_at", "resolved_at")


def handlers(reader: Reader, desk: Desk) -> list[ControllerRouterHandler]:
    """Lists, one of each, and what came of an act."""

    @get(
        "/api/v1/alerts",
        operation_id="alerts",
        summary="Alerts, open ones first, the worst first",
        tags=["read"],
    )
    async def listed(
        *,
        states: States = None,
        severity: FromQuery[list[str] | None] = None,
        brand: FromQuery[str] = "",
        owner: FromQuery[str] = "",
        rule: FromQuery[str] = "",
        cursor: FromQuery[str] = "",
        limit: FromQuery[int] = 50,
    ) -> Response[bytes]:
        wanted = Wanted(
            _known("state", states, _STATES), _known("severity", severity, LEVELS), brand, owner, rule
        )
        if not 0 < limit <= MOST:
            raise _bad_filter(t(f"limit 是 1 到 {MOST}", f"limit is 1 to {MOST}"))
        page = await read.inbox(reader, wanted, cursor=cursor, limit=limit)
        return answer({"alerts": [described(one) for one in page.alerts], "next": page.next})

    @get(
        "/api/v1/alerts/{alert_id:str}", operation_id="alert", summary="One alert as it stands", tags=["read"]
    )
    async def one(alert_id: FromPath[str]) -> Response[bytes]:
        return answer(described(await found(reader, alert_id)))

    @get(
        "/api/v1/alerts/{alert_id:str}/events",
        operation_id="alert_events",
        summary="What happened to one alert, newest first, and what was sent about it",
        tags=["read"],
    )
    async def events(alert_id: FromPath[str]) -> Response[bytes]:
        await found(reader, alert_id)
        happened = await read.timeline(reader, alert_id)
        sent = await read.deliveries(reader, alert_id)
        return answer({"events": list(map(_row, happened)), "notifications": list(map(_row, sent))})

    @get("/api/v1/silences", operation_id="silences", summary="Silences in force", tags=["read"])
    async def silences(ended: FromQuery[bool] = False) -> Response[bytes]:
        return answer({"silences": list(map(_row, await read.silences(reader, ended=ended)))})

    @get(
        "/api/v1/cases",
        operation_id="cases",
        summary="Cases, late ones first, the worst first",
        tags=["read"],
    )
    async def cases(
        states: States = None, owner: FromQuery[str] = "", alert_id: FromQuery[str] = ""
    ) -> Response[bytes]:
        wanted = _known("state", states, PROGRESS)
        known = await read.cases(reader, states=wanted, owner=owner, alert_id=alert_id, limit=MOST)
        return answer({"cases": list(map(_row, known))})

    @get(
        "/api/v1/cases/{case_id:str}",
        operation_id="case",
        summary="One case with all that happened to it",
        tags=["read"],
    )
    async def case(case_id: FromPath[str]) -> Response[bytes]:
        known = await found_case(reader, case_id)
        happened = await read.case_timeline(reader, case_id)
        return answer({**_row(known), "events": list(map(_row, happened))})

    @get("/api/v1/acts/{act_id:str}", operation_id="act", summary="What came of an act", tags=["read"])
    async def came(act_id: FromPath[str]) -> Response[bytes]:
        done = await desk.look(Command(id=act_id, action="note", actor="-", via="api", at=0.0))
        return answer(came_of(done))

    return [listed, one, events, silences, cases, case, came]


async def found(reader: Reader, alert_id: str) -> Alert:
    """An alert that there is.

    Raises:
        Problem: 404. As `Reader.run` otherwise.
    """
    alert = await read.alert(reader, alert_id)
    if alert is None:
        raise Problem(
            404,
            "no-such-alert",
            t("没有这条告警", "No such alert"),
            t(
                f"没有告警 {alert_id}：GET /api/v1/alerts 看全部",
                f"No alert {alert_id}: see GET /api/v1/alerts",
            ),
        )
    return alert


async def found_case(reader: Reader, case_id: str) -> read.Case:
    """A case that there is.

    Raises:
        Problem: 404. As `Reader.run` otherwise.
    """
    known = await read.cases(reader, case_id=case_id)
    if not known:
        raise Problem(
            404,
            "no-such-case",
            t("没有这张处置单", "No such case"),
            t(
                f"没有处置单 {case_id}：GET /api/v1/cases 看全部",
                f"No case {case_id}: see GET /api/v1/cases",
            ),
        )
    return known[0]


def described(alert: Alert) -> dict[str, Any]:
    """An alert as programs read it: times in RFC 3339, null where there is none."""
    fields: dict[str, Any] = {name: getattr(alert, name) for name in _SHOWN}
    fields |= {name: exact(getattr(alert, name)) or None for name in _TIMES}
    fields["refs"] = [{**msgspec.to_builtins(ref), "at": exact(ref.at) or None} for ref in alert.refs]
    return fields


def _row(row: Any) -> dict[str, Any]:
    """A row of a view as programs read it."""
    return {
        name: (exact(value) if isinstance(value, datetime) else value)
        for name, value in row._asdict().items()
    }


class Came(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What came of an act.

    Attributes:
        id: of the act: its Idempotency-Key where one was sent.
        result: `done`, `rejected`, or `pending` while the notifier has not said.
        alert_id, silence_id, case_id: what it was applied to.
        at: when it was applied, RFC 3339.
        kind: what happened, as in `alert_events`.
        actor: who did it; of two with the same id, the first.
        detail: in words.
        state: of the subject afterwards.
        owner: of the subject afterwards.
        link: where to ask again while it is pending.
    """

    id: str
    result: Literal["done", "rejected", "pending"]
    alert_id: str = ""
    silence_id: str = ""
    case_id: str = ""
    at: str = ""
    kind: str = ""
    actor: str = ""
    detail: str = ""
    state: str = ""
    owner: str = ""
    link: str = ""


def came_of(done: Done) -> Came:
    """What came of an act, for programs."""
    event = done.event
    if not event:
        link = f"/api/v1/acts/{quote(done.command.id, safe='')}"
        return Came(id=done.command.id, result="pending", link=link)
    came = Came(
        id=done.command.id,
        result="rejected" if event["kind"] == "rejected" else "done",
        at=exact(event["at"]),
        **{name: event[name] for name in ("kind", "actor", "detail", "state", "owner")},
    )
    subject = {"alert": "alert_id", "silence": "silence_id", "case": "case_id"}.get(event["subject"])
    if subject:
        setattr(came, subject, event["id"])
    return came


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """JSON that is true now and not later."""
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _known(name: str, values: Iterable[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    given = tuple(one for value in values or () for one in value.split(",") if one)
    for value in given:
        if value not in known:
            choices = t("、", ", ").join(sorted(known))
            raise _bad_filter(
                t(f"{name} 没有 {value}，可用：{choices}", f"{name} is one of {choices}, not {value}")
            )
    return given


def _bad_filter(detail: str) -> Problem:
    return Problem(400, "bad-filter", t("筛选条件不对", "Wrong filter"), detail)
