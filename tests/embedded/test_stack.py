"""`koubei up` and what goes with it, as a person or a script calls them; real processes, free ports."""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from streams.cli import run
from streams.embedded import state
from streams.embedded.machine import started
from streams.store.client import Connection
from streams.topics.registry import BY_NAME

pytestmark = pytest.mark.embedded

KOUBEI = [sys.executable, "-m", "streams"]
SERVERS = ("--only", "kafka,clickhouse")


class Told(NamedTuple):
    """What a command printed."""

    stdout: str
    stderr: str


class Stack(NamedTuple):
    """A running stack: its folder and what `up --json` printed."""

    data: Path
    told: dict[str, Any]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all tests that only ask."""
    data = tmp_path_factory.mktemp("shared") / "data"
    yield Stack(data, up(data, *SERVERS))
    koubei("down", "--data", data)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose stack is ended, whatever the test did."""
    folder = tmp_path / "data"
    yield folder
    known = state.running(folder)
    if known is not None:
        os.kill(known.pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KOUBEI_")}


def koubei(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    command = [*KOUBEI, *(str(argument) for argument in arguments)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=100, env=environment()
    )
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def ask(*arguments: object, code: int = 0) -> Told:
    """A command in this process, which is quicker."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        found = run([str(argument) for argument in arguments])
    assert found == code, f"{arguments}: {found}\n{out.getvalue()}\n{err.getvalue()}"
    return Told(out.getvalue(), err.getvalue())


def up(data: Path, *arguments: str) -> dict[str, Any]:
    told = koubei("up", "--detach", "--json", "--data", data, "--port", "0", *arguments)
    return dict(json.loads(told.stdout))


def until(condition: Callable[[], object], limit: float = 30.0) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def part(data: Path, name: str) -> state.Part:
    known = state.running(data)
    assert known is not None
    return next(part for part in known.parts if part.name == name)


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
        return True
    return False


def test_detached_from_start_to_end(data: Path) -> None:
    told = up(data, *SERVERS)
    store = told["clickhouse"]
    assert set(store) == {"host", "port", "http_port", "user", "password", "database"}
    assert set(told) >= {"kafka", "clickhouse", "web", "token"}
    assert listens(told["kafka"])
    url = f"clickhouse://{store['user']}:{store['password']}@{store['host']}:{store['port']}/{store['database']}"
    connection = Connection(url)
    assert connection.query("SELECT count() FROM posts_latest").rows == [(0,)]
    connection.close()

    status = json.loads(ask("status", "--json", "--data", data).stdout)
    states = {one["name"]: one["state"] for one in status["processes"]}
    assert states == {"kafka": "running", "clickhouse": "running", "migrate": "done"}
    assert status["rows"] == {"dead_letters": 0, "interactions": 0, "posts": 0, "shares": 0}
    assert status["lag"] == {"posts": 0, "shares": 0, "interactions": 0}
    assert store["password"] not in json.dumps(status)

    pids = [one["pid"] for one in status["processes"] if one["pid"]] + [told["pid"]]
    koubei("down", "--data", data)
    assert all(started(pid) is None for pid in pids)
    assert not state.path(data).exists()
    koubei("down", "--data", data)  # nothing runs: no error
    ask("status", "--data", data, code=69)


def test_data_and_passwords_outlive_a_restart(data: Path) -> None:
    first = up(data, *SERVERS)
    connection = Connection(_url(first))
    connection.execute("CREATE TABLE kept (x UInt8) ENGINE = MergeTree ORDER BY x")
    connection.insert("kept", {"x": [1, 2, 3]})
    connection.close()
    koubei("down", "--data", data)
    second = up(data, *SERVERS)
    assert second["clickhouse"]["password"] == first["clickhouse"]["password"]
    rows = json.loads(ask("sql", "SELECT count() AS n FROM kept", "--format", "json", "--data", data).stdout)
    assert rows == [{"n": 3}]
    koubei("down", "--data", data)


def test_secrets_are_private_and_on_no_command_line(stack: Stack) -> None:
    data, told = stack
    for name in ("secrets.json", "users.json", "stack.json"):
        assert (data / name).stat().st_mode & 0o777 == 0o600, name
    assert told["clickhouse"]["password"] not in (data / "users.json").read_text()
    secrets = set(json.loads((data / "secrets.json").read_text()).values())
    known = state.running(data)
    assert known is not None
    for pid in known.processes.values():
        command = Path(f"/proc/{pid}/cmdline").read_text()
        assert not any(secret in command for secret in secrets)
    assert not any(secret in (data / "logs" / "koubei.log").read_text() for secret in secrets)


def test_a_second_stack_on_the_same_data_is_refused(stack: Stack) -> None:
    data, told = stack
    refused = koubei("up", "--detach", "--data", data, *SERVERS, code=78)
    assert f"pid {told['pid']}" in refused.stderr[:200]
    assert "koubei down" in refused.stderr
    assert ask("status", "--data", data)


def test_the_embedded_kafka_comes_back_where_it_was_and_says_what_is_lost(data: Path) -> None:
    told = up(data, *SERVERS)
    before = part(data, "kafka")
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: part(data, "kafka").restarts == 1 and part(data, "kafka").state == "running")
    assert listens(told["kafka"])
    log = (data / "logs" / "koubei.log").read_text()
    assert "SIGKILL" in log
    assert "没有入库的记录已经没有了" in log
    koubei("down", "--data", data)


def test_clickhouse_comes_back_on_its_ports(data: Path) -> None:
    told = up(data, *SERVERS)
    before = part(data, "clickhouse")
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: part(data, "clickhouse").restarts == 1 and part(data, "clickhouse").state == "running")
    connection = Connection(_url(told))
    assert connection.query("SELECT 1").rows == [(1,)]
    connection.close()
    koubei("down", "--data", data)


def test_a_worker_that_finds_only_garbage_stays_down_until_resumed(data: Path) -> None:
    told = up(data, "--only", "kafka,clickhouse,worker")
    producer = Producer({"bootstrap.servers": told["kafka"]})
    for _ in range(300):
        producer.produce("posts", b"garbage", partition=0)
    assert producer.flush(20) == 0
    until(lambda: part(data, "worker-1").state == "tripped")
    assert part(data, "worker-1").exit == 78
    assert "koubei worker resume" in (data / "logs" / "koubei.log").read_text()
    ask("worker", "resume", "--data", data)
    until(lambda: part(data, "worker-1").state == "running")
    until(lambda: _letters(data) == 300)
    assert part(data, "worker-1").state == "running"
    koubei("down", "--data", data)


def _letters(data: Path) -> int:
    query = "SELECT count() AS n FROM dead_letters_latest"
    return int(json.loads(ask("sql", query, "--format", "json", "--data", data).stdout)[0]["n"])


def test_kill_9_of_the_supervisor_leaves_no_process_and_the_next_start_works(data: Path) -> None:
    told = up(data, *SERVERS)
    known = state.running(data)
    assert known is not None
    os.kill(told["pid"], signal.SIGKILL)
    until(lambda: not any(started(pid) for pid in known.processes.values()), 10)
    ask("status", "--data", data, code=69)
    again = up(data, *SERVERS)
    assert again["pid"] != told["pid"]
    koubei("down", "--data", data)


def test_a_recycled_pid_is_never_killed(data: Path) -> None:
    """stack.json of a machine that was switched off names a pid that is somebody else's now."""
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        ticks = started(bystander.pid)
        assert ticks is not None
        state.Running(pid=bystander.pid, ticks=ticks - 1, started=0.0).write(data)
        koubei("down", "--data", data)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_in_the_foreground_a_signal_ends_all_in_order(data: Path, number: signal.Signals) -> None:
    command = [*KOUBEI, "up", "--data", str(data), *SERVERS]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("就绪 ")
        known = state.running(data)
        assert known is not None
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert out == ""  # one line on stdout, the rest is talk
    assert time.monotonic() - began < 10
    assert not any(started(pid) for pid in known.processes.values())
    assert "\x1b[" not in err  # no colours into a pipe


def test_what_cannot_start_is_said_in_one_message(data: Path) -> None:
    """Somebody else's server on the other side: migrate cannot reach a ClickHouse there."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        address = f"clickhouse://default@127.0.0.1:{port}/koubei"
        only = ("--only", "kafka,worker", "--clickhouse", address)
        refused = koubei("up", "--detach", "--data", data, *only, code=69)
    assert f"127.0.0.1:{port}" in refused.stderr
    assert "migrate" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert state.running(data) is None


def test_a_taken_port_names_its_holder_and_a_free_one(data: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        refused = koubei("up", "--data", data, "--port", port, code=78)
        assert f"{port}" in refused.stderr
        assert f"pid {os.getpid()}" in refused.stderr
        assert "--port" in refused.stderr
        refused = koubei("up", "--data", data, "--kafka-port", port, *SERVERS, code=78)
        assert f"pid {os.getpid()}" in refused.stderr
    assert not state.path(data).exists()


def test_given_ports_are_used(data: Path) -> None:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(3)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        kafka, native, http = (probe.getsockname()[1] for probe in probes)
    ports = ("--kafka-port", kafka, "--clickhouse-port", native, "--clickhouse-http-port", http)
    told = up(data, *SERVERS, *(str(port) for port in ports))
    assert told["kafka"] == f"127.0.0.1:{kafka}"
    assert (told["clickhouse"]["port"], told["clickhouse"]["http_port"]) == (native, http)
    koubei("down", "--data", data)


def test_sql_for_programs_and_people(stack: Stack) -> None:
    data = stack.data

    def query(*arguments: object, code: int = 0) -> Told:
        return ask("sql", *arguments, "--data", data, code=code)

    numbers = "SELECT number AS n, toString(number) AS s FROM numbers(3)"
    rows = [{"n": n, "s": str(n)} for n in range(3)]
    assert json.loads(query(numbers, "--format", "json").stdout) == rows
    assert [json.loads(line) for line in query(numbers, "--format", "jsonl").stdout.splitlines()] == rows
    assert query(numbers, "--format", "csv").stdout == "n,s\n0,0\n1,1\n2,2\n"
    assert query(numbers).stdout.split() == ["n", "s", "0", "0", "1", "1", "2", "2"]
    assert json.loads(query("SELECT 1 WHERE 0", "--format", "json").stdout) == []
    bound = query(
        "SELECT {x:UInt8} + 1 AS y, {s:String} AS s",
        "--param",
        "x=4",
        "--param",
        "s=it's",
        "--format",
        "json",
    )
    assert json.loads(bound.stdout) == [{"y": 5, "s": "it's"}]
    time_ = query("SELECT toDateTime64('2026-11-22 00:00:00', 3, 'UTC') AS at", "--format", "json")
    assert json.loads(time_.stdout) == [{"at": "2026-11-22T08:00:00+08:00"}]
    assert query("SELECT platfrm FROM posts", code=65).stderr.startswith("是不是想写 platform？")
    assert query("DROP TABLE posts", code=65).stderr.startswith("这个账号只能读")
    assert "posts" in query("--describe").stdout
    assert "平台" in query("posts", "--describe").stdout
    assert "koubei sql --describe" in query("nothing", "--describe", code=78).stderr


def test_demo_clear_takes_the_demo_out_and_nothing_else(stack: Stack) -> None:
    data, told = stack
    connection = Connection(_url(told))
    rows = {"platform": ["微博"] * 3, "id": ["1", "2", "3"], "origin": ["demo", "demo", "file"]}
    connection.insert("interactions", rows)
    refused = ask("demo", "clear", "--data", data, code=78)
    assert "--yes" in refused.stderr
    cleared = json.loads(ask("demo", "clear", "--yes", "--json", "--data", data).stdout)
    assert cleared["deleted"] == {"posts": 0, "shares": 0, "interactions": 2}
    assert set(cleared["left"].values()) == {0}
    assert connection.query("SELECT id, origin FROM interactions").rows == [("3", "file")]
    connection.close()


def test_dead_letters_are_listed_replayed_and_dropped(stack: Stack) -> None:
    data, told = stack
    connection = Connection(_url(told))
    now = datetime(2026, 11, 22, tzinfo=UTC)
    values = ["{broken", b"not utf-8: " + b"\xff", '{"text": 1}', "cut off"]
    rows = len(values)
    connection.insert(
        "dead_letters",
        {
            "topic": ["posts", "posts", "shares", "posts"],
            "epoch": [1] * rows,
            "partition": [0, 0, 3, 1],
            "offset": [7, 8, 9, 10],
            "key": ["k"] * rows,
            "value": values,
            "size": [7, 12, 11, 2_000_000],
            "reason": ["not_json", "not_json", "invalid", "invalid"],
            "detail": ["d"] * rows,
            "stage": ["decode"] * rows,
            "koubei": ["0"] * rows,
            "appended_at": [now] * rows,
            "failed_at": [now] * rows,
            "src_epoch": [1] * rows,
            "src_partition": [0] * rows,
            "src_offset": list(range(rows)),
        },
    )

    def letters(*arguments: object, code: int = 0) -> Any:
        return json.loads(ask("dead-letters", *arguments, "--json", "--data", data, code=code).stdout)

    assert {one["offset"] for one in letters("list")} == {7, 8, 9, 10}
    assert [one["offset"] for one in letters("list", "--topic", "shares")] == [9]
    assert letters("replay", "--dry-run", "--reason", "not_json") == {"replayed": 0, "would": 2, "cut": 0}
    assert letters("replay", "--reason", "not_json", "--yes") == {"replayed": 2, "would": 0, "cut": 0}
    assert sorted(values_of(told["kafka"], "posts")) == sorted([b"{broken", b"not utf-8: \xff"])
    assert letters("replay", "--topic", "posts", "--yes", code=65) == {"replayed": 0, "would": 0, "cut": 1}
    assert letters("drop", "--topic", "shares", "--yes") == {"dropped": 1, "would": 0, "cut": 0}
    assert [one["offset"] for one in letters("list")] == [10]
    states = {one["offset"]: one["state"] for one in letters("list", "--state", "all")}
    assert states == {7: "replayed", 8: "replayed", 9: "dropped", 10: "open"}
    kept = connection.query("SELECT hex(value), actor != '' FROM dead_letters_latest WHERE offset = 8").rows
    assert kept == [(b"not utf-8: \xff".hex().upper(), 1)]
    connection.close()


def values_of(bootstrap: str, topic: str) -> list[bytes]:
    """Every value in a topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "enable.auto.commit": False})
    places = [TopicPartition(topic, number, 0) for number in range(BY_NAME[topic].partitions)]
    consumer.assign(places)
    found: list[bytes] = []
    try:
        while message := consumer.poll(3.0):
            value = message.value()
            if message.error() is None and value is not None:
                found.append(value)
    finally:
        consumer.close()
    return found


def test_doctor_looks_at_the_running_stack(stack: Stack) -> None:
    data = stack.data
    for name in ("kafka", "clickhouse", "lag", "clock"):
        told = ask("doctor", "--only", name, "--json", "--data", data)
        assert all(one["ok"] for one in json.loads(told.stdout)), told.stdout
    findings = json.loads(ask("doctor", "--json", "--data", data, code=1).stdout)
    assert all(one["remedy"] for one in findings if not one["ok"])


def _url(told: dict[str, Any]) -> str:
    store = told["clickhouse"]
    return f"clickhouse://{store['user']}:{store['password']}@{store['host']}:{store['port']}/koubei"
