"""The page's process, started for tests as `koubei web` does."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import servers


class Page:
    """The process and its address."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.url = url

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def json(self, path: str) -> Any:
        status, text = self.get(path)
        assert status == 200, text
        return json.loads(text)

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


def start(root: Path, kafka: str, store: str) -> Page:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "KOUBEI_KAFKA__BOOTSTRAP": kafka,
        "KOUBEI_STORE__URL": store,
        "KOUBEI_WEB__PORT": str(port),
    }
    command = [
        sys.executable,
        "-c",
        "from streams.config import load; from streams.web.serve import run; run(load())",
    ]
    with (root / "web.log").open("ab") as log:
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log)
    page = Page(process, f"http://127.0.0.1:{port}")

    def alive() -> bool:
        assert process.poll() is None, (root / "web.log").read_text()[-2000:]
        try:
            return page.get("/healthz")[0] == 200
        except OSError:
            return False

    servers.wait_for("the page", alive, 30)
    return page


def stop(page: Page) -> int:
    """SIGTERM; the exit code. Stopping a stopped page changes nothing."""
    page.process.send_signal(signal.SIGTERM)
    code = page.process.wait(10)
    assert page.process.stdout is not None
    if not page.process.stdout.closed:
        assert page.process.stdout.read() == b""  # stdout is for data
        page.process.stdout.close()
    return code


@contextmanager
def serving(root: Path, kafka: str, store: str) -> Iterator[Page]:
    """The page while the test looks at it; it must end with 0."""
    page = start(root, kafka, store)
    try:
        yield page
        assert stop(page) == 0
    finally:
        if page.process.poll() is None:
            page.process.kill()
            page.process.wait()
        if page.process.stdout is not None:
            page.process.stdout.close()
