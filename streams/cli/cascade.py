"""koubei cascade: how a post spread, as a tree in the terminal, as JSON, or as a graph for Gephi."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from streams.cascades import export
from streams.cascades.tree import Tree
from streams.cli.common import ClickHouse, Data, Json, reader_url, say, settings, show_json
from streams.cli.tables import Rows, plain, write
from streams.cli.times import moment
from streams.clock import SYSTEM
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t
from streams.read import bridges as links
from streams.read import cascade as read
from streams.read.bridges import Link
from streams.read.queries import Reader
from streams.store.client import Column

TIME_LIMIT = 120.0
"""Seconds for one query: a cascade of a million shares is read whole."""

LISTED = 20
"""Cascades that are listed when none is named."""

NAMED = 5
"""Key spreaders that are shown above a tree."""

SINCE = "7d"
"""How far back --bridges looks."""

EVER = 2_000_000_000
"""More shares than any cascade has."""

Out = Path | None


def cascade(
    root: Annotated[
        str | None,
        Parameter(
            help=t(
                "源头帖子的编号；不写则列出正在传播的",
                "Id of the root post; without it, live ones are listed",
            )
        ),
    ] = None,
    *,
    width: Annotated[
        int, Parameter(help=t("每个节点下最多画几个", "Children drawn below a node at most"))
    ] = 5,
    depth: Annotated[int, Parameter(help=t("最多画几层", "Levels drawn at most"))] = 6,
    graphml: Annotated[Out, Parameter(help=t("写出 GraphML 文件", "Write a GraphML file"))] = None,
    gexf: Annotated[
        Out, Parameter(help=t("写出 GEXF 文件，供 Gephi", "Write a GEXF file, for Gephi"))
    ] = None,
    bridges: Annotated[
        bool, Parameter(help=t("列出连接不同群体的人", "List who links communities, over all cascades"))
    ] = False,
    since: Annotated[
        str, Parameter(help=t("--bridges 从何时起：7d 或日期", "Since when, for --bridges: 7d or a date"))
    ] = SINCE,
    brand: Annotated[
        str,
        Parameter(
            help=t("--bridges 只看提及此品牌的传播", "For --bridges, only cascades that mention this brand")
        ),
    ] = "",
    organic: Annotated[
        bool,
        Parameter(help=t("--bridges 不计轻度和重度水军", "For --bridges, without light and heavy 水军")),
    ] = False,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Show one cascade, or which there are."""
    if root is None and (graphml or gexf):
        raise BadConfig(
            t(
                "导出哪一次传播？例：koubei cascade 5012345678901234 --gexf a.gexf",
                "Export which cascade? koubei cascade ROOT --gexf a.gexf",
            )
        )
    for name, number in (("--width", width), ("--depth", depth)):
        if number < 1:
            raise BadConfig(t(f"{name} {number}：至少为 1", f"{name} {number}: write 1 or more"))
    if bridges and root is not None:
        raise BadConfig(
            t(
                f"--bridges 看所有传播，不接源头：koubei cascade --bridges；{root} 一次的在它的页面上",
                f"--bridges is over all cascades, without a root: koubei cascade --bridges; {root} alone: its page",
            )
        )
    if not bridges and (brand or organic or since != SINCE):
        raise BadConfig(
            t(
                "--since、--brand、--organic 要与 --bridges 同用：koubei cascade --bridges --since 30d",
                "--since, --brand and --organic go with --bridges: koubei cascade --bridges --since 30d",
            )
        )
    loaded = settings(data, None, clickhouse)
    with closing(Reader(reader_url(loaded), time_limit=TIME_LIMIT, row_limit=EVER)) as reader:
        if bridges:
            start = datetime.fromtimestamp(moment("--since", since, SYSTEM.now()), UTC)
            found = asyncio.run(links.between(reader, start, datetime.now(UTC), brand=brand, organic=organic))
            _bridges(found, start, loaded, as_json=json)
        elif root is None:
            _list(reader, loaded, as_json=json)
        else:
            told, tree = asyncio.run(_read(reader, root))
            _export(tree, graphml, gexf)
            if json:
                show_json(_plain(told, tree, ZoneInfo(loaded.timezone)))
            elif not graphml and not gexf:
                _show(told, tree, width, depth)


async def _read(reader: Reader, root: str) -> tuple[read.Detail, Tree]:
    found = await read.detail(reader, root, most=EVER)
    if found is None:
        raise BadConfig(
            t(
                f"没有编号为 {root} 的传播：它还没有被转发。正在传播的：koubei cascade",
                f"There is no cascade {root}: it has not been shared. See which there are: koubei cascade",
            )
        )
    return found, read.tree(root, await read.edges(reader, root, shares=found.fields["shares"], most=EVER))


def _show(found: read.Detail, tree: Tree, width: int, depth: int) -> None:
    for line in (*_summary(found), "", *export.drawn(tree, width=width, depth=depth)):
        # People choose what they are called and what they write: nothing of it may steer the terminal.
        print("".join(char if char.isprintable() else "�" for char in line))


def _summary(found: read.Detail) -> Iterator[str]:
    fields = found.fields
    if found.text:
        yield " ".join(found.text.split())[:100]
    nu = "—" if fields["virality"] is None else f"{fields['virality']:.2f}"
    yield t(
        f"规模 {fields['size']:,} · 深度 {fields['depth']} · 最宽 {fields['max_breadth']:,} · ν {nu} · "
        f"曝光 {fields['reach']:,} · 转发 {fields['shares']:,}",
        f"size {fields['size']:,} · depth {fields['depth']} · breadth {fields['max_breadth']:,} · ν {nu} · "
        f"reach {fields['reach']:,} · shares {fields['shares']:,}",
    )
    shown = found.levels[:12]
    levels = " → ".join(f"{level['nodes']:,}" for level in shown) + (
        " → …" if len(found.levels) > len(shown) else ""
    )
    yield t(f"各层 {levels}", f"levels {levels}")
    apart = fields["orphans"] + fields["cycles"] + fields["selves"]
    if apart:
        yield t(
            f"未接入树中 {apart:,} 次：上游未到 {fields['orphans']:,}、成环 {fields['cycles']:,}、"
            f"以自己为上游 {fields['selves']:,}",
            f"outside the tree {apart:,}: orphans {fields['orphans']:,}, cycles {fields['cycles']:,}, "
            f"selves {fields['selves']:,}",
        )
    for user in found.spreaders[:NAMED]:
        label = f" [{user['label']}]" if user["label"] != "none" else ""
        yield t(
            f"  {user['user_id']}{label}  带动 {user['subtree']:,} · 直接 {user['direct']:,}",
            f"  {user['user_id']}{label}  below {user['subtree']:,} · direct {user['direct']:,}",
        )


def _plain(found: read.Detail, tree: Tree, zone: ZoneInfo) -> dict[str, Any]:
    """Everything, nodes and all, as JSON has it."""
    every = export.nodes(tree)
    return {
        **plain(found.fields, zone),
        "text": found.text,
        "levels": plain(found.levels, zone),
        "drift": {"slope": plain(found.drift.slope, zone), "turn": found.drift.turn},
        "spreaders": plain(found.spreaders, zone),
        "attribution": plain(found.attribution, zone),
        "fans": found.fans,
        "growing": [one._asdict() for one in read.still_growing(tree)],
        "apart": tree.apart,
        "nodes": [
            node._asdict() | {"parent": every[node.parent].share_id if node.parent >= 0 else None}
            for node in every
        ],
    }


def _export(tree: Tree, as_graphml: Out, as_gexf: Out) -> None:
    forms: tuple[tuple[Out, Callable[[Tree], Iterator[str]]], ...] = (
        (as_graphml, export.graphml),
        (as_gexf, export.gexf),
    )
    for file, form in forms:
        if file is None:
            continue
        try:
            with file.open("w", encoding="utf-8") as out:
                lines = form(tree)
                while block := list(islice(lines, 10_000)):
                    out.write("".join(block))
        except OSError as error:
            raise BadConfig(
                t(f"写不了 {file}：{error.strerror}", f"Cannot write {file}: {error.strerror}")
            ) from error
        say(t(f"已写出 {len(tree.ids):,} 个节点：{file}", f"{len(tree.ids):,} nodes written: {file}"))


def _list(reader: Reader, loaded: Settings, *, as_json: bool) -> None:
    rows = asyncio.run(read.listed(reader, live=True, most=LISTED))
    if not rows:
        rows = asyncio.run(read.listed(reader, live=False, most=LISTED))
        if rows:
            say(t("一小时内没有转发，以下是规模最大的：", "Nothing was shared within the hour; the largest:"))
    if as_json:
        show_json(plain(rows, ZoneInfo(loaded.timezone)))
        return
    if not rows:
        say(
            t(
                "还没有转发。导入：koubei ingest shares.jsonl --wait",
                "No shares yet. Feed some: koubei ingest shares.jsonl --wait",
            )
        )
        return
    names = {
        "root_id": ("源头", "root", "String"),
        "size": ("规模", "size", "UInt32"),
        "depth": ("深度", "depth", "UInt32"),
        "virality": ("ν", "ν", "Float64"),
        "speed": ("一小时转发", "last hour", "UInt32"),
        "last_share": ("最近转发", "last share", "DateTime64"),
        "text": ("原文", "text", "String"),
    }
    columns = [Column(t(zh, en), kind) for zh, en, kind in names.values()]
    shown = [[*(row[name] for name in names if name != "text"), row["text"][:30]] for row in rows]
    write(Rows(columns, iter(shown)), "table", loaded.timezone, sys.stdout)
    say(
        t(f"看一次传播：koubei cascade {rows[0]['root_id']}", f"See one: koubei cascade {rows[0]['root_id']}")
    )


def _bridges(found: list[Link], since: datetime, loaded: Settings, *, as_json: bool) -> None:
    if as_json:
        show_json([one._asdict() for one in found])
        return
    columns = [
        Column(t("传播者", "user"), "String"),
        Column(t("跨群转发", "across"), "UInt32"),
        Column(t("群体", "communities"), "UInt32"),
        Column(t("参与系数", "participation"), "Float64"),
        Column(t("粉丝", "followers"), "UInt64"),
        Column(t("语气", "tone"), "Nullable(Float64)"),
        Column(t("水军", "水军"), "String"),
    ]
    write(Rows(columns, iter(found)), "table", loaded.timezone, sys.stdout)
    if not found:
        say(
            t(
                f"自 {since:%Y-%m-%d} 起没有连接不同群体的人。更早的：--since 365d",
                f"Nobody has linked communities since {since:%Y-%m-%d}. Further back: --since 365d",
            )
        )
