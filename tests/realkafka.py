"""A real Kafka for tests: the one KOUBEI_TEST_KAFKA names, or one started from deploy/kafka."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.broker.address import Broker
from streams.broker.epoch import metadata
from streams.errors import BrokerUnavailable

RUN = Path(__file__).parents[1] / "deploy" / "kafka" / "run.sh"
READY_WITHIN = 60.0
FETCH_WITHIN = 300.0
REMEDY = "install Java 17 and Maven (apt-get install default-jre-headless maven) or set KOUBEI_TEST_KAFKA"


class RealKafka:
    """One that was started here: it can be killed."""

    def __init__(self, root: Path) -> None:
        self._port = _free_pair()
        self._log = root / "kafka.log"
        self._data = root / "data"
        self.bootstrap = f"127.0.0.1:{self._port}"
        self._start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(RUN), str(self._port), str(self._data)], stdout=log, stderr=log, start_new_session=True
            )

    def wait(self, limit: float = READY_WITHIN) -> None:
        _wait(self.process, self.bootstrap, limit, self._log)

    def kill_and_restart(self) -> None:
        """kill -9, and up again on the same data."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)
        self._start()
        self.wait()


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKafka | None]:
    """A real Kafka, started here without any of our topics; None when KOUBEI_TEST_KAFKA names another's."""
    if os.environ.get("KOUBEI_TEST_KAFKA"):
        yield None
        return
    fetched = any((RUN.parent / "target" / "dependency").glob("kafka_2.13-*.jar"))
    if not shutil.which("java") or not (fetched or shutil.which("mvn")):
        pytest.skip(f"no real Kafka: {REMEDY}")
    server = RealKafka(tmp_path_factory.mktemp("kafka"))
    try:
        server.wait(READY_WITHIN if fetched else FETCH_WITHIN)
        yield server
    finally:
        _end(server.process)


@pytest.fixture(scope="session")
def real_kafka(own_kafka: RealKafka | None) -> str:
    """Bootstrap address of a real Kafka."""
    return own_kafka.bootstrap if own_kafka else os.environ["KOUBEI_TEST_KAFKA"]


def _wait(process: "subprocess.Popen[bytes]", bootstrap: str, limit: float, log: Path) -> None:
    deadline = time.monotonic() + limit
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if metadata(Broker(bootstrap), timeout=1.0).brokers:
                return
        except BrokerUnavailable:
            time.sleep(0.2)
    pytest.fail(f"the real Kafka did not start within {limit:g} s: {log.read_text()[-2000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    # run.sh may still be fetching: its session holds it and whatever it started.
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                continue


def _free_pair() -> int:
    """A free port whose successor is free too: the controller takes that one."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no two free ports in a row")
