"""koubei demo: what `koubei up --demo` played can be taken out again."""

from streams.cli.common import (
    ClickHouse,
    Data,
    Json,
    Yes,
    admin_url,
    confirm,
    group,
    say,
    settings,
    show_json,
)
from streams.cli.common import stack as running_stack
from streams.language import t
from streams.store.client import Connection

TABLES = ("posts", "shares", "interactions")

_AUTHORS = "(platform, author_id) IN (SELECT platform, author_id FROM posts WHERE origin = 'demo')"
_HOURS = "toStartOfHour(bucket) IN (SELECT toStartOfHour(published) FROM posts WHERE origin = 'demo')"
FOLLOWING = {
    "duplicates": "(platform, id) IN (SELECT platform, post_id FROM posts WHERE origin = 'demo')",
    "corrections": "(platform, id) IN (SELECT platform, post_id FROM posts WHERE origin = 'demo' "
    "UNION ALL SELECT platform, share_id FROM shares WHERE origin = 'demo')",
    "accounts": _AUTHORS,
    "flagged_accounts": _AUTHORS,
    "term_counts": _HOURS,
    "term_windows": _HOURS,
    "cascade_standing": "origin = 'demo'",
    "cascade_shapes": "origin = 'demo'",
}
"""What follows from demo data, and goes before it. Hours that real posts share are counted at the next start."""

app = group("demo", "管理演示数据", "Manage the demo data")


@app.command(help=t("删除全部演示数据，真实数据不动", "Delete all demo data; real data stays"))
def clear(*, yes: Yes = False, json: Json = False, data: Data = None, clickhouse: ClickHouse = None) -> None:
    """Delete every row that came from the simulator."""
    loaded = settings(data, None, clickhouse)
    connection = Connection(admin_url(loaded), timeout=120.0)
    try:
        before = {table: _count(connection, table) for table in TABLES}
        if any(before.values()):
            question = t(
                f"删除 {sum(before.values())} 行演示数据？",
                f"Delete {sum(before.values())} rows of demo data?",
            )
            confirm(question, yes=yes)
        for table, demo in FOLLOWING.items() if any(before.values()) else ():
            connection.execute(f"ALTER TABLE {table} DELETE WHERE {demo}", settings={"mutations_sync": 2})
        for table in TABLES:
            if before[table]:
                # A mutation rewrites the parts: nothing of the demo stays on disk.
                connection.execute(
                    f"ALTER TABLE {table} DELETE WHERE origin = 'demo'", settings={"mutations_sync": 2}
                )
        left = {table: _count(connection, table) for table in TABLES}
    finally:
        connection.close()
    if json:
        show_json({"deleted": {table: before[table] - left[table] for table in TABLES}, "left": left})
    else:
        for table in TABLES:
            print(t(f"{table:<14}删除 {before[table]} 行", f"{table:<14}{before[table]} rows deleted"))
    stack = running_stack(loaded)
    if stack and stack.demo:
        say(
            t(
                "演示还在播放，新的演示数据会继续进来：koubei down 后用 koubei up（不带 --demo）启动",
                "The demo is still playing and will add new rows: koubei down, then koubei up without --demo",
            )
        )


def _count(connection: Connection, table: str) -> int:
    # S608: the table is one of our own three.
    return int(connection.query(f"SELECT count() FROM {table} WHERE origin = 'demo'").rows[0][0])  # noqa: S608
