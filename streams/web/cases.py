"""The HTML of cases: who has what in hand, how much time is left, and the steps from 发现 to 结案."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from streams.config import Settings
from streams.errors import KoubeiError
from streams.language import t
from streams.read import alerts as read
from streams.read.queries import Reader
from streams.web.acts import ON_CASE, Desk, Order, bad, command, rejected
from streams.web.aid import Aid
from streams.web.corrections import BODY_LIMIT
from streams.web.guard import may_submit
from streams.web.paper import Paper, chosen, form_of, source_of
from streams.web.problems import Problem, of
from streams.web.words import PROGRESS

STEPS: Mapping[str, tuple[str, ...]] = {
    "found": ("listen", "interact", "close"),
    "reopened": ("listen", "interact", "close"),
    "listening": ("interact", "resolve", "close"),
    "interacting": ("interact", "resolve", "close"),
    "resolved": ("close", "reopen"),
    "closed": ("reopen",),
}
"""State → the steps that lead on from it, the usual one first."""

NAMED = {
    "listen": ("开始聆听", "Listen"),
    "interact": ("已回应", "Answered"),
    "resolve": ("已化解", "Resolved"),
    "close": ("结案", "Close"),
    "reopen": ("重开", "Reopen"),
}


def handlers(
    settings: Settings, reader: Reader, desk: Desk, paper: Paper, aid: Aid
) -> list[ControllerRouterHandler]:
    """The pages of cases."""
    people = [person.name or name for name, person in settings.people.items()]

    @get("/cases", include_in_schema=False, media_type=MediaType.HTML)
    async def listed(request: Request[Any, Any, Any]) -> Response[str]:
        given = request.query_params
        state = chosen(given, "state", PROGRESS)
        try:
            found, tally = await asyncio.gather(
                read.cases(reader, states=[state] if state else [], owner=given.get("owner", "")),
                read.tally(reader),
            )
        except KoubeiError as error:
            return paper.trouble(request, error)
        return paper.show(
            "cases.html",
            request,
            cases=found,
            tally=tally,
            filtered=bool(state or given.get("owner")),
            state=state,
            progress=PROGRESS,
        )

    @get("/cases/{case_id:str}", include_in_schema=False, media_type=MediaType.HTML)
    async def one(request: Request[Any, Any, Any], case_id: FromPath[str]) -> Response[str]:
        return await shown(request, case_id)

    @post(
        "/cases/{case_id:str}",
        include_in_schema=False,
        media_type=MediaType.HTML,
        request_max_body_size=BODY_LIMIT,
    )
    async def act(request: Request[Any, Any, Any], case_id: FromPath[str]) -> Response[str]:
        form = await form_of(request)
        order = Order(
            by=form.get("by", ""),
            note=form.get("note", ""),
            owner=form.get("owner", ""),
            outcome=form.get("outcome", ""),
        )
        try:
            may_submit(request.scope, settings.web)
            action = ON_CASE.get(form.get("act", ""))
            if action is None:
                raise bad(t(f"没有 {form.get('act')!r} 这个操作", f"There is no act {form.get('act')!r}"))
            asked = command(
                action,
                order,
                id=form.get("once") or uuid4().hex,
                via="page",
                source=source_of(request),
                now=desk.clock.now(),
                case_id=case_id,
            )
            done = await desk.put(asked)
        except (Problem, KoubeiError) as error:
            return await shown(request, case_id, problem=of(error), form=form)
        if done.result == "pending":
            return await shown(request, case_id, waiting=True, name=asked.actor)
        if done.result == "rejected":
            return await shown(
                request, case_id, problem=rejected(done, paper.zone), form=form, name=asked.actor
            )
        return paper.turn(
            f"/cases/{quote(case_id, safe='')}{paper.query(paper.language(request))}", asked.actor
        )

    async def shown(
        request: Request[Any, Any, Any],
        case_id: str,
        *,
        problem: Problem | None = None,
        form: Mapping[str, str] | None = None,
        waiting: bool = False,
        name: str = "",
    ) -> Response[str]:
        try:
            found, events, tally = await asyncio.gather(
                read.cases(reader, case_id=case_id), read.case_timeline(reader, case_id), read.tally(reader)
            )
            alert = await read.alert(reader, found[0].alert_id) if found else None
            helps = await aid.of(found[0], alert) if found else None
        except KoubeiError as error:
            return paper.trouble(request, error)
        return paper.show(
            "case.html",
            request,
            status=problem.status if problem else 202 if waiting else 200 if found else 404,
            name=name,
            case=found[0] if found else None,
            case_id=case_id,
            events=events,
            alert=alert,
            helps=helps,
            tally=tally,
            steps=STEPS.get(found[0].state, ()) if found else (),
            named=NAMED,
            people=people,
            once=uuid4().hex,
            problem=problem.detail if problem else "",
            form=form or {},
            waiting=waiting,
        )

    return [listed, one, act]
