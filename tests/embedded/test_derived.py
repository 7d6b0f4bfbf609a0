"""What derived tables stand on: newly landed rows by watermark, judges, and the versions of rules."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec
import pytest

from streams.derived.accounts import Accounts
from streams.derived.arrivals import WINDOW, Arrivals, behind
from streams.derived.base import Step
from streams.derived.duplicates import Duplicates
from streams.derived.terms import Terms
from streams.errors import BadConfig, StoreUnavailable
from streams.rules.rule import Rule
from streams.store import judges, rules
from streams.store.client import Connection
from streams.store.rows import Columns
from streams.store.rules import Change
from streams.store.tables import POSTS
from tests import servers

pytestmark = pytest.mark.embedded

ARRIVALS = Arrivals("test", POSTS, ("post_id",))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("derived")) as server:
        yield server


@pytest.fixture
def connection(server: servers.ClickHouse) -> Iterator[Connection]:
    connection = Connection(server.url)
    for table in (
        "posts",
        "watermarks",
        "judges",
        "rules",
        "duplicates",
        "accounts",
        "flagged_accounts",
        "term_counts",
        "term_windows",
    ):
        connection.execute(f"TRUNCATE TABLE {table}")
    yield connection
    connection.close()


def land(connection: Connection, offsets: range, *, epoch: int = 1, partition: int = 0) -> None:
    count = len(offsets)
    connection.insert(
        "posts",
        {
            "platform": ["m"] * count,
            "post_id": [f"{epoch}-{partition}-{offset}" for offset in offsets],
            "published": [1_760_000_000_000] * count,
            "src_epoch": [epoch] * count,
            "src_partition": [partition] * count,
            "src_offset": list(offsets),
            "appended_at": [1_760_000_000_000 + offset for offset in offsets],
        },
    )


def counted(connection: Connection) -> list[str]:
    """Everything one step takes, which is then counted."""
    taken = ARRIVALS.take(connection)
    ARRIVALS.counted(connection, taken)
    return [row[0] for row in taken.rows]


def test_each_row_is_taken_once_in_the_order_of_arrival(connection: Connection) -> None:
    land(connection, range(3))
    land(connection, range(5, 7), partition=1)
    assert counted(connection) == ["1-0-0", "1-0-1", "1-0-2", "1-1-5", "1-1-6"]
    assert counted(connection) == []
    land(connection, range(3, 5))
    land(connection, range(1), epoch=2)
    assert counted(connection) == ["2-0-0", "1-0-3", "1-0-4"]
    assert behind(connection, "test", POSTS, 600) == 0


def test_a_step_that_was_not_noted_is_taken_again(connection: Connection) -> None:
    land(connection, range(3))
    first = ARRIVALS.take(connection)
    land(connection, range(3, 4))
    assert behind(connection, "test", POSTS, 600) == 4
    assert ARRIVALS.take(connection).rows[: len(first.rows)] == first.rows
    ARRIVALS.counted(connection, first)
    assert behind(connection, "test", POSTS, 600) == 1
    assert counted(connection) == ["1-0-3"]


def test_a_backlog_is_taken_in_windows_and_gaps_do_not_stop_it(connection: Connection) -> None:
    land(connection, range(100, 100 + WINDOW + 10))
    land(connection, range(9 * WINDOW, 9 * WINDOW + 5))
    taken = []
    for _ in range(3):
        step = ARRIVALS.take(connection)
        taken.append(len(step.rows))
        assert (step.frontier is None) == (len(taken) < 3)
        ARRIVALS.counted(connection, step)
    assert taken == [WINDOW, 10, 5]
    assert counted(connection) == []


def test_a_row_judged_anew_is_not_taken_again(connection: Connection) -> None:
    land(connection, range(2))
    assert len(counted(connection)) == 2
    land(connection, range(2))
    assert counted(connection) == []
    land(connection, range(4))
    assert counted(connection) == ["1-0-2", "1-0-3"]


def test_a_judge_keeps_its_ordinal_until_it_changes(connection: Connection) -> None:
    def resolve(digest: str) -> int:
        return judges.resolve(connection, digest, engine="hybrid", lexicons={"sentiment": 1})

    first = resolve("a")
    assert first == judges.FIRST + 1
    assert resolve("a") == first
    assert resolve("b") == first + 1
    assert resolve("a") == first + 2  # going back is a change too: newer rows must win


def test_rules_are_versioned_and_a_stale_change_is_refused(connection: Connection) -> None:
    def write(query: str | None, base: int, *, force: bool = False) -> dict[str, int]:
        rule = Rule(name="发热", query=query) if query else None
        return rules.change(connection, [Change("发热", base, rule)], actor="我", via="cli", force=force)

    before = rules.fingerprint(connection)
    assert write("发热", 0) == {"发热": 1}
    assert rules.fingerprint(connection) != before
    assert write("发热", 0) == {}  # as it is already
    assert write("发热 OR 烫手", 1) == {"发热": 2}
    with pytest.raises(BadConfig, match="2"):
        write("发烫", 1)
    assert write("发烫", 1, force=True) == {"发热": 3}
    newest = rules.newest(connection)["发热"]
    assert (newest.version, newest.rule and newest.rule.query) == (3, "发烫")
    assert write(None, 3) == {"发热": 4}
    assert write(None, 4) == {}
    assert rules.newest(connection)["发热"].removed
    assert connection.query("SELECT count() FROM rules_latest").rows == [(0,)]
    assert write("发热", 4) == {"发热": 5}


TEXTS = (
    "星曜X1今天开售，现场排队的人真不少，大家都说拍照很好",
    "云岭折叠屏的铰链又出问题了，客服让我等两个星期",
    "星曜X1今天开售，现场排队的人真不少，大家都说拍照很好@小王",
    "极光这次的价格还算公道",
    "转发微博 //@路人:云岭折叠屏的铰链又出问题了，客服让我等两个星期",
    "星曜X1今天开售，现场排队的人真不少，大家都说拍照很好！！",
)
GROUPS = {0: 0, 1: 1, 2: 0, 3: 3, 4: 1, 5: 0}


def land_texts(connection: Connection, numbers: Sequence[int], texts: Sequence[str] = TEXTS) -> None:
    connection.insert(
        "posts",
        {
            "platform": ["m"] * len(numbers),
            "post_id": [f"p{n}" for n in numbers],
            "author_id": [f"a{n % 2}" for n in numbers],
            "published": [1_760_000_000_000 + 1000 * n for n in numbers],
            "text": [texts[n] for n in numbers],
            "src_epoch": [1] * len(numbers),
            "src_offset": list(numbers),
            "appended_at": [1_760_000_000_000 + n for n in numbers],
        },
    )


def groups(connection: Connection) -> dict[int, int]:
    found = connection.query("SELECT id, leader_id FROM duplicates_latest").rows
    return {int(post[1:]): int(leader[1:]) for post, leader in found}


def test_copies_are_grouped_alike_however_the_stream_is_cut_and_after_a_restart(
    connection: Connection,
) -> None:
    job = Duplicates()
    for numbers in (range(2), range(2, 3), range(3, 6)):
        land_texts(connection, numbers)
        assert job.step(connection) == Step(len(numbers), more=False)
    assert groups(connection) == GROUPS
    for cut in range(1, len(TEXTS)):
        for table in ("posts", "duplicates", "watermarks"):
            connection.execute(f"TRUNCATE TABLE {table}")
        for numbers in (range(cut), range(cut, len(TEXTS))):
            land_texts(connection, numbers)
            Duplicates().step(connection)  # a new worker each time
        assert groups(connection) == GROUPS
    found = connection.query(
        "SELECT representative_id, copies, sources, authors FROM duplicate_groups ORDER BY copies DESC"
    ).rows
    assert found == [("p0", 3, ["m"], 2), ("p1", 2, ["m"], 2)]


def test_the_table_agrees_with_the_command(connection: Connection) -> None:
    """What `koubei duplicates` says of the same texts in the order of arrival, over several steps and workers."""
    forwards = [
        f"{word}//@小明{n}:{text}" for n, word in enumerate(("确实", "泪目", "扩散")) for text in TEXTS[:4]
    ]
    texts = [
        *TEXTS,
        *forwards,
        "我也遇到过，铰链响了半年没人管//@小明:云岭折叠屏的铰链又出问题了，客服让我等两个星期",
    ]
    lines = b"".join(msgspec.json.encode({"id": n, "text": text}) + b"\n" for n, text in enumerate(texts))
    done = subprocess.run(
        [sys.executable, "-m", "streams", "duplicates"],
        check=True,
        input=lines,
        capture_output=True,
        timeout=60,
    )
    answers = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    for numbers in (range(5), range(5, 11), range(11, len(texts))):
        land_texts(connection, numbers, texts)
        Duplicates().step(connection)
    assert groups(connection) == {answer["id"]: answer["group"] for answer in answers}
    assert len(set(groups(connection).values())) == 4


def test_a_step_that_could_not_be_noted_groups_alike_when_repeated(connection: Connection) -> None:
    class Deaf:
        """A connection that fails when the watermark is to be noted."""

        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

        def insert(self, table: str, columns: Any) -> None:
            if table == "watermarks":
                raise StoreUnavailable("gone")
            connection.insert(table, columns)

    job = Duplicates()
    land_texts(connection, range(len(TEXTS)))
    with pytest.raises(StoreUnavailable):
        job.step(cast(Connection, Deaf()))
    assert job.step(connection) == Step(len(TEXTS), more=False)
    assert groups(connection) == GROUPS
    assert job.step(connection) == Step(0, more=False)


def test_a_post_that_comes_into_sight_behind_the_watermark_is_grouped_too(connection: Connection) -> None:
    job = Duplicates()
    land_texts(connection, (0, 1, 3, 5))
    job.step(connection)
    land_texts(connection, (2, 4))
    job.step(connection)
    assert groups(connection) == GROUPS
    job.step(connection)
    assert connection.query("SELECT count() FROM duplicates").rows == [(len(TEXTS),)]


def test_accounts_that_copy_are_left_out_of_the_organic_views(connection: Connection) -> None:
    now = int(time.time() * 1000)
    connection.insert(
        "posts",
        {
            "platform": ["m"] * 13,
            "post_id": [f"p{n}" for n in range(13)],
            "author_id": ["writer"] + ["copier"] * 12,
            "author_following": [10] + [2000] * 12,
            "author_followers": [100] * 13,
            "published": [now - 10_000 + n for n in range(13)],
            "text": [TEXTS[0]] * 13,
            "mentions.brand": [["星曜"]] * 13,
            "mentions.sentiment": [["pos"]] * 13,
            "mentions.score": [[1.0]] * 13,
            "mentions.start": [[0]] * 13,
            "mentions.stop": [[2]] * 13,
            "src_epoch": [1] * 13,
            "src_offset": list(range(13)),
            "appended_at": [now + n for n in range(13)],
        },
    )
    Duplicates().step(connection)
    Accounts().step(connection)
    labels = connection.query(
        "SELECT author_id, posts, copies, label FROM accounts_latest ORDER BY author_id"
    ).rows
    assert labels == [("copier", 12, 12, "heavy"), ("writer", 1, 0, "none")]
    for view, count in (
        ("posts_latest", 13),
        ("posts_organic", 1),
        ("mentions", 13),
        ("mentions_organic", 1),
    ):
        assert connection.query(f"SELECT count() FROM {view}").rows == [(count,)]


def test_words_of_closed_windows_are_counted_and_counted_anew_after_late_posts(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.derived.terms.SLACK", 0)

    def land_words(number: int, tokens: list[str]) -> None:
        columns: Columns = {
            "platform": ["m"],
            "post_id": [f"p{number}"],
            "published": [1_760_000_000_000],
            "text": ["-"],
            "words": ["\x1f".join(tokens)],
            "sentiment": ["neg"],
            "src_offset": [number],
        }
        connection.insert("posts", columns)

    def counts() -> dict[str, int]:
        found = connection.query(
            "SELECT term, sum(posts), sum(neg) FROM terms WHERE span = 3600 AND brand = '' GROUP BY term"
        ).rows
        assert all(posts == negative for _, posts, negative in found)
        return {term: posts for term, posts, _ in found}

    job = Terms()
    land_words(0, ["发热", "很"])
    job.step(connection)
    assert counts() == {"": 1, "发热": 1}
    assert connection.query("SELECT count() FROM term_windows").rows == [(2,)]
    land_words(1, ["发热", "发热", "断连"])
    job.step(connection)
    assert counts() == {"": 2, "发热": 2, "断连": 1}
    job.step(connection)
    assert counts() == {"": 2, "发热": 2, "断连": 1}
