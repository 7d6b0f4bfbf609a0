"""The 水军 formula as SQL and as Python on the same random posts."""

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from streams.store.client import Connection
from streams.text.accounts import SQL, Account, Seen, judge
from tests import servers

pytestmark = pytest.mark.embedded

START = 1_700_000_000_000
DAY = 86_400_000


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with servers.clickhouse(tmp_path_factory.mktemp("accounts")) as server:
        with closing(Connection(server.url)) as koubei:
            koubei.execute("CREATE DATABASE formula")
        with closing(Connection(server.url.removesuffix("koubei") + "formula")) as connection:
            yield connection


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def test_sql_and_python_agree_on_random_posts(connection: Connection) -> None:
    rng = random.Random(4)
    seen: defaultdict[tuple[str, str], list[Seen]] = defaultdict(list)
    for number in range(6_000):
        author = (rng.choice("甲乙"), f"u{min(rng.randrange(900), rng.randrange(900))}")
        published = (
            START + rng.randrange(3 if author[1][-1] in "12" else 5_000) * 30_000 + rng.randrange(1_000)
        )
        seen[author].append(
            Seen(
                published=published,
                post_id=f"p{number}",
                copy=rng.random() < int(author[1][1:]) % 11 / 10,
                followers=rng.choice([0, 3, 100, 2_000, 10**18]),
                following=rng.choice([0, 20, 300, 301, 5_000]),
                total=rng.choice([0, 40, 5_000, 10**6]),
                verified=rng.random() < 0.2,
                joined=rng.choice(
                    [0, published - 3 * DAY, published - 30 * DAY, START - 2_000 * DAY, START + DAY]
                ),
            )
        )
    connection.execute(
        "CREATE TABLE posts_latest (platform String, author_id String, published DateTime64(3, 'UTC'), post_id String, "
        "author_followers UInt64, author_following UInt64, author_posts UInt64, author_verified Bool, "
        "author_joined DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY ()"
    )
    connection.execute(
        "CREATE TABLE duplicates_latest (kind String, platform String, id String, leader_platform String, "
        "leader_id String) ENGINE = MergeTree ORDER BY ()"
    )
    connection.execute(
        "CREATE TABLE duplicates (platform String, author_id String, counted_at DateTime64(3, 'UTC')) "
        "ENGINE = MergeTree ORDER BY ()"
    )
    rows = [(author, post) for author, posts in seen.items() for post in posts]
    connection.insert(
        "posts_latest",
        {
            "platform": [author[0] for author, _ in rows],
            "author_id": [author[1] for author, _ in rows],
            "published": [at(post.published) for _, post in rows],
            "post_id": [post.post_id for _, post in rows],
            "author_followers": [post.followers for _, post in rows],
            "author_following": [post.following for _, post in rows],
            "author_posts": [post.total for _, post in rows],
            "author_verified": [post.verified for _, post in rows],
            "author_joined": [at(post.joined) for _, post in rows],
        },
    )
    # A leader is in the table too, as its own; a post of another platform may bear the same id.
    connection.insert(
        "duplicates_latest",
        {
            "kind": ["post"] * len(rows),
            "platform": [author[0] for author, _ in rows],
            "id": [post.post_id for _, post in rows],
            "leader_platform": [author[0] for author, _ in rows],
            "leader_id": ["first" if post.copy else post.post_id for _, post in rows],
        },
    )
    connection.insert(
        "duplicates",
        {
            "platform": [platform for platform, _ in seen],
            "author_id": [ident for _, ident in seen],
            "counted_at": [at(START + DAY)] * len(seen),
        },
    )
    window = {"since": at(0), "until": at(START + 100 * DAY)}
    assert connection.query(SQL, {**window, "counted": at(START + 2 * DAY)}).rows == []
    found = connection.query(SQL, {**window, "counted": at(START + DAY)}).rows
    accounts = {(row[0], row[1]): Account(*row[2:]) for row in found}
    assert accounts == {author: judge(posts) for author, posts in seen.items()}
    assert {account.label for account in accounts.values()} == {"none", "suspected", "light", "heavy"}
    assert len({account.score for account in accounts.values()}) > 8
