"""Whether this process lives, can work, and how it does: /healthz, /readyz, /metrics."""

import asyncio
from typing import Any

import msgspec
from litestar import Response, get
from litestar.types import ControllerRouterHandler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from streams.errors import KoubeiError
from streams.language import t
from streams.read import state
from streams.read.queries import Reader
from streams.web.live import Hub
from streams.web.status import PATIENCE, Monitor


def handlers(reader: Reader, monitor: Monitor, hub: Hub) -> list[ControllerRouterHandler]:
    """The three handlers."""
    registry = CollectorRegistry()
    Gauge("koubei_web_readers", "Open pages.", registry=registry).set_function(lambda: hub.readers)
    lag = Gauge("koubei_web_lag_records", "Records in Kafka that have not landed.", registry=registry)
    lag.set_function(lambda: _number(monitor.state.get("lag")))
    delay = Gauge(
        "koubei_web_landing_delay_seconds",
        "Kafka to row, 95th percentile of the last minute.",
        registry=registry,
    )
    delay.set_function(lambda: _number(monitor.state.get("p95")))

    @get("/healthz", operation_id="healthz", summary="Alive", tags=["health"], media_type="text/plain")
    async def healthz() -> str:
        return "ok\n"

    @get(
        "/readyz",
        operation_id="readyz",
        summary="Store and broker answer; 503 with reasons if not",
        tags=["health"],
    )
    async def readyz() -> Response[bytes]:
        found = dict(zip(("store", "broker"), await asyncio.gather(_store(), _broker()), strict=True))
        ready = all(reason == "ok" for reason in found.values())
        return Response(
            msgspec.json.encode({"ready": ready, **found}),
            status_code=200 if ready else 503,
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    @get("/metrics", operation_id="metrics", summary="Prometheus", tags=["health"])
    async def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _store() -> str:
        try:
            await state.reachable(reader)
        except KoubeiError as error:
            return str(error)
        return "ok"

    async def _broker() -> str:
        try:
            if await monitor.lag() is None:
                return t(f"Kafka 在 {PATIENCE:g} 秒内没有应答", f"Kafka did not answer within {PATIENCE:g} s")
        except KoubeiError as error:
            return str(error)
        return "ok"

    return [healthz, readyz, metrics]


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
