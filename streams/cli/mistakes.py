"""What cyclopts finds wrong with a command line, said in the user's language."""

import difflib
from pathlib import Path
from typing import Literal, get_args, get_origin

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from streams.language import t


def explain(error: CycloptsError) -> str:
    """One message: what is wrong, the nearest right name, and where the help is."""
    command = " ".join(["koubei", *(error.command_chain or ())])
    hint = t(f"用法：{command} --help", f"See {command} --help")
    return f"{_what(error)}\n{hint}"


def _what(error: CycloptsError) -> str:
    match error:
        case UnknownOptionError():
            return _option(error)
        case UnknownCommandError():
            given = (error.unused_tokens or [""])[0]
            known = [name for name in error.app or () if not name.startswith("-")]
            choices = t(f"（可用：{'、'.join(known)}）", f" (there are: {', '.join(known)})") if known else ""
            return t(f"没有 {given} 这个子命令", f"There is no subcommand {given}") + (
                _near(given, known) or choices
            )
        case MissingArgumentError():
            name = error.keyword or (error.argument.name if error.argument else "?")
            return t(f"{name} 缺少值", f"{name} needs a value")
        case CoercionError() if error.token:
            name = error.token.keyword or (error.argument.name if error.argument else "?")
            value, wanted = error.token.value, _wanted(error.target_type)
            return t(
                f"{name} 要的是{wanted}，得到 {value!r}", f"{name} takes {wanted}, found {value!r}"
            ) + _near(value, _choices(error.target_type))
        case UnusedCliTokensError():
            rest = error.unused_tokens or [""]
            known = [name for name in error.app or () if not name.startswith("-")]
            return t(f"多余的参数：{' '.join(rest)}", f"Unexpected arguments: {' '.join(rest)}") + _near(
                rest[0], known
            )
        case _:
            return t(f"命令行不对：{error}", f"The command line is wrong: {error}")


def _option(error: UnknownOptionError) -> str:
    given = error.token.keyword or error.token.value
    if given == "-":
        return t("这里不读标准输入（-），请给文件名", "This does not read stdin (-): name a file")
    known = [name for argument in error.argument_collection for name in argument.names]
    return t(f"没有 {given} 这个选项", f"There is no option {given}") + _near(given, known)


def _wanted(kind: object) -> str:
    if choices := _choices(kind):
        return t(f" {'、'.join(choices)} 之一", f"one of {', '.join(choices)}")
    names = {int: ("整数", "a whole number"), float: ("数", "a number"), Path: ("路径", "a path")}
    for known, (zh, en) in names.items():
        if kind is known or known in get_args(kind):
            return t(zh, en)
    return str(getattr(kind, "__name__", kind))


def _choices(kind: object) -> list[str]:
    """The words of a Literal, also of an optional one."""
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    return [choice for part in get_args(kind) for choice in _choices(part)]


def _near(given: str, known: list[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1)
    return t(f"，是不是想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ""
