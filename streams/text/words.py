"""Hot words: terms that more posts hold now than the time before would let one expect.

A rise, not a frequency. Let y of n posts of the window hold a term, and y₀ of n₀ posts before it. Then

    a = n / 10 × (y + y₀) / (n + n₀ + 1)          a tenth of the window again, as both times together speak
    δ = ln((y + a) / (n + n/10 − y − a)) − ln((y₀ + a) / (n₀ + n/10 − y₀ − a))
    score = δ / √(1/(y + a) + 1/(y₀ + a))

the log-odds ratio with an informative Dirichlet prior, in standard deviations (Monroe, Colaresi and Quinn,
"Fightin' Words", Political Analysis 16, 2008; posts that hold a term stand for their word counts, the size of
the prior is ours). It compares shares of posts, so that a quiet hour may be held against a busy one, and the prior
keeps a word that three people used by chance below one that a thousand use. Without posts before there is no
score and the most frequent come first.

`count` and `hot` are the formula in Python; `hot_sql` is the same over the views `terms` and `terms_organic`: counts
of closed windows, and the rows themselves where a window is not counted yet. The statements below count windows.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from math import log, sqrt
from typing import NamedTuple

from streams.measures.query import BOUND, MACROS, Dialect, View

PRIOR = 0.1
"""Size of the prior, in windows."""

SUPPORT = 3
"""Posts that must hold a term before it can be hot."""

SPANS = (300, 3600)
"""Seconds that a counted window is long; the longer ones keep long ranges cheap."""

COARSE = 6 * 3600
"""Seconds from which on a range is read from the longer windows."""

GRACE = 60
"""Seconds between the end of a window and its count."""

RUN = 200_000
"""Posts that one statement counts at most, unless a single window has more."""

_NOISE = re.compile(
    r"(?:https?://|www\.|[A-Za-z0-9-]{1,30}\.(?:com|cn|net)/)[!-~]+"
    r"|@[0-9A-Za-z_一-鿿·-]+"
    r"|\[[0-9A-Za-z_一-鿿]{1,8}\]"
)
"""Addresses, @names and [emoticons]: what stands in one of them is no term of that post."""

_WORD = re.compile("[A-Za-z一-鿿]").search


class Said(NamedTuple):
    """One post: its text as written, its tokens, and its sentiment (toward the brand asked for)."""

    text: str
    tokens: Sequence[str]
    sentiment: str


class Counts(NamedTuple):
    """How many posts there are, and how many hold each term.

    Attributes:
        posts: all of them.
        holding: term → posts that hold it.
        negative: term → negative posts that hold it.
    """

    posts: int
    holding: Counter[str]
    negative: Counter[str]


class HotWord(NamedTuple):
    """A term and its rise.

    Attributes:
        term: the word, folded.
        posts: how many of the window hold it.
        before: how many held it before.
        score: the rise in standard deviations; None without posts before.
        negative: part of `posts` that is negative, in per cent.
    """

    term: str
    posts: int
    before: int
    score: float | None
    negative: float


def without_noise(text: str) -> str:
    """The text with a blank for every address, @name and [emoticon]."""
    return _NOISE.sub(" ", text)


def terms(text: str, tokens: Iterable[str]) -> set[str]:
    """What of a post counts: words of two characters and more that are no number, address, name or emoticon."""
    noise = " ".join(_NOISE.findall(text)).lower()
    return {token for token in tokens if len(token) >= 2 and _WORD(token) and token not in noise}


def count(posts: Iterable[Said]) -> Counts:
    """Posts holding each term; how often one post says it does not matter."""
    number = 0
    holding: Counter[str] = Counter()
    negative: Counter[str] = Counter()
    for number, post in enumerate(posts, 1):  # noqa: B007 - the last one is the count
        found = terms(post.text, post.tokens)
        holding.update(found)
        if post.sentiment == "neg":
            negative.update(found)
    return Counts(number, holding, negative)


def score(now: int, posts: int, before: int, posts_before: int) -> float | None:
    """The rise of a term in standard deviations, None without posts before.

    Args:
        now: posts of the window that hold it.
        posts: posts of the window.
        before: posts before the window that hold it.
        posts_before: posts before the window.
    """
    if not posts_before:
        return None
    size = PRIOR * posts
    prior = size * (now + before) / (posts + posts_before + 1)
    rise = log((now + prior) / (posts + size - now - prior))
    rise -= log((before + prior) / (posts_before + size - before - prior))
    return rise / sqrt(1 / (now + prior) + 1 / (before + prior))


def hot(
    now: Counts,
    before: Counts,
    *,
    without: Collection[str] = frozenset(),
    least: int = SUPPORT,
    limit: int = 50,
) -> list[HotWord]:
    """The terms that rise most, most first.

    Args:
        now: counts of the window.
        before: counts of the time before it, of any length.
        without: terms to leave out: stop words, the brand's own names.
        least: posts that must hold a term.
        limit: how many.
    """
    words = [
        HotWord(
            term,
            posts,
            before.holding[term],
            score(posts, now.posts, before.holding[term], before.posts),
            100 * now.negative[term] / posts,
        )
        for term, posts in now.holding.items()
        if posts >= least and term not in without
    ]
    rising = [word for word in words if word.score is None or word.score > 0]
    return sorted(rising, key=lambda word: (-(word.score or 0.0), -word.posts, word.term))[:limit]


def hot_sql(*, view: View = "raw", periods: int = 1, limit: int = 50, dialect: Dialect = BOUND) -> str:
    """`hot` over the stored counts: term, posts, before, score, negative.

    The range is widened to whole windows of 5 minutes, of an hour from `COARSE` on. Bound parameters are from, to,
    brand ("" for all posts) and without (terms to leave out); the macros are the variables `brand` and
    `stop_words`, and several brands at once count a post for each that it names.

    Args:
        view: with or without the posts of authors labelled as 水军.
        periods: how many ranges of the same length right before this one are the time before.
        limit: how many terms.
        dialect: how range, brand and terms are filled in.
    """
    everything = "$__conditionalAll(0, $brand)"
    brands = "${brand:singlequote}"
    if dialect is MACROS:
        brand = f"if({everything}, brand = '', brand IN ({brands}))"
        without = f"term NOT IN (${{stop_words:singlequote}}) AND ({everything} OR term NOT IN ({brands}))"
    else:
        brand, without = "brand = {brand:String}", "NOT has({without:Array(String)}, term)"
    return _HOT.format(
        start=dialect.start,
        stop=dialect.stop,
        brand=brand,
        without=without,
        relation="terms" if view == "raw" else "terms_organic",
        periods=periods,
        support=SUPPORT,
        prior=PRIOR,
        limit=limit,
        coarse=COARSE,
        fine_span=SPANS[0],
        coarse_span=SPANS[1],
    )


_HOT = """\
WITH
    if(dateDiff('second', {start}, {stop}) >= {coarse}, {coarse_span}, {fine_span}) AS step,
    intDiv(toUnixTimestamp({start}), step) * step AS first,
    intDiv(toUnixTimestamp({stop}) + step - 1, step) * step AS last,
    {prior} * n AS size,
    size * (y + y0) / (n + n0 + 1) AS prior
SELECT
    term,
    y AS posts,
    y0 AS before,
    if(n0 = 0, NULL,
        (log((y + prior) / (n + size - y - prior)) - log((y0 + prior) / (n0 + size - y0 - prior)))
        / sqrt(1 / (y + prior) + 1 / (y0 + prior))) AS score,
    100 * minus / y AS negative
FROM
(
    SELECT
        term,
        sumIf(posts, bucket >= toDateTime(first, 'UTC')) AS y,
        sumIf(posts, bucket < toDateTime(first, 'UTC')) AS y0,
        sumIf(neg, bucket >= toDateTime(first, 'UTC')) AS minus,
        sumIf(y, term = '') OVER () AS n,
        sumIf(y0, term = '') OVER () AS n0
    FROM {relation}
    WHERE span = step AND {brand}
      AND bucket >= toDateTime(first - {periods} * (last - first), 'UTC') AND bucket < toDateTime(last, 'UTC')
    GROUP BY term
    HAVING y >= {support} OR term = ''
)
WHERE term != '' AND (score > 0 OR n0 = 0) AND {without}
ORDER BY score DESC, posts DESC, term
LIMIT {limit}"""

DUE_SQL = """\
SELECT span, bucket, posts, toUnixTimestamp64Milli(now64(3)) - {slack:UInt32} * 1000 AS version
FROM
(
    SELECT
        arrayJoin({spans:Array(UInt32)}) AS span,
        toDateTime(intDiv(toUnixTimestamp(published), span) * span, 'UTC') AS bucket,
        count() AS posts,
        max(landed_at) AS newest
    FROM posts
    WHERE landed_at >= {since:DateTime64(3, 'UTC')}
    GROUP BY span, bucket
) AS landed
LEFT JOIN
(
    SELECT span, bucket, max(version) AS known FROM term_windows GROUP BY span, bucket
) AS counted USING (span, bucket)
WHERE toUnixTimestamp(bucket) + span + {grace:UInt32} <= toUnixTimestamp(now())
  AND toUnixTimestamp64Milli(newest) > known
  AND (newest <= subtractSeconds(now64(3), {slack:UInt32}) OR known < version - 600000)
ORDER BY span, bucket"""
"""Closed windows in which posts have landed since they were counted: span, bucket, posts, version for the count.

A window that is still being filled waits until nothing has landed in it for `slack` seconds, ten minutes at most.
"""

REBUILD_SQL = """\
INSERT INTO term_counts
    (span, brand, bucket, term, posts, pos, neg, organic_posts, organic_pos, organic_neg, version)
SELECT
    {span:UInt32}, brand, bucket, term,
    sum(one), sum(plus), sum(minus), sum(own), sum(own_plus), sum(own_minus), {version:UInt64}
FROM
(
    SELECT
        brand, term, toDateTime(intDiv(toUnixTimestamp(at), {span:UInt32}) * {span:UInt32}, 'UTC') AS bucket,
        1 AS one, sentiment = 'pos' AS plus, sentiment = 'neg' AS minus, 0 AS own, 0 AS own_plus, 0 AS own_minus
    FROM post_terms
    WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT
        brand, term, toDateTime(intDiv(toUnixTimestamp(at), {span:UInt32}) * {span:UInt32}, 'UTC') AS bucket,
        0 AS one, 0 AS plus, 0 AS minus, 1 AS own, sentiment = 'pos' AS own_plus, sentiment = 'neg' AS own_minus
    FROM post_terms_organic
    WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}
)
GROUP BY brand, bucket, term"""
"""Counts a run of whole windows. Nobody reads the rows before `PUBLISH_SQL` names their version."""

PUBLISH_SQL = """\
INSERT INTO term_windows (span, bucket, version)
SELECT {span:UInt32}, addSeconds({from:DateTime64(3, 'UTC')}, number * {span:UInt32}), {version:UInt64}
FROM numbers(intDiv(dateDiff('second', {from:DateTime64(3, 'UTC')}, {to:DateTime64(3, 'UTC')}), {span:UInt32}))"""
"""Makes a run's counts the ones that are read, in place of older ones."""

SWEEP_SQL = """\
DELETE FROM term_counts
WHERE (span, bucket, version) NOT IN (SELECT span, bucket, version FROM term_windows FINAL)
  AND version < {before:UInt64}"""
"""Removes counts that newer ones have replaced, and those of a run that was never published."""


class Run(NamedTuple):
    """Windows side by side, to be counted with one statement: the parameters of `REBUILD_SQL`."""

    span: int
    start: datetime
    stop: datetime
    version: int


def runs(due: Iterable[tuple[int, datetime, int, int]], most: int = RUN) -> list[Run]:
    """The rows of `DUE_SQL` as few runs: only windows that are due and touch, about `most` posts each."""
    found: list[Run] = []
    held = 0
    for span, start, posts, version in due:
        stop = start + timedelta(seconds=span)
        last = found[-1] if found else None
        if last and (last.span, last.stop) == (span, start) and held + posts <= most:
            found[-1] = last._replace(stop=stop)
            held += posts
        else:
            found.append(Run(span, start, stop, version))
            held = posts
    return found
