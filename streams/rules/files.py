"""Rules as files: `[[rule]]` tables of `rules/*.toml`, each mistake with its line and column."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import tomlkit
from tomlkit.items import InlineTable

from streams.errors import BadConfig
from streams.language import t
from streams.rules.keys import faults, rule_of, table_of, unknown
from streams.rules.mistakes import QueryError
from streams.rules.parse import parse
from streams.rules.rule import Rule
from streams.text.places import place, place_of_error

Level = Literal["error", "warning"]


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
        Problem(file, *place(source, [key], key=True), "unknown_key", unknown(key, ("rule",)))
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
            entries.append(Entry(rule_of(values), table, values.get("version")))
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
    table = tomlkit.table()
    for key, value in table_of(rule).items():
        table.add(key, _inline(value) if isinstance(value, dict) else value)
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


def _inline(values: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _mistakes(table: Table, values: Mapping[str, Any]) -> Iterator[Problem]:
    for fault in faults(values):
        at_key = fault.code in ("unknown_key", "unused_key")
        at = place(table.source, ["rule", table.number, fault.key], key=at_key)
        yield Problem(table.file, *at, fault.code, fault.message, rule=table.name)
    query = values.get("query")
    if isinstance(query, str) and (query or values.get("kind", "post") == "post"):
        try:
            parse(query)
        except QueryError as error:
            yield table.problem("query", error.code, error.message, column=error.column)
