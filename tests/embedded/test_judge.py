"""Lexicons and rules that change while a lane runs, and stored posts judged anew."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.agents import reanalysis
from streams.agents.judge import EVERY, Judge
from streams.agents.lanes import LaneRecipe, Work
from streams.clock import ManualClock
from streams.config import shipped
from streams.errors import BadConfig
from streams.rules.rule import Rule
from streams.store import rows, rules
from streams.store.client import Connection
from streams.store.rows import Source
from streams.store.rules import Change
from streams.topics import codec
from streams.topics.post import Author, Post
from streams.topics.share import Share
from tests import servers

pytestmark = pytest.mark.embedded

BRAND = """
name = "青禾"
version = 1
licence = "Apache-2.0"
accounts = ["m:qinghe"]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("judge")) as server:
        yield server


@pytest.fixture
def connection(server: servers.ClickHouse) -> Iterator[Connection]:
    connection = Connection(server.url)
    for table in ("posts", "shares", "judges", "rules", "reloads"):
        connection.execute(f"TRUNCATE TABLE {table}")
    yield connection
    connection.close()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own" / "brands"
    folder.mkdir(parents=True)
    (folder / "qinghe.toml").write_text(BRAND, "utf-8")
    return folder.parent


@pytest.fixture
def recipe(server: servers.ClickHouse, own: Path, tmp_path: Path) -> LaneRecipe:
    return LaneRecipe(server.url, "w1", "lexicon", None, (shipped("lexicons"), own), tmp_path / "cache")


def post(text: str, author: str = "u", number: int = 1) -> Post:
    return Post(
        platform="m", post_id=f"p{number}", text=text, published=1_760_000_000.0, author=Author(id=author)
    )


def brands(judge: Judge, text: str) -> list[str]:
    return judge.posts([post(text)]).analysis.brands[0]


def apply(connection: Connection, name: str, query: str, base: int) -> None:
    rules.change(connection, [Change(name, base, Rule(name=name, query=query))], actor="t", via="cli")


def test_a_change_of_lexicons_takes_effect_and_a_broken_one_does_not(
    connection: Connection, recipe: LaneRecipe, own: Path
) -> None:
    clock = ManualClock()
    judge = Judge(recipe, connection, clock)
    first = judge.number
    assert brands(judge, "青禾的牛奶") == ["青禾"]
    assert brands(judge, "禾子奶") == []
    assert judge.posts([post("谢谢大家", "qinghe")]).own_brands == ["青禾"]

    file = own / "brands" / "qinghe.toml"
    file.write_text(BRAND + 'aliases = ["禾子奶"]\n', "utf-8")
    judge.renew()
    assert brands(judge, "禾子奶") == [], "within two seconds nothing is looked at"
    clock.advance(EVERY)
    judge.renew()
    assert brands(judge, "禾子奶") == ["青禾"]
    assert judge.number == first + 1
    assert judge.outdated == {}

    file.write_text(BRAND + 'aliasses = ["奶"]\n', "utf-8")
    clock.advance(EVERY)
    judge.renew()
    assert brands(judge, "禾子奶") == ["青禾"]
    assert judge.number == first + 1
    assert "qinghe.toml" in judge.outdated["lexicons"]
    noted = connection.query("SELECT what, error FROM reloads WHERE error != ''").rows
    assert [what for what, _ in noted] == ["lexicons"]
    assert "aliasses" in noted[0][1]

    started_now = Judge(recipe, connection, clock)
    assert brands(started_now, "禾子奶") == ["青禾"], "what worked last is better than no worker"
    assert started_now.number == first + 1
    assert "qinghe.toml" in started_now.outdated["lexicons"]

    file.write_text(BRAND, "utf-8")
    clock.advance(EVERY)
    judge.renew()
    assert judge.outdated == {}
    assert brands(judge, "禾子奶") == []
    assert judge.number == first + 2, "back to earlier files is a change too"


def test_a_first_start_with_a_broken_lexicon_says_what_is_wrong(
    connection: Connection, recipe: LaneRecipe, own: Path
) -> None:
    (own / "brands" / "qinghe.toml").write_text("name = ", "utf-8")
    with pytest.raises(BadConfig, match=r"qinghe\.toml"):
        Judge(recipe, connection)


def test_rules_take_effect_at_a_batch_boundary_and_hits_name_their_version(
    connection: Connection, recipe: LaneRecipe
) -> None:
    clock = ManualClock()
    judge = Judge(recipe, connection, clock)
    hot = post("青禾手机发熱严重")
    assert judge.posts([hot]).hits.rule == [[]]
    apply(connection, "发热", "青禾 AND 发热", 0)
    clock.advance(EVERY)
    judge.renew()
    hits = judge.posts([hot, post("青禾很好")]).hits
    assert (hits.rule, hits.version) == ([["发热"], []], [[1], []])
    assert (hits.start[0], hits.stop[0], hits.variant[0]) == ([0], [2], ["exact"])
    apply(connection, "发热", "发热 sentiment:pos", 1)
    connection.insert("rules", {"name": ["坏"], "version": [1], "definition": ['{"name":"坏","query":"("}']})
    clock.advance(EVERY)
    judge.renew()
    assert judge.posts([hot]).hits.rule == [[]]
    assert judge.outdated["rules"].startswith("坏")


def test_stored_posts_are_judged_anew_once_and_a_run_cut_off_is_gone_on_with(
    connection: Connection, recipe: LaneRecipe, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reanalysis, "PAGE", 7)
    judge = Judge(recipe, connection)
    posts = [post("禾子奶真好喝", number=number) for number in range(20)]
    shares = [
        Share(
            platform="m",
            share_id=f"s{number}",
            root_id=f"p{number % 3}",
            parent_id=f"p{number % 3}",
            user_id="u",
            shared=1_760_000_000.0,
            text="禾子奶太难喝了" if number % 2 else "",
        )
        for number in range(10)
    ]

    def source(epoch: int, n: int) -> Source:
        return Source(epoch, [0] * n, list(range(n)), [1_760_000_001_000] * n)

    connection.insert("posts", rows.post_columns(posts[:15], judge.posts(posts[:15]), source(1, 15)))
    connection.insert("posts", rows.post_columns(posts[15:], judge.posts(posts[15:]), source(2, 5)))
    connection.insert("shares", rows.share_columns(shares, judge.shares(shares), source(1, 10)))
    apply(connection, "难喝", "难喝", 0)
    (own / "brands" / "qinghe.toml").write_text(BRAND + 'aliases = ["禾子奶"]\n', "utf-8")
    kept = ", ".join((*rows.POST_RECORD, "version - bitShiftLeft(toUInt128(judge), 64) AS rest"))
    before = connection.query(f"SELECT {kept} FROM posts_latest ORDER BY post_id").rows

    window = (1_750_000_000.0, time.time())
    today = Judge(recipe, connection)
    assert reanalysis.left(connection, today, *window) == (20, 10)
    assert next(reanalysis.reanalyse(connection, today, *window)) == 7  # and then it was killed
    assert reanalysis.left(connection, today, *window) == (13, 10)
    assert sum(reanalysis.reanalyse(connection, today, *window)) == 23
    assert reanalysis.left(connection, today, *window) == (0, 0)
    assert list(reanalysis.reanalyse(connection, today, *window)) == []

    assert connection.query(f"SELECT {kept} FROM posts_latest ORDER BY post_id").rows == before
    found = connection.query("SELECT kind, sentiment, count() FROM mentions GROUP BY ALL ORDER BY ALL").rows
    assert found == [("post", "pos", 20), ("share", "neg", 5)]
    assert connection.query("SELECT rule, kind, count() FROM hits GROUP BY ALL").rows == [
        ("难喝", "share", 5)
    ]
    assert connection.query("SELECT DISTINCT judge FROM posts_latest").rows == [(today.number,)]


def test_a_post_that_comes_twice_in_one_batch_is_one_row(connection: Connection, recipe: LaneRecipe) -> None:
    lane = recipe.build()
    values: list[bytes | None] = [codec.encode(post(text)) for text in ("先说的话", "改过的话")]
    lane.compute(("posts", 1), Work("posts", values, 1, [(0, 2)], [5, 6], [1_760_000_001_000] * 2))
    lane.insert(("posts", 1), 0, 2)
    lane.close()
    assert connection.query("SELECT text FROM posts").rows == [("改过的话",)]
