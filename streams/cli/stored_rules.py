"""koubei rules list|show|apply|remove: the rules in the store."""

import getpass
from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from streams.cli.common import (
    ClickHouse,
    Data,
    DryRun,
    Json,
    reader_url,
    say,
    settings,
    show_json,
    writer_url,
)
from streams.cli.rule_files import Files, chosen_rules, folders
from streams.errors import BadConfig
from streams.language import t
from streams.rules import files
from streams.rules.keys import table_of
from streams.rules.rule import Rule
from streams.store import rules
from streams.store.client import Connection
from streams.store.rules import Change

By = Annotated[str | None, Parameter(help=t("修改人（默认当前用户）", "Who changes it (you)"))]
Note = Annotated[str, Parameter(help=t("修改说明", "Why"))]
Force = Annotated[
    bool, Parameter(help=t("即使别人改过也覆盖", "Overwrite what somebody else changed meanwhile"))
]


def list_(*, json: Json = False, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Print the rules that the workers use, with their versions."""
    loaded = settings(data, None, clickhouse)
    with closing(Connection(reader_url(loaded))) as connection:
        stored = rules.newest(connection)
    used = {name: newest for name, newest in stored.items() if not newest.removed}
    if json:
        show_json(
            [
                {"name": name, "version": newest.version, "actor": newest.actor, "fault": newest.fault}
                | (
                    {key: getattr(newest.rule, key) for key in newest.rule.__struct_fields__}
                    if newest.rule
                    else {}
                )
                for name, newest in used.items()
            ]
        )
        return
    for name, newest in used.items():
        what = _what(newest.rule) if newest.rule else newest.fault
        off = "" if newest.rule is None or newest.rule.enabled else t("（停用）", " (off)")
        print(
            t(
                f"{name}  第 {newest.version} 版{off}  {what}",
                f"{name}  version {newest.version}{off}  {what}",
            )
        )
    if not used:
        say(t("还没有规则：koubei rules apply 文件", "No rules yet: koubei rules apply FILES"))


def _what(rule: Rule) -> str:
    """What a rule is about, in a line: its query, or what it measures."""
    if rule.kind == "post":
        return rule.query
    told = table_of(rule)
    return f"{rule.kind}  " + " ".join(
        f"{key}={value}" for key, value in told.items() if key not in ("name", "kind", "description")
    )


def show(name: str, *, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Print a rule as a file that can be edited and applied again."""
    loaded = settings(data, None, clickhouse)
    with closing(Connection(reader_url(loaded))) as connection:
        newest = rules.newest(connection).get(name)
    if newest is None or newest.rule is None:
        raise BadConfig(
            t(f"没有规则 {name}：koubei rules list 看全部", f"There is no rule {name}: see koubei rules list")
        )
    print(files.definition(newest.rule, newest.version), end="")


def apply(
    *paths: Files,
    by: By = None,
    note: Note = "",
    force: Force = False,
    dry_run: DryRun = False,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """All rules of the files, or none; a rule that was changed elsewhere since is refused, unless --force."""
    loaded = settings(data, None, clickhouse)
    entries = chosen_rules(paths or folders(loaded))
    with closing(Connection(writer_url(loaded))) as connection:
        before = rules.newest(connection)
        changes = [Change(entry.rule.name, _base(entry, before), entry.rule) for entry in entries]
        if dry_run:
            planned = rules.planned(before, changes, force=force)
            written = {name: version for name, (version, _) in planned.items()}
        else:
            written = rules.change(
                connection, changes, actor=by or getpass.getuser(), via="cli", note=note, force=force
            )
            for entry in entries:
                if entry.rule.name in written and entry.base is not None:
                    _note(entry, written[entry.rule.name])
    if json:
        show_json({"applied": written, "unchanged": len(entries) - len(written), "dry_run": dry_run})
        return
    for name, version in written.items():
        print(t(f"{name}  第 {version} 版", f"{name}  version {version}"))
    say(
        t(
            f"{'将' if dry_run else '已'}应用 {len(written)} 条，{len(entries) - len(written)} 条没有变化",
            f"{len(written)} {'would be' if dry_run else 'are'} applied, {len(entries) - len(written)} unchanged",
        )
        + ("" if dry_run or not written else t("；几秒内生效", "; in force within seconds"))
    )


def remove(
    name: str, *, by: By = None, note: Note = "", data: Data = None, clickhouse: ClickHouse = None
) -> None:
    """Take a rule out of use; its versions and past hits are kept."""
    loaded = settings(data, None, clickhouse)
    with closing(Connection(writer_url(loaded))) as connection:
        newest = rules.newest(connection).get(name)
        if newest is None or newest.removed:
            raise BadConfig(
                t(
                    f"没有规则 {name}：koubei rules list 看全部",
                    f"There is no rule {name}: see koubei rules list",
                )
            )
        rules.change(
            connection,
            [Change(name, newest.version, None)],
            actor=by or getpass.getuser(),
            via="cli",
            note=note,
        )
    say(t(f"规则 {name} 已停用", f"Rule {name} is out of use"))


def _note(entry: files.Entry, version: int) -> None:
    """Write the version into the file, so that its next edit is based on it."""
    file = Path(entry.table.file)
    text = files.with_version(file.read_text(encoding="utf-8-sig"), entry.table.number, version)
    file.write_text(text, encoding="utf-8")


def _base(entry: files.Entry, before: dict[str, rules.Stored]) -> int:
    """The version that a file was edited from; a file that names none claims to be the first."""
    if entry.base is not None:
        return entry.base
    known = before.get(entry.rule.name)
    return known.version if known and known.removed else 0
