"""Hot words from the store: counted windows, rows and the formula in Python agree, whatever happens in between."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streams.boards.macros import ALL, Window, expand
from streams.cli import run
from streams.measures.query import MACROS, View
from streams.store.client import Connection
from streams.text import words
from streams.text.words import Counts, HotWord, Said, count, hot, hot_sql
from tests import servers

pytestmark = pytest.mark.embedded

NOON = datetime(2025, 11, 11, 12, tzinfo=UTC)
TROLL = "troll"
VOCABULARY = [f"词{n}" for n in range(60)]
WITHOUT = ["词3"]
KNOWN = ["手机", "屏幕", "客服", "价格", "物流", "电池", "拍照", "今天", "朋友", "喜欢"]


class Post:
    """One random post; later ones hold more of the last words."""

    def __init__(self, number: int) -> None:
        draw = random.Random(number)
        self.id = f"p{number}"
        self.at = NOON + timedelta(seconds=draw.randrange(-20 * 3600, 12 * 3600))
        late = self.at >= NOON
        self.tokens = draw.choices(VOCABULARY, [3 + (late and n > 50) * 9 for n in range(60)], k=6)
        self.tokens += draw.choice([[], ["2026", "很", "http", "ab3"]])
        self.text = "".join(self.tokens) + draw.choice(["", " http://t.cn/ab3 @词7"])
        self.sentiment = draw.choice(["pos", "neu", "neg"])
        self.brands = draw.choice([[], ["星曜"], ["星曜", "云岭"]])
        self.toward = [draw.choice(["pos", "neu", "neg"]) for _ in self.brands]
        self.author = draw.choice([TROLL, "a", "b"])


def insert(connection: Connection, posts: list[Post], offset: int = 0) -> None:
    columns: dict[str, list[Any]] = {
        "platform": ["微博"] * len(posts),
        "post_id": [post.id for post in posts],
        "published": [post.at for post in posts],
        "text": [post.text for post in posts],
        "author_id": [post.author for post in posts],
        "words": ["\x1f".join(post.tokens) for post in posts],
        "sentiment": [post.sentiment for post in posts],
        "src_offset": [offset] * len(posts),
    }
    empty = [[0] * len(post.brands) for post in posts]
    kept = connection.query(
        "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'posts' "
        "AND name LIKE 'mentions.%'"
    ).rows
    columns |= {name: empty for (name,) in kept}
    columns |= {
        "mentions.brand": [post.brands for post in posts],
        "mentions.sentiment": [post.toward for post in posts],
    }
    connection.insert("posts", columns)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("words")) as server:
        yield server


@pytest.fixture
def connection(server: servers.ClickHouse) -> Iterator[Connection]:
    connection = Connection(server.url)
    connection.execute(
        f"CREATE OR REPLACE VIEW posts_organic AS SELECT * FROM posts_latest WHERE author_id != '{TROLL}'"
    )
    for table in ("posts", "term_counts", "term_windows"):
        connection.execute(f"TRUNCATE TABLE {table}")
    yield connection
    connection.close()


def counted(posts: list[Post], brand: str, view: View, start: datetime, stop: datetime) -> Counts:
    known = [
        Said(post.text, post.tokens, post.toward[post.brands.index(brand)] if brand else post.sentiment)
        for post in posts
        if start <= post.at < stop
        and (not brand or brand in post.brands)
        and (view == "raw" or post.author != TROLL)
    ]
    return count(known)


RANGES = {
    "coarse": (NOON, NOON + timedelta(hours=12)),
    "fine": (NOON + timedelta(hours=2, minutes=5), NOON + timedelta(hours=5, minutes=30)),
}


def agree(connection: Connection, posts: list[Post]) -> None:
    """The query says what the fold says, for every range and view, with a brand and without."""
    for start, stop in RANGES.values():
        for brand in ("", "星曜"):
            for view in ("raw", "organic"):
                now = counted(posts, brand, view, start, stop)
                before = counted(posts, brand, view, start - (stop - start), start)
                expected = hot(now, before, without=WITHOUT)
                asked = {"from": start, "to": stop, "brand": brand, "without": WITHOUT}
                found = [HotWord(*row) for row in connection.query(hot_sql(view=view), asked).rows]
                assert len(expected) > 3
                assert [word.term for word in found] == [word.term for word in expected]
                for one, other in zip(found, expected, strict=True):
                    assert one[1:] == pytest.approx(other[1:], rel=1e-9)


def step(connection: Connection, *, slack: int = 0) -> int:
    """Count what is due, as the elected worker does; returns how many windows."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    asked = {"spans": list(words.SPANS), "since": epoch, "grace": words.GRACE, "slack": slack}
    due = connection.query(words.DUE_SQL, asked).rows
    for one in words.runs(due, most=300):
        asked = {"span": one.span, "from": one.start, "to": one.stop, "version": one.version}
        connection.execute(words.REBUILD_SQL, asked)
        connection.execute(words.PUBLISH_SQL, asked)
    return len(due)


def test_rows_counts_and_fold_agree_through_late_rows_edits_and_a_crash(connection: Connection) -> None:
    posts = [Post(number) for number in range(2_500)]
    insert(connection, posts[:2_000])
    agree(connection, posts[:2_000])

    assert step(connection) > 300
    assert step(connection) == 0
    agree(connection, posts[:2_000])
    counted_only = connection.query("SELECT count() FROM term_counts").rows[0][0]
    assert counted_only > 5_000

    # late ones come into counted windows; one is edited, so that its words are gone
    posts[7].tokens, posts[7].text, posts[7].brands, posts[7].toward = ["词59"] * 2, "词59词59", [], []
    insert(connection, posts[2_000:])
    insert(connection, [posts[7]], offset=1)
    assert step(connection) > 100
    agree(connection, posts)

    # a run that was never published is not read, and swept away with what newer counts have replaced
    due = words.Run(3600, NOON, NOON + timedelta(hours=3), 2**50)
    asked = {"span": due.span, "from": due.start, "to": due.stop, "version": due.version}
    connection.execute(words.REBUILD_SQL, asked)
    agree(connection, posts)
    connection.execute(words.SWEEP_SQL, {"before": 2**51})
    agree(connection, posts)
    kept = "SELECT count(), uniqExact(span, bucket, brand, term), max(version) FROM term_counts"
    rows, distinct, newest = connection.query(kept).rows[0]
    assert rows == distinct
    assert newest < 2**50


def test_what_follows_the_newest_counted_window_comes_from_the_rows(connection: Connection) -> None:
    posts = [Post(number) for number in range(2_000)]
    edge = NOON + timedelta(hours=3, minutes=20)
    insert(connection, [post for post in posts if post.at < edge])
    assert step(connection) > 0
    connection.execute(
        "DELETE FROM term_windows WHERE span = 3600 AND bucket >= {edge:DateTime('UTC')}", {"edge": NOON}
    )
    insert(connection, [post for post in posts if post.at >= edge])
    agree(connection, posts)


def test_a_window_that_is_still_filled_waits(connection: Connection) -> None:
    posts = [Post(number) for number in range(20)]
    insert(connection, posts)
    assert step(connection) > 0
    insert(connection, posts, offset=1)
    assert step(connection, slack=60) == 0
    assert step(connection) > 0


def test_the_panel_asks_the_same(connection: Connection) -> None:
    posts = [Post(number) for number in range(1_500)]
    insert(connection, posts)
    step(connection)
    start, stop = RANGES["coarse"]
    window = Window(int(start.timestamp() * 1000), int(stop.timestamp() * 1000), 60)
    panel = hot_sql(dialect=MACROS)
    for chosen, brand, without in (([ALL], "", WITHOUT), (["星曜"], "星曜", [*WITHOUT, "星曜"])):
        listed = {"brand": ["星曜", "云岭"], "stop_words": WITHOUT}
        query = expand(panel, window, {"brand": chosen, "stop_words": [ALL]}, listed)
        asked = {"from": start, "to": stop, "brand": brand, "without": without}
        rows = connection.query(query).rows
        assert rows == connection.query(hot_sql(), asked).rows
        assert rows


def test_the_commands_print_hot_and_new_words(
    server: servers.ClickHouse,
    connection: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "mine"
    monkeypatch.setenv("KOUBEI_TEXT__LEXICONS", str(own))
    own.mkdir()
    posts = [Post(number) for number in range(1_000)]
    draw = random.Random(0)
    for post in posts[:200]:
        said = draw.choices(KNOWN, k=8)
        post.text = "".join([*said[: (cut := draw.randrange(9))], "显眼包", *said[cut:]])
    insert(connection, posts)
    where = ["--clickhouse", server.url]
    assert run(["words", "hot", "--window", "12h", "--until", "2025-11-12T00:00:00+00:00", *where]) == 0
    assert "词5" in capsys.readouterr().out
    assert run(["words", "hot", "--window", "12", *where]) == 78
    assert "30m" in capsys.readouterr().err
    assert run(["words", "new", "--since", "7d", "--json", *where]) == 0
    assert '"显眼包"' in capsys.readouterr().out
    assert run(["words", "new", "--add", "显眼包", "--add", "泰酷辣"]) == 0
    assert run(["words", "new", "--add", "显眼包"]) == 0
    assert "已在词典里" in capsys.readouterr().err
    assert run(["words", "new", "--since", "7d", "--json", *where]) == 0
    assert '"显眼包"' not in capsys.readouterr().out
    assert (own / "own_words" / "words.tsv").read_text("utf-8").count("显眼包") == 1
    assert "version = 1" in (own / "own_words" / "lexicon.toml").read_text("utf-8")
