"""One embedded ClickHouse for the whole session; each test has a database of its own."""

import hashlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client

LIMITS = {"max_execution_time": 5, "max_result_rows": 1000, "max_rows_to_read": 10_000_000}
USERS = {
    "koubei": {"sha256": hashlib.sha256(b"secret").hexdigest(), "readonly": False, "settings": {}},
    "reader": {"sha256": hashlib.sha256(b"read").hexdigest(), "readonly": True, "settings": LIMITS},
}
PASSWORDS = {"koubei": "secret", "reader": "read"}
_serial = itertools.count(1)


class Server:
    """The process, as `koubei up` starts it."""

    def __init__(self, root: Path, users: dict[str, Any] | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.users = root / "users.json"
        self.users.write_text(json.dumps({"users": USERS if users is None else users}))
        self.native = self.http = 0
        self.start()

    def start(self) -> None:
        """Start it, again on the same ports, and wait for the ready line."""
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], 30)
        line = self.process.stdout.readline() if readable else b""
        if not line:
            self.end(signal.SIGKILL)
            pytest.fail((self.root / "log").read_text()[-3000:])
        said = json.loads(line)
        assert said["pid"] == self.process.pid
        self.native, self.http = said["native"], said["http"]

    def command(self) -> list[str]:
        arguments = {"--data": self.root / "data", "--users": self.users, "--parent": os.getpid()}
        arguments |= {"--native-port": self.native, "--http-port": self.http}
        flat = [str(part) for pair in arguments.items() for part in pair]
        return [sys.executable, "-m", "streams.embedded.clickhouse", *flat]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and reap; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def client(self, user: str = "koubei", database: str = "", **options: Any) -> Client:
        return Client(
            "127.0.0.1",
            port=self.native,
            user=user,
            password=PASSWORDS[user],
            database=database,
            connect_timeout=60,
            sync_request_timeout=60,
            send_receive_timeout=60,
            **options,
        )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    running = Server(tmp_path_factory.mktemp("clickhouse"))
    yield running
    assert running.end() == 0


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    name = f"test_{next(_serial)}"
    with server.client() as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield name
        admin.execute(f"DROP DATABASE {name}")


@pytest.fixture
def connect(server: Server, database: str) -> Iterator[Callable[..., Client]]:
    """Make clients of the test's database; they are disconnected at its end."""
    made: list[Client] = []

    def make(user: str = "koubei", **options: Any) -> Client:
        made.append(server.client(user, database, **options))
        return made[-1]

    yield make
    for client in made:
        client.disconnect()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    return connect()
