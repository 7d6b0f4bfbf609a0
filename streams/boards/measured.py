"""Queries of the panels that show measures and hot words: written from their definitions, never by hand.

A panel holds its SQL as text, because Grafana reads the file as it is. A test holds every such text equal to what
this module makes of `streams.measures` and `streams.text.words` today; `python -m streams.boards.measured` writes
it into the files anew.

The variable `view` says who is counted: `latest` everybody, `organic` all but the authors labelled as 水军. It
completes the name of a relation, so that both views of a number differ by nothing else.
"""

# ruff: noqa: S608 - the parts are constants of this project; what a reader chooses comes in by macros

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

from streams.config import shipped
from streams.measures import BY_NAME
from streams.measures.base import Measure
from streams.measures.query import MACROS, MENTIONS, POSTS, Dialect, Relation, sql
from streams.text.words import hot_sql

BEFORE = MACROS._replace(
    start="subtractMilliseconds($__fromTime_ms, dateDiff('millisecond', $__fromTime_ms, $__toTime_ms))",
    stop="$__fromTime_ms",
)
"""The equally long period just before the one shown."""

_COLUMNS = (
    "platform, author_id, author_followers, sentiment, score, likes, comments, reposts, "
    "campaign, channel, paid, stage, intent, origin"
)
_MENTIONS = "mentions_latest AS (SELECT * FROM mentions)"
_SAID = f"""\
    {_MENTIONS},
    said AS
    (
        SELECT published AS at, {_COLUMNS}
        FROM posts_${{view:raw}}
        WHERE $__conditionalAll(0, $brand)
        UNION ALL
        SELECT at, {_COLUMNS}
        FROM mentions_${{view:raw}}
        WHERE $__conditionalAll(brand IN (${{brand:singlequote}}), $brand) AND NOT ($__conditionalAll(0, $brand))
    )"""
_ASPECTS = """\
    aspects_latest AS (SELECT * FROM aspects),
    aspects_organic AS
    (
        SELECT * FROM aspects
        WHERE (platform, author_id) NOT IN
            (SELECT platform, author_id FROM flagged_accounts FINAL WHERE label IN ('light', 'heavy'))
    )"""

SAID = Relation("said", "said", {}, POSTS.dimensions)
"""Posts as a whole; with brands chosen, the mentions of these."""

NAMED = MENTIONS._replace(raw="mentions_${view:raw}", organic="mentions_${view:raw}")
"""Mentions, as the variable `view` counts them."""

ASPECTS = Relation(
    "aspects_${view:raw}", "aspects_${view:raw}", {}, dict.fromkeys(("aspect", "brand", "platform"), "String")
)
"""What was said of aspects, as the variable `view` counts it."""

STAGES = {
    "notice": "关注",
    "search": "搜索",
    "review": "评测",
    "buy": "购买",
    "use": "使用",
    "share": "分享",
    "scold": "开骂",
}
"""The consumer's journey, in its order."""

INTENTS = {"question": "提问", "complaint": "投诉", "purchase": "购买"}
"""What an author wants."""


class Made(NamedTuple):
    """One panel whose query is made here."""

    board: str
    panel: int
    query: str


def made() -> list[Made]:
    """Every panel whose query is made here, as it follows from the definitions of today."""
    overview, understanding = "koubei-overview", "koubei-understanding"
    return [
        Made(overview, 2, _level("negative_share", "负面占比")),
        Made(overview, 3, _level("nsr", "NSR")),
        Made(overview, 4, _level("net_sentiment", "净情感")),
        Made(overview, 8, _share_of_voice()),
        Made(overview, 11, _hot_words()),
        Made(overview, 17, _amount("exposure", "曝光")),
        Made(overview, 18, _amount("engagement", "互动量")),
        Made(overview, 19, _amount("heat", "热度")),
        Made(overview, 20, _level("complaint_rate", "投诉率")),
        Made(overview, 21, _amount("authors", "作者")),
        Made(overview, 22, _level("reputation", "美誉度")),
        Made(understanding, 5, _brands()),
        Made(understanding, 6, _aspects()),
        Made(understanding, 7, _aspects_by_brand()),
        Made(understanding, 8, _steps("stage", "阶段", STAGES)),
        Made(understanding, 9, _tones("stage", "阶段", STAGES)),
        Made(understanding, 10, _steps("intent", "意图", INTENTS)),
        Made(understanding, 11, _hot_words()),
        Made(understanding, 12, _hot_words(only="before = 0 AND score IS NOT NULL", among=500)),
    ]


def write(folder: Path) -> list[Path]:
    """Put the queries into the dashboards below `folder`; the files that changed."""
    changed = []
    queries = {(board, panel): query for board, panel, query in made()}
    for file in sorted(folder.glob("*/*.json")):
        before = file.read_text(encoding="utf-8")
        board = json.loads(before)
        for panel in board["panels"]:
            target = panel["targets"][0]
            target["rawSql"] = queries.get((board["uid"], panel["id"]), target["rawSql"])
        after = json.dumps(board, ensure_ascii=False, indent=2) + "\n"
        if after != before:
            file.write_text(after, encoding="utf-8")
            changed.append(file)
    return changed


def _level(name: str, column: str) -> str:
    """A ratio, the points by which it differs from the period before, and its sample."""
    measure = BY_NAME[name]
    both = _two_periods(measure, _counting("sample", measure.sample))
    return f"""\
WITH
{_SAID}
SELECT
    now.{name} AS `{column}`,
    now.{name} - before.{name} AS `较上期`,
    now.sample AS `样本`
{both}"""


def _amount(name: str, column: str) -> str:
    """A sum and by how many per cent it differs from the period before."""
    return f"""\
WITH
{_SAID}
SELECT
    now.{name} AS `{column}`,
    if(before.{name} > 0, 100 * (now.{name} / before.{name} - 1), NULL) AS `环比`
{_two_periods(BY_NAME[name])}"""


def _two_periods(*measures: Measure) -> str:
    def period(dialect: Dialect) -> str:
        return _nested(sql(*measures, where=["platform"], over=SAID, dialect=dialect))

    return f"FROM\n{period(MACROS)} AS now\nCROSS JOIN\n{period(BEFORE)} AS before"


def _share_of_voice() -> str:
    inner = sql(
        BY_NAME["share_of_voice"],
        BY_NAME["volume"],
        by=["brand"],
        where=["platform"],
        over=NAMED,
        dialect=MACROS,
    )
    return f"""\
WITH {_MENTIONS}
SELECT brand AS `品牌`, share_of_voice AS `声量占比`, volume AS `提及`
FROM
{_nested(inner)}
WHERE share_of_voice IS NOT NULL
ORDER BY volume DESC, brand
LIMIT 10"""


def _brands() -> str:
    names = ("volume", "share_of_voice", "nsr", "negative_share", "complaint_rate", "exposure")
    inner = sql(
        *(BY_NAME[name] for name in names), by=["brand"], where=["platform"], over=NAMED, dialect=MACROS
    )
    return f"""\
WITH {_MENTIONS}
SELECT
    brand AS `品牌`, volume AS `提及`, share_of_voice AS `声量占比`, nsr AS `NSR`, negative_share AS `负面占比`,
    complaint_rate AS `投诉率`, exposure AS `曝光`
FROM
{_nested(inner)}
ORDER BY volume DESC, brand
LIMIT 20"""


def _aspects() -> str:
    inner = sql(*_TONES, by=["aspect"], where=["brand", "platform"], over=ASPECTS, dialect=MACROS)
    return f"""\
WITH
{_ASPECTS}
SELECT aspect AS `方面`, neg AS `负面`, neu AS `中性`, pos AS `正面`
FROM
{_nested(inner)}
ORDER BY neg + neu + pos DESC, aspect
LIMIT 12"""


def _aspects_by_brand() -> str:
    measures = [BY_NAME[name] for name in ("volume", "nsr", "negative_share")]
    inner = sql(*measures, by=["aspect", "brand"], where=["brand", "platform"], over=ASPECTS, dialect=MACROS)
    return f"""\
WITH
{_ASPECTS}
SELECT aspect AS `方面`, brand AS `品牌`, volume AS `次数`, nsr AS `NSR`, negative_share AS `负面占比`
FROM
{_nested(inner)}
WHERE brand != ''
ORDER BY volume DESC, aspect, brand
LIMIT 40"""


def _steps(dimension: str, column: str, words: dict[str, str]) -> str:
    """Volume, its part and the NSR of each value of a dimension, in the order of `words`."""
    measures = [BY_NAME[name] for name in ("volume", "nsr", "negative_share")]
    inner = sql(*measures, by=[dimension], where=["platform"], over=SAID, dialect=MACROS)
    return f"""\
WITH
{_SAID}
SELECT
    {dimension} AS `{column}`,
    volume AS `条数`,
    100 * volume / sum(volume) OVER () AS `占比`,
    nsr AS `NSR`,
    negative_share AS `负面占比`
FROM
{_nested(inner)}
WHERE {dimension} != ''
ORDER BY {_place(dimension, words)}"""


def _tones(dimension: str, column: str, words: dict[str, str]) -> str:
    """How many are negative, neutral and positive for each value of a dimension, in the order of `words`."""
    inner = sql(*_TONES, by=[dimension], where=["platform"], over=SAID, dialect=MACROS)
    return f"""\
WITH
{_SAID}
SELECT {_worded(dimension, words)} AS `{column}`, neg AS `负面`, neu AS `中性`, pos AS `正面`
FROM
{_nested(inner)}
WHERE {dimension} != ''
ORDER BY {_place(dimension, words)}"""


def _hot_words(only: str = "", among: int = 15) -> str:
    """Hot words; with `only`, those of the hottest `among` for which it holds."""
    inner = hot_sql(limit=among, dialect=MACROS)
    relation = "FROM terms\n"
    if inner.count(relation) != 1:
        raise ValueError("hot_sql reads another relation than terms")
    inner = inner.replace(relation, "FROM terms_${view:raw}\n")
    condition = f"WHERE {only}\n" if only else ""
    return f"""\
WITH terms_latest AS (SELECT * FROM terms)
SELECT term AS `词`, posts AS `帖子数`, before AS `上期`, score AS `热度`, negative AS `负面占比`
FROM
{_nested(inner)}
{condition}ORDER BY score DESC, posts DESC, term
LIMIT 15"""


def _counting(name: str, value: str) -> Measure:
    return replace(BY_NAME["volume"], name=name, value=value)


_TONES = [_counting(tone, f"countIf(sentiment = '{tone}')") for tone in ("neg", "neu", "pos")]


def _worded(column: str, words: dict[str, str]) -> str:
    return f"transform({column}, [{_list(words)}], [{_list(words.values())}], toString({column}))"


def _place(column: str, words: dict[str, str]) -> str:
    return f"indexOf([{_list(words)}], {column})"


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _nested(query: str) -> str:
    return "(\n" + indent(query, "    ") + "\n)"


if __name__ == "__main__":
    for written in write(shipped("dashboards")):
        print(written)
