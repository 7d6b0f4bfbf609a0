"""What is wrong with a setting, in words: its place, what was found, and the nearest known name."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from streams.config.channels import CHANNEL_KINDS
from streams.config.rooms import CONFIG_FILE, Room
from streams.language import t


def kind(channel: type[BaseModel]) -> str:
    """What `kind` says of a class of channels."""
    (found,) = get_args(channel.model_fields["kind"].annotation)
    return str(found)


def rooms(annotation: Any) -> Iterator[type[Room]]:
    """The classes of settings in a type: itself, or what a list, a table or a union is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Room):
        yield annotation
        return
    for inner in get_args(annotation):
        yield from rooms(inner)


def unknown_variable(settings: type[BaseModel], names: Iterable[str]) -> str:
    """What is wrong with the first variable that is no setting; "" when all are known."""
    known = _variables(settings)
    tables = tuple(
        f"KOUBEI_{name}__".upper()
        for name, field in settings.model_fields.items()
        if str(field.annotation).startswith("dict")
    )
    open_ended = ("KOUBEI_KAFKA__CLIENT__", "KOUBEI_TEST_", *tables)
    whole = {variable.split("__")[0] for variable in known}
    for name in names:
        if name.startswith("KOUBEI_") and name not in whole.union(known) and not name.startswith(open_ended):
            return _unknown(name, known)
    return ""


def explain(settings: type[BaseModel], error: ValidationError) -> str:
    """The first mistake, for a person. A name that is not known explains why another one is missing."""
    found = error.errors(include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    place = _place(first["loc"])
    path = ".".join(str(part) for part in place)
    if first["type"] == "extra_forbidden":
        return _unknown(path, _siblings(settings, place))
    where = CONFIG_FILE
    if not any(isinstance(part, int) for part in place):
        where += " / KOUBEI_" + path.upper().replace(".", "__")
    said = first["msg"].removeprefix("Value error, ")
    if first["type"].startswith("union_tag"):
        kinds = [kind(one) for one in CHANNEL_KINDS]
        return t(
            f"设置 {path}.kind 要是 {'、'.join(kinds)} 之一。请改 {where}__KIND",
            f"Setting {path}.kind is one of {', '.join(kinds)}. Change {where}__KIND",
        )
    if first["type"] == "missing":
        return t(f"缺少设置 {path}。请写进 {where}", f"Setting {path} is missing. Put it into {where}")
    if place[0] == "channels":  # what was found may hold a secret
        return t(
            f"设置 {path} 不对：{said}。请改 {where}", f"Setting {path} is wrong: {said}. Change {where}"
        )
    return t(
        f"设置 {path} 不对：{said}（得到 {first['input']!r}）。请改 {where}",
        f"Setting {path} is wrong: {said} (found {first['input']!r}). Change {where}",
    )


def _variables(settings: type[BaseModel]) -> list[str]:
    names = []
    for name, field in settings.model_fields.items():
        room = field.annotation
        if isinstance(room, type) and issubclass(room, Room):
            names += [f"KOUBEI_{name}__{leaf}".upper() for leaf in room.model_fields]
        else:
            names.append(f"KOUBEI_{name}".upper())
    return names


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = t(f"，是不是想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ""
    return t(f"没有 {key} 这个设置{hint}", f"There is no setting {key}{hint}")


def _siblings(settings: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Every name that could have been meant at that place, and those of the other rooms."""
    here: list[type[BaseModel]] = [settings]
    for part in place[:-1]:
        inner = [field.annotation for room in here for name, field in _named(room) if name == part]
        # The name of a table that is the user's own, or the number of one in a list, stands for no field.
        here = [found for annotation in inner for found in rooms(annotation)] or here
    table = "".join(f"{part}." for part in place[:-1])
    names = [f"{table}{name}" for room in here for name, _ in _named(room)]
    if len(place) == 2:
        names += [name.removeprefix("KOUBEI_").lower().replace("__", ".") for name in _variables(settings)]
    return names


def _named(room: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in room.model_fields.items():
        yield field.alias or name, field


def _place(found: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where it is wrong as a person wrote it: a channel's kind stands in pydantic's path, not in the file's."""
    return (*found[:2], *found[3:]) if found[0] == "channels" and len(found) > 2 else found
