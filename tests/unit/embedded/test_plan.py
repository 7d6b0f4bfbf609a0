"""What `koubei up` decides before it starts anything."""

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams import config
from streams.embedded import machine
from streams.embedded import plan as planning
from streams.embedded.plan import Feed, plan
from streams.embedded.stack import programs, running, summary
from streams.embedded.supervisor import Program
from streams.errors import BadConfig


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(planning, "MEMORY", dict.fromkeys(planning.MEMORY, 1))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


FACTS: dict[str, dict[str, Any]] = {
    "kafka": {"bootstrap": "127.0.0.1:1234", "boot": "1"},
    "clickhouse": {"native": 9001, "http": 8124},
}
REAL: dict[str, Any] = {"kafka": {"bootstrap": "k:9092"}, "store": {"url": "clickhouse://u:p@c:9000/d"}}
REAL_KAFKA: dict[str, Any] = {"kafka": REAL["kafka"]}


def made(*, only: str = "", feed: Feed | None = None, **rooms: Any) -> planning.Plan:
    rooms.setdefault("web", {"port": 0})
    return plan(config.load(**rooms), only=frozenset(filter(None, only.split(","))), feed=feed)


def names(made: planning.Plan) -> list[str]:
    return [program.name for program in programs(made)]


def named(made: planning.Plan, name: str) -> Program:
    return next(program for program in programs(made) if program.name == name)


def test_everything_is_embedded_by_default() -> None:
    assert names(made()) == ["kafka", "clickhouse", "migrate", "worker-1", "notifier", "web"]
    assert names(made(feed=Feed(demo=True)))[-1] == "feeder"
    assert names(made(embedded={"workers": 3}))[3:6] == ["worker-1", "worker-2", "worker-3"]


def test_real_servers_take_the_place_of_embedded_ones() -> None:
    assert names(made(**REAL)) == ["topics", "migrate", "worker-1", "notifier", "web"]
    assert names(made(kafka=REAL["kafka"])) == [
        "topics",
        "clickhouse",
        "migrate",
        "worker-1",
        "notifier",
        "web",
    ]
    assert names(made(store=REAL["store"])) == ["kafka", "migrate", "worker-1", "notifier", "web"]


def test_the_environment_names_real_servers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOUBEI_KAFKA__BOOTSTRAP", "k:9092")
    assert "kafka" not in made().parts


def test_only_a_part() -> None:
    assert names(made(only="kafka,clickhouse")) == ["kafka", "clickhouse", "migrate"]
    assert names(made(only="kafka")) == ["kafka"]
    with pytest.raises(BadConfig, match="feder"):
        made(only="feder")
    with pytest.raises(BadConfig):
        made(only="feeder")  # with nothing to feed nothing is left


def test_stopping_goes_from_the_feeder_to_the_store() -> None:
    tiers = {program.name: program.tier for program in programs(made(feed=Feed(demo=True)))}
    order = sorted(
        ("feeder", "web", "worker-1", "notifier", "kafka", "clickhouse"), key=lambda name: -tiers[name]
    )
    assert order == ["feeder", "web", "worker-1", "notifier", "kafka", "clickhouse"]


def test_passwords_are_made_once_and_private() -> None:
    first, second = made(), made()
    assert first.passwords == second.passwords
    assert len(set(first.passwords.values())) == 5
    secrets = first.data / "secrets.json"
    assert secrets.stat().st_mode & 0o777 == 0o600
    users = json.loads(first.users_file.read_text())["users"]
    assert users["koubei_reader"]["readonly"] is True
    assert users["koubei_reader"]["settings"]["max_execution_time"] == 60
    assert users["koubei_writer"]["readonly"] is False
    for account, user in users.items():
        assert user["sha256"] == hashlib.sha256(first.passwords[account].encode()).hexdigest()
    secrets.write_text("{")
    with pytest.raises(BadConfig, match="secrets.json"):
        made()


def test_a_default_port_that_is_taken_moves_on_and_says_so(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Defaults(config.WebSettings):
        port: int = taken

    settings = config.load().model_copy(update={"web": Defaults()})
    decided = plan(settings)
    assert decided.web_port > taken
    (note,) = decided.notes
    assert f"pid {os.getpid()}" in note
    assert str(taken) in note
    assert str(decided.web_port) in note


def test_a_port_that_was_asked_for_is_refused_when_taken(taken: int) -> None:
    with pytest.raises(BadConfig, match="--port"):
        made(web={"port": taken})
    for port in ("kafka_port", "clickhouse_port", "clickhouse_http_port"):
        with pytest.raises(BadConfig, match=f"pid {os.getpid()}"):
            made(embedded={port: taken})


def test_too_little_memory_says_found_and_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        planning, "MEMORY", {"kafka": 100, "clickhouse": 400, "worker": 500, "notifier": 0, "web": 100}
    )
    monkeypatch.setattr(machine, "memory_available", lambda: 1_600_000_000)
    made(embedded={"workers": 2})
    with pytest.raises(BadConfig, match=r"1600 MB.*2100 MB") as refused:
        made(embedded={"workers": 3})
    assert "--only" in str(refused.value)


def test_too_little_disk_says_found_and_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "disk_free", lambda _: 999_000_000)
    with pytest.raises(BadConfig, match=r"999 MB.*1000 MB.*--data"):
        made()
    made(store={"url": "clickhouse://u@h/d"})  # nothing is kept here then


def test_static_members_only_on_a_real_kafka_and_never_twice(tmp_path: Path) -> None:
    assert made().member("worker-1") is None
    here = made(**REAL_KAFKA)
    there = made(**REAL_KAFKA, embedded={"data": tmp_path / "other"})
    members = {here.member("worker-1"), here.member("worker-2"), there.member("worker-1")}
    assert len(members) == 3
    assert made(**REAL_KAFKA, worker={"instance": "blue"}).member("worker-2") == "blue-worker-2"


def test_children_learn_addresses_and_passwords_by_environment_only() -> None:
    decided = made(
        feed=Feed(files=(Path("/x/posts.jsonl"),)), worker={"metrics_port": 9100}, embedded={"workers": 2}
    )
    launches = {program.name: program.launch(FACTS, False) for program in programs(decided)}
    worker = launches["worker-2"]
    assert worker.env["KOUBEI_KAFKA__BOOTSTRAP"] == "127.0.0.1:1234"
    assert worker.env["KOUBEI_STORE__URL"] == decided.url("koubei_writer", 9001)
    assert worker.env["KOUBEI_STORE__READER_URL"] == decided.url("koubei_reader", 9001)
    assert worker.env["KOUBEI_WORKER__METRICS_PORT"] == "9101"
    assert launches["migrate"].env["KOUBEI_STORE__URL"] == decided.url("koubei_admin", 9001)
    assert launches["web"].env["KOUBEI_WEB__TOKEN"] == decided.passwords["token"]
    assert launches["feeder"].command[-3:] == ["ingest", "/x/posts.jsonl", "--wait"]
    for launch in launches.values():
        assert not any(secret in word for word in launch.command for secret in decided.passwords.values())


def test_a_resumed_worker_is_told_so() -> None:
    worker = named(made(), "worker-1")
    assert worker.launch(FACTS, True).command[-1] == "--resumed"
    assert worker.launch(FACTS, False).command[-1] == "worker"


def test_servers_start_again_on_the_ports_they_had() -> None:
    decided = made()
    kafka = named(decided, "kafka").launch(FACTS, False).command
    assert kafka[kafka.index("--port") + 1] == "1234"
    store = named(decided, "clickhouse").launch(FACTS, False).command
    assert (store[store.index("--native-port") + 1], store[store.index("--http-port") + 1]) == (
        "9001",
        "8124",
    )


def test_the_summary_that_scripts_rely_on() -> None:
    decided = made(web={"port": 0, "token": "mine"})
    told = summary(running(decided, FACTS), decided)
    assert told["kafka"] == "127.0.0.1:1234"
    assert told["clickhouse"] == {
        "host": "127.0.0.1",
        "port": 9001,
        "http_port": 8124,
        "user": "koubei_writer",
        "password": decided.passwords["koubei_writer"],
        "database": "koubei",
    }
    assert told["web"] == f"http://127.0.0.1:{decided.web_port}"
    assert told["token"] == "mine"
