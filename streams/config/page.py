"""docs/configuration.md, made from the settings themselves."""

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from streams.config import durations
from streams.config.channels import CHANNEL_KINDS
from streams.config.mistakes import kind, rooms
from streams.config.rooms import Room
from streams.config.settings import Settings

_HEAD = """\
# Configuration

Flags win over environment variables, these over `koubei.toml` in the working directory, that over the
defaults. An unknown key is an error at any depth. `koubei config show --origin` prints what is in force
and where it comes from. This page is written by `python -m streams.config` and tested to be current.
"""


def reference() -> str:
    """docs/configuration.md: every setting with its variable, default and meaning."""
    lines = [_HEAD, *_rows("", Settings.model_fields)]
    for name, field in Settings.model_fields.items():
        room = field.annotation
        if isinstance(room, type) and issubclass(room, Room):
            lines += _section(f"[{name}]", room, name)
    for channel in CHANNEL_KINDS:
        lines += _section(f'[channels.NAME] with kind = "{kind(channel)}"', channel, "channels__name")
    for name, field in Settings.model_fields.items():
        if name != "channels" and get_origin(field.annotation) in (dict, list):
            lines += _tables(name, field)
    return "\n".join(lines) + "\n"


def _tables(path: str, field: FieldInfo) -> Iterator[str]:
    """The sections of tables that are repeated: by names of the user's own, or as a list."""
    by_name = get_origin(field.annotation) is dict
    for room in rooms(field.annotation):
        inside = f"{path}.NAME" if by_name else path
        # Only what has a name of its own can come from a variable of its own.
        yield from _section(
            f"[{inside}]" if by_name else f"[[{path}]]", room, f"{path}__name" if by_name else None
        )
        for name, inner in room.model_fields.items():
            if any(rooms(inner.annotation)):
                yield from _tables(f"{inside}.{name}", inner)


def _section(title: str, room: type[BaseModel], variable: str | None) -> list[str]:
    fields = {name: field for name, field in room.model_fields.items() if name != "kind"}
    about = " ".join(str(room.__doc__).split())
    return ["", f"## {title}", "", about, "", *_rows(variable, fields)]


def _rows(room: str | None, fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield "| key | variable | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Room):
            continue
        known = f"`KOUBEI_{room}__{name}`" if room else f"`KOUBEI_{name}`"
        variable = known.upper() if room is not None else ""
        yield f"| {field.alias or name} | {variable} | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    default: Any = None if field.is_required() else field.get_default(call_default_factory=True)
    if any(isinstance(one, BeforeValidator) and one.func is durations.seconds for one in field.metadata):
        default = None if default is None else durations.span(default)
    match default:
        case None:
            return ""
        case SecretStr():
            default = default.get_secret_value()
        case time():
            default = f"{default:%H:%M}"
        case date() | Path():
            default = str(default)
    return f"`{default!r}`"
