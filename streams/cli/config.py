"""koubei config: which settings hold, and where each comes from."""

import os
import tomllib
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from cyclopts import Parameter
from pydantic import BaseModel, SecretStr

from streams.cli.common import (
    ClickHouse,
    Data,
    Json,
    Kafka,
    group,
    own_flags,
    reader_url,
    settings,
    show_json,
)
from streams.config import CONFIG_FILE, Settings
from streams.errors import KoubeiError
from streams.language import t

app = group("config", "查看、检查设置", "Show and check the settings")


class Value(NamedTuple):
    """One setting: its dotted name, what holds, and what said so."""

    name: str
    value: Any
    origin: str


@app.command(help=t("列出每个设置；密码不显示", "List every setting; secrets are masked"))
def show(
    *,
    origin: Annotated[bool, Parameter(help=t("同时列出来源", "Also say where each comes from"))] = False,
    json: Json = False,
    data: Data = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print the settings."""
    flags = own_flags(data, kafka, clickhouse)
    found = list(values(settings(data, kafka, clickhouse), flags))
    if json:
        keys = ("name", "value", "origin") if origin else ("name", "value")
        show_json([{key: getattr(one, key) for key in keys} for one in found])
        return
    width = max(len(one.name) for one in found)
    for one in found:
        print(f"{one.name:<{width}} = {one.value!s:<28}" + (f"  {one.origin}" if origin else ""))


@app.command(
    help=t("检查设置是否正确；--connect 也试着连接", "Check the settings; --connect also tries to connect")
)
def check(
    *,
    connect: Annotated[
        bool, Parameter(help=t("连接 Kafka 和 ClickHouse", "Connect to Kafka and ClickHouse"))
    ] = False,
    data: Data = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
) -> int:
    """Ends with 78 when a setting is wrong, 69 when a server does not answer."""
    loaded = settings(data, kafka, clickhouse)
    code = 0
    for name, error in _unreachable(loaded) if connect else ():
        print(f"！ {name}  {error}")
        code = error.exit_code
    if not code:
        print(t("✓ 设置正确", "✓ The settings are right"))
    return code


def values(loaded: Settings, flags: dict[str, Any]) -> Iterator[Value]:
    """Every setting with its value and its source."""
    file = _file()
    for room, value in loaded:
        if not isinstance(value, BaseModel):
            yield Value(room, _masked(value), _origin(f"KOUBEI_{room}".upper(), None, room in file))
            continue
        table = file.get(room, {})
        for name, inner in value:
            variable = f"KOUBEI_{room}__{name}".upper()
            given = name in flags.get(room, {})
            source = _origin(variable, given, name in table)
            if source == t("默认", "default") and name in value.model_fields_set:
                source = t("正在运行的系统", "the running stack")
            yield Value(f"{room}.{name}", _masked(inner), source)


def _origin(variable: str, flag: bool | None, in_file: bool) -> str:
    if flag:
        return t("命令行", "command line")
    room = variable.partition("__")[0]
    for name in os.environ:
        if name.upper() in (variable, room) or name.upper().startswith(f"{variable}__"):
            return name
    return CONFIG_FILE if in_file else t("默认", "default")


def _file() -> dict[str, Any]:
    try:
        return tomllib.loads(Path(CONFIG_FILE).read_text("utf-8"))
    except OSError:
        return {}


def _masked(value: Any) -> Any:
    """As JSON knows it, without secrets."""
    shown = value
    match value:
        case SecretStr():
            shown = "********"
        case BaseModel():
            shown = {name: _masked(inner) for name, inner in value}
        case dict():
            shown = {name: _masked(inner) for name, inner in value.items()}
        case list() | tuple():
            shown = [_masked(inner) for inner in value]
        case time():
            shown = f"{value:%H:%M}"
        case Path() | date():
            shown = str(value)
    return shown


def _unreachable(loaded: Settings) -> Iterator[tuple[str, KoubeiError]]:
    from streams.broker.address import Broker
    from streams.broker.epoch import epoch_ids
    from streams.store.client import Connection

    try:
        epoch_ids(Broker.of(loaded.kafka), [])
    except KoubeiError as error:
        yield "Kafka", error
    connection = Connection(reader_url(loaded), timeout=10.0)
    try:
        connection.query("SELECT 1")
    except KoubeiError as error:
        yield "ClickHouse", error
    finally:
        connection.close()
