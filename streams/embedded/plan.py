"""What `koubei up` is going to run: which parts are ours, on which ports, with which passwords."""

import hashlib
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from streams.config import Settings
from streams.embedded import machine
from streams.embedded.state import write_private
from streams.errors import BadConfig
from streams.language import t

PARTS = ("kafka", "clickhouse", "worker", "notifier", "web", "feeder")
"""What `--only` may name."""

ACCOUNTS = ("koubei_admin", "koubei_writer", "koubei_reader")
DATABASE = "koubei"
READER_LIMITS = {"max_execution_time": 60, "max_memory_usage": 2_000_000_000}

MEGABYTE = 1_000_000
MEMORY = {"kafka": 100, "clickhouse": 450, "worker": 1000, "notifier": 200, "web": 120, "feeder": 80}
"""Peak MB of each part during the demo, lanes included, as `docs/operations.md` tells how to measure."""
DISK = 1_000
"""Free MB below which the store would soon refuse inserts."""


@dataclass(frozen=True)
class Feed:
    """What is fed once everything stands."""

    demo: bool = False
    files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything decided before the first process starts.

    Attributes:
        settings: of this installation.
        data: folder of everything that is kept.
        parts: which of `PARTS` run here.
        feed: what is fed.
        web_port: port of the page.
        passwords: of the embedded ClickHouse's accounts, the token of the page (`token`), and what signs links in
            messages (`link_key`).
        notes: what a person should be told about these decisions.
    """

    settings: Settings
    data: Path
    parts: frozenset[str]
    feed: Feed
    web_port: int
    passwords: dict[str, str]
    notes: tuple[str, ...] = ()

    def url(self, account: str, port: int) -> str:
        """Address of the embedded ClickHouse for one account."""
        return f"clickhouse://{account}:{quote(self.passwords[account])}@127.0.0.1:{port}/{DATABASE}"

    @property
    def users_file(self) -> Path:
        """The accounts as the embedded ClickHouse reads them."""
        return self.data / "users.json"

    def member(self, name: str) -> str | None:
        """Static member id of a worker or notifier on a real Kafka; the embedded one knows none."""
        if "kafka" in self.parts:
            return None
        if self.settings.worker.instance:
            return f"{self.settings.worker.instance}-{name}"
        place = hashlib.sha256(str(self.data.absolute()).encode()).hexdigest()[:8]
        return f"{socket.gethostname()}-{place}-{name}"


def plan(settings: Settings, *, only: frozenset[str] = frozenset(), feed: Feed | None = None) -> Plan:
    """Decide, check the machine and write the secrets; starts nothing.

    Raises:
        BadConfig: a part is unknown, a port is taken, the folder cannot be written, or memory or disk will
            not do.
    """
    feed = feed or Feed()
    parts = _parts(settings, only, feed)
    data = settings.embedded.data
    _check_machine(data, parts, settings.embedded.workers)
    _make_folder(data)
    for name, port in (
        ("kafka", settings.embedded.kafka_port),
        ("clickhouse", settings.embedded.clickhouse_port),
        ("clickhouse", settings.embedded.clickhouse_http_port),
    ):
        if name in parts and port and not machine.is_free(port):
            raise BadConfig(
                _taken(port, t("改用别的端口，或者 0（自动选）", "choose another, or 0 for a free one"))
            )
    web_port, notes = _web_port(settings) if "web" in parts else (0, ())
    passwords = _passwords(data)
    made = Plan(
        settings=settings,
        data=data,
        parts=parts,
        feed=feed,
        web_port=web_port,
        passwords=passwords,
        notes=notes,
    )
    if "clickhouse" in parts:
        _write_users(made)
    return made


def _parts(settings: Settings, only: frozenset[str], feed: Feed) -> frozenset[str]:
    if unknown := sorted(only - set(PARTS)):
        raise BadConfig(
            t(
                f"--only 不认识 {unknown[0]}，可用：{','.join(PARTS)}",
                f"--only does not know {unknown[0]}; there are: {','.join(PARTS)}",
            )
        )
    if only and "feeder" not in only and (feed.demo or feed.files):
        given = "--demo" if feed.demo else "--ingest"
        raise BadConfig(
            t(
                f"{given} 要有 feeder 才能播放：--only {','.join(sorted(only))},feeder，或去掉 {given}",
                f"{given} needs the feeder: --only {','.join(sorted(only))},feeder, or drop {given}",
            )
        )
    parts = set(only or PARTS)
    if "bootstrap" in settings.kafka.model_fields_set:
        parts.discard("kafka")
    if "url" in settings.store.model_fields_set:
        parts.discard("clickhouse")
    if not feed.demo and not feed.files:
        parts.discard("feeder")
    if not parts:
        raise BadConfig(
            t(
                "没有要启动的部分：去掉 --only，或加上 --demo",
                "Nothing is left to start: drop --only, or add --demo",
            )
        )
    return frozenset(parts)


def _check_machine(data: Path, parts: frozenset[str], workers: int) -> None:
    needed = sum(MEMORY[part] * (workers if part == "worker" else 1) for part in parts)
    found = machine.memory_available()
    if found is not None and found < needed * MEGABYTE:
        raise BadConfig(
            t(
                f"内存只剩 {found // MEGABYTE} MB，需要 {needed} MB。关掉别的程序，"
                "或用 --only kafka,clickhouse 只启动一部分",
                f"Only {found // MEGABYTE} MB of memory left, {needed} MB needed. Close other programs, "
                "or start a part with --only kafka,clickhouse",
            )
        )
    free = machine.disk_free(data)
    if "clickhouse" in parts and free < DISK * MEGABYTE:
        raise BadConfig(
            t(
                f"{data} 所在磁盘只剩 {free // MEGABYTE} MB，需要 {DISK} MB。用 --data 换一个目录",
                f"Only {free // MEGABYTE} MB of disk left at {data}, {DISK} MB needed. Choose another --data",
            )
        )


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        writable = os.access(data, os.W_OK | os.X_OK)
        reason = "" if writable else t("没有写权限", "no right to write")
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise BadConfig(
            t(
                f"不能用 {data} 作数据目录（{reason}）。用 --data 换一个",
                f"{data} cannot be the data folder ({reason}). Choose another --data",
            )
        )


def _web_port(settings: Settings) -> tuple[int, tuple[str, ...]]:
    port = settings.web.port
    if port == 0:
        return machine.free_port(), ()
    if machine.is_free(port, settings.web.host):
        return port, ()
    other = machine.free_port(port + 1, settings.web.host)
    if "port" in settings.web.model_fields_set:
        raise BadConfig(_taken(port, t(f"试试 --port {other}", f"Try --port {other}")))
    return other, (_taken(port, t(f"改用 {other}", f"using {other} instead")),)


def _taken(port: int, advice: str) -> str:
    who = machine.holder(port)
    name = f"{who.name}（pid {who.pid}）" if who else t("另一个程序", "another program")
    return t(f"端口 {port} 被 {name} 占用，{advice}", f"Port {port} is taken by {name}; {advice}")


def _passwords(data: Path) -> dict[str, str]:
    """Random, made on the first start and kept in DATA/secrets.json."""
    file = data / "secrets.json"
    try:
        known: dict[str, str] = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        known = {}
    except (OSError, ValueError) as error:
        raise BadConfig(
            t(
                f"{file} 读不懂：{error}。删掉它会生成新的密码，数据不受影响",
                f"{file} cannot be read: {error}. Without it new passwords are made; no data is lost",
            )
        ) from error
    missing = [name for name in (*ACCOUNTS, "token", "link_key") if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(24) for name in missing}
        write_private(file, json.dumps(known, indent=1))
    return known


def _write_users(made: Plan) -> None:
    users = {
        account: {
            "sha256": hashlib.sha256(made.passwords[account].encode()).hexdigest(),
            "readonly": account == "koubei_reader",
            "settings": READER_LIMITS if account == "koubei_reader" else {},
        }
        for account in ACCOUNTS
    }
    write_private(made.users_file, json.dumps({"users": users}, indent=1))
