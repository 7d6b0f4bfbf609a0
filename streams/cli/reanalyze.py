"""koubei reanalyze: judge what is stored anew with the lexicons and rules of today."""

import sys
from contextlib import closing
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streams.cli.common import ClickHouse, Data, DryRun, Json, say, settings, show_json, writer_url
from streams.cli.times import moment
from streams.clock import SYSTEM
from streams.language import t
from streams.store.client import Connection


def reanalyze(
    *,
    since: Annotated[
        str, Parameter(help=t("从何时起：7d、24h 或 2026-11-01", "From when on: 7d, 24h or 2026-11-01"))
    ],
    until: Annotated[str | None, Parameter(help=t("到何时为止（不含）", "Up to when"))] = None,
    dry_run: DryRun = False,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Rows that the present judge has judged are left alone: a run that was ended is gone on with by the next."""
    from streams.agents.judge import Judge
    from streams.agents.lanes import LaneRecipe
    from streams.agents.reanalysis import left, reanalyse

    now = SYSTEM.now()
    begin = moment("--since", since, now)
    end = moment("--until", until, now) if until else now + 86_400.0
    loaded = settings(data, None, clickhouse)
    with closing(Connection(writer_url(loaded))) as connection:
        judge = Judge(LaneRecipe.of(loaded, "reanalyze"), connection)
        todo = left(connection, judge, begin, end)
        total, done, started = sum(todo), 0, SYSTEM.monotonic()
        if not dry_run and total:
            columns = (
                TextColumn(t("重新分析", "Judging anew")),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            quiet = json or not sys.stderr.isatty()
            with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
                task = bar.add_task("", total=total)
                for rows in reanalyse(connection, judge, begin, end):
                    done += rows
                    bar.update(task, completed=done)
        seconds = SYSTEM.monotonic() - started
    if json:
        show_json({"judge": judge.number, **todo._asdict(), "done": done, "seconds": round(seconds, 3)})
    elif dry_run:
        print(
            t(
                f"{todo.posts:,} 条帖子、{todo.shares:,} 条转发由更早的版本分析，现在是 {judge.number} 号",
                f"{todo.posts:,} posts and {todo.shares:,} shares were judged by an earlier judge than {judge.number}",
            )
        )
    else:
        print(
            t(
                f"已用 {judge.number} 号版本重新分析 {done:,} 条（{seconds:.1f} 秒）",
                f"{done:,} judged anew by judge {judge.number} ({seconds:.1f} s)",
            )
        )
        if not done:
            say(t("这段时间没有要重新分析的", "Nothing in this time is to be judged anew"))
