"""Acting on alerts, silences and cases over HTTP: every act is a command that the notifier decides on."""

import contextlib
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from litestar import Request, Response, delete, post
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler

from streams.config import Settings
from streams.errors import Retryable
from streams.language import t
from streams.read.queries import Reader
from streams.web.acts import ON_ALERT, ON_CASE, Desk, Order, bad, command, parse, rejected
from streams.web.alert_api import answer, came_of, found, found_case
from streams.web.corrections import BODY_LIMIT
from streams.web.guard import may_write
from streams.web.paper import source_of


def handlers(settings: Settings, reader: Reader, desk: Desk) -> list[ControllerRouterHandler]:
    """One POST an act, and DELETE for silences."""
    zone = ZoneInfo(settings.timezone)

    def on_alert(word: str, action: str) -> ControllerRouterHandler:
        @post(
            f"/api/v1/alerts/{{alert_id:str}}/{word}",
            operation_id=f"alert_{action}",
            summary=f"{word.capitalize()} an alert",
            tags=["act"],
            request_max_body_size=BODY_LIMIT,
            status_code=200,
        )
        async def act(request: Request[Any, Any, Any], alert_id: FromPath[str]) -> Response[bytes]:
            may_write(request.scope, settings.web)
            order = parse(await request.body())
            with contextlib.suppress(Retryable):  # acts are taken while the store is away
                alert = await found(reader, alert_id)
                if action == "silence" and not order.severity:
                    order.severity = alert.severity
            order.alert_id = alert_id
            if action == "silence":
                order.rule = order.brand = ""
            return await put(request, action, order)

        return act

    @post(
        "/api/v1/silences",
        operation_id="silence",
        summary="Silence alerts of a rule, a brand, or one alert for a while",
        tags=["act"],
        request_max_body_size=BODY_LIMIT,
        status_code=200,
    )
    async def silence(request: Request[Any, Any, Any]) -> Response[bytes]:
        may_write(request.scope, settings.web)
        return await put(request, "silence", parse(await request.body()))

    @delete(
        "/api/v1/silences/{silence_id:str}",
        operation_id="unsilence",
        summary="End a silence; `by` says who does",
        tags=["act"],
        status_code=200,
    )
    async def unsilence(
        request: Request[Any, Any, Any], silence_id: FromPath[str], by: FromQuery[str] = ""
    ) -> Response[bytes]:
        may_write(request.scope, settings.web)
        return await put(request, "unsilence", Order(by=by), silence_id=silence_id)

    @post(
        "/api/v1/cases",
        operation_id="case_open",
        summary="Open a case for an alert",
        tags=["act"],
        request_max_body_size=BODY_LIMIT,
        status_code=200,
    )
    async def opened(request: Request[Any, Any, Any]) -> Response[bytes]:
        may_write(request.scope, settings.web)
        order = parse(await request.body())
        if not order.alert_id:
            raise bad(t("alert_id 是哪条告警？", "For which alert? Give `alert_id`"))
        with contextlib.suppress(Retryable):
            await found(reader, order.alert_id)
        return await put(request, "case_open", order)

    def on_case(word: str, action: str) -> ControllerRouterHandler:
        @post(
            f"/api/v1/cases/{{case_id:str}}/{word}",
            operation_id=action,
            summary=f"{word.capitalize()} a case",
            tags=["act"],
            request_max_body_size=BODY_LIMIT,
            status_code=200,
        )
        async def act(request: Request[Any, Any, Any], case_id: FromPath[str]) -> Response[bytes]:
            may_write(request.scope, settings.web)
            order = parse(await request.body())
            order.alert_id = ""
            with contextlib.suppress(Retryable):
                await found_case(reader, case_id)
            return await put(request, action, order, case_id=case_id)

        return act

    async def put(
        request: Request[Any, Any, Any], action: str, order: Order, *, case_id: str = "", silence_id: str = ""
    ) -> Response[bytes]:
        asked = command(
            action,
            order,
            id=_once(request),
            via="api",
            source=source_of(request),
            now=desk.clock.now(),
            case_id=case_id,
            silence_id=silence_id,
        )
        done = await desk.put(asked)
        if done.result == "rejected":
            problem = rejected(done, zone)
            problem.more = {"act": came_of(done)}
            raise problem
        if done.result == "pending":
            came = came_of(done)
            return answer(came, 202, {"Location": came.link})
        return answer(came_of(done))

    return [
        silence,
        unsilence,
        opened,
        *(on_alert(word, action) for word, action in ON_ALERT.items()),
        *(on_case(word, action) for word, action in ON_CASE.items()),
    ]


def _once(request: Request[Any, Any, Any]) -> str:
    """The id of an act: what the sender makes sure that it is done once by, or one of ours."""
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if len(key) > 200 or not key.isprintable():
        raise bad(t("Idempotency-Key 最多 200 个可见字符", "Idempotency-Key is up to 200 visible characters"))
    return key or uuid4().hex
