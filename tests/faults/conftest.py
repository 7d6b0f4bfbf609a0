"""One suite, two brokers: every fault runs on the embedded Kafka and on a real one."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from streams.broker import admin
from streams.broker.address import Broker
from tests import servers
from tests.realkafka import RealKafka

SESSION = 8.0
"""Seconds of the real Kafka's session; the embedded one has its own, shorter."""


class Cluster:
    """A broker with fresh topics, and the workers that read it into the store.

    `broker` is the server itself where it may be killed: what the embedded one holds dies with it.
    """

    def __init__(
        self, root: Path, store: servers.ClickHouse, bootstrap: str, prefix: str, *, real: bool
    ) -> None:
        self._root = root
        self.store = store
        self.bootstrap = bootstrap
        self.prefix = prefix
        self.real = real
        self.session = SESSION if real else 3.0
        self.workers: list[servers.Process] = []
        self.broker: RealKafka | None = None

    def worker(self, *options: str, url: str | None = None, group: str = "koubei") -> servers.Process:
        """Start a worker and wait until it is ready."""
        process = self.unready_worker(*options, url=url, group=group)
        process.wait_ready()
        return process

    def unready_worker(self, *options: str, url: str | None = None, group: str = "koubei") -> servers.Process:
        """Start a worker."""
        static = {"instance": f"worker-{len(self.workers)}"} if self.real else {}
        process = servers.worker(
            self._root,
            self.bootstrap,
            url or self.store.url,
            *options,
            prefix=self.prefix,
            group=f"{self.prefix}{group}",
            session_timeout=str(self.session),
            **static,
        )
        self.workers.append(process)
        return process

    def notifier(self, hook: str) -> servers.Process:
        """Start a notifier with one webhook and wait until it is ready."""
        process = servers.notifier(
            self._root,
            self.bootstrap,
            self.store.url,
            prefix=self.prefix,
            group=f"{self.prefix}koubei",
            session_timeout=str(self.session),
            hook=hook,
        )
        self.workers.append(process)
        process.wait_ready()
        return process

    def log(self, of: str = "worker") -> str:
        """What the workers, or the notifiers, have said."""
        return (self._root / f"{of}.log").read_text()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


@pytest.fixture(
    params=[
        pytest.param("embedded", marks=pytest.mark.embedded),
        pytest.param("real", marks=pytest.mark.kafka),
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cluster(
    kind: str, tmp_path: Path, store: servers.ClickHouse, request: pytest.FixtureRequest
) -> Iterator[Cluster]:
    with ExitStack() as stack:
        if kind == "real":
            bootstrap = request.getfixturevalue("real_kafka")
            broker = request.getfixturevalue("own_kafka")
            prefix = f"faults{time.time_ns()}-"
            admin.create(Broker(bootstrap, prefix=prefix))
        else:
            bootstrap, prefix, broker = stack.enter_context(servers.kafka(tmp_path)), "", None
        made = Cluster(tmp_path, store, bootstrap, prefix, real=kind == "real")
        made.broker = broker
        try:
            yield made
        finally:
            for process in made.workers:
                if process.running():
                    process.end()


@pytest.fixture
def cutting(store: servers.ClickHouse) -> Iterator[Callable[[], servers.Cutter]]:
    """Makes a way to the store that can lose its replies."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(servers.Cutter(store.native))
