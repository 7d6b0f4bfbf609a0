"""koubei measures: what is counted and how; `python -m streams.cli.measures > docs/measures.md` makes the page."""

import sys
from typing import Annotated

from cyclopts import Parameter

from streams.cli.common import Json, settings, show_json
from streams.cli.tables import Rows, write
from streams.errors import BadConfig
from streams.language import t
from streams.measures import ALL, BY_NAME
from streams.measures.base import LEAST, Measure, Share
from streams.measures.query import MENTIONS, View, sql
from streams.store.client import Column

HEAD = f"""\
# Measures

Made from `streams/measures` by `python -m streams.cli.measures > docs/measures.md`; do not edit. The same, live:
`koubei measures` and `koubei measures nsr`.

Every number on a dashboard, in a report or in an alert is one of these. Each is stated twice, as ClickHouse SQL and
as a fold in Python, and a test holds both equal on random rows. It exists in two views, **raw** (`mentions`,
`posts_latest`) and **organic** (`mentions_organic`, `posts_organic`: without the authors labelled as 水军), that
differ by the name of the relation and by nothing else. A window is half open: its begin counts, its end does not.

`mentions` has one row for each post or share with words and each brand that it names: a post naming two brands
counts once for each. Below the minimum sample, {LEAST} where nothing else is said, a measure is NULL: better no
number than one that means nothing.

The query of any measure, by any dimension, comes from `streams.measures.query.sql`; `koubei measures NAME` prints it.
"""


def measures(
    name: Annotated[
        str | None, Parameter(help=t("指标，如 nsr；不写则列出全部", "A measure; all without"))
    ] = None,
    *,
    organic: Annotated[bool, Parameter(help=t("不含水军的查询", "The query without 水军"))] = False,
    json: Json = False,
) -> None:
    """List the measures, or print one with its query."""
    loaded = settings()
    view: View = "organic" if organic else "raw"
    if name is not None and name not in BY_NAME:
        raise BadConfig(
            t(f"没有指标 {name}。全部：koubei measures", f"There is no measure {name}; see koubei measures")
        )
    chosen = ALL if name is None else (BY_NAME[name],)
    if json:
        show_json([_plain(measure, view) for measure in chosen])
    elif name is None:
        columns = [
            t("指标", "measure"),
            t("名称", "title"),
            t("单位", "unit"),
            t("公式", "formula"),
            t("出处", "source"),
        ]
        rows = ((m.name, t(m.zh, m.en), m.unit, m.formula, m.source) for m in ALL)
        write(
            Rows([Column(title, "String") for title in columns], rows), "table", loaded.timezone, sys.stdout
        )
    else:
        print(_described(chosen[0], view))


def document() -> str:
    """The whole page docs/measures.md."""
    return "\n".join([HEAD, *(_section(measure) for measure in ALL)])


def query(measure: Measure, view: View = "raw") -> str:
    """The query by brand: the one that is shown for a measure."""
    where = ["brand"] if isinstance(measure, Share) else []
    return sql(measure, view=view, by=["brand"], where=where, over=MENTIONS)


def _plain(measure: Measure, view: View) -> dict[str, object]:
    names = ("name", "zh", "en", "unit", "about_zh", "about_en", "formula", "source", "least")
    return {name: getattr(measure, name) for name in names} | {"sql": query(measure, view)}


def _described(measure: Measure, view: View) -> str:
    sample = t(f"最少样本：{measure.least}\n", f"Minimum sample: {measure.least}\n") if measure.least else ""
    return (
        f"{measure.name}  {t(measure.zh, measure.en)} [{measure.unit}]\n\n"
        f"{t(measure.about_zh, measure.about_en)}\n\n"
        f"{t('公式：', 'Formula: ')}{measure.formula}\n{t('出处：', 'Source: ')}{measure.source}\n{sample}\n"
        f"{query(measure, view)}"
    )


def _section(measure: Measure) -> str:
    sample = f"`{measure.sample}` ≥ {measure.least}" if measure.least else "none"
    return f"""\
## {measure.name}

**{measure.zh}** · {measure.en} [{measure.unit}]. {measure.about_zh} {measure.about_en}

- Formula: {measure.formula}
- Source: {measure.source}
- Minimum sample: {sample}

```sql
{query(measure)}
```
"""


if __name__ == "__main__":
    print(document(), end="")
