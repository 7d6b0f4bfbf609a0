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

from streams.cli.common import ClickHouse, Data, Json, reader_url, say, settings, show_json
from streams.cli.rule_files import Files, chosen_rules, folders
from streams.cli.times import moment
from streams.clock import SYSTEM
from streams.config import Settings
from streams.errors import BadConfig
from streams.language import t
from streams.read.matching import matches
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
    for page, post, hit in _hits(loaded, given, begin, now):
        scanned += page
        if post is None or hit is None:
            continue
        name = given[hit.rule].name
        counts[name] += 1
        newest[name].append((post, hit))
        if len(newest[name]) > 4 * samples:
            newest[name] = _newest(newest[name], samples)
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
                    for rule in given
                ],
            }
        )
        return
    for rule in given:
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
    scanned = 0
    hits: list[tuple[str, float]] = []
    for page, post, hit in _hits(loaded, given, begin, end):
        scanned += page
        if post is not None and hit is not None:
            hits.append((given[hit.rule].name, post.published))
    found = episodes(hits, pause)
    if json:
        show_json(
            {
                "since": begin,
                "until": end,
                "scanned": scanned,
                "rules": [_tested(rule, [one for one in found if one.rule == rule.name]) for rule in given],
            }
        )
        return
    for rule in given:
        mine = [one for one in found if one.rule == rule.name]
        days = max((end - begin) / 86_400, 1 / 24)
        print(
            t(
                f"{rule.name}：{scanned:,} 条帖子，命中 {sum(one.hits for one in mine):,} 条，"
                f"会报警 {len(mine):,} 次（每天 {len(mine) / days:.1f} 次）",
                f"{rule.name}: {sum(one.hits for one in mine):,} of {scanned:,} posts, "
                f"{len(mine):,} alerts ({len(mine) / days:.1f} a day)",
            )
        )
        for one in mine[-20:]:
            print(
                f"  {_time(one.first, loaded.timezone)} – {_time(one.last, loaded.timezone)}  "
                + t(f"{one.hits:,} 条", f"{one.hits:,} posts")
            )
        if len(mine) > 20:
            say(t(f"只列出最后 20 次，共 {len(mine)} 次", f"The last 20 of {len(mine)} are listed"))


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


def _hits(
    loaded: Settings, given: Sequence[Rule], begin: float, end: float
) -> Iterator[tuple[int, Post | None, Hit | None]]:
    """Posts scanned at the first row of each page, then 0; and each hit."""
    segmenter = Segmenter(lexicons.load(folders(loaded)).user_words)
    matcher = Matcher(given, segmenter)
    with closing(Connection(reader_url(loaded))) as connection, _watching() as tell:
        scanned = 0
        for page in matches(connection, matcher, segmenter, begin, end):
            scanned += page.scanned
            tell(scanned)
            yield page.scanned, None, None
            for post, hits in page.hits:
                for hit in hits:
                    yield 0, post, hit


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
