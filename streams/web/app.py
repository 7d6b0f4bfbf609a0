"""Puts the parts together: one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader
from litestar.openapi.config import OpenAPIConfig
from litestar.static_files import create_static_files_router

from streams import __version__
from streams.boards.board import load_all, translations
from streams.boards.panels import Runner
from streams.clock import SYSTEM, Clock
from streams.config import Settings, shipped
from streams.read.queries import Reader
from streams.web import (
    act_api,
    alert_api,
    alerts,
    api,
    cascades,
    cases,
    corrections,
    health,
    openapi,
    pages,
    problems,
    rule_api,
    rules,
    silences,
    writes,
)
from streams.web.acts import Await, Desk, watch
from streams.web.aid import Aid
from streams.web.guard import Guard
from streams.web.live import Hub
from streams.web.login import Login
from streams.web.paper import Paper
from streams.web.status import Lag, Monitor
from streams.web.why import Why
from streams.web.workshop import Workshop

STATIC = Path(__file__).parent / "static"


class Web(NamedTuple):
    """The application, and its hub, which must be closed before the server can stop."""

    asgi: Guard
    hub: Hub


def create(
    settings: Settings,
    reader: Reader,
    lag: Lag,
    connect: Callable[[], writes.Feed],
    *,
    clock: Clock = SYSTEM,
    dashboards: Path | None = None,
    correct: corrections.Correct | None = None,
    tell: Callable[[], writes.Feed] | None = None,
    outcome: Await | None = None,
) -> Web:
    """The page and the API.

    Args:
        settings: of this process.
        reader: the store; closed at the end.
        lag: records in Kafka that have not landed; blocks.
        connect: makes the feeder of the write API; called by the first write.
        clock: the time.
        dashboards: folder of dashboards, by default the shipped one.
        correct: stores a correction; by default in the store of the settings.
        tell: makes the feeder of what people do to alerts; by default that of the write API.
        outcome: waits for what an act causes; by default looks in the store of the settings.

    Raises:
        BadConfig: a dashboard cannot be read.
    """
    folder = dashboards or shipped("dashboards")
    boards = {board.uid: board for _, board in load_all(folder)}
    runner = Runner(reader, clock=clock)
    hub = Hub(boards, runner, reader, clock)
    monitor = Monitor(reader, lag, hub.announce, clock)
    writer, teller = writes.Writer(connect), writes.Writer(tell or connect)
    correct = correct or corrections.at(settings.store.url.get_secret_value())
    reading = (settings.store.reader_url or settings.store.url).get_secret_value()
    desk, paper = Desk(teller, outcome or watch(reading), clock), Paper(settings, clock)
    workshop = Workshop(settings, clock)
    sheet = alerts.Sheet(settings, reader, desk, paper, Why(reading, clock))

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        watching = asyncio.create_task(monitor.run())
        try:
            yield
        finally:
            watching.cancel()
            hub.close()
            await asyncio.to_thread(writer.close)
            await asyncio.to_thread(teller.close)
            await asyncio.to_thread(reader.close)

    app = Litestar(
        route_handlers=[
            *pages.handlers(settings, boards, translations(folder), reader, correct),
            *cascades.handlers(settings, reader),
            *alerts.handlers(reader, desk, paper, sheet),
            *alert_api.handlers(reader, desk),
            *act_api.handlers(settings, reader, desk),
            *cases.handlers(settings, reader, desk, paper, Aid(settings, reader, clock)),
            *rules.handlers(settings.web, reader, paper, workshop),
            *rule_api.handlers(settings.web, reader, workshop),
            *silences.handlers(settings.web, reader, desk, paper),
            *api.handlers(boards, runner, hub, clock),
            *writes.handlers(writer, settings.web, settings.edge, clock),
            *corrections.handlers(correct, reader, settings.web),
            *health.handlers(reader, monitor, hub),
            create_static_files_router(
                "/static/vendor", [STATIC / "vendor"], name="vendor", include_in_schema=False,
                cache_control=CacheControlHeader(public=True, max_age=31_536_000, immutable=True),
            ),
            create_static_files_router(
                "/static", [STATIC], include_in_schema=False, cache_control=CacheControlHeader(no_cache=True)
            ),
        ],
        lifespan=[lifespan],
        logging_config=None,
        exception_handlers={Exception: problems.handler},
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6, exclude=["/api/v1/stream"]),
        openapi_config=OpenAPIConfig(
            title="koubei", version=__version__, path="/schema", render_plugins=[openapi.Schema()]
        ),
    )  # fmt: skip
    asked = Login(app, settings.web)
    return Web(Guard(asked, frozenset(settings.web.allowed_hosts) | {settings.web.host}), hub)
