"""The whole of koubei on one machine: its programs, supervised, and stack.json kept true."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from streams.embedded import state
from streams.embedded.clickhouse import explain_exit
from streams.embedded.logs import Log
from streams.embedded.machine import started
from streams.embedded.plan import DATABASE, Plan
from streams.embedded.state import Running
from streams.embedded.supervisor import Facts, Launch, Program, Supervisor, describe
from streams.errors import BadConfig
from streams.language import current, t
from streams.topics.registry import TOPICS

START_LIMIT = 90.0
"""Seconds after which a stack that is not ready is given up."""

Announce = Callable[[Running], None]


def programs(plan: Plan) -> list[Program]:
    """The programs of a plan, in the order of starting."""
    made = _foundations(plan)
    if "worker" in plan.parts:
        made += [_worker(plan, number) for number in range(1, plan.settings.embedded.workers + 1)]
    if "notifier" in plan.parts:
        made.append(_notifier(plan))
    if "web" in plan.parts:
        made.append(_web(plan))
    if "feeder" in plan.parts:
        made.append(_feeder(plan))
    return made


def _foundations(plan: Plan) -> list[Program]:
    """What has to stand before workers, notifier, page and feeder can begin."""
    made = []
    if "kafka" in plan.parts:
        made.append(_kafka(plan))
    elif plan.parts & {"worker", "notifier", "web", "feeder"}:
        made.append(_topics(plan))
    if "clickhouse" in plan.parts:
        made.append(_clickhouse(plan))
    if plan.parts & {"clickhouse", "worker", "notifier", "web"}:
        made.append(_migrate(plan))
    return made


def running(plan: Plan, facts: Facts) -> Running:
    """The addresses of a stack as far as they are known."""
    known = Running(pid=os.getpid(), ticks=started(os.getpid()), started=time.time(), demo=plan.feed.demo)
    known.kafka = kafka_address(plan, facts)
    store = plan.settings.store
    needs_store = plan.parts & {"worker", "notifier", "web"}
    if "clickhouse" not in plan.parts and (needs_store or "url" in store.model_fields_set):
        known.clickhouse = known.clickhouse_admin = store.url.get_secret_value()
        known.clickhouse_reader = (store.reader_url or store.url).get_secret_value()
    elif "clickhouse" in facts:
        port = facts["clickhouse"]["native"]
        known.clickhouse_admin, known.clickhouse, known.clickhouse_reader = (
            plan.url(account, port) for account in ("koubei_admin", "koubei_writer", "koubei_reader")
        )
        known.clickhouse_http = f"http://127.0.0.1:{facts['clickhouse']['http']}"
    if "web" in plan.parts:
        known.page, known.token = page_url(plan), token(plan)
    return known


def kafka_address(plan: Plan, facts: Facts) -> str | None:
    """Bootstrap servers: the embedded broker's once it is up, otherwise those of the settings."""
    if "kafka" in plan.parts:
        return facts["kafka"]["bootstrap"] if "kafka" in facts else None
    return plan.settings.kafka.bootstrap


def page_url(plan: Plan) -> str:
    """Address of the page for a browser on this machine."""
    return f"http://{_reachable(plan.settings.web.host)}:{plan.web_port}"


def token(plan: Plan) -> str:
    """Bearer token of the HTTP API."""
    given = plan.settings.web.token
    return given.get_secret_value() if given else plan.passwords["token"]


def summary(known: Running, plan: Plan) -> dict[str, object]:
    """What `koubei up --json` prints: stable, scripts rely on it."""
    parts = urlsplit(known.clickhouse or "")
    http = urlsplit(known.clickhouse_http or "")
    return {
        "kafka": known.kafka,
        "clickhouse": {
            "host": parts.hostname,
            "port": parts.port,
            "http_port": http.port,
            "user": parts.username,
            "password": parts.password,
            "database": parts.path.lstrip("/") or DATABASE,
        },
        "web": known.page,
        "token": known.token,
        "pid": known.pid,
        "data": str(plan.data.absolute()),
    }


def refuse_second(data: Path) -> None:
    """Say at once that a stack runs on this folder, before ports and memory are looked at.

    Raises:
        BadConfig: one does; the message names it.
    """
    known = state.running(data)
    if known is not None:
        raise _second(data, str(known.pid))


def _second(data: Path, pid: str) -> BadConfig:
    return BadConfig(
        t(
            f"{data} 上已经有一套在运行（pid {pid}）。停止它：koubei down --data {data}",
            f"A stack already runs on {data} (pid {pid}). Stop it: koubei down --data {data}",
        )
    )


@contextlib.contextmanager
def sole_owner(plan: Plan) -> Iterator[None]:
    """Hold DATA for this process: two stacks on one folder would destroy each other's store.

    Raises:
        BadConfig: another one runs; the message names it.
    """
    plan.data.mkdir(parents=True, exist_ok=True)
    with open(plan.data / "lock", "a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise _second(plan.data, lock.read().strip() or "?") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


async def serve(plan: Plan, announce: Announce, screen: TextIO | None = None) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP.

    Args:
        plan: what to run.
        announce: called once when everything is ready.
        screen: where to show the log; None only writes the file.

    Raises:
        BadConfig: another stack runs on this folder.
        StartFailed: something could not start.
    """
    with sole_owner(plan):
        log = Log(plan.data, plan.settings.timezone, screen)
        for note in plan.notes:
            log.write("koubei", note)
        began = time.time()

        def changed() -> None:
            known = running(plan, supervisor.facts)
            known.started, known.parts = began, list(supervisor.parts.values())
            known.write(plan.data)

        supervisor = Supervisor(programs(plan), say=log.write, changed=changed)
        state.resume_mark(plan.data).unlink(missing_ok=True)
        _on_signals(supervisor, log)
        resume = asyncio.create_task(_watch_resume(plan, supervisor))
        supervisor.start()
        try:
            if await supervisor.ready(START_LIMIT):
                announce(running(plan, supervisor.facts))
            await supervisor.ended()
        finally:
            resume.cancel()
            await supervisor.stop()
            state.forget(plan.data)
            log.write("koubei", t("已停止", "stopped"))
            log.close()
        if supervisor.failed:
            raise supervisor.failed


def _on_signals(supervisor: Supervisor, log: Log) -> None:
    """The first signal ends everything in order, the second one at once."""
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        if supervisor.interrupted:
            supervisor.kill()
            return
        log.write(
            "koubei", t("正在停止（再按一次 Ctrl-C 立即结束）", "stopping (Ctrl-C again ends it at once)")
        )
        supervisor.interrupt()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupted)


async def _watch_resume(plan: Plan, supervisor: Supervisor) -> None:
    mark = state.resume_mark(plan.data)
    while True:
        await asyncio.sleep(0.5)
        if mark.exists():
            mark.unlink(missing_ok=True)
            supervisor.resume()


def _koubei(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "streams", *arguments]


def _environment(plan: Plan, facts: Facts, **more: str) -> dict[str, str]:
    """A child's environment: passwords travel here, never on a command line that `ps` shows."""
    known = running(plan, facts)
    settings = {
        "KOUBEI_LANGUAGE": current(),
        "KOUBEI_EMBEDDED__DATA": str(plan.data.absolute()),
        "KOUBEI_KAFKA__BOOTSTRAP": known.kafka,
        "KOUBEI_STORE__URL": known.clickhouse,
        "KOUBEI_STORE__READER_URL": known.clickhouse_reader,
        "PYTHONUNBUFFERED": "1",
        **more,
    }
    return os.environ | {name: value for name, value in settings.items() if value is not None}


def _kafka(plan: Plan) -> Program:
    prefix = plan.settings.kafka.topic_prefix
    topics = [f"--topic={prefix}{topic.name}:{topic.partitions}" for topic in TOPICS]

    def launch(facts: Facts, resumed: bool) -> Launch:
        # Dependants keep their address over a restart, but start anew: its records are gone.
        before = facts.get("kafka", {}).get("bootstrap", "")
        port = before.rpartition(":")[2] or str(plan.settings.embedded.kafka_port)
        return Launch(
            [
                *(sys.executable, "-m", "streams.embedded.kafka"),
                *("--port", port, "--parent", str(os.getpid())),
                *topics,
            ],
            os.environ | {"KOUBEI_LANGUAGE": current()},
        )

    return Program(
        "kafka",
        launch,
        ready="line",
        tier=1,
        vital=True,
        grace=2.0,
        epitaph=lambda code: t(
            f"内置 Kafka 停了（{describe(code)}）。它只在内存里：还没有入库的记录已经没有了，请重新导入；"
            "已入库的不受影响",
            f"The embedded Kafka ended ({describe(code)}). It lives in memory: records that had not landed "
            "are gone, feed them again; what had landed is safe",
        ),
    )


def _clickhouse(plan: Plan) -> Program:
    embedded = plan.settings.embedded

    def launch(facts: Facts, resumed: bool) -> Launch:
        # Clients keep their address over a restart: the ports of the first start are kept.
        before = facts.get("clickhouse", {})
        native = before.get("native", embedded.clickhouse_port)
        http = before.get("http", embedded.clickhouse_http_port)
        return Launch(
            [
                *(sys.executable, "-m", "streams.embedded.clickhouse"),
                *("--data", str(plan.data.absolute() / "clickhouse"), "--users", str(plan.users_file)),
                *("--native-port", str(native), "--http-port", str(http), "--parent", str(os.getpid())),
            ],
            os.environ | {"KOUBEI_LANGUAGE": current()},
        )

    return Program(
        "clickhouse",
        launch,
        ready="line",
        tier=0,
        vital=True,
        grace=8.0,
        patience=60.0,
        epitaph=explain_exit,
    )


def _migrate(plan: Plan) -> Program:
    def launch(facts: Facts, resumed: bool) -> Launch:
        admin = running(plan, facts).clickhouse_admin or ""
        return Launch(_koubei("migrate"), _environment(plan, facts, KOUBEI_STORE__URL=admin))

    return Program(
        "migrate",
        launch,
        after=("clickhouse",) if "clickhouse" in plan.parts else (),
        ready="exit",
        ends=(0,),
        tier=2,
        vital=True,
        patience=3600.0,
    )


def _topics(plan: Plan) -> Program:
    """On a real Kafka the topics have to be made; ours has them from birth."""

    def launch(facts: Facts, resumed: bool) -> Launch:
        return Launch(_koubei("topics", "create"), _environment(plan, facts))

    # 1 and 78: they exist and differ from the declared ones, or may not be made; the log says so, and
    # whether a worker can live with that is for it to find out.
    return Program("topics", launch, ready="exit", ends=(0, 1, 78), tier=2, vital=True, patience=120.0)


def _worker(plan: Plan, number: int) -> Program:
    name = f"worker-{number}"
    first = plan.settings.worker.metrics_port

    def launch(facts: Facts, resumed: bool) -> Launch:
        more = {"KOUBEI_WORKER__METRICS_PORT": str(first + number - 1 if first else 0)}
        if member := plan.member(name):
            more["KOUBEI_WORKER__INSTANCE"] = member
        command = _koubei("worker", *(["--resumed"] if resumed else []))
        return Launch(command, _environment(plan, facts, **more))

    return Program(
        name,
        launch,
        after=_standing(plan),
        ready="line",
        tier=3,
        trips=True,
        grace=6.0,
        patience=60.0,
    )


def _notifier(plan: Plan) -> Program:
    first = plan.settings.worker.metrics_port

    def launch(facts: Facts, resumed: bool) -> Launch:
        port = first + plan.settings.embedded.workers if first else 0
        more = _page(plan) | {"KOUBEI_WORKER__METRICS_PORT": str(port)}
        if member := plan.member("notifier"):
            more["KOUBEI_WORKER__INSTANCE"] = member
        return Launch(_koubei("notifier"), _environment(plan, facts, **more))

    # Behind the workers: what they said last is still sent.
    return Program("notifier", launch, after=_standing(plan), ready="line", tier=2, grace=7.0, patience=60.0)


def _page(plan: Plan) -> dict[str, str]:
    """Where the page is, and what signs the links to it."""
    given = plan.settings.web.link_key
    return {
        "KOUBEI_WEB__HOST": plan.settings.web.host,
        "KOUBEI_WEB__PORT": str(plan.web_port or plan.settings.web.port),
        "KOUBEI_WEB__LINK_KEY": given.get_secret_value() if given else plan.passwords["link_key"],
    }


def _web(plan: Plan) -> Program:
    def launch(facts: Facts, resumed: bool) -> Launch:
        more = _page(plan) | {"KOUBEI_WEB__TOKEN": token(plan)}
        return Launch(_koubei("web"), _environment(plan, facts, **more), url=f"{page_url(plan)}/readyz")

    return Program("web", launch, after=_standing(plan), tier=4, grace=3.0)


def _feeder(plan: Plan) -> Program:
    # One moment for all its lives: a feeder that died tells the same story again, and nothing counts twice.
    start = str(int(time.time()))

    def launch(facts: Facts, resumed: bool) -> Launch:
        files = (str(file) for file in plan.feed.files)
        command = (
            _koubei("simulate", "--start", start) if plan.feed.demo else _koubei("ingest", *files, "--wait")
        )
        return Launch(command, _environment(plan, facts))

    # 2, 65 and 78: the command line, the file or a setting is wrong, and stays wrong.
    return Program("feeder", launch, after=_standing(plan), ready="start", ends=(0, 2, 65, 78), tier=5)


def _standing(plan: Plan) -> tuple[str, ...]:
    return tuple(program.name for program in _foundations(plan))


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - every address, this machine's own among them
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
