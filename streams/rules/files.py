"""Rules as files: `[[rule]]` tables of `rules/*.toml`, each mistake with its line and column."""

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import tomlkit

from streams.errors import BadConfig
from streams.language import t
from streams.rules.fields import FIELDS
from streams.rules.mistakes import QueryError
from streams.rules.parse import parse
from streams.rules.rule import SEVERITIES, Rule
from streams.text.places import place, place_of_error

Level = Literal["error", "warning"]

_TYPES: dict[str, tuple[type, str, str]] = {
    "name": (str, '文字，如 name = "…"', 'text: name = "…"'),
    "query": (str, "文字，如 query = '…'", "text: query = '…'"),
    "brand": (str, '文字，如 brand = "…"', 'text: brand = "…"'),
    "sentiment": (str, "pos、neu 或 neg", "pos, neu or neg"),
    "reach": (int, "不小于 0 的整数", "an integer from 0"),
    "severity": (str, "、".join(SEVERITIES), ", ".join(SEVERITIES)),
    "enabled": (bool, "true 或 false", "true or false"),
    "description": (str, '文字，如 description = "…"', 'text: description = "…"'),
    "version": (int, "改动所依据的版本，整数", "the version it was edited from, an integer"),
}
_CHOICES = {"sentiment": FIELDS["sentiment"].values, "severity": SEVERITIES}
_CHINESE = {
    "正面": "pos", "中性": "neu", "负面": "neg",
    "蓝": "blue", "黄": "yellow", "橙": "orange", "红": "red",
    "一般": "blue", "较大": "yellow", "重大": "orange", "特别重大": "red",
}  # fmt: skip
_LONGEST_NAME = 64


class Problem(NamedTuple):
    """Something wrong, or doubtful, in a file of rules.

    Attributes:
        file: its name.
        line: from 1.
        column: from 1, in characters.
        code: which mistake; those of queries are in `mistakes`.
        message: what is wrong and what to write instead.
        level: a rule with an error cannot be used; a warning asks to look again.
        rule: name of the rule, "" where it has none.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    level: Level = "error"
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.message}"


class Table(NamedTuple):
    """One `[[rule]]` of a file.

    Attributes:
        file: name of the file.
        source: text of the file.
        number: which table, from 0.
        name: of the rule, "" where it has none.
    """

    file: str
    source: str
    number: int
    name: str

    def place(self, key: str, column: int | None = None) -> tuple[int, int]:
        """Line and column of a value, or of a character of it (from 1)."""
        return place(self.source, ["rule", self.number, key], offset=None if column is None else column - 1)

    def problem(
        self, key: str, code: str, message: str, *, column: int | None = None, level: Level = "error"
    ) -> Problem:
        """Something about one value.

        Args:
            key: which one.
            code: of the problem.
            message: in words.
            column: which character of the value, from 1.
            level: error or warning.
        """
        return Problem(self.file, *self.place(key, column), code, message, level, self.name)


class Entry(NamedTuple):
    """A rule whose query is understood, and where it stands.

    Attributes:
        rule: the rule.
        table: its place.
        base: the version that it was edited from; None where the file does not say.
    """

    rule: Rule
    table: Table
    base: int | None = None

    def warning(self, key: str, code: str, message: str, column: int | None = None) -> Problem:
        """A doubt about one value; the arguments are those of `Table.problem`."""
        return self.table.problem(key, code, message, column=column, level="warning")


def read(source: str, file: str) -> tuple[list[Entry], list[Problem]]:
    """The rules of one file, and everything that is wrong with the others.

    Args:
        source: text of the file.
        file: its name.
    """
    source = source.replace("\r\n", "\n")
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        message = t(f"不是 TOML：{error}", f"is no TOML: {error}")
        return [], [Problem(file, *place_of_error(source, error), "bad_toml", message)]
    tables = document.pop("rule", [])
    problems = [
        Problem(file, *place(source, [key], key=True), "unknown_key", _unknown(key, ("rule",)))
        for key in document
    ]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        message = t("每条规则以一行 [[rule]] 开头", "each rule begins with a line [[rule]]")
        return [], [*problems, Problem(file, *place(source, ["rule"], key=True), "bad_value", message)]
    entries = []
    for number, values in enumerate(tables):
        name = values.get("name")
        table = Table(file, source, number, name if isinstance(name, str) else "")
        found = list(_mistakes(table, values))
        problems += found
        if not found:
            entries.append(Entry(msgspec.convert(values, Rule), table, values.get("version")))
    return entries, problems


def read_all(files: Iterable[Path]) -> tuple[list[Entry], list[Problem]]:
    """The rules of some files, in order, and everything that is wrong; a name may be given once only."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    owners: dict[str, Entry] = {}
    for file in files:
        try:
            source = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = t(f"读不了：{error}", f"cannot be read: {error}")
            problems.append(Problem(str(file), 1, 1, "unreadable", message))
            continue
        found, wrong = read(source, str(file))
        problems += wrong
        for entry in found:
            first = owners.setdefault(entry.rule.name, entry)
            if first is entry:
                entries.append(entry)
                continue
            where = ":".join(map(str, (first.table.file, *first.table.place("name"))))
            message = t(
                f"规则名 {entry.rule.name} 已用在 {where}，换一个名字",
                f"rule name {entry.rule.name} is taken at {where}: choose another",
            )
            problems.append(entry.table.problem("name", "duplicate_name", message))
    return entries, problems


def load(folders: Sequence[Path]) -> list[Rule]:
    """The rules of `rules/*.toml` below the folders of lexicons.

    Raises:
        BadConfig: the first mistake, with file, line and column.
    """
    entries, problems = read_all(file for folder in folders for file in sorted(folder.glob("rules/*.toml")))
    if problems:
        raise BadConfig(str(problems[0]))
    return [entry.rule for entry in entries]


def definition(rule: Rule, version: int | None = None) -> str:
    """A rule as a file that holds it alone; what equals the default is left out.

    Args:
        rule: the rule.
        version: the one that an edit of the file is based on.
    """
    given: dict[str, Any] = msgspec.to_builtins(rule)
    plain = msgspec.to_builtins(Rule(name=rule.name, query=rule.query))
    table = tomlkit.table()
    for key, value in given.items():
        if key in ("name", "query") or value != plain[key]:
            table.add(key, value)
    if version is not None:
        table.add("version", version)
    tables = tomlkit.aot()
    tables.append(table)
    document = tomlkit.document()
    document.add("rule", tables)
    return tomlkit.dumps(document)


def with_version(source: str, number: int, version: int) -> str:
    """The text of a file whose rule `number` names another base version; all else stays as it is written."""
    document = tomlkit.parse(source)
    rules: Any = document["rule"]
    rules[number]["version"] = version
    return tomlkit.dumps(document)


def _mistakes(table: Table, values: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("name", "query"):
        if key not in values:
            message = t(f"缺少 {key}，加一行 {key} = …", f"{key} is missing: add a line {key} = …")
            yield table.problem(key, "missing_key", message)
    for key, value in values.items():
        if key not in _TYPES:
            at = place(table.source, ["rule", table.number, key], key=True)
            message = _unknown(key, tuple(_TYPES))
            yield Problem(table.file, *at, "unknown_key", message, rule=table.name)
        elif wrong := _wrong_value(key, value):
            yield table.problem(key, "bad_value", wrong)
    query = values.get("query")
    if isinstance(query, str):
        try:
            parse(query)
        except QueryError as error:
            yield table.problem("query", error.code, error.message, column=error.column)


def _wrong_value(key: str, value: object) -> str | None:
    kind, zh, en = _TYPES[key]
    wrong = type(value) is not kind
    hint = ""
    if key in _CHOICES and not wrong:
        assert isinstance(value, str)
        wrong = value not in _CHOICES[key]
        near = _CHINESE.get(value) or next(
            iter(difflib.get_close_matches(value.lower(), _CHOICES[key], n=1)), ""
        )
        hint = t(f"；是不是想写 {near}？", f"; did you mean {near}?") if near in _CHOICES[key] else ""
    if key in ("reach", "version") and isinstance(value, int):
        wrong = wrong or value < 0
    if key == "name" and isinstance(value, str):
        if len(value) > _LONGEST_NAME:
            return t(f"name 最多 {_LONGEST_NAME} 个字", f"name has at most {_LONGEST_NAME} characters")
        wrong = not value.strip()
    return t(f"{key} 要写 {zh}{hint}", f"{key} must be {en}{hint}") if wrong else None


def _unknown(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1)
    if near:
        return t(
            f"没有 {key} 这一项，是不是想写 {near[0]}？", f"there is no key {key}; did you mean {near[0]}?"
        )
    return t(
        f"没有 {key} 这一项，可用：{'、'.join(known)}", f"there is no key {key}; known are {', '.join(known)}"
    )
