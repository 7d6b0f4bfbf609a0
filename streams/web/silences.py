"""The HTML of silences: which are in force, for how long and why; one more, or one less."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from litestar import MediaType, Request, Response, get, post
from litestar.types import ControllerRouterHandler

from streams.config import WebSettings
from streams.errors import KoubeiError
from streams.read import alerts as read
from streams.read.queries import Reader
from streams.web.acts import Desk, Order, command, rejected
from streams.web.alerts import SILENCES
from streams.web.corrections import BODY_LIMIT
from streams.web.guard import may_submit
from streams.web.paper import Paper, form_of, source_of
from streams.web.problems import Problem, of
from streams.web.words import LEVELS


def handlers(web: WebSettings, reader: Reader, desk: Desk, paper: Paper) -> list[ControllerRouterHandler]:
    """The page of silences and its forms."""

    @get("/silences", include_in_schema=False, media_type=MediaType.HTML)
    async def silences(request: Request[Any, Any, Any]) -> Response[str]:
        return await listed(request)

    @post("/silences", include_in_schema=False, media_type=MediaType.HTML, request_max_body_size=BODY_LIMIT)
    async def silence(request: Request[Any, Any, Any]) -> Response[str]:
        form = await form_of(request)
        order = Order(
            by=form.get("by", ""),
            note=form.get("note", ""),
            rule=form.get("rule", ""),
            brand=form.get("brand", ""),
            severity=form.get("severity", ""),
            lasting=form.get("for", ""),
        )
        ending = form.get("end", "")
        try:
            may_submit(request.scope, web)
            asked = command(
                "unsilence" if ending else "silence",
                order,
                id=form.get("once") or uuid4().hex,
                via="page",
                source=source_of(request),
                now=desk.clock.now(),
                silence_id=ending,
            )
            done = await desk.put(asked)
        except (Problem, KoubeiError) as error:
            problem = of(error)
            return await listed(request, problem=problem.detail, form=form, status=problem.status)
        if done.result == "rejected":
            return await listed(request, problem=rejected(done, paper.zone).detail, form=form, status=409)
        if done.result == "pending":
            return await listed(request, waiting=True, status=202)
        return paper.turn(f"/silences{paper.query(paper.language(request))}", asked.actor)

    async def listed(
        request: Request[Any, Any, Any],
        *,
        problem: str = "",
        form: Mapping[str, str] | None = None,
        status: int = 200,
        waiting: bool = False,
    ) -> Response[str]:
        try:
            found, tally, choices = await asyncio.gather(
                read.silences(reader, ended=True), read.tally(reader), read.choices(reader)
            )
        except KoubeiError as error:
            return paper.trouble(request, error)
        return paper.show(
            "silences.html",
            request,
            status=status,
            silences=found,
            tally=tally,
            choices=choices,
            lengths=SILENCES,
            levels=LEVELS,
            once=uuid4().hex,
            problem=problem,
            form=form or {},
            waiting=waiting,
        )

    return [silences, silence]
