"""What the benchmark runs beside itself: contenders and workers as processes, and a real Kafka."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

ROOT = Path(__file__).parent.parent
START_LIMIT = 90.0
END_LIMIT = 20.0


class Failed(RuntimeError):
    """A process did not do what it was started for."""


class Process:
    """A child that prints JSON lines; its stderr goes to a file that is shown when it fails."""

    def __init__(self, *module: str, env: Mapping[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", *module]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child is reaped
        self._child = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    def said(self, limit: float) -> dict[str, Any]:
        """Its next JSON line."""
        assert self._child.stdout is not None
        deadline = time.monotonic() + limit
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._child.stdout], [], [], left)[0]:
                break
            line = self._child.stdout.readline()
            if not line:
                break
            # Faust's spinner may have left its escape codes before it.
            if (start := line.find(b"{")) >= 0:
                answer: dict[str, Any] = json.loads(line[start:])
                return answer
        raise self.failed("said nothing")

    def failed(self, what: str) -> Failed:
        self._errors.seek(0)
        tail = self._errors.read()[-3_000:].decode(errors="replace")
        return Failed(f"{' '.join(self._command)} {what} (exit code {self._child.poll()})\n{tail}")

    def kill(self) -> None:
        """kill -9, reaped."""
        self._child.kill()
        self._reap()

    def end(self) -> None:
        """SIGTERM, and kill -9 after a limit."""
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(END_LIMIT)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._reap()

    def _reap(self) -> None:
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._errors.close()


@contextmanager
def process(*module: str, env: Mapping[str, str] | None = None) -> Iterator[Process]:
    """A process that is ended afterwards."""
    running = Process(*module, env=env)
    try:
        yield running
    finally:
        running.end()


def worker(bootstrap: str, url: str, group: str, **settings: str) -> Process:
    """`koubei worker`, not yet ready; `settings` are those of its room."""
    env = {
        "KOUBEI_KAFKA__BOOTSTRAP": bootstrap,
        "KOUBEI_KAFKA__GROUP": group,
        "KOUBEI_STORE__URL": url,
        **{f"KOUBEI_WORKER__{name.upper()}": value for name, value in settings.items()},
    }
    return Process("streams", "worker", env=env)


def wait_for(what: str, check: Callable[[], Any], limit: float = 60.0, every: float = 0.05) -> Any:
    """The first true answer of `check`.

    Raises:
        Failed: there was none within `limit` seconds.
    """
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        time.sleep(every)
    raise Failed(f"not within {limit:g} s: {what}")


def has_real_kafka() -> bool:
    """Whether deploy/kafka can run here: Java, and the jars or Maven to fetch them."""
    jars = any((ROOT / "deploy" / "kafka" / "target" / "dependency").glob("kafka_2.13-*.jar"))
    return shutil.which("java") is not None and (jars or shutil.which("mvn") is not None)


@contextmanager
def real_kafka() -> Iterator[str]:
    """deploy/kafka on a free port in a temporary folder; yields its bootstrap address."""
    with tempfile.TemporaryDirectory(prefix="koubei-kafka-", ignore_cleanup_errors=True) as folder:
        port = _two_free_ports()
        log = Path(folder) / "kafka.log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                [str(ROOT / "deploy" / "kafka" / "run.sh"), str(port), str(Path(folder) / "data")],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0})
            wait_for("Kafka", lambda: child.poll() is not None or _answers(admin), START_LIMIT, every=0.3)
            if child.poll() is not None:
                raise Failed(log.read_text("utf-8", "replace")[-3_000:])
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(END_LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def create_topics(bootstrap: str, topics: Mapping[str, int]) -> None:
    """Create topics on a real Kafka, name → partitions, and wake its group coordinator."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    made = admin.create_topics([NewTopic(name, partitions, 1) for name, partitions in topics.items()])
    for answer in made.values():
        answer.result(30)
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "log_level": 0})
    wait_for("the group coordinator", lambda: _coordinates(reader, next(iter(topics))), every=0.3)
    reader.close()


def _coordinates(reader: Consumer, topic: str) -> bool:
    try:
        return bool(reader.committed([TopicPartition(topic, 0)], timeout=10))
    except KafkaException:
        return False


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def _two_free_ports() -> int:
    """A port that is free together with the next one (the controller's)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
