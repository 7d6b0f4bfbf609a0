"""Dashboards into Grafana: through its API (grafana-client), or as provisioning files. Both may be repeated."""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException, GrafanaServerError

from streams.boards.board import DATASOURCE_TYPE, DATASOURCE_UID, load_all
from streams.errors import BadConfig, StoreUnavailable
from streams.language import t

_NOT_FOUND = 404


class Database(NamedTuple):
    """ClickHouse as Grafana reaches it, over HTTP.

    Attributes:
        url: http://host:port or https://host:port.
        database: name of the database.
        user: the reading account.
        password: its password.
    """

    url: str
    database: str
    user: str
    password: str


def push(folder: Path, grafana: str, token: str, database: Database | None = None) -> list[str]:
    """Create or update the folders, the data source and the dashboards; returns what was done, a line each.

    Args:
        folder: dashboards/<Folder>/*.json.
        grafana: Grafana's address.
        token: of a service account that may edit dashboards (and data sources, if `database` is given).
        database: what the data source should point to; None leaves the data source alone.

    Raises:
        BadConfig: Grafana refuses the token or the dashboards, or a dashboard cannot be read.
        StoreUnavailable: Grafana does not answer.
    """
    boards = load_all(folder)
    done = []
    try:
        api: Any = GrafanaApi.from_url(grafana, credential=token, timeout=10.0)
        if database is not None:
            done.append(_datasource(api, datasource(database)))
        for name in dict.fromkeys(name for name, _ in boards):
            done.append(_folder(api, name))
        for file in sorted(folder.glob("*/*.json")):
            document = json.loads(file.read_text(encoding="utf-8"))
            api.dashboard.update_dashboard(
                {"dashboard": document, "folderUid": folder_uid(file.parent.name), "overwrite": True}
            )
            done.append(t(f"看板 {document['title']}", f"dashboard {document['title']}"))
    except (GrafanaServerError, OSError) as error:
        raise StoreUnavailable(
            t(f"连不上 Grafana {grafana}：{error}", f"Grafana {grafana} does not answer: {error}")
        ) from error
    except (GrafanaClientError, GrafanaException) as error:
        raise BadConfig(
            t(
                f"Grafana 拒绝了：{error}。检查 --token（需要 Editor 以上，建数据源需要 Admin）",
                f"Grafana refused: {error}. Check --token (Editor at least; Admin for the data source)",
            )
        ) from error
    return done


def export(folder: Path, target: Path, database: Database) -> list[Path]:
    """Write what Grafana provisions from: data source, provider, dashboards. Returns the files written.

    The password is not written: the data source takes it from $KOUBEI_GRAFANA_PASSWORD.

    Raises:
        BadConfig: a dashboard cannot be read.
    """
    load_all(folder)
    source = datasource(database._replace(password="$KOUBEI_GRAFANA_PASSWORD"))  # noqa: S106 - a variable's name
    provider = {
        "name": "koubei",
        "type": "file",
        "allowUiUpdates": False,
        "updateIntervalSeconds": 10,
        "options": {"path": "/var/lib/grafana/dashboards", "foldersFromFilesStructure": True},
    }
    # JSON is YAML, so no YAML library is needed to write what Grafana reads.
    files = {
        target / "provisioning/datasources/koubei.yaml": _pretty({"apiVersion": 1, "datasources": [source]}),
        target / "provisioning/dashboards/koubei.yaml": _pretty({"apiVersion": 1, "providers": [provider]}),
    }
    for file in sorted(folder.glob("*/*.json")):
        files[target / "dashboards" / file.parent.name / file.name] = file.read_text(encoding="utf-8")
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return list(files)


def datasource(database: Database) -> dict[str, Any]:
    """The data source that all our dashboards read, under its fixed uid."""
    parts = urlsplit(database.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadConfig(
            t(
                f"{database.url} 不是 HTTP 地址：Grafana 经 HTTP 读 ClickHouse，写成 http://主机:8123",
                f"{database.url} is not an HTTP address: Grafana reads ClickHouse over HTTP, http://host:8123",
            )
        )
    return {
        "name": "koubei",
        "uid": DATASOURCE_UID,
        "type": DATASOURCE_TYPE,
        "access": "proxy",
        "isDefault": True,
        "jsonData": {
            "host": parts.hostname,
            "port": parts.port or (443 if parts.scheme == "https" else 8123),
            "protocol": "http",
            "secure": parts.scheme == "https",
            "username": database.user,
            "defaultDatabase": database.database,
        },
        "secureJsonData": {"password": database.password},
    }


def folder_uid(name: str) -> str:
    """Uid of a Grafana folder: fixed, and of the characters that Grafana allows."""
    return "koubei-" + hashlib.sha256(name.encode()).hexdigest()[:16]


def _folder(api: Any, name: str) -> str:
    uid = folder_uid(name)
    try:
        api.folder.get_folder(uid)
    except GrafanaClientError as error:
        if error.status_code != _NOT_FOUND:
            raise
        api.folder.create_folder(name, uid)
    return t(f"文件夹 {name}", f"folder {name}")


def _datasource(api: Any, source: dict[str, Any]) -> str:
    try:
        api.datasource.get_datasource_by_uid(source["uid"])
    except GrafanaClientError as error:
        if error.status_code != _NOT_FOUND:
            raise
        api.datasource.create_datasource(source)
    else:
        api.datasource.update_datasource_by_uid(source["uid"], source)
    return t(f"数据源 {source['name']}", f"data source {source['name']}")


def _pretty(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
