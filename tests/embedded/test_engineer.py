"""The engineer's first ten minutes, as one who was given nothing but the README would play them.

Times in the comments are those of the script; a shared machine may take longer, so limits here are wide.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.embedded import state
from streams.embedded.machine import started

pytestmark = [pytest.mark.embedded, pytest.mark.slow, pytest.mark.timeout(240)]

KOUBEI = [sys.executable, "-m", "streams"]
ONE_POST = '{"platform":"微博","text":"XX耳机又断连"}\n'
MISSPELT = '{"platform":"微博","txet":"XX耳机又断连"}\n'


class Engineer:
    """Somebody at a terminal in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.stack: subprocess.Popen[str] | None = None
        self.ready = ""

    def run(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command that ends."""
        return subprocess.run(
            [*KOUBEI, *arguments], check=False, capture_output=True, text=True, timeout=100,
            input=given, cwd=self.folder, env=_environment(),
        )  # fmt: skip

    def up(self, *arguments: str) -> None:
        """`koubei up` in the foreground, until its line."""
        with (self.folder / "stderr").open("a") as log:
            self.stack = subprocess.Popen(
                [*KOUBEI, "up", "--port", "0", *arguments],
                stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder, env=_environment(),
            )  # fmt: skip
        assert self.stack.stdout is not None
        self.ready = self.stack.stdout.readline().rstrip("\n")
        assert self.ready, (self.folder / "stderr").read_text()[-3000:]

    def ctrl_c(self) -> float:
        """End the stack; seconds that it took."""
        assert self.stack is not None
        assert self.stack.stdout is not None
        known = state.running(self.data)
        assert known is not None
        began = time.monotonic()
        self.stack.send_signal(signal.SIGINT)
        code = self.stack.wait(30)
        self.stack.stdout.close()
        assert code == 0
        assert not any(started(pid) for pid in known.processes.values())
        return time.monotonic() - began

    def count(self, where: str = "1") -> int:
        """Posts as a reader counts them."""
        done = self.run("sql", f"SELECT count() AS n FROM posts_latest WHERE {where}", "--format", "json")
        assert done.returncode == 0, done.stderr
        return int(json.loads(done.stdout)[0]["n"])

    def page(self, path: str) -> Any:
        """What the page answers, as JSON where it is JSON."""
        known = state.running(self.data)
        assert known is not None
        with urllib.request.urlopen(f"{known.page}{path}", timeout=20) as answer:
            text = answer.read().decode()
            return json.loads(text) if "json" in answer.headers["Content-Type"] else text

    def part(self, name: str) -> state.Part:
        known = state.running(self.data)
        assert known is not None
        return next(part for part in known.parts if part.name == name)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KOUBEI_")}


def until(condition: Callable[[], object], limit: float, what: str) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit, f"not within {limit} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def engineer(tmp_path: Path) -> Iterator[Engineer]:
    one = Engineer(tmp_path)
    yield one
    if one.stack is not None and one.stack.poll() is None:
        one.stack.kill()
        one.stack.wait()
    if one.stack is not None and one.stack.stdout is not None:
        with contextlib.suppress(OSError):
            one.stack.stdout.close()


def test_the_first_ten_minutes(engineer: Engineer) -> None:
    began = time.monotonic()
    engineer.up("--demo")  # 0:00, within 15 s
    assert time.monotonic() - began < 60
    assert re.fullmatch(r"就绪 http://127\.0\.0\.1:\d+ （演示数据，Ctrl-C 停止）", engineer.ready)

    # 3:00 the first screen is full within 20 s and the numbers move
    until(lambda: not _empty(engineer), 40, "every panel of the first screen has rows")
    before = engineer.count()
    until(lambda: engineer.count() > before, 30, "the numbers move")
    assert "演示数据" in engineer.page("/") or engineer.count("origin = 'demo'") > 0

    _doctor(engineer)  # 4:00
    _own_post(engineer)  # 5:00

    # 10:00 Ctrl-C, the same data again; 9:00 kill -9 anything, the count unchanged; the demo taken out
    until(lambda: _lag(engineer) < 200, 30, "the worker keeps up")
    assert engineer.ctrl_c() < 12
    engineer.up()
    assert re.fullmatch(r"就绪 http://127\.0\.0\.1:\d+ （Ctrl-C 停止）", engineer.ready)
    kept = engineer.count()
    assert kept > before
    for name in ("worker-1", "clickhouse", "web"):
        _kill(engineer, name)
        assert engineer.count() == kept
    cleared = engineer.run("demo", "clear", "--yes")
    assert cleared.returncode == 0, cleared.stderr
    assert engineer.count("origin = 'demo'") == 0
    assert engineer.count() == 1  # the engineer's own post stays
    assert engineer.ctrl_c() < 12


def _empty(engineer: Engineer) -> list[str]:
    """Panels of the first screen without any row."""
    boards = engineer.page("/api/v1/boards")["boards"]
    first = boards[0]
    return [
        panel["title"]
        for panel in first["panels"]
        if not any(
            frame["rows"] for frame in engineer.page(f"/api/v1/panels/{first['uid']}/{panel['id']}")["frames"]
        )
    ]


def _doctor(engineer: Engineer) -> None:
    told = engineer.run("doctor")
    assert told.returncode in (0, 1), told.stderr
    lines = told.stdout.splitlines()
    for word in ("memory", "disk", "ports", "fonts", "timezone", "clock", "engine"):
        assert any(re.match(rf"[✓！] {word} ", line) for line in lines), word
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("！"):
            assert following.strip().startswith("→ "), line


def _own_post(engineer: Engineer) -> None:
    told = engineer.run("ingest", "-", given=ONE_POST)
    assert told.returncode == 0, told.stderr
    assert re.search(r"1 条已入库，[\d.]+ 秒可见：http://127\.0\.0\.1:\d+/", told.stdout), told.stdout
    assert engineer.count("text = 'XX耳机又断连' AND origin != 'demo'") == 1
    refused = engineer.run("ingest", "-", given=MISSPELT)
    assert refused.returncode == 65
    said = refused.stdout + refused.stderr
    assert "第 1 行" in said
    assert "txet" in said
    assert "是不是想写 text" in said


def _kill(engineer: Engineer, name: str) -> None:
    """kill -9: back within 5 s on a machine of one's own."""
    before = engineer.part(name)
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)

    def back() -> bool:
        now = engineer.part(name)
        return now.state == "running" and now.restarts > before.restarts

    until(back, 30, f"{name} is back")


def _lag(engineer: Engineer) -> int:
    told = engineer.run("status", "--json")
    lag = json.loads(told.stdout)["lag"]
    return 10**9 if "error" in lag else sum(lag.values())
