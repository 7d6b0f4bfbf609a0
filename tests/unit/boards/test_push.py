"""Grafana gets the same dashboards however often they are pushed."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from streams.boards.push import Database, datasource, export, folder_uid, push
from streams.config import shipped
from streams.errors import BadConfig, StoreUnavailable

FOLDER = shipped("dashboards")
DATABASE = Database("http://clickhouse:8123", "koubei", "reader", "secret")


class Grafana(BaseHTTPRequestHandler):
    """Enough of Grafana's API to be pushed to; what it was told is kept by uid."""

    protocol_version = "HTTP/1.0"
    kept: dict[str, dict[str, Any]]
    token = "good"  # noqa: S105

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        kind, uid = self._what(body)
        if self.headers.get("Authorization") != f"Bearer {self.token}":
            self._answer(401, {"message": "Invalid API key"})
        elif self.command == "GET":
            self._answer(*((200, self.kept[uid]) if uid in self.kept else (404, {"message": "not found"})))
        elif self.command == "POST" and uid in self.kept and kind != "dashboard":
            self._answer(409, {"message": "exists already"})
        else:
            self.kept[uid] = {"kind": kind, **body}
            self._answer(200, {"uid": uid, "message": "ok"})

    def _what(self, body: dict[str, Any]) -> tuple[str, str]:
        if self.path == "/api/dashboards/db":
            return "dashboard", body["dashboard"]["uid"]
        kind = "folder" if "folders" in self.path else "datasource"
        return kind, body.get("uid") or self.path.rsplit("/", 1)[1]

    do_GET = do_POST = do_PUT = _handle  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def grafana() -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    kept: dict[str, dict[str, Any]] = {}
    handler = type("Kept", (Grafana,), {"kept": kept})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kept
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_pushing_twice_changes_nothing(grafana: tuple[str, dict[str, dict[str, Any]]]) -> None:
    url, kept = grafana
    done = push(FOLDER, url, "good", DATABASE)
    first = json.dumps(kept, sort_keys=True)
    assert push(FOLDER, url, "good", DATABASE) == done
    assert json.dumps(kept, sort_keys=True) == first
    kinds = [entry["kind"] for entry in kept.values()]
    dashboards = len(list(FOLDER.glob("*/*.json")))
    folders = len({file.parent for file in FOLDER.glob("*/*.json")})
    assert sorted(kinds) == ["dashboard"] * dashboards + ["datasource", *["folder"] * folders]
    assert kept["koubei-overview"]["folderUid"] == folder_uid("口碑")
    assert kept["koubei-overview"]["dashboard"]["id"] is None
    assert kept["koubei-clickhouse"]["secureJsonData"] == {"password": "secret"}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_data_source_is_left_alone_unless_asked(grafana: tuple[str, dict[str, dict[str, Any]]]) -> None:
    url, kept = grafana
    push(FOLDER, url, "good")
    assert "koubei-clickhouse" not in kept


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_wrong_token_is_said(grafana: tuple[str, dict[str, dict[str, Any]]]) -> None:
    with pytest.raises(BadConfig, match="--token"):
        push(FOLDER, grafana[0], "bad")


def test_no_grafana_is_said() -> None:
    with pytest.raises(StoreUnavailable, match="Grafana"):
        push(FOLDER, "http://127.0.0.1:9", "good")


def test_folder_uids_are_what_grafana_takes() -> None:
    for name in ("口碑", "运行", "a" * 60):
        assert len(folder_uid(name)) <= 40
        assert folder_uid(name).isascii()


def test_export_writes_what_grafana_provisions(tmp_path: Path) -> None:
    files = export(FOLDER, tmp_path, DATABASE)
    assert {str(file.relative_to(tmp_path)) for file in files} == {
        "provisioning/datasources/koubei.yaml",
        "provisioning/dashboards/koubei.yaml",
        *(f"dashboards/{file.relative_to(FOLDER)}" for file in FOLDER.glob("*/*.json")),
    }
    written = "".join(file.read_text(encoding="utf-8") for file in files)
    assert "secret" not in written
    source = json.loads(files[0].read_text(encoding="utf-8"))["datasources"][0]
    assert source["jsonData"]["host"] == "clickhouse"
    assert source["jsonData"]["port"] == 8123
    for file in files[2:]:
        assert file.read_bytes() == (FOLDER / file.parent.name / file.name).read_bytes()


def test_a_native_address_is_no_http_address() -> None:
    with pytest.raises(BadConfig, match="HTTP"):
        datasource(DATABASE._replace(url="clickhouse://h:9000"))
