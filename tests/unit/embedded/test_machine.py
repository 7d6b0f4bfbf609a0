"""Processes, ports, stack.json and the log."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streams.embedded import machine, state
from streams.embedded.logs import Log, path, readable
from streams.embedded.state import Part, Running


def test_a_process_is_named_by_pid_and_start() -> None:
    first = machine.started(os.getpid())
    assert first is not None
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    assert (machine.started(child.pid) or 0) >= first
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert machine.started(child.pid) is None  # a zombie runs no more
    child.wait()
    assert machine.started(child.pid) is None


def test_who_holds_a_port() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not machine.is_free(port)
        holder = machine.holder(port)
        assert holder is not None
        assert holder.pid == os.getpid()
        assert machine.free_port(port) > port
    assert machine.is_free(port)
    assert machine.holder(port) is None
    assert machine.is_free(machine.free_port())


def test_memory_and_disk(tmp_path: Path) -> None:
    assert (machine.memory_available() or 0) > 1_000_000
    assert machine.disk_free(tmp_path / "not" / "yet" / "there") == pytest.approx(
        machine.disk_free(tmp_path), rel=0.1
    )


def test_stack_json_round_trip(tmp_path: Path) -> None:
    assert state.read(tmp_path) is None
    known = Running(
        pid=os.getpid(),
        ticks=machine.started(os.getpid()),
        started=1.0,
        kafka="k:1",
        parts=[Part("kafka", pid=5, state="running"), Part("worker-1", state="tripped", exit=78)],
    )
    known.write(tmp_path)
    assert state.read(tmp_path) == known
    assert known.processes == {"kafka": 5}
    assert state.path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert state.running(tmp_path) == known
    assert not list(tmp_path.glob(".*"))  # no draft left behind
    known.ticks = 1
    known.write(tmp_path)
    assert state.running(tmp_path) is None  # the pid is somebody else's now
    state.path(tmp_path).write_text('{"pid": ')
    assert state.read(tmp_path) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain", ("", "plain")),
        ('{"event": "landed", "level": "info", "ts": "x", "n": 3}', ("info", "landed n=3")),
        ('{"event": "bad", "level": "error"}', ("error", "bad")),
        ('{"no": "event"}', ("", '{"no": "event"}')),
        ("{broken", ("", "{broken")),
    ],
)
def test_json_lines_become_readable(line: str, expected: tuple[str, str]) -> None:
    assert readable(line) == expected


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_names_and_colours_only_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = {}
    for name, screen in (("pipe", io.StringIO()), ("terminal", Terminal())):
        log = Log(tmp_path / name, screen=screen)
        log.write("worker-1", '{"event": "landed", "level": "error", "n": 3}')
        log.write("web", "hello")
        log.close()
        shown[name] = screen.getvalue()
        assert path(tmp_path / name).read_text().splitlines()[1].endswith("web        hello")
    assert "\x1b[" not in shown["pipe"]
    assert "worker-1   | landed n=3\n" in shown["pipe"]
    assert shown["terminal"].count("\x1b[") > 4
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    log = Log(tmp_path / "plain", screen=plain)
    log.write("web", "hello")
    log.close()
    assert "\x1b[" not in plain.getvalue()


def test_a_closed_terminal_does_not_stop_the_log(tmp_path: Path) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError("gone")

    log = Log(tmp_path, screen=Gone())
    log.write("web", "one")
    log.write("web", "two")
    log.close()
    assert len(path(tmp_path).read_text().splitlines()) == 2


def test_the_log_file_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.embedded.logs.ROTATE_BYTES", 1000)
    log = Log(tmp_path)
    for _ in range(100):
        log.write("web", "x" * 100)
    log.close()
    files = sorted(file.name for file in path(tmp_path).parent.iterdir())
    assert files == ["koubei.log", *(f"koubei.log.{number}" for number in range(1, 6))]
