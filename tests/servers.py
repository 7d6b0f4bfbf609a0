"""Real processes for tests: the embedded servers and workers, started as `koubei up` starts them."""

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from streams.store.client import Connection
from streams.store.migrate import migrate
from streams.topics.registry import TOPICS

READY_WITHIN = 30.0
PASSWORD = "test"  # noqa: S105


_started: "set[Process]" = set()


def end_all() -> None:
    """Kill what failed tests left running."""
    for process in list(_started):
        if process.running():
            process.kill()


class Process:
    """A child that says in one JSON line on stdout where it listens."""

    def __init__(self, *module: str, log: Path, env: dict[str, str] | None = None) -> None:
        self._log = log
        self._command = [sys.executable, "-m", *module]
        self._env = {**os.environ, **(env or {})}
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=log, env=self._env)
        self.said: dict[str, Any] = {}
        _started.add(self)

    def wait_ready(self) -> dict[str, Any]:
        """The JSON line, within a limit."""
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], READY_WITHIN)
        line = self.process.stdout.readline() if readable else b""
        if not line:
            self.kill()
            pytest.fail(f"{self._command} did not start: {self._log.read_text()[-3000:]}")
        try:
            self.said = json.loads(line)
        except ValueError:
            self.kill()
            raise
        return self.said

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9 and reap."""
        self.process.kill()
        self.wait()

    def wait(self, limit: float = 30.0) -> int:
        code = self.process.wait(limit)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def end(self) -> int:
        """SIGTERM, then kill -9 after a limit."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                return self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.wait()

    def running(self) -> bool:
        return self.process.poll() is None


@contextmanager
def clickhouse(root: Path) -> Iterator["ClickHouse"]:
    server = ClickHouse(root)
    try:
        yield server
    finally:
        server.process.end()


class ClickHouse:
    """An embedded ClickHouse with one account that may do all; the database is migrated."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        users = root / "users.json"
        digest = hashlib.sha256(PASSWORD.encode()).hexdigest()
        users.write_text(
            json.dumps({"users": {"koubei": {"sha256": digest, "readonly": False, "settings": {}}}})
        )
        self._arguments = ("--data", str(root / "data"), "--users", str(users), "--parent", str(os.getpid()))
        self._log = root / "clickhouse.log"
        self._start(0, 0)
        migrate(self.url)

    def _start(self, native: int, http: int) -> None:
        ports = ("--native-port", str(native), "--http-port", str(http))
        self.process = Process("streams.embedded.clickhouse", *self._arguments, *ports, log=self._log)
        said = self.process.wait_ready()
        self.native, self.http = int(said["native"]), int(said["http"])

    @property
    def url(self) -> str:
        return f"clickhouse://koubei:{PASSWORD}@127.0.0.1:{self.native}/koubei"

    def kill(self) -> None:
        self.process.kill()

    def restart(self) -> None:
        """Start again on the same ports and data."""
        self._start(self.native, self.http)

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        connection = Connection(self.url)
        try:
            return connection.query(sql, params).rows
        finally:
            connection.close()


@contextmanager
def kafka(root: Path) -> Iterator[str]:
    """An embedded Kafka; yields its bootstrap address."""
    root.mkdir(parents=True, exist_ok=True)
    topics = [word for topic in TOPICS for word in ("--topic", f"{topic.name}:{topic.partitions}")]
    process = Process(
        "streams.embedded.kafka", "--port", "0", *topics, "--parent", str(os.getpid()), log=root / "kafka.log"
    )
    try:
        yield str(process.wait_ready()["bootstrap"])
    finally:
        process.end()


def worker(
    root: Path,
    bootstrap: str,
    url: str,
    *options: str,
    prefix: str = "",
    group: str = "koubei",
    **settings: str,
) -> Process:
    """A landing worker, not yet ready. `settings` are those of the room `worker`."""
    env = _client(bootstrap, url, prefix, group, settings)
    return Process("streams", "worker", *options, log=root / "worker.log", env=env)


def notifier(
    root: Path,
    bootstrap: str,
    url: str,
    *,
    hook: str,
    prefix: str = "",
    group: str = "koubei",
    **settings: str,
) -> Process:
    """A notifier with one webhook, not yet ready. `settings` are those of the room `worker`."""
    env = {
        **_client(bootstrap, url, prefix, group, settings),
        "KOUBEI_CHANNELS__HOOK__KIND": "webhook",
        "KOUBEI_CHANNELS__HOOK__URL": hook,
        "KOUBEI_CHANNELS__HOOK__ALLOW_PRIVATE": "true",
    }
    return Process("streams", "notifier", log=root / "notifier.log", env=env)


def _client(bootstrap: str, url: str, prefix: str, group: str, worker: dict[str, str]) -> dict[str, str]:
    return {
        "KOUBEI_KAFKA__BOOTSTRAP": bootstrap,
        "KOUBEI_KAFKA__TOPIC_PREFIX": prefix,
        "KOUBEI_KAFKA__GROUP": group,
        "KOUBEI_STORE__URL": url,
        **{f"KOUBEI_WORKER__{name.upper()}": value for name, value in worker.items()},
    }


class Cutter:
    """A way to a server that can lose what it answers: the request arrives, the reply does not."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.lost = 0
        self._losing = threading.Event()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()

    def __enter__(self) -> "Cutter":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for pair in list(self._pairs):
            self._hang_up(pair)

    def lose_replies(self) -> None:
        """From the next reply on each connection loses it and is cut; later connections are whole again."""
        self._losing.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                return
            pair = (client, server)
            self._pairs.add(pair)
            threading.Thread(target=self._pump, args=(client, server, pair, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, pair, True), daemon=True).start()

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        pair: tuple[socket.socket, socket.socket],
        replies: bool,
    ) -> None:
        try:
            while data := source.recv(1 << 16):
                if replies and self._losing.is_set():
                    self._losing.clear()
                    self.lost += 1
                    # What the server was told to do it goes on doing while nobody hears of it.
                    time.sleep(0.3)
                    break
                sink.sendall(data)
        except OSError:
            pass
        finally:
            self._hang_up(pair)

    def _hang_up(self, pair: tuple[socket.socket, socket.socket]) -> None:
        self._pairs.discard(pair)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # a close alone would not wake who waits on it
            end.close()


def wait_for(what: str, check: Any, limit: float = 60.0) -> Any:
    """Ask until the answer is true; fails with `what` when it takes too long."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        answer = check()
        if answer:
            return answer
        time.sleep(0.1)
    return pytest.fail(f"not within {limit} s: {what}")


STOP, CONTINUE = signal.SIGSTOP, signal.SIGCONT
