"""Options that many commands share, and the settings that follow from them."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter
from pydantic import SecretStr

from streams import config, language
from streams.config import Settings
from streams.embedded import state
from streams.embedded.state import Running
from streams.errors import BadConfig, Retryable
from streams.language import t

Data = Annotated[
    Path | None,
    Parameter(
        name="--data",
        help=t(
            "数据目录（默认 ./data）；正在运行的系统从这里找到",
            "Data folder (./data); tells of a running stack",
        ),
    ),
]
Kafka = Annotated[
    str | None,
    Parameter(
        name="--kafka", help=t("真实 Kafka 的地址，主机:端口", "Bootstrap servers of a real Kafka, host:port")
    ),
]
ClickHouse = Annotated[
    str | None,
    Parameter(
        name="--clickhouse",
        help=t(
            "真实 ClickHouse：clickhouse://用户:密码@主机:9000/数据库",
            "A real ClickHouse: clickhouse://user:password@host:9000/database",
        ),
    ),
]
Json = Annotated[bool, Parameter(name="--json", help=t("输出 JSON，供脚本使用", "Print JSON for scripts"))]
Yes = Annotated[bool, Parameter(name="--yes", help=t("不再询问", "Do not ask"))]
DryRun = Annotated[bool, Parameter(name="--dry-run", help=t("只说会做什么", "Only say what would be done"))]


def group(name: str, zh: str, en: str) -> App:
    """An App for a command with subcommands, laid out like all others."""
    return App(
        name=name,
        help=t(zh, en),
        group_commands=Group(t("子命令", "Subcommands"), sort_key=0),
        group_parameters=Group(t("选项", "Options")),
        group_arguments=Group(t("参数", "Arguments")),
        version_flags=[],
    )


def settings(
    data: Path | None = None, kafka: str | None = None, clickhouse: str | None = None, **rooms: Any
) -> Settings:
    """The settings of this command: flags > environment > koubei.toml > the running stack > defaults.

    Args:
        data: --data.
        kafka: --kafka.
        clickhouse: --clickhouse.
        rooms: further flags, dicts by room.

    Raises:
        BadConfig: a flag, a variable or a key of koubei.toml is wrong.
    """
    flags = own_flags(data, kafka, clickhouse, rooms)
    loaded = config.load(**flags)
    stack = state.running(loaded.embedded.data)
    if stack is not None:
        if stack.kafka and "bootstrap" not in loaded.kafka.model_fields_set:
            flags.setdefault("kafka", {})["bootstrap"] = stack.kafka
        if stack.clickhouse and "url" not in loaded.store.model_fields_set:
            flags.setdefault("store", {}).update(url=stack.clickhouse, reader_url=stack.clickhouse_reader)
        loaded = config.load(**flags)
    language.use(loaded.language)
    return loaded


def unavailable(error: Retryable, data: str | None) -> str:
    """What to say when a server does not answer: nothing was started is the usual reason, and said first.

    Args:
        error: which server does not answer.
        data: --data, where it was given.
    """
    loaded = config.load(**own_flags(Path(data) if data else None, None, None))
    named = "bootstrap" in loaded.kafka.model_fields_set or "url" in loaded.store.model_fields_set
    if named or stack(loaded) is not None:
        return str(error)
    folder = loaded.embedded.data
    hint = t(
        f"{folder} 上没有正在运行的系统。启动：koubei up；已在别的目录上运行：加 --data 目录",
        f"No stack runs on {folder}. Start one: koubei up; if one runs on another folder: add --data FOLDER",
    )
    return f"{hint}\n{error}"


def own_flags(
    data: Path | None, kafka: str | None, clickhouse: str | None, rooms: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Flags as nested dicts by room, without those that were not given."""
    flags: dict[str, Any] = {
        room: given for room, fields in (rooms or {}).items() if (given := _given(fields))
    }
    if data is not None:
        flags.setdefault("embedded", {})["data"] = data
    if kafka is not None:
        flags.setdefault("kafka", {})["bootstrap"] = kafka
    if clickhouse is not None:
        flags.setdefault("store", {})["url"] = clickhouse
    return flags


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def stack(loaded: Settings) -> Running | None:
    """The stack that runs on the data folder of these settings, if one does."""
    return state.running(loaded.embedded.data)


def reader_url(loaded: Settings) -> str:
    """Address of the account that reads."""
    return _plain(loaded.store.reader_url or loaded.store.url)


def writer_url(loaded: Settings) -> str:
    """Address of the account that writes."""
    return _plain(loaded.store.url)


def admin_url(loaded: Settings) -> str:
    """Address of the account that changes tables: the embedded one has its own."""
    known = stack(loaded)
    if known and known.clickhouse_admin and known.clickhouse == writer_url(loaded):
        return known.clickhouse_admin
    return writer_url(loaded)


def say(text: str) -> None:
    """Talk to the person; data goes to stdout, talk to stderr."""
    print(text, file=sys.stderr)


def show_json(value: object) -> None:
    """Print one JSON value on stdout."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is destroyed; --yes answers.

    Raises:
        BadConfig: the answer is no, or nobody is there to answer.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadConfig(t(f"{question} 加上 --yes 确认", f"{question} Add --yes to confirm"))
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "是"):
        raise BadConfig(t("没有执行", "Nothing was done"))


def _plain(secret: SecretStr) -> str:
    return secret.get_secret_value()
