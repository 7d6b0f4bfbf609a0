"""koubei web: the page and the HTTP API."""

from typing import Annotated

from cyclopts import Parameter

from streams.cli.common import ClickHouse, Data, Kafka, settings
from streams.language import t


def web(
    *,
    data: Data = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
    host: Annotated[str | None, Parameter(help=t("监听地址", "Address to listen on"))] = None,
    port: Annotated[int | None, Parameter(help=t("端口，0 = 自动", "Port, 0 = a free one"))] = None,
) -> None:
    """Serve the page until SIGTERM."""
    from streams.web.serve import run

    run(settings(data, kafka, clickhouse, web={"host": host, "port": port}))
