"""The process: how it starts, how it ends, and what survives when it is killed."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from clickhouse_driver.errors import Error, ServerException

from streams.embedded.clickhouse import explain_exit

if TYPE_CHECKING:
    from tests.embedded.clickhouse.conftest import Server

pytestmark = pytest.mark.embedded


def test_kill_minus_nine_loses_no_acknowledged_row(server: "Server", tmp_path: Path) -> None:
    own = type(server)(tmp_path / "own")
    acknowledged: dict[int, int] = {}
    attempted: dict[int, int] = {}
    try:
        with own.client() as admin:
            admin.execute(
                "CREATE TABLE t (batch UInt32, n UInt32, s String) ENGINE = MergeTree ORDER BY (batch, n) "
                "SETTINGS non_replicated_deduplication_window = 1000"
            )
        for round_ in range(4):
            stop = threading.Event()

            def write(first: int, stop: threading.Event = stop) -> None:
                chance = random.Random(first)
                try:
                    with own.client() as client:
                        for batch in range(first, first + 10_000):
                            if stop.is_set():
                                return
                            rows = chance.randrange(1, 2000)
                            attempted[batch] = rows
                            values = [[batch] * rows, list(range(rows)), ["x" * 50] * rows]
                            client.execute(
                                "INSERT INTO t VALUES",
                                values,
                                columnar=True,
                                settings={"insert_deduplication_token": str(batch)},
                            )
                            acknowledged[batch] = rows
                except (Error, EOFError, OSError):
                    return

            writers = [threading.Thread(target=write, args=((round_ * 3 + k) * 10_000,)) for k in range(3)]
            for writer in writers:
                writer.start()
            time.sleep(0.4 + 0.2 * round_)
            assert own.end(signal.SIGKILL) == -signal.SIGKILL
            stop.set()
            for writer in writers:
                writer.join(30)
            own.start()
            with own.client() as client:
                stored = dict(client.execute("SELECT batch, count() FROM t GROUP BY batch"))
                lost = {batch for batch in acknowledged if stored.get(batch) != acknowledged[batch]}
                partial = {batch for batch, rows in stored.items() if rows != attempted[batch]}
                assert not lost
                assert not partial
                for batch in attempted.keys() - acknowledged.keys():
                    rows = attempted[batch]
                    client.execute(
                        "INSERT INTO t VALUES",
                        [[batch] * rows, list(range(rows)), ["x" * 50] * rows],
                        columnar=True,
                        settings={"insert_deduplication_token": str(batch)},
                    )
                    acknowledged[batch] = rows
                assert dict(client.execute("SELECT batch, count() FROM t GROUP BY batch")) == attempted
        assert len(acknowledged) > 20
        assert not list((own.root / "data" / "spool").iterdir())
    finally:
        own.end(signal.SIGKILL)


def test_sigterm_lets_inserts_finish_and_data_stay(server: "Server", tmp_path: Path) -> None:
    own = type(server)(tmp_path / "own")
    done: list[int] = []
    try:
        with own.client() as admin:
            admin.execute("CREATE DATABASE kept")
            admin.execute("CREATE TABLE kept.t (a UInt64) ENGINE = MergeTree ORDER BY a")

        def write() -> None:
            try:
                with own.client() as client:
                    for batch in range(10_000):
                        client.execute("INSERT INTO kept.t VALUES", [[batch] * 5000], columnar=True)
                        done.append(batch)
            except (Error, EOFError, OSError):
                return

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.5)
        assert own.end(signal.SIGTERM) == 0
        writer.join(30)
        own.start()
        with own.client(database="kept") as client:
            whole = client.execute("SELECT a, count() FROM t GROUP BY a ORDER BY a")
            assert [count for _, count in whole] == [5000] * len(whole)
            assert {batch for batch, _ in whole} >= set(done)
            assert done
    finally:
        assert own.end() == 0


def test_second_process_on_the_same_directory_is_told(server: "Server") -> None:
    twin = subprocess.run(
        [*server.command()[:-4], "--native-port", "0", "--http-port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert twin.returncode == 69
    assert str(server.process.pid) in twin.stderr
    assert twin.stdout == ""
    assert explain_exit(69)


def test_a_directory_of_any_name(server: "Server", tmp_path: Path) -> None:
    own = type(server)(tmp_path / "口碑 it's & <x>")
    try:
        with own.client() as client:
            client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
            client.execute("INSERT INTO t VALUES", [(7,)])
        assert own.end() == 0
        own.start()
        with own.client() as client:
            assert client.execute("SELECT a FROM t") == [(7,)]
            with pytest.raises(ServerException, match="READ ON URL"):
                client.execute("SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')")
    finally:
        own.end()


def test_a_directory_that_reads_like_a_pattern_is_refused(server: "Server", tmp_path: Path) -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-m",
            "streams.embedded.clickhouse",
            "--data",
            str(tmp_path / "{a}"),
            "--users",
            server.users,
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert said.returncode == 78
    assert "{a}" in said.stderr


def test_an_unknown_setting_of_a_user_is_named(server: "Server", tmp_path: Path) -> None:
    users = tmp_path / "users.json"
    users.write_text(json.dumps({"users": {"a": {"sha256": "0" * 64, "settings": {"max_memory": 1}}}}))
    arguments = [
        "--data",
        str(tmp_path / "d"),
        "--users",
        str(users),
        "--native-port",
        "0",
        "--http-port",
        "0",
    ]
    said = subprocess.run(
        [sys.executable, "-m", "streams.embedded.clickhouse", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert said.returncode == 78
    assert "max_memory" in said.stderr


def test_a_port_in_use_is_named(server: "Server", tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path / "d"), "--users", str(server.users)]
    arguments += ["--native-port", str(server.native), "--http-port", "0"]
    said = subprocess.run(
        [sys.executable, "-m", "streams.embedded.clickhouse", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert said.returncode == 78
    assert str(server.native) in said.stderr[:200]
    assert "--native-port" in said.stderr


def test_sigterm_ends_what_would_never_end(server: "Server", tmp_path: Path) -> None:
    own = type(server)(tmp_path / "own")
    endless = [own.client() for _ in range(3)]
    for client in endless:
        client.execute_with_progress("SELECT max(sipHash64(number)) FROM numbers(100000000000)")
    waiting = own.client()
    waiting.execute("CREATE TABLE t (a UInt8) ENGINE = Memory")
    waiting.connection.send_query("INSERT INTO t VALUES")  # and never a row
    waiting.connection.send_external_tables(None)
    time.sleep(0.5)
    start = time.monotonic()
    assert own.end(signal.SIGTERM) == 0
    assert time.monotonic() - start < 12
    for client in (*endless, waiting):
        client.disconnect()


def test_without_the_engine_it_says_how_to_install_it(server: "Server", tmp_path: Path) -> None:
    (tmp_path / "chdb.py").write_text("raise ImportError('not here')")
    arguments = ["--data", str(tmp_path / "d"), "--users", str(server.users)]
    said = subprocess.run(
        [sys.executable, "-m", "streams.embedded.clickhouse", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert said.returncode == 78
    assert 'pip install "koubei[embedded]"' in said.stderr


def test_it_ends_when_its_parent_is_killed(server: "Server", tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path / "d"), "--users", str(server.users)]
    arguments += ["--native-port", "0", "--http-port", "0"]
    script = (
        "import os, subprocess, sys; "
        f"child = subprocess.Popen([sys.executable, '-m', 'streams.embedded.clickhouse', *{arguments!r}, "
        "'--parent', str(os.getpid())]); child.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = json.loads(parent.stdout.readline())["pid"]
        parent.kill()
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("code", [-signal.SIGILL, -signal.SIGSEGV, -signal.SIGKILL, 69, 78, 1])
def test_every_exit_code_is_explained(code: int) -> None:
    assert len(explain_exit(code)) > 10
