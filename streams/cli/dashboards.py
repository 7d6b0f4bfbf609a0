"""koubei dashboards: the same dashboards in Grafana, pushed over its API or written as provisioning files."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from streams.boards.push import Database
from streams.cli.common import ClickHouse, Data, Json, group, reader_url, say, settings, show_json, stack
from streams.config import Settings, shipped
from streams.errors import BadConfig
from streams.language import t
from streams.store.client import Address

TOKEN_VARIABLE = "GRAFANA_TOKEN"  # noqa: S105 - the name of a variable

Http = Annotated[
    str | None,
    Parameter(
        name="--clickhouse-http",
        help=t(
            "Grafana 访问 ClickHouse 的 HTTP 地址，如 http://clickhouse:8123",
            "HTTP address at which Grafana reaches ClickHouse, http://clickhouse:8123",
        ),
    ),
]

app = group("dashboards", "把看板送进 Grafana", "Bring the dashboards to Grafana")


@app.command(
    help=t("经 Grafana 接口创建或更新看板、文件夹和数据源", "Create or update them over Grafana's API")
)
def push(
    *,
    url: Annotated[str, Parameter(help=t("Grafana 地址", "Grafana's address"))] = "http://127.0.0.1:3000",
    token: Annotated[
        str | None,
        Parameter(
            help=t(
                f"服务账号令牌；默认取 ${TOKEN_VARIABLE}",
                f"Service account token; ${TOKEN_VARIABLE} by default",
            )
        ),
    ] = None,
    clickhouse_http: Http = None,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Push what is in dashboards/; without --clickhouse-http the data source is left alone."""
    from streams.boards.push import push as run

    secret = token or os.environ.get(TOKEN_VARIABLE, "")
    if not secret:
        raise BadConfig(
            t(
                f"缺少 Grafana 令牌：加上 --token，或设置 {TOKEN_VARIABLE}（Grafana → 管理 → 服务账号）",
                f"No Grafana token: give --token or set {TOKEN_VARIABLE} (Grafana, Administration, Service accounts)",
            )
        )
    loaded = settings(data, None, clickhouse)
    database = _database(loaded, clickhouse_http) if clickhouse_http else None
    done = run(shipped("dashboards"), url, secret, database)
    if json:
        show_json(done)
    else:
        for line in done:
            print(f"✓ {line}")
        say(t(f"打开 {url}/dashboards", f"Open {url}/dashboards"))


@app.command(help=t("写出 Grafana 的 provisioning 文件", "Write provisioning files for Grafana"))
def export(
    target: Annotated[Path, Parameter(help=t("写到这个目录", "Write below this folder"))],
    *,
    clickhouse_http: Http = None,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Write provisioning/ and dashboards/; the password is taken from $KOUBEI_GRAFANA_PASSWORD at run time."""
    from streams.boards.push import export as run

    files = run(shipped("dashboards"), target, _database(settings(data, None, clickhouse), clickhouse_http))
    if json:
        show_json([str(file) for file in files])
    else:
        for file in files:
            print(file)


def _database(loaded: Settings, http: str | None) -> Database:
    address = Address.parse(reader_url(loaded))
    running = stack(loaded)
    url = http or (running.clickhouse_http if running else None) or f"http://{address.host}:8123"
    return Database(url, address.database, address.user, address.password)
