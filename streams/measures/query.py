"""The query of a measure: complete, readable, and the same wherever the number is shown.

    >>> print(sql(BY_NAME["nsr"], by=["brand"], where=["platform"]))
    SELECT
        brand,
        if(countIf(sentiment IN ('pos', 'neg')) >= 30, … , NULL) AS nsr
    FROM mentions
    WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}
      AND platform IN {platform:Array(String)}
    GROUP BY brand
    ORDER BY brand

The raw and the organic view differ by the name of the relation and by nothing else. A window is half open, so
that windows side by side count nothing twice.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from streams.measures.base import Measure, Share

View = Literal["raw", "organic"]


class Relation(NamedTuple):
    """What is measured.

    Attributes:
        raw: relation with every author.
        organic: the same without the authors labelled as 水军.
        names: what the columns `at` and `id` are called there, where it is something else.
        dimensions: columns that a query may group and filter by, and their types.
    """

    raw: str
    organic: str
    names: dict[str, str]
    dimensions: dict[str, str]


_DIMENSIONS = {
    name: "Bool" if name == "paid" else "String"
    for name in ("platform", "sentiment", "campaign", "channel", "paid", "stage", "intent", "origin")
}

MENTIONS = Relation("mentions", "mentions_organic", {}, {"brand": "String", "kind": "String"} | _DIMENSIONS)
POSTS = Relation("posts_latest", "posts_organic", {"at": "published", "id": "post_id"}, _DIMENSIONS)


class Dialect(NamedTuple):
    """How a query says what is filled in when it is asked.

    Attributes:
        start: begin of the window.
        stop: its end.
        bucket: the begin of the bucket of time that `at` falls into.
        chosen: a condition on a dimension; `%` stands for its name, `@` for its type.
    """

    start: str
    stop: str
    bucket: str
    chosen: str


BOUND = Dialect(
    start="{from:DateTime64(3, 'UTC')}",
    stop="{to:DateTime64(3, 'UTC')}",
    bucket="toStartOfInterval(at, toIntervalSecond({step:UInt32}))",
    chosen="% IN {%:Array(@)}",
)
"""Server-side parameters, for programs: from, to, step (seconds) and one array per dimension filtered by."""

MACROS = Dialect(
    start="$__fromTime_ms",
    stop="$__toTime_ms",
    bucket="$__timeInterval(at)",
    chosen="$__conditionalAll(% IN (${%:singlequote}), $%)",
)
"""Macros and variables of Grafana and the page."""


def sql(
    *measures: Measure,
    view: View = "raw",
    by: Sequence[str] = (),
    where: Sequence[str] = (),
    over: Relation = MENTIONS,
    dialect: Dialect = BOUND,
) -> str:
    """The query that computes these measures over one window.

    Args:
        measures: one column each, in this order, behind those of `by`.
        view: with or without the authors labelled as 水军.
        by: dimensions to group by; `time` is a bucket of time. Without any, the answer is one row.
        where: dimensions to filter by; for a share, `brand` names the competitor set.
        over: mentions (one row a brand and post) or posts.
        dialect: what the window and the filters are filled in with.

    Raises:
        ValueError: no measure, an unknown dimension, or a share that is not grouped by brand.
    """
    for name in (*by, *where):
        if name not in over.dimensions and not (name == "time" and name in by):
            raise ValueError(f"{over.raw} has no dimension {name}; it has time, {', '.join(over.dimensions)}")
    if not measures:
        raise ValueError("a query needs a measure")
    if "brand" not in by and any(isinstance(measure, Share) for measure in measures):
        raise ValueError("a share is one of several brands': add brand to by")
    peers = [_column(name, dialect) for name in by if name != "brand"]
    partition = f"PARTITION BY {', '.join(peers)}" if peers else ""
    columns = [f"{dialect.bucket} AS time" if name == "time" else name for name in by]
    columns += [f"{measure.expression(dialect.stop, partition)} AS {measure.name}" for measure in measures]
    aliases = [f"{there} AS {here}" for here, there in over.names.items()]
    conditions = [f"at >= {dialect.start} AND at < {dialect.stop}"]
    conditions += [dialect.chosen.replace("%", name).replace("@", over.dimensions[name]) for name in where]
    lines = [
        *([f"WITH {', '.join(aliases)}"] if aliases else []),
        "SELECT",
        ",\n".join(f"    {column}" for column in columns),
        f"FROM {over.raw if view == 'raw' else over.organic}",
        f"WHERE {conditions[0]}",
        *(f"  AND {condition}" for condition in conditions[1:]),
        *([f"GROUP BY {', '.join(by)}", f"ORDER BY {', '.join(by)}"] if by else []),
    ]
    return "\n".join(lines)


def _column(name: str, dialect: Dialect) -> str:
    return dialect.bucket if name == "time" else name
