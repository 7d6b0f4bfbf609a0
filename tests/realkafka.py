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


@pytest.fixture(scope="session")
def real_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a real Kafka, without any of our topics when it was started here."""
    if given := os.environ.get("KOUBEI_TEST_KAFKA"):
        yield given
        return
    fetched = any((RUN.parent / "target" / "dependency").glob("kafka_2.13-*.jar"))
    if not shutil.which("java") or not (fetched or shutil.which("mvn")):
        pytest.skip(f"no real Kafka: {REMEDY}")
    root = tmp_path_factory.mktemp("kafka")
    port = _free_pair()
    with (root / "kafka.log").open("wb") as log:
        process = subprocess.Popen(
            [str(RUN), str(port), str(root / "data")], stdout=log, stderr=log, start_new_session=True
        )
    try:
        bootstrap = f"127.0.0.1:{port}"
        _wait(process, bootstrap, READY_WITHIN if fetched else FETCH_WITHIN, root / "kafka.log")
        yield bootstrap
    finally:
        _end(process)


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
