"""Which accounts look like 水军 (paid posters): what is odd about the account, and how much of it is copied.

The score R adds up odd traits; following and its ratio to followers are those of patent CN102571484, with its weights,
the rest is ours. Only what is known counts: 0 followers means that nobody told, not that nobody follows. A label
needs copies as well as a score, so that an odd account with words of its own is at most suspected, and so is an
account that the platform vouches for. `label` and `SQL` are one formula; a test holds them equal.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

Label = Literal["none", "suspected", "light", "heavy"]

DAY = 86_400_000
"""Milliseconds."""

MANY_FOLLOWED, MANY_FOLLOWED_SCORE = 300, 5
"""Follows more than this many."""

RATIO_ABOVE, RATIO_BELOW, RATIO_SCORE = 5.0, 0.2, 3
"""Followed per follower, outside of this range."""

DAILY, DAILY_SCORE = 50.0, 3
"""Posts a day since the account was opened, by the platform's own count."""

YOUNG, YOUNG_SCORE = 30 * DAY, 3
"""Age of the account at its last post, below."""

BURST, BURST_SCORE = 3, 5
"""Posts within one minute of the clock, at least."""

OLD = 3 * 365 * DAY
"""Age from which an account that mostly says things of its own is beyond doubt, like a verified one."""

HEAVY_POSTS, HEAVY_RATIO, HEAVY_SCORE = 5, 0.8, 8
LIGHT_POSTS, LIGHT_RATIO, LIGHT_SCORE = 3, 0.5, 5
SUSPECT_RATIO, SUSPECT_POSTS, SUSPECT_SCORE = 0.5, 2, 11
"""Suspected: half copied in at least so many posts or with `LIGHT_SCORE`, or so high a score by itself."""


class Seen(NamedTuple):
    """One post of an account and what was known of the account then; 0 where not known.

    Attributes:
        published: Unix milliseconds.
        post_id: breaks ties between posts of one moment.
        copy: whether another post leads its group of near duplicates, be it by another author or its own.
        followers: how many follow the account.
        following: how many the account follows.
        total: posts of the account by the platform's count.
        verified: whether the platform vouches for the account.
        joined: when it was opened, Unix milliseconds.
    """

    published: int
    post_id: str
    copy: bool
    followers: int
    following: int
    total: int
    verified: bool
    joined: int


class Account(NamedTuple):
    """What is said of an account.

    Attributes:
        posts: how many of its posts were seen.
        copies: how many of them are copies.
        copy_ratio: their share.
        burst: most posts within one minute of the clock.
        score: R, 0 to 19.
        label: none, suspected, light or heavy.
    """

    posts: int
    copies: int
    copy_ratio: float
    burst: int
    score: int
    label: Label


def judge(seen: Iterable[Seen]) -> Account:
    """The figures of one account from its posts, at least one."""
    posts = sorted(seen, key=lambda post: (post.published, post.post_id))
    last = posts[-1]
    copies = sum(post.copy for post in posts)
    burst = max(Counter(post.published // 60_000 for post in posts).values())
    score = _score(last, burst)
    trusted = last.verified or (last.joined > 0 and last.published - last.joined >= OLD)
    verdict = label(len(posts), copies, score, verified=last.verified, trusted=trusted)
    return Account(len(posts), copies, copies / len(posts), burst, score, verdict)


def label(posts: int, copies: int, score: int, *, verified: bool, trusted: bool) -> Label:
    """The label that follows from the figures.

    Args:
        posts: posts seen.
        copies: copies among them.
        score: R.
        verified: whether the platform vouches for the account.
        trusted: verified, or older than `OLD`.
    """
    ratio = copies / posts
    if trusted and ratio < SUSPECT_RATIO:
        return "none"
    if not verified and posts >= HEAVY_POSTS and ratio >= HEAVY_RATIO and score >= HEAVY_SCORE:
        return "heavy"
    if not verified and posts >= LIGHT_POSTS and ratio >= LIGHT_RATIO and score >= LIGHT_SCORE:
        return "light"
    copied = ratio >= SUSPECT_RATIO and (posts >= SUSPECT_POSTS or score >= LIGHT_SCORE)
    return "suspected" if copied or score >= SUSPECT_SCORE else "none"


def _score(last: Seen, burst: int) -> int:
    age = last.published - last.joined if last.joined > 0 else 0
    known = last.followers > 0 and last.following > 0
    ratio = float(last.following) / float(last.followers) if known else 1.0
    return (
        MANY_FOLLOWED_SCORE * (last.following > MANY_FOLLOWED)
        + RATIO_SCORE * (ratio > RATIO_ABOVE or ratio < RATIO_BELOW)
        + DAILY_SCORE * (age > 0 and float(last.total) / (age / DAY) > DAILY)
        + YOUNG_SCORE * (0 < age < YOUNG)
        + BURST_SCORE * (burst >= BURST)
    )


SQL = f"""
SELECT
    platform, author_id, posts, copies, copies / posts AS copy_ratio, burst,
    toUInt8({MANY_FOLLOWED_SCORE} * (following > {MANY_FOLLOWED})
        + {RATIO_SCORE} * (followers > 0 AND following > 0 AND (ratio > {RATIO_ABOVE} OR ratio < {RATIO_BELOW}))
        + {DAILY_SCORE} * (age > 0 AND toFloat64(total) / (age / {DAY}) > {DAILY})
        + {YOUNG_SCORE} * (age > 0 AND age < {YOUNG})
        + {BURST_SCORE} * (burst >= {BURST})) AS score,
    multiIf(
        (verified OR age >= {OLD}) AND copy_ratio < {SUSPECT_RATIO}, 'none',
        NOT verified AND posts >= {HEAVY_POSTS} AND copy_ratio >= {HEAVY_RATIO} AND score >= {HEAVY_SCORE}, 'heavy',
        NOT verified AND posts >= {LIGHT_POSTS} AND copy_ratio >= {LIGHT_RATIO} AND score >= {LIGHT_SCORE}, 'light',
        copy_ratio >= {SUSPECT_RATIO} AND (posts >= {SUSPECT_POSTS} OR score >= {LIGHT_SCORE})
            OR score >= {SUSPECT_SCORE}, 'suspected',
        'none') AS label
FROM
(
    SELECT
        platform, author_id, sum(in_minute) AS posts, sum(copied) AS copies, max(in_minute) AS burst,
        argMax(profile, latest) AS known,
        known.1 AS followers, known.2 AS following, known.3 AS total, known.4 AS verified,
        toFloat64(following) / toFloat64(followers) AS ratio,
        if(known.5 > 0, toUnixTimestamp64Milli(max(latest).1) - known.5, 0) AS age
    FROM
    (
        SELECT
            platform, author_id, count() AS in_minute, max((published, post_id)) AS latest,
            countIf((platform, post_id) IN (
                SELECT platform, id FROM duplicates_latest
                WHERE kind = 'post' AND (platform, id) != (leader_platform, leader_id)
            )) AS copied,
            argMax((author_followers, author_following, author_posts, author_verified,
                toUnixTimestamp64Milli(author_joined)), (published, post_id)) AS profile
        FROM posts_latest
        WHERE author_id != '' AND published >= {{since:DateTime64(3)}} AND published < {{until:DateTime64(3)}}
            AND (platform, author_id) IN (
                SELECT platform, author_id FROM duplicates WHERE counted_at >= {{counted:DateTime64(3)}}
            )
        GROUP BY platform, author_id, toStartOfMinute(published)
    )
    GROUP BY platform, author_id
)
"""  # noqa: S608 - all that is put in are the constants above
"""One row an account: platform, author_id and the fields of `Account`, from its posts between `since` and `until`.
Only accounts with a post that was grouped at `counted` or later."""
