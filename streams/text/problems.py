"""Mistakes in files that people write, collected with their places instead of raised one by one."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.errors import BadConfig
from streams.language import t
from streams.text.places import place, place_of_error


class Problem(NamedTuple):
    """One mistake.

    Attributes:
        file: where it is.
        line: from 1.
        column: from 1.
        message: what is wrong and what to write instead.
        severity: `error` (the file cannot be used) or `warning`.
    """

    file: Path
    line: int
    column: int
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        """File, line and column, then the message."""
        return t(
            f"{self.file} 第 {self.line} 行第 {self.column} 列：{self.message}",
            f"{self.file} line {self.line} column {self.column}: {self.message}",
        )


class Problems(list[Problem]):
    """What was found so far."""

    def error(self, file: Path, at: tuple[int, int], zh: str, en: str) -> None:
        """Add a mistake that makes the file useless."""
        self.append(Problem(file, *at, t(zh, en)))

    def warning(self, file: Path, at: tuple[int, int], zh: str, en: str) -> None:
        """Add something that is probably not meant."""
        self.append(Problem(file, *at, t(zh, en), "warning"))

    def stop(self) -> None:
        """Raise the first error, if there is one.

        Raises:
            BadConfig: there is.
        """
        for problem in self:
            if problem.severity == "error":
                raise BadConfig(str(problem))


class Document:
    """A TOML file with the places of its values.

    Attributes:
        file: its name.
        source: its text.
        table: what it says; empty when it cannot be read.
    """

    def __init__(self, file: Path, problems: Problems) -> None:
        self.file = file
        self.source = text(file, problems)
        self.table: dict[str, Any] = {}
        self._problems = problems
        try:
            self.table = tomllib.loads(self.source)
        except tomllib.TOMLDecodeError as error:
            at = place_of_error(self.source, error)
            problems.error(file, at, f"不是 TOML：{error}", f"not TOML: {error}")

    def error(self, path: Sequence[str | int], zh: str, en: str, *, key: bool = False) -> None:
        """A mistake in the value at `path`, or in its key."""
        self._problems.error(self.file, place(self.source, path, key=key), zh, en)

    def warning(self, path: Sequence[str | int], zh: str, en: str) -> None:
        """Something odd at `path`."""
        self._problems.warning(self.file, place(self.source, path), zh, en)

    def required(self, *keys: str) -> bool:
        """Whether all of the keys are there and not empty; says so of each that is not."""
        missing = [key for key in keys if self.table.get(key) in (None, "")]
        for key in missing:
            self.error(
                [key], f"缺少 {key}，请加一行 {key} = …", f"{key} is missing: add a line {key} = …", key=True
            )
        return not missing

    def version(self) -> int:
        """The number at `version`; 0 when it is none."""
        found = self.table.get("version", 0)
        if isinstance(found, int) and not isinstance(found, bool) and found >= 1:
            return found
        if "version" in self.table:
            self.error(
                ["version"], "version 须为整数，从 1 起", "version must be an integer, 1 for the first"
            )
        return 0

    def strings(self, *path: str | int) -> list[str]:
        """The list of texts at `path`, empty when there is none; items that are no text are left out."""
        value: Any = self.table
        for step in path:
            try:
                value = value[step]
            except KeyError:
                return []
        name = path[-1]
        if not isinstance(value, list):
            self.error(path, f'{name} 须为 ["…", "…"]', f'{name} must be ["…", "…"]')
            return []
        found: list[str] = []
        for number, item in enumerate(value):
            if isinstance(item, str) and item.strip():
                found.append(item)
            else:
                self.error(
                    [*path, number],
                    f'{name} 的第 {number + 1} 项是空的或不是文字，删去它或写成 "…"',
                    f'item {number + 1} of {name} is empty or no text: delete it or write "…"',
                )
        return found


def text(file: Path, problems: Problems) -> str:
    """The file's text, without a byte order mark; empty when it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.error(file, (1, 1), f"读不了：{error}", f"cannot be read: {error}")
        return ""
