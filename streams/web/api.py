"""Reading over HTTP: boards, panels with their SQL, the live stream. The browser never sends SQL."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from streams.boards.board import Board
from streams.boards.panels import Runner, statements
from streams.clock import Clock
from streams.language import t
from streams.web.live import Hub
from streams.web.problems import Problem
from streams.web.views import View, parse

READERS_LIMIT = 500
"""Pages that may be open at the same time."""


def handlers(
    boards: Mapping[str, Board], runner: Runner, hub: Hub, clock: Clock
) -> list[ControllerRouterHandler]:
    """The reading handlers over these boards."""

    def find(uid: str) -> Board:
        if uid not in boards:
            known = "、".join(boards)
            raise Problem(
                404,
                "no-such-board",
                t("没有这个看板", "No such dashboard"),
                t(f"没有 {uid}，现有：{known}", f"There is no {uid}; there are {known}"),
            )
        return boards[uid]

    async def checked(request: Request[Any, Any, Any], board: Board) -> View:
        view = parse(board, request.query_params.multi_items())
        await runner.check(board, view.span(clock.now()), view.values)
        return view

    @get(
        "/api/v1/boards",
        operation_id="boards",
        summary="Dashboards with their panels and variables",
        tags=["read"],
    )
    async def list_boards() -> Response[bytes]:
        return _json({"boards": [described(board) for board in boards.values()]})

    @get(
        "/api/v1/panels/{uid:str}/{panel_id:int}",
        operation_id="panel",
        summary="Numbers of one panel and the SQL behind them",
        description="Parameters as in the page's address: from, to (now-1h, now, or Unix milliseconds), var-NAME.",
        tags=["read"],
    )
    async def one_panel(
        request: Request[Any, Any, Any], uid: FromPath[str], panel_id: FromPath[int]
    ) -> Response[bytes]:
        board = find(uid)
        panel = board.panel(panel_id)
        if panel is None:
            raise Problem(
                404,
                "no-such-panel",
                t("没有这个面板", "No such panel"),
                t(f"{board.title} 没有 {panel_id} 号面板", f"{board.title} has no panel {panel_id}"),
            )
        view = await checked(request, board)
        span = view.span(clock.now())
        listed = await runner.listed(board, span)
        return _json(
            {
                "board": uid,
                "panel": panel_id,
                "title": panel.title,
                "description": panel.description,
                "from": span.start,
                "to": span.stop,
                "sql": statements(board, panel, span, view.values, listed),
                "frames": await runner.panel(board, panel, span, view.values),
            }
        )

    @get(
        "/api/v1/stream",
        operation_id="stream",
        summary="Live state of a dashboard as server-sent events",
        description="Events: panel (frames of one panel), view (what data there is), status (delay and lag). "
        "Parameters: board, from, to, var-NAME.",
        tags=["read"],
    )
    async def stream(request: Request[Any, Any, Any], board: FromQuery[str]) -> Stream:
        view = await checked(request, find(board))
        if hub.readers >= READERS_LIMIT:
            raise Problem(
                429,
                "busy",
                t("打开的页面太多", "Too many open pages"),
                t(f"最多同时打开 {READERS_LIMIT} 个", f"At most {READERS_LIMIT} at a time"),
                {"Retry-After": "10"},
            )
        events: AsyncIterator[bytes] = hub.stream(view)
        return Stream(
            events,
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return [list_boards, one_panel, stream]


def described(board: Board) -> dict[str, Any]:
    """What the page needs of a board: everything but the SQL."""
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "from": board.time.start,
        "to": board.time.to,
        "variables": [
            {
                "name": v.name,
                "label": v.label,
                "multi": v.multi,
                # What one chooses between when there is no 全部: the first is the default.
                "choices": []
                if v.include_all
                else [
                    {"value": value, "text": text}
                    for value, text in sorted(v.choices.items(), key=lambda choice: choice[0] != v.default)
                ],
                "about": v.description,
            }
            for v in board.templating.variables
            if v.hide == 0
        ],
        "panels": [
            {
                "id": panel.id,
                "type": panel.type,
                "title": panel.title,
                "description": panel.description,
                "grid": panel.grid_pos,
                "noValue": panel.no_value,
                "fields": panel.field_config,
                "options": panel.options,
            }
            for panel in board.panels
        ],
    }


def _json(content: Any) -> Response[bytes]:
    return Response(
        msgspec.json.encode(content), media_type="application/json", headers={"Cache-Control": "no-store"}
    )
