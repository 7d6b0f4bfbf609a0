"""docs/data.md, made from the COMMENTs of a migrated database: python -m streams.cli.dictionary."""

from collections.abc import Iterator
from typing import NamedTuple

from streams.cli.common import reader_url, settings
from streams.store.client import Connection

HEAD = """\
# Data dictionary

Made from the database itself by `python -m streams.cli.dictionary > docs/data.md` while a stack runs; do not edit.
The same, live: `koubei sql --describe` and `koubei sql --describe posts`.

Read the views that end in `_latest`, and `mentions`: the tables below them keep every version of a row until a
merge removes the older ones, so a count over `posts` may count a post twice. Times are UTC in the database and
Asia/Shanghai wherever `koubei` prints them.
"""

LATEST = "_latest"
TABLES = """
SELECT name, engine, sorting_key, partition_key, comment FROM system.tables
WHERE database = currentDatabase() AND NOT is_temporary AND name NOT LIKE '.%'
ORDER BY engine != 'View', name
"""
COLUMNS = """
SELECT table, name, type, comment FROM system.columns
WHERE database = currentDatabase() AND default_kind != 'EPHEMERAL' ORDER BY table, position
"""
MENTIONS = {
    "kind": "post 帖子、share 转发",
    "id": "帖子或转发的编号",
    "root_id": "传播源头帖子的编号；帖子自身即源头",
    "at": "发布或转发时间",
    "author_id": "作者或转发者编号（可为带密钥的散列）",
    "author_followers": "作者或转发者粉丝数",
    "brand": "提及的品牌",
    "sentiment": "对该品牌的情感：pos 正、neu 中、neg 负",
    "score": "对该品牌的情感倾向，-1 至 1",
    "start": "品牌词在原文中的起点（字符）",
    "stop": "品牌词在原文中的终点（字符，不含）",
    "text": "原文",
}
"""Meanings in the one view that is not a table's newest rows; its other columns are those of posts."""


class Table(NamedTuple):
    """One row of `TABLES`."""

    name: str
    engine: str
    order: str
    partition: str
    comment: str


def document(connection: Connection) -> str:
    """The whole page.

    Args:
        connection: to a database that is migrated and holds nothing else.
    """
    columns: dict[str, list[tuple[str, str, str]]] = {}
    for table, name, kind, comment in connection.query(COLUMNS).rows:
        columns.setdefault(table, []).append((name, kind, comment))
    columns["mentions"] = _explained(columns["mentions"], columns["posts"])
    parts = [HEAD]
    for row in connection.query(TABLES).rows:
        table = Table(*row)
        parts += _section(table, columns[table.name])
    return "\n".join(parts)


def _explained(
    view: list[tuple[str, str, str]], posts: list[tuple[str, str, str]]
) -> list[tuple[str, str, str]]:
    meanings = {name: comment for name, _, comment in posts} | MENTIONS
    return [(name, kind, meanings[name]) for name, kind, _ in view]


def _section(table: Table, columns: list[tuple[str, str, str]]) -> Iterator[str]:
    yield f"## {table.name}\n"
    if table.name.endswith(LATEST):
        base = table.name.removesuffix(LATEST)
        yield f"{table.comment}。View with the columns of [{base}](#{base}).\n"
        return
    about = "View" if table.engine == "View" else f"{table.engine}, ordered by `{table.order}`"
    if table.partition:
        about += f", partitioned by `{table.partition}`"
    yield f"{table.comment}。{about}.\n"
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for name, kind, meaning in columns:
        yield f"| `{name}` | `{kind}` | {meaning.replace('|', chr(92) + '|')} |"
    yield ""


def main() -> None:
    """Print the page for the stack that runs on ./data."""
    connection = Connection(reader_url(settings()))
    try:
        print(document(connection), end="")
    finally:
        connection.close()


if __name__ == "__main__":
    main()
