"""What explains an alert, from a real store: the figures are those of the views, and time limits hold."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from streams.alerts.explanation import Explanation, Reach, Source, Spread, Tone, Usual
from streams.alerts.model import Alert, Event
from streams.alerts.question import matched
from streams.read.explain import explain
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.topics.alert import Ref
from tests import servers

pytestmark = pytest.mark.embedded

NOW = 1_795_312_920.0
WEEK = 7 * 86_400.0
BRAND = "星曜"
RULE = Rule(name="断连投诉", query="断连", brand=BRAND, sentiment="neg", severity="red", description="缺陷")
TEXT = "星曜又断连了，售后让我自己寄"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("explain")) as server:
        yield server


@pytest.fixture
def connection(server: servers.ClickHouse) -> Iterator[Connection]:
    connection = Connection(server.url)
    for table in ("posts", "shares", "rules", "cascade_standing", "term_counts", "term_windows"):
        connection.execute(f"TRUNCATE TABLE {table}")
    yield connection
    connection.close()


class Posts:
    """Rows to insert."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, at: float, platform: str = "微博", *, sentiment: str = "neg", hit: bool = True, brand: str = BRAND,
            author: str = "", followers: int = 100, text: str = TEXT, words: str = "断连\x1f售后",
            reposts: int = 0) -> str:  # fmt: skip
        number = len(self.rows)
        self.rows.append(
            {
                "platform": platform, "post_id": f"p{number}", "published": round(at * 1000), "text": text,
                "url": f"https://example.com/p{number}", "author_id": author or f"a{number}",
                "author_followers": followers, "reposts": reposts, "words": words, "sentiment": sentiment,
                "mentions.brand": [brand] if brand else [], "mentions.sentiment": [sentiment] if brand else [],
                "mentions.evidence_start": [3] if brand else [], "mentions.evidence_stop": [5] if brand else [],
                "hits.rule": [RULE.name] if hit else [], "hits.version": [1] if hit else [],
                "hits.start": [3] if hit else [], "hits.stop": [5] if hit else [],
                "hits.variant": ["exact"] if hit else [], "src_offset": number, "appended_at": round(at * 1000),
            }
        )  # fmt: skip
        return f"p{number}"

    def insert(self, connection: Connection) -> None:
        empty = ("mentions.score", "mentions.confidence", "mentions.start", "mentions.stop")
        rows = [row | {name: [0] * len(row["mentions.brand"]) for name in empty} for row in self.rows]
        connection.insert("posts", {name: [row[name] for row in rows] for name in rows[0]})


def keep_rule(connection: Connection, rule: Rule = RULE, *, at: float = NOW - 10 * WEEK) -> None:
    connection.insert(
        "rules",
        {
            "name": [rule.name], "version": [1], "definition": [msgspec.json.encode(rule).decode()],
            "at": [round(at * 1000)],
        },
    )  # fmt: skip


def share(connection: Connection, root: str, ats: list[float], *, hit: bool = False) -> None:
    connection.insert(
        "shares",
        {
            "platform": ["微博"] * len(ats), "share_id": [f"s{root}{n}" for n in range(len(ats))],
            "root_id": [root] * len(ats), "parent_id": [root] * len(ats), "user_id": [f"u{n}" for n in range(len(ats))],
            "author_followers": [50] * len(ats), "shared": [round(at * 1000) for at in ats],
            "text": ["转发：断连"] * len(ats), "sentiment": ["neg"] * len(ats),
            "hits.rule": [[RULE.name] if hit else []] * len(ats), "hits.version": [[1] if hit else []] * len(ats),
            "hits.start": [[3] if hit else []] * len(ats), "hits.stop": [[5] if hit else []] * len(ats),
            "hits.variant": [["exact"] if hit else []] * len(ats), "src_offset": list(range(len(ats))),
        },
    )  # fmt: skip
    connection.insert(
        "cascade_standing",
        {"root_id": [root], "platform": ["微博"], "size": [len(ats) + 1], "depth": [1], "version": [1]},
    )


def alert(**changes: Any) -> Alert:
    given = {
        "alert_id": "x", "dedup_key": "k", "rule": RULE.name, "rule_version": 1, "brand": BRAND, "first_fired": NOW,
        "last_fired": NOW, "count": 1, "window_start": NOW - 60, "window_end": NOW,
        "last": Event(kind="fired", at=NOW),
    }  # fmt: skip
    return Alert(**{**given, **changes})


def asked(connection: Connection, about: Alert, limit: float = 60.0) -> Explanation:
    return explain(connection, about, limit=limit, now=NOW)


def world(connection: Connection) -> Posts:
    """Ten minutes: 8 hits on two platforms, 6 other mentions; two hits in each of four weeks before; the same brand quiet."""
    posts = Posts()
    for n in range(6):
        posts.add(NOW - 60 * n, author=f"a{n % 4}", followers=100 * (n % 4 + 1), reposts=n)
    for n in range(2):
        posts.add(NOW - 60 * n, "抖音", followers=20_000)
    for sentiment in ("pos", "pos", "neu", "neu", "neu", "neg"):
        posts.add(NOW - 30, "知乎", sentiment=sentiment, hit=False, words="续航")
    posts.add(NOW - 30, "知乎", brand="云岭", hit=False)
    posts.add(NOW - 700)
    for week in range(1, 5):
        for n in range(2):
            posts.add(NOW - week * WEEK - 60 * n)
    for n in range(60):
        posts.add(NOW - 3_000 - 60 * n, sentiment="neu", hit=False, words="续航")
    posts.insert(connection)
    return posts


def test_a_rule_about_posts(connection: Connection) -> None:
    keep_rule(connection)
    world(connection)
    share(connection, "p0", [NOW - 60 * n for n in range(9)] + [NOW - 4_000], hit=True)
    found = asked(connection, alert())
    assert found.late == ()
    assert found.rule == RULE
    ((hits,),) = connection.query(
        "SELECT count() FROM hits WHERE rule = {rule:String} AND at >= fromUnixTimestamp64Milli({since:Int64}) "
        "AND at < fromUnixTimestamp64Milli({until:Int64})",
        {"rule": RULE.name, "since": round(found.start * 1000), "until": round(found.stop * 1000)},
    ).rows
    assert found.count == hits == 8 + 9
    assert found.sources == (Source("微博", 6 + 9), Source("抖音", 2))
    assert found.tone == Tone(2, 3, 9)  # shares that do not name the brand have no tone toward it
    assert found.reach == Reach(4 + 2 + 9, 100 + 200 + 300 + 400 + 40_000 + 450, 20_000)
    assert found.usual == Usual(2.0, 4)
    assert found.spread == Spread(root_id="p0", platform="微博", size=11, depth=1, last_hour=9, hour_before=1)
    assert "断连" in {term.term for term in found.terms}
    assert "续航" not in {term.term for term in found.terms}
    first, second, *_ = found.examples
    assert first.text == TEXT
    assert first.reposts == 5
    assert second.text != first.text
    assert found.url.startswith("https://example.com/p")


def test_the_posts_that_it_names_with_what_matched_and_the_evidence(connection: Connection) -> None:
    keep_rule(connection)
    posts = Posts()
    ids = [posts.add(NOW - n, reposts=12_000) for n in range(3)]
    posts.insert(connection)
    share(connection, ids[0], [NOW - 5])
    refs = (
        Ref(kind="share", platform="微博", id=f"s{ids[0]}0", at=NOW - 5),
        Ref(platform="微博", id=ids[2], at=NOW - 2, start=6, stop=8),
        Ref(platform="微博", id="gone", at=NOW),
        Ref(platform="微博", id=ids[1], at=NOW - 1),
    )
    found = asked(connection, alert(refs=refs)).examples
    assert [(one.kind, one.id, one.spans) for one in found] == [
        ("share", f"s{ids[0]}0", ()),
        ("post", ids[2], ((3, 5), (6, 8))),
    ]
    assert found[1].reposts == 12_000
    assert found[1].at == NOW - 2


def test_before_the_rule_there_is_nothing_usual(connection: Connection) -> None:
    keep_rule(connection, at=NOW - WEEK / 2)
    world(connection)
    usual = asked(connection, alert()).usual
    assert usual is not None
    assert usual.weeks == 0
    assert usual.count == pytest.approx(600 / (3_000 + 60 * 59 - 600), rel=0.01)
    connection.execute("TRUNCATE TABLE rules")
    keep_rule(connection, at=NOW - 60)
    assert asked(connection, alert()).usual is None


def test_a_window_over_mentions_counts_the_tone_that_the_rule_asks_for(connection: Connection) -> None:
    keep_rule(connection, Rule(name=RULE.name, kind="window", brand=BRAND, sentiment="neg", above=5))
    world(connection)
    found = asked(connection, alert(kind="window", window_start=NOW - 600, value=9.0))
    assert found.count == 9
    assert found.tone == Tone(2, 3, 9)
    assert {source.platform: source.count for source in found.sources} == {"微博": 6, "抖音": 2, "知乎": 1}


def test_an_alert_about_a_platform_or_an_author_is_only_about_that(connection: Connection) -> None:
    keep_rule(connection, msgspec.structs.replace(RULE, per="platform"))
    world(connection)
    assert asked(connection, alert(entity="抖音")).sources == (Source("抖音", 2),)
    connection.execute("TRUNCATE TABLE rules")
    keep_rule(connection, msgspec.structs.replace(RULE, per="author"))
    assert asked(connection, alert(entity="a1")).reach == Reach(1, 200, 200)


@pytest.mark.parametrize(("history", "weeks"), [(5, 4), (2, 0)])
def test_a_spike_keeps_what_its_rule_expected(connection: Connection, history: int, weeks: int) -> None:
    keep_rule(connection)
    posts = Posts()
    posts.add(NOW - 10)
    posts.add(NOW - history * WEEK)
    posts.insert(connection)
    found = asked(connection, alert(kind="spike", window_start=NOW - 3_600, value=52, expected=9.0))
    assert found.usual == Usual(9.0, weeks)


def test_a_cascade_shows_its_root_first(connection: Connection) -> None:
    keep_rule(connection, Rule(name=RULE.name, kind="cascade", brand=BRAND, measure="generation", above=3))
    posts = Posts()
    root = posts.add(NOW - 60, followers=7, sentiment="neu", hit=False)
    posts.add(NOW - 50, followers=90_000, hit=False)
    posts.insert(connection)
    share(connection, root, [NOW - n for n in range(20)])
    found = asked(connection, alert(kind="cascade", entity=root, window_start=NOW - 3_600, value=3))
    assert found.examples[0].id == root
    assert found.spread is not None
    assert found.spread.size == 21
    assert found.count == 21
    assert found.usual is None


def test_two_examples_are_never_the_same_words(connection: Connection) -> None:
    keep_rule(connection)
    posts = Posts()
    for n in range(5):
        posts.add(NOW - n)
    posts.add(NOW - 6, text="别的说法")
    posts.insert(connection)
    assert sorted(one.text for one in asked(connection, alert()).examples) == sorted([TEXT, "别的说法"])


def test_names_are_values_and_never_sql(connection: Connection) -> None:
    hostile = "a'b\\c`{brand:String}\n\t) OR 1 --"
    keep_rule(connection, msgspec.structs.replace(RULE, name=hostile, brand=hostile, per="author"))
    world(connection)
    found = asked(connection, alert(rule=hostile, brand=hostile, entity=hostile))
    assert found.late == ()
    assert found.count == 0
    for kind in ("window", "spike", "cascade"):
        assert asked(connection, alert(kind=kind, rule=hostile, brand=hostile, entity=hostile)).count == 0


def test_without_time_every_part_is_named_and_nothing_raised(connection: Connection) -> None:
    keep_rule(connection)
    world(connection)
    found = asked(connection, alert(), limit=0.0)
    assert found.late == ("examples", "said", "usual", "spread", "terms")
    assert (found.sources, found.examples, found.usual) == ((), (), None)


def test_a_slow_part_is_cut_off_in_the_store(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_rule(connection)
    world(connection)
    slow = "SELECT map('', count()), 0, 0, 0, 0, 0, 0 FROM numbers(1000000000000)"
    monkeypatch.setattr("streams.read.explain._SAID", slow)
    began = time.monotonic()
    found = asked(connection, alert(), limit=1.0)
    assert time.monotonic() - began < 5
    assert "said" in found.late
    assert found.examples


def test_a_store_that_is_away_explains_nothing() -> None:
    connection = Connection("clickhouse://koubei:x@127.0.0.1:1", timeout=1.0)
    found = asked(connection, alert(), limit=2.0)
    assert found.late == ("rule", "examples", "said", "usual", "spread", "terms")


def test_asked_side_by_side_it_is_the_same(server: servers.ClickHouse, connection: Connection) -> None:
    world(connection)
    keep_rule(connection)
    beside = Connection(server.url)
    one = alert()
    alone = asked(connection, one)
    assert alone.count
    assert alone.usual
    assert explain(connection, one, limit=60.0, now=NOW, rule=RULE, beside=beside) == alone
    nothing = explain(connection, one, limit=0.0, now=NOW, beside=beside)
    assert nothing.late == ("examples", "said", "usual", "spread", "terms")
    beside.close()


def test_the_query_of_an_alert_about_posts_counts_them_whatever_it_is_about(connection: Connection) -> None:
    posts = Posts()
    posts.add(NOW - 30, author="a")
    posts.add(NOW - 20, "知乎", author="b")
    posts.add(NOW - 10, author="a")
    posts.add(NOW - 10, hit=False, author="a")
    posts.add(NOW - 600)
    for row in posts.rows:
        row["reply_to"] = "p0" if row is posts.rows[2] else ""
    posts.insert(connection)
    share(connection, "p0", [NOW - 5], hit=True)
    counts = {"": 4, "a": 2, "知乎": 1, "微博": 3, "p0": 3, "it's": 0}
    for entity, count in counts.items():
        found = connection.query(matched(RULE.name, entity, NOW - 30, NOW), {}).rows
        assert found == [(count,)], entity
