"""POST /api/v1/posts, shares, interactions: checked record by record, answered once Kafka has them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from streams.clock import Clock
from streams.config import EdgeSettings, WebSettings
from streams.errors import BadRecord, BrokerUnavailable
from streams.language import t
from streams.topics.codec import encode
from streams.topics.intake import intake
from streams.topics.registry import EVENTS, Topic
from streams.web.guard import may_write
from streams.web.problems import PROBLEM, Problem

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of one request."""

WAITING_LIMIT = 16
"""Requests that may wait for Kafka at the same time; more are told to come back."""

ACK_LIMIT = 15.0
"""Seconds that Kafka has to acknowledge."""


class Feed(Protocol):
    """What is needed of `streams.broker.feeder.Feeder`."""

    def send(self, topic: Topic, key: bytes, value: bytes) -> None:
        """Queue one record."""

    def flush(self, timeout: float) -> None:
        """Return once everything queued is acknowledged."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Writer:
    """Feeds Kafka from one thread of its own; the connection is made by the first write.

    Args:
        connect: makes the feeder.
    """

    def __init__(self, connect: Callable[[], Feed]) -> None:
        self._connect = connect
        self._feed: Feed | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="koubei-feed")
        self._waiting = 0

    async def write(self, topic: Topic, records: list[msgspec.Struct]) -> dict[int, BadRecord]:
        """Return once Kafka has acknowledged; what it can never take comes back by position.

        Raises:
            BrokerUnavailable: none, some or all of them may have arrived; sending them again is safe.
            Problem: 429, too many requests are waiting.
        """
        if self._waiting >= WAITING_LIMIT:
            raise Problem(
                429,
                "busy",
                t("正忙，请稍后再试", "Busy, come back"),
                t(
                    f"已有 {WAITING_LIMIT} 个请求在等 Kafka 确认",
                    f"{WAITING_LIMIT} requests wait for Kafka already",
                ),
                {"Retry-After": "1"},
            )
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._write, topic, records)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let running writes end and hang up."""
        self._thread.shutdown(wait=True)
        if self._feed is not None:
            self._feed.__exit__(None, None, None)

    def _write(self, topic: Topic, records: list[msgspec.Struct]) -> dict[int, BadRecord]:
        if self._feed is None:
            self._feed = self._connect().__enter__()
        refused: dict[int, BadRecord] = {}
        try:
            for position, record in enumerate(records):
                try:
                    self._feed.send(topic, topic.key(record), encode(record))
                except BadRecord as error:
                    refused[position] = error
            self._feed.flush(ACK_LIMIT)
        except BrokerUnavailable as error:
            # What is still queued must not go out after its sender was told that it failed.
            feed, self._feed = self._feed, None
            feed.__exit__(type(error), error, None)
            raise
        return refused


def handlers(
    writer: Writer, web: WebSettings, edge: EdgeSettings, clock: Clock
) -> list[ControllerRouterHandler]:
    """One POST handler a topic that people feed."""
    key = edge.hmac_key.get_secret_value().encode() if edge.hmac_key else None

    def handler(topic: Topic) -> ControllerRouterHandler:
        @post(
            f"/api/v1/{topic.name}",
            operation_id=f"write_{topic.name}",
            summary=f"Write {topic.name}",
            description=f"One {topic.struct.__name__}, an array of them, or JSON lines; at most 10 MB. "
            "The answer comes once Kafka has acknowledged: 202 all, 207 some, 400 none.",
            tags=["write"],
            request_max_body_size=BODY_LIMIT,
            status_code=202,
        )
        async def write(request: Request[Any, Any, Any]) -> Response[bytes]:
            may_write(request.scope, web)
            body = await request.body()
            # Ten megabytes take half a second to check: not on the event loop.
            results, records = await asyncio.to_thread(lambda: check(topic, parse(body), clock.now(), key))
            accepted = [result for result in results if result["status"] == "accepted"]
            refused = await writer.write(topic, records) if records else {}
            for position, error in refused.items():
                accepted[position] |= {"status": "rejected", "reason": error.reason, "detail": error.detail}
            return _answer(results, len(records) - len(refused))

        return write

    return [handler(topic) for topic in EVENTS]


def parse(body: bytes) -> list[Any]:
    """The items of a body: one object, an array, or JSON lines. An item may be an error text instead.

    Raises:
        Problem: 400, the body is empty or not JSON at all.
    """
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise Problem(
                400,
                "not-json",
                t("请求不是 JSON", "Not JSON"),
                t(
                    f"{error}。发送一个对象、一个数组，或每行一个对象",
                    f"{error}. Send one object, an array, or one object a line",
                ),
            ) from error
        return [_line(line) for line in lines]
    return whole if isinstance(whole, list) else [whole]


def check(
    topic: Topic, items: list[Any], now: float, key: bytes | None
) -> tuple[list[dict[str, Any]], list[msgspec.Struct]]:
    """A result for each item, and the records that are good."""
    results: list[dict[str, Any]] = []
    records: list[msgspec.Struct] = []
    for index, item in enumerate(items):
        try:
            if isinstance(item, BadRecord):
                raise item
            if not isinstance(item, dict):
                raise BadRecord("invalid", t("应是一个 JSON 对象", "expected a JSON object"))
            record = intake(topic, item, now=now, via="api", hmac_key=key)
        except BadRecord as error:
            results.append(
                {"index": index, "status": "rejected", "reason": error.reason, "detail": error.detail}
            )
        else:
            records.append(record)
            results.append({"index": index, "status": "accepted", "id": getattr(record, topic.id_field)})
    return results, records


def _line(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return BadRecord("not_json", str(error))


def _answer(results: list[dict[str, Any]], accepted: int) -> Response[bytes]:
    counts = {"accepted": accepted, "rejected": len(results) - accepted}
    if accepted or not results:
        status = 202 if accepted == len(results) else 207
        return Response(
            msgspec.json.encode({**counts, "results": results}),
            status_code=status,
            media_type="application/json",
        )
    problem = Problem(
        400,
        "all-rejected",
        t("没有一条可用", "None is usable"),
        t(
            f"{len(results)} 条都不对，第 1 条：{results[0]['detail']}",
            f"All {len(results)} are wrong, the first: {results[0]['detail']}",
        ),
    )
    return Response(
        msgspec.json.encode({**problem.body(), **counts, "results": results}),
        status_code=400,
        media_type=PROBLEM,
    )
