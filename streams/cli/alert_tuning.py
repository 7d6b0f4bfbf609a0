"""koubei alerts tuning: the digest of noisy rules."""

import asyncio
from contextlib import closing
from typing import Annotated

from cyclopts import Parameter

from streams.alerts.tuning import Tuning
from streams.cli import alert_views as views
from streams.cli.common import ClickHouse, Data, Json, reader_url, say, settings, show_json
from streams.cli.times import moment
from streams.clock import SYSTEM
from streams.errors import BadConfig
from streams.language import t
from streams.notify import weekly
from streams.notify.figures import lasting
from streams.read.queries import Reader
from streams.read.tuning import tunings


def tuning(
    *,
    since: Annotated[str, Parameter(help=t("从何时起：7d 或日期", "Since when: 7d or a date"))] = "7d",
    until: Annotated[str | None, Parameter(help=t("到何时为止", "Up to when"))] = None,
    rule: Annotated[str, Parameter(help=t("只看这条规则", "Only this rule"))] = "",
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print how each rule did, the noisiest first, with a suggestion for those that are too noisy."""
    loaded = settings(data, None, clickhouse)
    now = SYSTEM.now()
    begin, end = moment("--since", since, now), moment("--until", until, now) if until else now
    if end <= begin:
        raise BadConfig(t("--until 要晚于 --since", "--until must be later than --since"))
    with closing(Reader(reader_url(loaded), connections=1)) as reader:
        found = asyncio.run(tunings(reader, begin, end, rule=rule))
    if json:
        show_json([{**one._asdict(), "suggestion": one.suggestion._asdict()} for one in found])
        return
    if not found:
        say(t("这段时间没有告警", "There were no alerts in this time"))
        return
    titles = (
        t("规则", "rule"), t("告警", "alerts"), t("通知", "notices"), t("认领", "claimed"), t("误报", "false"),
        t("认领用时", "to claim"), t("自行解除", "by itself"), t("每天白发", "wasted a day"),
    )  # fmt: skip
    views.table(titles, (_line(one) for one in found))
    for one in found:
        if one.noisy:
            print(f"\n{one.rule}{t('：', ': ')}{advice(one, since)}")


def _line(one: Tuning) -> tuple[str, ...]:
    return (
        ("！" if one.noisy else "") + one.rule,
        str(one.alerts),
        str(one.notices),
        f"{one.claimed:.0%}",
        "-" if one.false_alarms is None else f"{one.false_alarms:.0%}",
        "-" if one.claim_seconds is None else lasting(one.claim_seconds),
        f"{one.by_itself:.0%}",
        f"{one.noise:.1f}",
    )


def advice(one: Tuning, since: str) -> str:
    """What to change about a noisy rule, what that would have spared, and how to try it."""
    return weekly.advice(one) + t(
        f"。改之前先试：koubei rules backtest 规则文件 --since {since}",
        f". Try it first: koubei rules backtest FILE --since {since}",
    )
