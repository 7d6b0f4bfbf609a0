"""Runs the page as a process."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import uvicorn

from streams import language
from streams.broker.address import Broker, alerts_group, landing_group
from streams.broker.feeder import Feeder
from streams.broker.lag import lags
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t
from streams.read.queries import Reader
from streams.telemetry import log
from streams.topics.registry import LANDED
from streams.web.app import create
from streams.web.writes import ACK_LIMIT

STOP_LIMIT = 3
"""Seconds that open requests get when the process is told to stop."""


class _Server(uvicorn.Server):
    """Leaves the signals to `run`: uvicorn's own way would end the process by the signal, not with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing to capture."""
        yield


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        BadConfig: a dashboard cannot be read, or the port is taken.
    """
    log.configure()
    language.use(settings.language)
    broker, group = Broker.of(settings.kafka), landing_group(settings.kafka)
    web = create(
        settings,
        Reader((settings.store.reader_url or settings.store.url).get_secret_value()),
        lambda: sum(partition.lag for partition in lags(broker, group, [topic.name for topic in LANDED])),
        lambda: Feeder(broker, group, idle_limit=ACK_LIMIT),
        # Of its own, because another group makes room in that topic.
        tell=lambda: Feeder(broker, alerts_group(settings.kafka), idle_limit=ACK_LIMIT),
    )
    server = _Server(
        uvicorn.Config(
            web.asgi,
            host=settings.web.host,
            port=settings.web.port,
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=STOP_LIMIT,
        )
    )

    async def serve() -> None:
        def stop() -> None:
            server.should_exit = True
            web.hub.close()  # open streams would keep a stopping server waiting

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        await server.serve()

    try:
        asyncio.run(serve())
    except SystemExit as error:
        if error.code:
            raise BadConfig(
                t(
                    f"端口 {settings.web.port} 用不了（见上一行）：换一个 koubei web --port",
                    f"Port {settings.web.port} cannot be used (see above): choose another by koubei web --port",
                )
            ) from error
