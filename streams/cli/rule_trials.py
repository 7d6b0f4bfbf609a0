"""koubei rules preview|backtest: what a rule would find, before it is applied."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from rich.console import Console

from streams.alerts import hourly
from streams.alerts.windows import plan
from streams.cli.common import ClickHouse, Data, Json, reader_url, say, settings, show_json
from streams.cli.rule_files import Files, chosen_rules, folders
from streams.cli.times import moment
from streams.clock import SYSTEM
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t
from streams.read.matching import Matched, Page, matches
from streams.read.replay import BEFORE, Alarm, replay, step_of
from streams.rules.episodes import Episode, episodes
from streams.rules.matcher import Hit, Matcher
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.text import lexicons
from streams.text.segment import Segmenter
from streams.topics.post import Post

Query = Annotated[str | None, Parameter(help=t("直接给一条查询，不用文件", "One query instead of files"))]
Since = Annotated[
    str, Parameter(help=t("从何时起：7d、24h 或 2026-11-01", "From when on: 7d, 24h or 2026-11-01"))
]
Samples = Annotated[int, Parameter(help=t("显示几条例子", "How many examples"))]

LISTED = 20
"""Alerts that are listed, the newest ones."""

LONGEST = 60
"""Characters of a sample that are shown around its first hit."""


def preview(
    *paths: Files,
    query: Query = None,
    since: Since = "7d",
    samples: Samples = 20,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Hits of the last seven days, and the newest of them, before a rule is applied."""
    loaded = settings(data, None, clickhouse)
    given = _given(paths, query, loaded)
    now = SYSTEM.now()
    begin = moment("--since", since, now)
    counts: Counter[str] = Counter()
    newest: dict[str, list[tuple[Post, Hit]]] = {rule.name: [] for rule in given}
    scanned = 0
    with closing(Connection(reader_url(loaded))) as connection:
        for page in _pages(loaded, connection, given, begin, now):
            scanned += page.scanned
            for post, hits in page.hits:
                for hit in hits:
                    name = given[hit.rule].name
                    counts[name] += 1
                    newest[name].append((post, hit))
            newest = {
                name: _newest(found, samples) if len(found) > 4 * samples else found
                for name, found in newest.items()
            }
        measured = {rule.name: _measured(connection, rule, now) for rule in given if not rule.query}
    kept = {name: _newest(found, samples) for name, found in newest.items()}
    if json:
        show_json(
            {
                "since": begin,
                "scanned": scanned,
                "rules": [
                    {
                        "rule": rule.name,
                        "hits": counts[rule.name],
                        "samples": list(map(_sample, kept[rule.name])),
                    }
                    | ({"now": measured[rule.name]} if rule.name in measured else {})
                    for rule in given
                ],
            }
        )
        return
    for rule in given:
        if rule.name in measured:
            _print_measured(rule, measured[rule.name])
            continue
        share = 100 * counts[rule.name] / scanned if scanned else 0.0
        print(
            t(
                f"{rule.name}：{scanned:,} 条帖子中命中 {counts[rule.name]:,} 条（{share:.2f}%）",
                f"{rule.name}: {counts[rule.name]:,} of {scanned:,} posts match ({share:.2f} %)",
            )
        )
        for post, hit in kept[rule.name]:
            print(f"  {_time(post.published, loaded.timezone)}  {post.platform}  {_excerpt(post.text, hit)}")
    if scanned and any(counts[rule.name] > scanned / 2 for rule in given):
        say(t("命中过半的规则多半写得太宽", "A rule that hits more than half is most likely too broad"))


def backtest(
    *paths: Files,
    query: Query = None,
    since: Since = "30d",
    until: Annotated[str | None, Parameter(help=t("到何时为止", "Up to when"))] = None,
    quiet: Annotated[
        str, Parameter(help=t("多久没有命中算一次结束", "How long without a hit ends an episode"))
    ] = "1h",
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """When a rule would have alerted in the stored past, how often, and for how many posts each time."""
    loaded = settings(data, None, clickhouse)
    given = _given(paths, query, loaded)
    now = SYSTEM.now()
    begin = moment("--since", since, now)
    end = moment("--until", until, now) if until else now
    pause = now - moment("--quiet", quiet, now)
    windows = [rule for rule in given if rule.kind != "post"]
    earliest = min([begin, *(begin - _needed(rule) for rule in windows if rule.query)])
    scanned = 0
    hits: list[tuple[str, float]] = []
    matched: dict[str, list[Matched]] = {rule.name: [] for rule in windows}
    with closing(Connection(reader_url(loaded))) as connection:
        for page in _pages(loaded, connection, given, earliest, end):
            scanned += page.scanned
            for match in page.matched:
                for hit in match.hits:
                    rule = given[hit.rule]
                    if rule.kind != "post":
                        matched[rule.name].append(match)
                    elif match.post.published >= begin:
                        hits.append((rule.name, match.post.published))
        alarms = {
            rule.name: replay(connection, rule, (begin, end), pause, matched[rule.name]) for rule in windows
        }
    found = episodes(hits, pause)
    if json:
        show_json(
            {
                "since": begin,
                "until": end,
                "scanned": scanned,
                "rules": [
                    {"rule": rule.name, "alerts": [alarm._asdict() for alarm in alarms[rule.name]]}
                    if rule.name in alarms
                    else _tested(rule, [one for one in found if one.rule == rule.name])
                    for rule in given
                ],
            }
        )
        return
    days = max((end - begin) / 86_400, 1 / 24)
    for rule in given:
        if rule.name in alarms:
            _print_alarms(rule, alarms[rule.name], days, loaded.timezone)
            continue
        mine = [one for one in found if one.rule == rule.name]
        print(
            t(
                f"{rule.name}：{scanned:,} 条帖子，命中 {sum(one.hits for one in mine):,} 条，"
                f"会报警 {len(mine):,} 次（每天 {len(mine) / days:.1f} 次）",
                f"{rule.name}: {sum(one.hits for one in mine):,} of {scanned:,} posts, "
                f"{len(mine):,} alerts ({len(mine) / days:.1f} a day)",
            )
        )
        for one in mine[-LISTED:]:
            print(
                f"  {_time(one.first, loaded.timezone)} – {_time(one.last, loaded.timezone)}  "
                + t(f"{one.hits:,} 条", f"{one.hits:,} posts")
            )
        _say_listed(len(mine))


def _say_listed(count: int) -> None:
    if count > LISTED:
        say(t(f"只列出最后 {LISTED} 次，共 {count} 次", f"The last {LISTED} of {count} are listed"))


def _print_alarms(rule: Rule, alarms: Sequence[Alarm], days: float, timezone: str) -> None:
    print(
        t(
            f"{rule.name}：会报警 {len(alarms):,} 次（每天 {len(alarms) / days:.1f} 次），"
            f"每 {step_of(rule) / 60:g} 分钟看一次",
            f"{rule.name}: {len(alarms):,} alerts ({len(alarms) / days:.1f} a day), "
            f"looked at every {step_of(rule) / 60:g} minutes",
        )
    )
    for one in alarms[-LISTED:]:
        usual = "" if one.expected is None else t(f"，平时 {one.expected:g}", f", usually {one.expected:g}")
        print(
            f"  {_time(one.first, timezone)} – {_time(one.last, timezone)}  "
            + (f"{one.entity}  " if one.entity else "")
            + f"{round(one.value, 1):g}{usual}"
        )
    _say_listed(len(alarms))


def _measured(connection: Connection, rule: Rule, now: float) -> list[dict[str, Any]]:
    """What a rule without a query measures at this moment, where it measures anything."""
    begins = {
        (key, name): at
        for key, sql in hourly.begins([rule]).items()
        for name, at in connection.query(sql).rows
    }
    return [
        {
            "entity": one.entity,
            "value": one.value,
            "expected": one.expected,
            "holds": one.holds,
            "sql": one.sql,
        }
        for question in plan([(rule, 0)], now, begins)
        for one in question.answers(connection.query(question.sql).rows)
    ]


def _print_measured(rule: Rule, answers: Sequence[dict[str, Any]]) -> None:
    if not answers:
        print(t(f"{rule.name}：现在没有成立的", f"{rule.name}: nothing holds now"))
    for one in answers:
        value = t("样本不足", "too small a sample") if one["value"] is None else f"{round(one['value'], 1):g}"
        usual = (
            ""
            if one["expected"] is None
            else t(f"，平时 {one['expected']:g}", f", usually {one['expected']:g}")
        )
        holds = t("，现在会报警", ", which would alert now") if one["holds"] else t("，不报警", ", no alert")
        entity = f" {one['entity']}" if one["entity"] else ""
        print(
            t(
                f"{rule.name}{entity}：现在 {value}{usual}{holds}",
                f"{rule.name}{entity}: now {value}{usual}{holds}",
            )
        )


def _needed(rule: Rule) -> float:
    """Seconds before the begin that a rule looks back."""
    return BEFORE if rule.kind == "spike" else rule.window


def _tested(rule: Rule, found: Sequence[Episode]) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "hits": sum(one.hits for one in found),
        "alerts": [{"first": one.first, "last": one.last, "hits": one.hits} for one in found],
    }


def _given(paths: Sequence[Path], query: str | None, loaded: Settings) -> list[Rule]:
    if query is not None:
        if paths:
            raise BadConfig(t("--query 和文件只能给一样", "Give --query or files, not both"))
        rule = Rule(name=query, query=query)
        rule.tree()
        return [rule]
    return [entry.rule for entry in chosen_rules(paths or folders(loaded))]


def _pages(
    loaded: Settings, connection: Connection, given: Sequence[Rule], begin: float, end: float
) -> Iterator[Page]:
    """Every stored post against the rules, where one of them has a query."""
    if not any(rule.query for rule in given):
        return
    segmenter = Segmenter(lexicons.load(folders(loaded)).user_words)
    matcher = Matcher(given, segmenter)
    scanned = 0
    with _watching() as tell:
        for page in matches(connection, matcher, segmenter, begin, end):
            scanned += page.scanned
            tell(scanned)
            yield page


@contextmanager
def _watching() -> Iterator[Callable[[int], None]]:
    """Shows how many posts were looked at, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda scanned: None
        return
    with Console(stderr=True).status("") as status:
        yield lambda scanned: status.update(t(f"已看 {scanned:,} 条帖子", f"{scanned:,} posts looked at"))


def _newest(found: list[tuple[Post, Hit]], n: int) -> list[tuple[Post, Hit]]:
    return sorted(found, key=lambda pair: -pair[0].published)[:n]


def _sample(found: tuple[Post, Hit]) -> dict[str, Any]:
    post, hit = found
    return {
        "platform": post.platform,
        "post_id": post.post_id,
        "published": post.published,
        "text": post.text,
        "spans": [list(span) for span in hit.spans],
    }


def _excerpt(text: str, hit: Hit) -> str:
    """A line around the first hit, which stands in 【 】."""
    start, stop, _ = hit.first
    marked = f"{text[:start]}【{text[start:stop]}】{text[stop:]}" if stop else text
    low = max(0, start - LONGEST // 3)
    line = " ".join(marked[low : low + LONGEST].split())
    return ("…" if low else "") + line + ("…" if low + LONGEST < len(marked) else "")


def _time(at: float, timezone: str) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(timezone)).strftime("%m-%d %H:%M")
