"""What explains an alert, asked of the store in whatever time there is.

What matters most is asked first. Sentiments are as the program judged them when the posts came: people's
corrections are not in, because nobody has corrected a post that is seconds old.
"""

import contextlib
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from math import ceil
from typing import Any, NamedTuple

from msgspec import structs

from streams.alerts.explanation import Example, Explanation, Reach, Source, Spread, Term, Tone, Usual
from streams.alerts.model import Alert
from streams.clock import SYSTEM, Clock
from streams.errors import KoubeiError, StoreUnavailable
from streams.language import t
from streams.read.matched import Matched, milliseconds, named
from streams.rules.rule import Rule
from streams.store import rules
from streams.store.client import Connection
from streams.text.words import SPANS, hot_sql
from streams.topics.alert import Kind, Ref

EXAMPLES = 3
SOURCES = 5
TERMS = 5

LETTERS = 4_000
"""Characters of a post that are fetched."""

SPEEDY = 600.0
"""Seconds of posts that a single match is seen among."""

LONGEST = 86_400.0
"""Seconds of posts that figures are counted over, the newest."""

WEEK = 7 * 86_400.0
WEEKS = 4
HALF_DAY = 12 * 3600.0
BEFORE = 2 * 3600.0
"""Seconds before the window that words rise against, at least."""

_LEAST = 0.01
"""Seconds below which a query is not begun."""


def explain(
    connection: Connection,
    alert: Alert,
    *,
    limit: float,
    patience: float = 0.0,
    now: float,
    without: Collection[str] = (),
    rule: Rule | None = None,
    beside: Connection | None = None,
    so_far: Callable[[Explanation], None] | None = None,
    clock: Clock = SYSTEM,
) -> Explanation:
    """What the posts of an alert have in common. Raises nothing: a part that is late or fails is left out.

    Args:
        connection: an account that reads. Where the store does not answer at all, its timeout ends the wait: give
            it one that is not longer than `limit`.
        alert: the alert.
        limit: seconds for all of it.
        patience: seconds for what matters most, where that is more: the posts, and who says what of them.
        now: Unix seconds.
        without: words that are never told as rising: stop words.
        rule: the rule as it was when it spoke, where the caller knows it already.
        beside: another connection: half of the parts are asked through it at the same time.
        so_far: is given what is known, each time that it is more, for who cannot wait until a slow query ends.
        clock: that the limit is measured by.
    """
    began = clock.monotonic()
    late = []
    try:
        rule = rule or rules.version(connection, alert.rule, alert.rule_version)
    except KoubeiError:
        late.append("rule")
    start, stop = _window(alert)
    subject = _Subject(alert, Matched(alert, rule, start, stop), now, without)
    parts = _PARTS[alert.kind]
    names = list(parts)
    answers: dict[str, dict[str, Any]] = {}

    def known() -> Explanation:
        found = dict(answers)
        missing = (*late, *(name for name in names if name not in found))
        fields = {field: value for answer in found.values() for field, value in answer.items()}
        return Explanation(rule=rule, start=start, stop=stop, late=missing, **fields)

    def ask(through: Connection, names: Sequence[str]) -> None:
        for name in names:
            longer = patience if name in _FIRST else 0.0
            asked = _Asked(through, clock, began + max(limit, longer))
            with contextlib.suppress(KoubeiError):
                answers[name] = parts[name](asked, subject)
                if so_far is not None:
                    so_far(known())

    if beside is None:
        ask(connection, names)
    else:
        with ThreadPoolExecutor(1) as other:
            second = other.submit(ask, beside, names[1::2])
            ask(connection, names[::2])
            second.result()
    return known()


class _Asked:
    """Queries against one deadline."""

    def __init__(self, connection: Connection, clock: Clock, deadline: float) -> None:
        self._connection = connection
        self._clock = clock
        self._deadline = deadline

    def rows(self, sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Raises as `Connection.query`; StoreUnavailable as well when there is no time left."""
        left = self._deadline - self._clock.monotonic()
        if left < _LEAST:
            raise StoreUnavailable(t("没有时间了", "no time left"))
        bounds = {
            "max_execution_time": left,
            "timeout_before_checking_execution_speed": 0,
            "timeout_overflow_mode": "throw",
        }
        return self._connection.query(sql, params, bounds).rows


class _Subject(NamedTuple):
    """What is to be explained."""

    alert: Alert
    posts: Matched
    now: float
    without: Collection[str]


_Part = Callable[[_Asked, _Subject], dict[str, Any]]
"""One query or two → fields of an Explanation. Raises as `_Asked.rows`."""


def _window(alert: Alert) -> tuple[float, float]:
    """The seconds that figures are counted over; the end is behind the last post."""
    stop = alert.window_end + 0.001
    start = min(alert.window_start, stop - SPEEDY) if alert.kind == "post" else alert.window_start
    return max(start, stop - LONGEST), stop


def _examples(asked: _Asked, subject: _Subject) -> dict[str, Any]:
    """The posts that the alert names; where it names none, negative ones that were shared most, no two alike."""
    alert, posts = subject.alert, subject.posts
    refs = alert.refs[:EXAMPLES]
    if not refs:
        telling = _TELLING.format(rows=posts.rows(), columns=_EXAMPLE, limit=EXAMPLES)
        return {"examples": tuple(_example(row) for row in asked.rows(telling, posts.params))}
    rows, params = named(refs, alert.brand)
    found = asked.rows(_THESE.format(columns=_EXAMPLE, rows=rows), params)
    by_id = {(one.kind, one.platform, one.id): one for one in map(_example, found)}
    chosen = [(by_id.get((ref.kind, ref.platform, ref.id)), ref) for ref in refs]
    return {"examples": tuple(_marked(one, ref) for one, ref in chosen if one)}


def _example(row: tuple[Any, ...]) -> Example:
    kind, platform, ident, at, text, followers, reposts, url, start, stop = row
    return Example(
        kind=kind,
        platform=platform,
        id=ident,
        at=at / 1000,
        text=text,
        spans=((start, stop),) if stop > start else (),
        reposts=reposts,
        followers=followers,
        url=url,
    )


def _marked(example: Example, ref: Ref) -> Example:
    """With what the rule matched, beside what the sentiment rests on."""
    spans = (*example.spans, (ref.start, ref.stop)) if ref.stop > ref.start else example.spans
    return structs.replace(example, spans=tuple(sorted(set(spans))))


def _said(asked: _Asked, subject: _Subject) -> dict[str, Any]:
    posts = subject.posts
    (row,) = asked.rows(_SAID.format(rows=posts.rows(besides=True)), posts.params)
    sources, positive, neutral, negative, authors, followers, most = row
    counts = sorted(((count, platform) for platform, count in sources.items() if count), reverse=True)
    tone = Tone(positive, neutral, negative)
    return {
        "count": sum(sources.values()),
        "sources": tuple(Source(platform, count) for count, platform in counts[:SOURCES]),
        "tone": tone if tone.total else None,
        "reach": Reach(authors, followers, most) if authors else None,
    }


def _usual(asked: _Asked, subject: _Subject) -> dict[str, Any]:
    """The same window of the weeks before, or of the last 12 hours where nothing is older."""
    posts, expected = subject.posts, subject.alert.expected
    if expected is not None:  # of a spike, from four weeks or twelve hours
        old = asked.rows(_ANY.format(rows=posts.rows(_LONG_AGO)), posts.params)
        return {"usual": Usual(expected, WEEKS if old else 0)}
    # Before the rule there were no hits, which says nothing.
    ((ruled,),) = asked.rows(_RULED, posts.params) if posts.searched else ((0,),)
    weeks = [week for week in range(1, WEEKS + 1) if posts.start - week * WEEK >= ruled / 1000]
    if weeks:
        moments = " OR ".join(
            _between(milliseconds(posts.start - week * WEEK), milliseconds(posts.stop - week * WEEK))
            for week in weeks
        )
        held = len(asked.rows(_HELD.format(moments=moments.replace("<at>", "published")), posts.params))
        if held:
            ((count,),) = asked.rows(_COUNT.format(rows=posts.rows(moments)), posts.params)
            return {"usual": Usual(count / held, held)}
    since, start = max(milliseconds(posts.start - HALF_DAY), ruled), milliseconds(posts.start)
    earlier = _between(since, start)
    ((begun,),) = asked.rows(_BEGUN.format(moments=earlier.replace("<at>", "published")), {})
    length, known = posts.stop - posts.start, (start - begun) / 1000
    if not begun or known < length:
        return {}
    ((count,),) = asked.rows(_COUNT.format(rows=posts.rows(earlier)), posts.params)
    return {"usual": Usual(count * length / known, 0)}


def _between(start: int, stop: int) -> str:
    return f"<at> >= fromUnixTimestamp64Milli({start}) AND <at> < fromUnixTimestamp64Milli({stop})"


def _spread(asked: _Asked, subject: _Subject) -> dict[str, Any]:
    posts = subject.posts
    roots = _ROOT if subject.alert.kind == "cascade" else _ROOTS.format(rows=posts.rows())
    found = asked.rows(_LARGEST.format(roots=roots), posts.params)
    if not found:
        return {}
    root_id, platform, size, depth = found[0]
    ((last, before),) = asked.rows(_GROWTH, {"root": root_id, "now": milliseconds(subject.now)})
    return {
        "spread": Spread(
            root_id=root_id, platform=platform, size=size, depth=depth, last_hour=last, hour_before=before
        )
    }


def _terms(asked: _Asked, subject: _Subject) -> dict[str, Any]:
    alert, posts = subject.alert, subject.posts
    periods = ceil(BEFORE / max(posts.stop - posts.start, float(SPANS[0])))
    params = {
        "from": datetime.fromtimestamp(posts.start, UTC),
        "to": datetime.fromtimestamp(posts.stop, UTC),
        "brand": alert.brand,
        "without": [*subject.without, alert.brand],
    }
    found = asked.rows(hot_sql(periods=periods, limit=TERMS), params)
    return {"terms": tuple(Term(*row[:4]) for row in found)}


_WITHOUT_USUAL: dict[str, _Part] = {"examples": _examples, "said": _said, "spread": _spread}
_ALL: dict[str, _Part] = {
    "examples": _examples,
    "said": _said,
    "usual": _usual,
    "spread": _spread,
    "terms": _terms,
}
_PARTS: dict[Kind, dict[str, _Part]] = {
    "post": _ALL,
    "window": _ALL,
    "spike": _ALL,
    "cascade": _WITHOUT_USUAL,
    "absence": {},
    "silent": {},
}
"""Kind → name of each part and what finds it, what matters most first."""

_FIRST = ("examples", "said")


_EXAMPLE = f"""\
kind, platform, id, toUnixTimestamp64Milli(at), substringUTF8(text, 1, {LETTERS}), followers, reposts, url,
starts[indexOf(brands, {{brand:String}})], stops[indexOf(brands, {{brand:String}})]"""

_THESE = "SELECT {columns} FROM ({rows})"

_TELLING = """\
SELECT {columns}
FROM ({rows})
WHERE text != '' AND (own = '' OR id = {{entity:String}})
ORDER BY id = {{entity:String}} DESC, tone = 'neg' DESC, reposts DESC, followers DESC, at DESC
LIMIT 1 BY if(simhash = 0, cityHash64(text), simhash)
LIMIT {limit}"""

_SAID = """\
SELECT
    sumMap(map(platform, matching)), sum(positive), sum(neutral), sum(negative),
    countIf(matching > 0), sumIf(most, matching > 0), maxIf(most, matching > 0)
FROM
(
    SELECT
        platform, author, sum(matched) AS matching, max(followers) AS most,
        countIf(tone = 'pos') AS positive, countIf(tone = 'neu') AS neutral, countIf(tone = 'neg') AS negative
    FROM ({rows})
    GROUP BY platform, author
)"""

_COUNT = "SELECT count() FROM ({rows})"

_RULED = "SELECT toUnixTimestamp64Milli(min(at)) FROM rules WHERE name = {rule:String}"

_HELD = """\
SELECT DISTINCT intDiv({{stop:Int64}} - 1 - toUnixTimestamp64Milli(published), 604800000) FROM posts WHERE {moments}"""

_BEGUN = "SELECT toUnixTimestamp64Milli(min(published)) FROM posts WHERE {moments}"

_LONG_AGO = f"<at> < fromUnixTimestamp64Milli({{stop:Int64}} - {(WEEKS * WEEK + 3600) * 1000:.0f})"
_ANY = "SELECT 1 FROM ({rows}) LIMIT 1"

_LARGEST = """\
SELECT root_id, platform, size, depth
FROM cascade_standing FINAL
WHERE root_id IN ({roots}) AND size > 1
ORDER BY size DESC, root_id
LIMIT 1"""

_ROOT = "SELECT {entity:String}"
_ROOTS = "SELECT root FROM ({rows})"

_GROWTH = """\
SELECT
    countIf(shared >= fromUnixTimestamp64Milli({now:Int64} - 3600000)),
    countIf(shared < fromUnixTimestamp64Milli({now:Int64} - 3600000))
FROM shares_latest
WHERE root_id = {root:String} AND shared >= fromUnixTimestamp64Milli({now:Int64} - 7200000)
  AND shared <= fromUnixTimestamp64Milli({now:Int64})"""
