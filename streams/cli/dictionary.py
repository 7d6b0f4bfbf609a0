"""docs/data.md, made from the COMMENTs of a migrated database: python -m streams.cli.dictionary."""

from collections.abc import Iterator
from typing import NamedTuple

from streams.cli.common import reader_url, settings
from streams.store.client import Connection

HEAD = """\
# Data dictionary

Made from the database itself by `python -m streams.cli.dictionary > docs/data.md` while a stack runs; do not edit.
The same, live: `koubei sql --describe` and `koubei sql --describe posts`.

Read the views: the tables below them keep every version of a row until a merge removes the older ones, so a
count over `posts` may count a post twice. Each view that ends in `_organic` leaves out what accounts labelled as
light or heavy 水军 (`accounts`) have written, and differs from its twin by nothing else. Times are UTC in the database and
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
MEANINGS = {
    "brands": "提及的品牌",
    "tones": "对各品牌的情感，与 brands 一一对应",
    "kind": "post 帖子、share 转发",
    "id": "帖子或转发的编号",
    "root_id": "传播源头帖子的编号；帖子自身即源头",
    "at": "发布或转发时间",
    "author_id": "作者或转发者编号（可为带密钥的散列）",
    "author_followers": "作者或转发者粉丝数",
    "author_verified": "作者或转发者是否认证",
    "own_brand": "作者是哪个品牌的官方账号，不是为空",
    "brand": "提及的品牌",
    "sentiment": "情感：pos 正、neu 中、neg 负；人的更正已计入",
    "score": "情感倾向，-1 至 1；人的更正已计入",
    "confidence": "程序判断的把握，0 至 1",
    "judged_sentiment": "程序判断的情感",
    "judged_score": "程序判断的情感倾向，-1 至 1",
    "corrected_by": "最后更正的人，没有更正为空",
    "corrected_at": "最后更正的时间",
    "start": "该词在原文中的起点（字符）",
    "stop": "该词在原文中的终点（字符，不含）",
    "evidence_start": "判断依据在原文中的起点（字符）",
    "evidence_stop": "判断依据在原文中的终点（字符，不含）；无依据为 0",
    "text": "原文",
    "aspect": "谈到的方面：屏幕、续航、客服等",
    "rule": "命中的规则",
    "rule_version": "命中规则的版本，见 rules",
    "variant": "命中的写法，见 posts 的 hits.variant",
    "earliest": "最早发布者的平台和编号",
    "representative_platform": "代表（最早发布者）的平台",
    "representative_id": "代表（最早发布者）的编号",
    "copies": "近似重复的条数",
    "sources": "出现的平台",
    "authors": "作者数",
    "first_seen": "最早发布时间",
    "last_seen": "最晚发布时间",
}
"""Meanings in views that say something of their own; other columns mean what they mean in `BASES`."""

BASES = ("posts", "shares", "term_counts", "duplicates", "rules")
"""Tables that lend their columns' meanings to views, the first that has the column."""

TWINS = (LATEST, "_organic")
"""Endings of views that have the columns of the table or view they are named after."""


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
    lent = {name: comment for base in reversed(BASES) for name, _, comment in columns[base]} | MEANINGS
    parts = [HEAD]
    for row in connection.query(TABLES).rows:
        table = Table(*row)
        found = columns[table.name]
        if table.engine == "View":
            found = [(name, kind, comment or lent.get(name, "")) for name, kind, comment in found]
        parts += _section(table, found)
    return "\n".join(parts)


def _section(table: Table, columns: list[tuple[str, str, str]]) -> Iterator[str]:
    yield f"## {table.name}\n"
    for ending in TWINS:
        if table.name.endswith(ending):
            base = table.name.removesuffix(ending)
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
