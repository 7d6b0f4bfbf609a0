"""Corrections over HTTP: /api/v1/corrections for programs, and what the form of a post's page sends."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery
from litestar.types import ControllerRouterHandler

from streams.config import WebSettings
from streams.language import t
from streams.read.corrections import corrections
from streams.read.queries import Reader
from streams.store.client import Connection
from streams.store.corrections import WITHDRAW, BadCorrection, Correction, checked, correct, sentiment
from streams.web.guard import may_write

BODY_LIMIT = 16 * 1024
"""Bytes of one correction."""

Correct = Callable[[Correction], str]
"""Stores a correction and returns what the program judged; blocks; raises as `store.corrections.correct`."""


Label = Annotated[str, msgspec.Meta(description="pos, neu or neg; withdraw takes a correction back")]


class Order(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A correction as a program sends it; `kind` is post or share, `by` says who corrects."""

    kind: str = "post"
    platform: str
    id: str
    brand: str
    sentiment: Label
    by: str
    note: str = ""


class Corrected(msgspec.Struct, kw_only=True):
    """A correction as it was stored, with what the program `judged`."""

    kind: str
    platform: str
    id: str
    brand: str
    sentiment: Label
    judged: str
    by: str
    note: str


def at(url: str) -> Correct:
    """Corrections stored there, over a connection for each: they are as rare as people are slow."""

    def store(asked: Correction) -> str:
        connection = Connection(url, timeout=10.0)
        try:
            return correct(connection, asked)
        finally:
            connection.close()

    return store


def handlers(store: Correct, reader: Reader, web: WebSettings) -> list[ControllerRouterHandler]:
    """POST and GET of /api/v1/corrections."""

    @post(
        "/api/v1/corrections",
        operation_id="correct",
        summary="Correct the sentiment of one brand mention, or withdraw that",
        description="Stored and in force when the answer comes. The program's verdict is kept beside it.",
        tags=["write"],
        request_max_body_size=BODY_LIMIT,
        status_code=201,
    )
    async def write(request: Request[Any, Any, Any]) -> Response[bytes]:
        may_write(request.scope, web)
        order = parse(await request.body())
        label = sentiment(order.sentiment)
        made = checked(
            Correction(order.kind, order.platform, order.id, order.brand, label, order.by, "api", order.note)
        )
        judged = await asyncio.to_thread(store, made)
        stored = Corrected(
            kind=made.kind,
            platform=made.platform,
            id=made.id,
            brand=made.brand,
            sentiment=made.sentiment or WITHDRAW,
            judged=judged,
            by=made.actor,
            note=made.note,
        )
        return _json(stored, 201)

    @get(
        "/api/v1/corrections",
        operation_id="corrections",
        summary="Every correction of one post or share, newest first",
        tags=["read"],
    )
    async def read(
        platform: FromQuery[str], id: FromQuery[str], kind: FromQuery[str] = "post"
    ) -> Response[bytes]:
        found = await corrections(reader, kind, platform, id)
        listed = [
            {
                "at": one.at.isoformat(timespec="milliseconds"),
                "brand": one.brand,
                "sentiment": one.sentiment or WITHDRAW,
                "judged": one.judged,
                "by": one.actor,
                "via": one.via,
                "note": one.note,
            }
            for one in found
        ]
        return _json({"kind": kind, "platform": platform, "id": id, "corrections": listed}, 200)

    return [write, read]


def parse(body: bytes) -> Order:
    """The correction in a body.

    Raises:
        BadCorrection: no JSON, a field is missing, unknown or of the wrong type.
    """
    try:
        return msgspec.json.decode(body, type=Order)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCorrection(
            t(
                f"更正读不懂：{error}。要一个 JSON 对象：platform、id、brand、sentiment、by，可有 kind、note",
                f"Cannot read the correction: {error}. Send one JSON object: platform, id, brand, sentiment, by, "
                "and kind and note if you like",
            )
        ) from error


def _json(content: Any, status: int) -> Response[bytes]:
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
