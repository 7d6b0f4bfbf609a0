"""What a query text is, read token by token as far as the server in front of the engine must know.

The engine alone understands SQL. Here only this is settled: which statement it is, whether rows follow it,
where its FORMAT stands, and whether it holds something that nobody or a limited user may say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from streams.embedded.clickhouse.errors import ServerError

# The engine's own lexer in one expression: wherever the two disagreed, a word could hide from `_guard`.
_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|//[^\n]*|\#[ !][^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<string>'(?:[^'\\]|\\.|'')*'|‘[^’]*’|(?P<tag>\$[A-Za-z0-9_]*\$).*?(?P=tag))
  | (?P<quoted>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*"|“[^”]*”)
  | (?P<number>\d[\w.]*)
  | (?P<word>[A-Za-z0-9_$]+)
  | (?P<mark>.)
    """,
    re.X | re.S,
)
READS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"})
STREAMED = frozenset({"SELECT", "WITH", "FROM"})
_LIMITED = READS | {"SET", "USE"}
# fmt: off
_WRITES = frozenset({
    "ALTER", "ASSERT", "ATTACH", "BACKUP", "BEGIN", "CALL", "COMMIT", "COPY", "CREATE", "DELETE", "DETACH",
    "DROP", "EXCHANGE", "EXECUTE", "GRANT", "INSERT", "KILL", "MOVE", "OPTIMIZE", "RENAME", "REPLACE",
    "RESTORE", "REVOKE", "ROLLBACK", "SYSTEM", "TRUNCATE", "UNDROP", "UPDATE", "WATCH",
})
# fmt: on
_HOST_FUNCTIONS = frozenset({"file", "eval", "python", "executable"})
_DICTIONARY_SOURCES = frozenset({"clickhouse", "null"})
_GUARDED = re.compile(r"file|eval|python|executable|source|engine|\\\\", re.I)
_PROTECTED = re.compile(
    r"readonly|profile|compatibility|allow_.*|enable_.*eval.*|send_logs_source_regexp|async_insert|implicit_select"
    r"|max_(?!threads$|block_size$|final_threads$|insert_.*).*|timeout_.*|.*overflow_mode.*"
    r"|.*native.*encode_types.*",
    re.I,
)
# Setting one of these would tear the front's own ground away; clients' values are dropped silently.
FRONT_SETTINGS = frozenset(
    {
        "async_insert",
        "implicit_select",
        "readonly",
        "profile",
        "send_logs_source_regexp",
        "output_format_native_encode_types_in_binary_format",
        "input_format_native_decode_types_in_binary_format",
        "output_format_native_use_flattened_dynamic_and_json_serialization",
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is neither space nor comment: its kind, its text, where it stands, how deep in brackets."""

    kind: str
    text: str
    start: int
    end: int
    depth: int

    @property
    def keyword(self) -> str:
        """The text of a bare word in upper case, `""` for everything else."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name that a bare word or a quoted identifier stands for."""
        if self.kind == "word":
            return self.text
        return re.sub(r"\\(.)", r"\1", self.text[1:-1], flags=re.S) if self.kind == "quoted" else ""


def tokens(sql: str) -> Iterator[Token]:
    """The tokens of a text."""
    depth = 0
    for found in _TOKEN.finditer(sql):
        kind = found.lastgroup
        if kind == "tag":
            kind = "string"
        if kind == "space" or kind is None:
            continue
        mark = found.group()
        if kind == "mark" and mark in ")]}":
            depth = max(depth - 1, 0)
        yield Token(kind, mark, found.start(), found.end(), depth)
        if kind == "mark" and mark in "([{":
            depth += 1


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT whose rows come after its text.

    Attributes:
        table: the table, as written.
        columns: the column list as written, without brackets; empty when there is none.
        settings: the SETTINGS clause without its keyword; empty when there is none.
        format: format named in the text (`Values`, `Native`, ...).
        data: what follows the statement in the text itself.
    """

    table: str
    columns: str
    settings: str
    format: str
    data: str

    def from_file(self, path: str, *, form: str | None = None, settings: str = "") -> str:
        """The statement that reads the rows from a file of the spool."""
        columns = f" ({self.columns})" if self.columns else ""
        clause = ", ".join(part for part in (self.settings, settings) if part)
        return (
            f"INSERT INTO {self.table}{columns} FROM INFILE '{path}' COMPRESSION 'none'"
            f"{f' SETTINGS {clause}' if clause else ''} FORMAT {form or self.format}"
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        text: what the engine runs, without FORMAT and the final semicolon.
        kind: the first keyword.
        format: the format the text asks for, or None.
        insert: set when it is an INSERT that takes rows from outside a query.
        assigned: names and values of a SET statement.
    """

    text: str
    kind: str
    format: str | None = None
    insert: Insert | None = None
    assigned: tuple[tuple[str, str], ...] = ()


def parse(sql: str) -> Statement:
    """Read a query text.

    Raises:
        ServerError: 62 for an empty text or several statements, 497 for what would reach the host's files,
            programs or network past the engine's grants.
    """
    head: list[Token] = []
    for token in tokens(sql):
        head.append(token)
        if token.keyword:
            break
    if not head or head[-1].kind != "word" or any(token.text != "(" for token in head[:-1]):
        seen = repr(sql[:40]) if sql.strip() else "an empty query"
        raise ServerError(62, f"Syntax error: expected a statement, found {seen}. (SYNTAX_ERROR)")
    kind = head[-1].keyword
    if kind == "INSERT":
        return _insert(sql)
    found = list(tokens(sql))
    while found[-1].text == ";":
        found.pop()
    stray = next((token for token in found if token.text == ";"), None)
    if stray is not None:
        rest = sql[stray.end : stray.end + 40].strip()
        raise ServerError(62, f"Syntax error (Multi-statements are not allowed): {rest}. (SYNTAX_ERROR)")
    _guard(found)
    text, form = _without_format(sql[: found[-1].end], found)
    return Statement(text, kind, form, assigned=_assignments(sql, found) if kind == "SET" else ())


def _without_format(text: str, found: list[Token]) -> tuple[str, str | None]:
    for i in range(len(found) - 2, 0, -1):
        token = found[i]
        after = found[i + 2].keyword if i + 2 < len(found) else "SETTINGS"
        if (
            token.depth == 0
            and token.keyword == "FORMAT"
            and found[i + 1].kind == "word"
            and after == "SETTINGS"
        ):
            return text[: token.start] + text[found[i + 1].end :], found[i + 1].text
    return text, None


def _assignments(sql: str, found: list[Token]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for i, token in enumerate(found[:-1]):
        if token.kind in {"word", "quoted"} and token.depth == 0 and found[i + 1].text == "=":
            end = next((t.start for t in found[i + 2 :] if t.text == "," and t.depth == 0), found[-1].end)
            pairs.append((token.name, sql[found[i + 1].end : end].strip()))
    return tuple(pairs)


def _insert(sql: str) -> Statement:
    head: list[Token] = []
    stop = None
    for token in tokens(sql):
        word = token.keyword
        opens_query = token.depth == 1 and head and head[-1].text == "(" and word in {"SELECT", "WITH"}
        if opens_query or (
            token.depth == 0 and word in {"SELECT", "WITH", "FROM", "VALUES", "FORMAT", "WATCH"}
        ):
            stop = token
            break
        if token.text == ";":
            break
        head.append(token)
    if stop is None or stop.keyword in {"VALUES", "FORMAT"}:
        _guard(head)
        return _insert_rows(sql, head, stop)
    found = list(tokens(sql))
    _guard(found)
    text = sql[: found[-1].start] if found[-1].text == ";" else sql
    return Statement(text, "INSERT")


def _insert_rows(sql: str, head: list[Token], stop: Token | None) -> Statement:
    end = stop.start if stop else (head[-1].end if head else 0)
    form, data_at = "Values", len(sql)
    if stop is not None:
        data_at = stop.end
        if stop.keyword == "FORMAT":
            name = next((token for token in tokens(sql[stop.end :])), None)
            if name is None or name.kind != "word":
                raise ServerError(62, "Syntax error: FORMAT without a name. (SYNTAX_ERROR)")
            form, data_at = name.text, stop.end + name.end
    data = sql[data_at:].lstrip(" \t\r")
    if stop is not None and stop.keyword == "FORMAT":
        data = data.removeprefix("\n")
    if not data.strip("; \n\t\r"):
        data = ""
    if _GUARDED.search(data) and form.upper() == "VALUES":
        _guard(list(tokens(data)))
    first = 1
    while first < len(head) and head[first].keyword in {"INTO", "TABLE"}:
        first += 1
    settings = next((t for t in head[first:] if t.depth == 0 and t.keyword == "SETTINGS"), None)
    target_end = settings.start if settings else end
    bracket = next((t for t in head[first:] if t.depth == 0 and t.text == "(" and t.start < target_end), None)
    if first >= len(head):
        raise ServerError(62, "Syntax error: INSERT without a table. (SYNTAX_ERROR)")
    closing = max(
        (t.start for t in head if t.depth == 0 and t.text == ")" and t.start < target_end), default=0
    )
    insert = Insert(
        table=sql[head[first].start : bracket.start if bracket else target_end].strip(),
        columns=sql[bracket.end : closing].strip() if bracket else "",
        settings=sql[settings.end : end].strip() if settings else "",
        format=form,
        data=data,
    )
    return Statement(sql, "INSERT", form, insert)


def _guard(found: list[Token]) -> None:
    """Refuse what reaches files, programs or hosts, whoever asks."""
    for i, token in enumerate(found[:-1]):
        after = found[i + 1]
        name = token.name.lower()
        if after.text == "(" and token.kind in {"word", "quoted"}:
            hidden = token.kind == "quoted" and "\\" in token.text
            if name in _HOST_FUNCTIONS or hidden:
                raise _refused(f"{token.text}()")
            inner = found[i + 2].name.lower() if i + 2 < len(found) else ""
            if name == "source" and inner not in _DICTIONARY_SOURCES:
                raise _refused(f"a dictionary with SOURCE({inner.upper()})")
        pair = (token.keyword, after.keyword)
        if pair in {("INTO", "OUTFILE"), ("FROM", "INFILE")}:
            raise _refused(" ".join(pair))
        if token.keyword == "ENGINE":
            engine = found[i + 2] if after.text == "=" and i + 2 < len(found) else after
            if engine.name.lower() in {"executable", "executablepool"}:
                raise _refused(f"ENGINE = {engine.text}")


def _refused(what: str) -> ServerError:
    return ServerError(
        497, f"Not enough privileges: {what} reaches outside the database and is refused. (ACCESS_DENIED)"
    )


def check_limited(statement: Statement, limits: Mapping[str, str]) -> None:
    """Refuse what a read-only user may not say.

    Args:
        statement: what the user asks for.
        limits: the user's own settings; a limit among them may be lowered, never raised.

    Raises:
        ServerError: 164 for a statement that is no read, 452 for a setting that would lift a limit.
    """
    if statement.kind not in _LIMITED | _WRITES:
        raise ServerError(62, f"Syntax error: failed at position 1 ({statement.kind}). (SYNTAX_ERROR)")
    if statement.kind not in _LIMITED:
        raise ServerError(164, f"Cannot execute {statement.kind} query in readonly mode. (READONLY)")
    found = list(tokens(statement.text))
    clause = statement.kind == "SET" or any(token.keyword == "SETTINGS" for token in found)
    for i, token in enumerate(found[:-2]) if clause else ():
        if token.kind in {"word", "quoted"} and found[i + 1].text == "=" and protected(token.name):
            value = found[i + 2]
            if "\\" in token.text or not allowed(token.name, value.text.strip("'"), limits):
                raise ServerError(
                    452,
                    f"Setting {token.name} cannot be changed to {value.text}. (SETTING_CONSTRAINT_VIOLATION)",
                )


def protected(name: str) -> bool:
    """Whether a setting is a limit or a right."""
    return "\\" in name or _PROTECTED.fullmatch(name) is not None


def allowed(name: str, value: str, limits: Mapping[str, str]) -> bool:
    """Whether a protected setting may take a value: only a limit that stays within the user's own."""
    bound = limits.get(name)
    if bound is None or not re.fullmatch(r"\d+(\.\d+)?", value):
        return False
    return 0 < float(value) <= float(bound)
