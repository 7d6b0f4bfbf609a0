"""Rules of every kind over a small world: each fires, holds and ends, and the query in the alert gives its value."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from streams.errors import StoreRefused, StoreUnavailable
from streams.read.watch import Watcher
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.topics.alert import Verdict
from tests import servers
from tests.landed import DAY, HOUR, NOW, clear, land, share, stand

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("watch")) as running:
        yield running


@pytest.fixture
def connection(store: servers.ClickHouse) -> Iterator[Connection]:
    with contextlib.closing(Connection(store.url)) as opened:
        clear(opened)
        yield opened


def gives(connection: Connection, verdict: Verdict) -> bool:
    """Whether the query of a verdict, pasted, gives its value."""
    value: float = connection.query(verdict.sql).rows[0][0]
    return value == pytest.approx(verdict.value)


def watched(connection: Connection, *rules: Rule, now: float = NOW) -> list[Verdict]:
    return Watcher(connection).look([(rule, 3) for rule in rules], now)


def test_a_window_fires_holds_and_ends(connection: Connection) -> None:
    rule = Rule(name="多", brand="星曜", kind="window", above=5, severity="yellow", team="客服", hold=60.0)
    watcher = Watcher(connection)
    assert watcher.look([(rule, 3)], NOW) == []
    land(connection, [10.0, 20.0, 30.0, 40.0])
    land(connection, [-50.0], prefix="future")
    land(connection, [700.0], prefix="old")
    assert watcher.look([(rule, 3)], NOW + 2) == []
    land(connection, [5.0], followers=9, prefix="fifth")
    [begun] = watcher.look([(rule, 3)], NOW + 4)
    assert begun.holds
    assert (begun.rule, begun.version, begun.kind, begun.brand, begun.entity) == (
        "多",
        3,
        "window",
        "星曜",
        "",
    )
    assert (begun.value, begun.hold, begun.team, begun.severity) == (5.0, 60.0, "客服", "yellow")
    assert (begun.window_start, begun.window_end, begun.at) == (NOW + 4 - 600, NOW + 4, NOW + 4)
    assert begun.appended == NOW - 5
    assert len(begun.refs) == 3
    assert {ref.platform for ref in begun.refs} == {"微博"}
    assert "fifth微博5.0/0" not in {ref.id for ref in begun.refs}
    assert gives(connection, begun)
    assert watcher.look([(rule, 3)], NOW + 6) == []
    [again] = watcher.look([(rule, 3)], NOW + 34)
    assert again.holds
    assert again.id != begun.id
    assert again.dedup_key == begun.dedup_key
    [ended] = watcher.look([(rule, 3)], NOW + 575)
    assert not ended.holds
    assert ended.value == 4
    assert gives(connection, ended)
    assert ended.dedup_key == begun.dedup_key


def test_hits_of_any_version_and_the_tone_toward_the_brand(connection: Connection) -> None:
    land(connection, [float(n) for n in range(1, 16)], hits=["查", "别"], text_tone="pos", prefix="a")
    land(connection, [float(n) for n in range(1, 16)], tone="pos", hits=["查"], prefix="b")
    land(connection, [float(n) for n in range(1, 9)], tone="pos", prefix="c")
    ratio = Rule(name="查", query="x", brand="星曜", kind="window", measure="negative_share", above=50)
    [verdict] = watched(connection, ratio)
    assert verdict.value == 50
    assert gives(connection, verdict)
    assert {(ref.start, ref.stop) for ref in verdict.refs} == {(3, 5)}
    assert all(ref.id.startswith("a") for ref in verdict.refs), "the negative ones are shown first"
    assert (
        watched(
            connection,
            Rule(name="别", query="x", brand="星曜", kind="window", measure="nsr", below=-90, minimum=16),
        )
        == []
    )
    [nsr] = watched(
        connection,
        Rule(name="别", query="x", brand="星曜", kind="window", measure="nsr", below=-90, minimum=15),
    )
    assert nsr.value == -100


@pytest.mark.parametrize(
    ("measure", "above", "value"), [("count", 8, 9), ("authors", 3, 3), ("reach", 900, 900)]
)
def test_measures_are_those_of_the_dashboards(
    connection: Connection, measure: Any, above: float, value: float
) -> None:
    land(connection, [float(n) for n in range(1, 10)], authors=3, followers=300)
    rule = Rule(name="量", brand="星曜", kind="window", measure=measure, above=above)
    [verdict] = watched(connection, rule)
    assert verdict.value == value
    assert gives(connection, verdict)
    assert (
        watched(connection, Rule(name="量", brand="星曜", kind="window", measure=measure, above=value + 1))
        == []
    )


def test_what_an_alert_is_about_groups_the_numbers(connection: Connection) -> None:
    land(connection, [1.0, 2.0, 3.0], authors=1)
    land(connection, [1.0, 2.0], authors=1, platform="知乎")
    watcher = Watcher(connection)
    rules = [
        (Rule(name=per, brand="星曜", kind="window", per=per, above=3), 1)
        for per in ("platform", "author", "root")
    ]
    found = {verdict.rule: verdict for verdict in watcher.look(rules, NOW)}
    assert {name: (verdict.entity, verdict.value) for name, verdict in found.items()} == {
        "platform": ("微博", 3),
        "author": ("a0", 5),
    }
    assert all(gives(connection, verdict) for verdict in found.values())
    land(connection, [4.0], platform="知乎", authors=1, prefix="q")
    [second] = watcher.look(rules, NOW + 2)
    assert (second.rule, second.entity, second.value) == ("platform", "知乎", 3)
    ended = watcher.look(rules, NOW + 599)
    assert {(one.rule, one.entity, one.holds) for one in ended} == {
        ("platform", "微博", False),
        ("platform", "知乎", False),
        ("author", "a0", False),
    }


def test_severity_rises_with_reach_and_count_and_is_told_at_once(connection: Connection) -> None:
    rule = Rule(
        name="升",
        brand="星曜",
        kind="window",
        above=2,
        by_count={"orange": 4, "red": 9},
        by_reach={"red": 5_000},
    )
    watcher = Watcher(connection)
    land(connection, [1.0, 2.0])
    assert [one.severity for one in watcher.look([(rule, 1)], NOW)] == ["blue"]
    land(connection, [3.0, 4.0], prefix="more")
    assert [one.severity for one in watcher.look([(rule, 1)], NOW + 2)] == ["orange"]
    assert watcher.look([(rule, 1)], NOW + 4) == []
    land(connection, [5.0], prefix="star", followers=5_000)
    assert [one.severity for one in watcher.look([(rule, 1)], NOW + 6)] == ["red"]


def test_organic_leaves_out_the_flagged(connection: Connection) -> None:
    land(connection, [1.0, 2.0, 3.0])
    connection.insert("flagged_accounts", {"platform": ["微博"], "author_id": ["ap1"], "label": ["heavy"]})
    [raw] = watched(connection, Rule(name="一", brand="星曜", kind="window", above=1))
    [organic] = watched(connection, Rule(name="一", brand="星曜", kind="window", above=1, organic=True))
    assert (raw.value, organic.value) == (3, 2)
    assert gives(connection, organic)


def test_a_spike_against_the_last_hours(connection: Connection) -> None:
    land(
        connection, [HOUR * (1 + hour) + minute * 60 + 1 for hour in range(13) for minute in range(0, 40, 2)]
    )
    rule = Rule(name="增", brand="星曜", kind="spike", by_count={"red": 60})
    watcher = Watcher(connection)
    land(connection, [float(n) for n in range(1, 31)], prefix="c30")
    assert watcher.look([(rule, 1)], NOW) == []
    land(connection, [float(n) for n in range(1, 21)], prefix="c50")
    [verdict] = watcher.look([(rule, 1)], NOW + 10)
    assert (verdict.value, verdict.expected, verdict.severity) == (50, 20, "blue")
    assert (verdict.window_start, verdict.window_end) == (NOW + 10 - HOUR, NOW + 10)
    assert gives(connection, verdict)
    assert connection.query(verdict.sql).rows == [(50, 20.0)]
    [ended] = watcher.look([(rule, 1)], NOW + HOUR)
    assert (ended.holds, ended.value) == (False, 0)


def test_a_spike_against_the_same_hour_of_the_week(connection: Connection) -> None:
    week = 7 * DAY
    land(connection, [week * n + second for n in range(1, 5) for second in range(10, 1810, 18)], hits=["周"])
    land(connection, [HOUR * hour + 1800 for hour in range(1, 13)], hits=["周"], prefix="few")
    land(connection, [float(n) for n in range(1, 151)], hits=["周"], prefix="now")
    rules = [Rule(name="周", query="x", kind="spike"), Rule(name="周", brand="星曜", kind="spike")]
    for rule in rules:
        found = watched(connection, rule)
        assert [one.expected for one in found] == [1.0], "three weeks and 23 hours are no four weeks"
    land(connection, [4 * week + 2 * HOUR], hits=["周"], prefix="first")
    for rule in rules:
        assert watched(connection, rule) == [], "150 against 100 is 0.96 of the interval"
    land(connection, [float(n) for n in range(1, 101)], hits=["周"], prefix="more")
    for rule in rules:
        [verdict] = watched(connection, rule)
        assert (verdict.value, verdict.expected) == (250, 100)
        assert gives(connection, verdict)


@pytest.mark.parametrize("query", ["", "x"])
@pytest.mark.parametrize("brand", ["星曜", ""])
def test_more_blame_among_more_talk_is_no_spike_of_blame(
    connection: Connection, query: str, brand: str
) -> None:
    if not (query or brand):
        return
    rule = Rule(name="负", query=query, brand=brand, sentiment="neg", kind="spike")
    land(connection, [HOUR * hour + n for hour in range(1, 14) for n in range(100, 110)], hits=["负"])
    land(
        connection,
        [HOUR * hour + n for hour in range(1, 14) for n in range(200, 210)],
        tone="pos",
        prefix="good",
    )
    land(connection, [float(n) for n in range(1, 61)], hits=["负"], prefix="now")
    land(connection, [float(n) for n in range(1, 61)], tone="pos", prefix="nice")
    assert watched(connection, rule) == []
    land(connection, [61.0], hits=["负"], prefix="last")
    [verdict] = watched(connection, rule)
    assert (verdict.value, verdict.expected) == (61, 10)
    assert gives(connection, verdict)


def test_a_cascade_grows(connection: Connection) -> None:
    land(connection, [100.0, 200.0], hits=["散"])
    own, other = "p微博100.0/0", "p微博200.0/1"
    share(connection, own, [1.0, 2.0, 3.0, 4000.0])
    share(connection, other, [1.0, 2.0])
    share(connection, "别处", [1.0, 2.0, 3.0, 4.0])
    stand(connection, own, 1, 1.0)
    grown = Rule(name="散", query="x", kind="cascade", measure="growth", above=3, by_count={"red": 5})
    [verdict] = watched(connection, grown)
    assert (verdict.entity, verdict.value, verdict.severity) == (own, 3, "blue")
    assert [ref.id for ref in verdict.refs] == [own]
    assert gives(connection, verdict)
    every = Rule(name="散", kind="cascade", measure="growth", above=3)
    assert {one.entity for one in watched(connection, every)} == {own, "别处"}
    brand = Rule(name="散", brand="星曜", kind="cascade", measure="growth", above=2, window=HOUR)
    watcher = Watcher(connection)
    assert {one.entity for one in watcher.look([(brand, 1)], NOW)} == {own, other}
    share(connection, own, [1.0], prefix="again")
    ended = watcher.look([(brand, 1)], NOW + HOUR - 1.5)
    assert [(one.entity, one.holds) for one in ended if not one.holds] == [(other, False)]
    assert [(one.entity, one.value) for one in ended if one.holds] == [(own, 2)]


def test_a_cascade_reaches_a_generation(connection: Connection) -> None:
    rule = Rule(name="代", kind="cascade", measure="generation", above=3, window=HOUR)
    watcher = Watcher(connection)
    stand(connection, "r", 2, 5.0)
    stand(connection, "past", 9, 2 * HOUR)
    assert watcher.look([(rule, 1)], NOW) == []
    stand(connection, "r", 3, 1.0, version=2)
    [verdict] = watcher.look([(rule, 1)], NOW + 10)
    assert (verdict.entity, verdict.value) == ("r", 3)
    assert [ref.at for ref in verdict.refs] == [NOW - DAY]
    assert gives(connection, verdict)
    [ended] = watcher.look([(rule, 1)], NOW + HOUR)
    assert (ended.entity, ended.holds) == ("r", False)


def test_a_platform_that_used_to_deliver_is_missed(connection: Connection) -> None:
    rules = [(Rule(name="断", kind="absence"), 1), (Rule(name="知", kind="absence", platform="知乎"), 1)]
    steady = [60.0 * minute for minute in range(15, 3 * 1440, 4)]
    land(connection, steady, brand="", tone="neu")
    land(connection, [60.0 * minute for minute in range(0, 3 * 1440, 5)], brand="", platform="知乎")
    land(connection, [7000.0 - n for n in range(900)], brand="", platform="一次")
    daily = [DAY * day - 300.0 + n for day in range(1, 4) for n in range(120)]
    land(connection, [*daily, *(900.0 + n for n in range(120))], brand="", platform="每日")
    watcher = Watcher(connection)
    assert watcher.look(rules, NOW - 300) == [], "three posts are not missed yet"
    [verdict] = watcher.look(rules, NOW + 300)
    assert (verdict.rule, verdict.entity, verdict.brand, verdict.value) == ("断", "微博", "", 0)
    assert (verdict.window_start, verdict.window_end) == (NOW - 900, NOW + 300)
    assert verdict.expected == pytest.approx(5, abs=0.5)
    assert gives(connection, verdict)
    land(connection, [-400.0], brand="", prefix="back")
    ended = [one for one in watcher.look(rules, NOW + 402) if one.entity == "微博"]
    assert [one.holds for one in ended] == [False]


def test_no_data_is_never_all_quiet(connection: Connection) -> None:
    land(connection, [3.0 * n for n in range(1, 2_000)], tone="neu")
    land(connection, [3.0 * n for n in range(1, 2_000)], tone="neu", platform="知乎", brand="云岭")
    few = Rule(name="少", brand="星曜", kind="window", below=10)
    many = Rule(name="多", brand="星曜", kind="window", above=150)
    other = Rule(name="别", brand="云岭", kind="window", platform="知乎", below=50)
    watcher = Watcher(connection)
    rules = [(few, 1), (many, 1), (other, 1)]
    assert {(one.rule, one.holds) for one in watcher.look(rules, NOW)} == {("多", True)}
    land(connection, [-3.0 * n for n in range(1, 200)], platform="知乎", brand="", prefix="on")
    later = watcher.look(rules, NOW + 595)
    assert [(one.rule, one.holds) for one in later] == [("别", True)], (
        "微博 delivers nothing: it is not quiet"
    )
    land(connection, [-3.0 * n for n in range(1, 200)], brand="", prefix="on")
    assert {(one.rule, one.holds) for one in watcher.look(rules, NOW + 597)} == {("多", False), ("少", True)}


def test_a_brand_that_falls_silent(connection: Connection) -> None:
    rule = Rule(name="默", brand="星曜", kind="silent", window=7 * DAY, severity="yellow")
    never = Rule(name="无", brand="云岭", kind="silent", window=7 * DAY)
    watcher = Watcher(connection)
    land(connection, [1.0, 2.0])
    land(connection, [6.5 * DAY, 30 * DAY], own="星曜", prefix="own")
    assert watcher.look([(rule, 1), (never, 1)], NOW) == []
    [verdict] = watcher.look([(rule, 1), (never, 1)], NOW + DAY)
    assert (verdict.rule, verdict.brand, verdict.value, verdict.window_start) == (
        "默",
        "星曜",
        7.5,
        NOW - 6.5 * DAY,
    )
    assert gives(connection, verdict)
    land(connection, [-DAY], own="星曜", prefix="said")
    [ended] = watcher.look([(rule, 1), (never, 1)], NOW + DAY + 10)
    assert not ended.holds


def test_a_successor_ends_what_no_longer_holds(connection: Connection) -> None:
    columns: dict[str, list[Any]] = {
        "subject": ["alert"] * 4,
        "id": ["1", "2", "3", "4"],
        "seq": [1] * 4,
        "revision": [1] * 4,
        "rule": ["多", "帖", "删", "完"],
        "brand": ["星曜"] * 4,
        "entity": ["微博"] * 4,
        "state": ["firing", "firing", "acknowledged", "resolved"],
        "severity": ["red"] * 4,
        "snapshot": [f'{{"kind":"{kind}"}}' for kind in ("window", "post", "cascade", "window")],
    }
    connection.insert("alert_log", columns)
    rule = Rule(name="多", brand="星曜", kind="window", per="platform", above=2)
    watcher = Watcher(connection)
    found = watcher.look(
        [(rule, 4), (Rule(name="帖", query="x"), 1), (Rule(name="完", kind="absence"), 1)], NOW
    )
    assert {(one.rule, one.entity, one.kind, one.holds) for one in found} == {
        ("多", "微博", "window", False),
        ("删", "微博", "cascade", False),
    }
    land(connection, [1.0, 2.0])
    [still] = Watcher(connection).look([(rule, 4), (Rule(name="删", kind="absence"), 1)], NOW)[:1]
    assert (still.rule, still.holds) == ("多", True)


def test_a_rule_out_of_use_ends_and_one_refused_holds_up_no_other(connection: Connection) -> None:
    land(connection, [1.0, 2.0])
    rule = Rule(name="多", brand="星曜", kind="window", above=2)
    broken = Rule(name="坏", query="x", kind="window", above=1)
    watcher = Watcher(_Passing(connection, refused="坏"))
    assert [one.rule for one in watcher.look([(broken, 1), (rule, 1)], NOW)] == ["多"]
    assert list(watcher.faults) == ["坏"]
    unfit = Rule(name="缺", brand="星曜", kind="window", measure="growth", above=1)
    boundless = Rule(name="无", kind="cascade", measure="growth", below=1)
    assert watcher.look([(rule, 1), (unfit, 1), (boundless, 1)], NOW + 0.5) == []
    assert watcher.faults.keys() == {"缺", "无"}
    assert [one.holds for one in watcher.look([], NOW + 1)] == [False]
    assert watcher.look([], NOW + 2) == []


def test_a_store_that_is_away_is_asked_again(store: servers.ClickHouse, connection: Connection) -> None:
    land(connection, [1.0, 2.0])
    rule = Rule(name="多", brand="星曜", kind="window", above=2)
    away = Connection(store.url.replace(f":{store.native}/", ":1/"), timeout=1.0)
    with pytest.raises(StoreUnavailable):
        Watcher(away).look([(rule, 1)], NOW)


def test_a_hundred_rules_share_queries(connection: Connection) -> None:
    land(connection, [float(n) for n in range(1, 31)], hits=[f"规{n}" for n in range(60)])
    rules = [(Rule(name=f"规{n}", query="x", kind="window", above=1 + n), 1) for n in range(60)]
    rules += [(Rule(name=f"牌{n}", brand="星曜", kind="window", above=1 + n), 1) for n in range(40)]
    passing = _Passing(connection)
    found = Watcher(passing).look(rules, NOW)
    assert {one.rule for one in found} == {f"规{n}" for n in range(30)} | {f"牌{n}" for n in range(30)}
    assert len(passing.asked) < 8
    assert all(gives(connection, verdict) for verdict in found[::7])


class _Passing(Connection):
    """Passes queries on, remembers them, and refuses those that name something."""

    def __init__(self, connection: Connection, refused: str = "\0") -> None:
        self._behind = connection
        self._refused = refused
        self.asked: list[str] = []

    def query(self, sql: str, params: Any = None, settings: Any = None) -> Any:
        self.asked.append(sql)
        if self._refused in sql:
            raise StoreRefused(62, "no")
        return self._behind.query(sql, params, settings)
