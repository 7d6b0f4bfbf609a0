"""A backtest says what the watcher would have said, moment by moment."""

import contextlib
import random
from collections.abc import Iterator

import pytest

from streams.alerts import hourly
from streams.alerts.windows import plan
from streams.read.matching import Matched, matches
from streams.read.replay import BEFORE, replay, step_of
from streams.rules.matcher import Matcher
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.text.segment import Segmenter
from tests import servers
from tests.landed import DAY, HOUR, NOW, clear, land, share, stand

pytestmark = pytest.mark.embedded

BEGIN = NOW - 4 * HOUR


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with (
        servers.clickhouse(tmp_path_factory.mktemp("replay")) as running,
        contextlib.closing(Connection(running.url)) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def world(connection: Connection) -> Connection:
    """Five hours with bursts of blame, and what is usual before."""
    clear(connection)
    draw = random.Random(6)
    for platform in ("微博", "知乎"):
        land(
            connection,
            [HOUR * hour + 5 for hour in range(5, 18)],
            platform=platform,
            hits=["热", "负"],
            text="发热",
            prefix="u",
        )
        for part, tone, mode in (("a", "neg", 3000), ("b", "pos", 7000)):
            ages = [draw.triangular(0, 5 * HOUR, mode) for _ in range(200)]
            land(
                connection,
                ages,
                platform=platform,
                tone=tone,
                hits=["热", "负"] if tone == "neg" else ["热"],
                text="手机发热",
                authors=20,
                prefix=part,
            )
    land(connection, [draw.uniform(0, 5 * HOUR) for _ in range(200)], tone="neu", text="手机", prefix="c")
    connection.insert("flagged_accounts", {"platform": ["微博"], "author_id": ["a7"], "label": ["light"]})
    for root in ("r1", "r2"):
        share(connection, root, [draw.triangular(0, 5 * HOUR, 9000) for _ in range(80)])
    return connection


RULES = [
    Rule(name="热", brand="星曜", kind="window", above=40),
    Rule(name="热", brand="星曜", kind="window", below=20),
    Rule(name="热", brand="星曜", kind="window", measure="negative_share", above=50),
    Rule(
        name="热", brand="星曜", kind="window", measure="nsr", below=-5, above=20, window=1800.0, minimum=30
    ),
    Rule(name="热", brand="星曜", kind="window", measure="authors", above=20, organic=True),
    Rule(name="热", brand="星曜", kind="window", measure="reach", above=1200, platform="知乎"),
    Rule(name="热", brand="星曜", kind="window", above=10, per="platform", sentiment="neg"),
    Rule(name="热", brand="星曜", kind="window", above=3, per="author"),
    Rule(name="热", brand="星曜", kind="spike", minimum=250),
    Rule(name="热", brand="星曜", kind="spike", sentiment="neg", per="platform"),
    Rule(name="热", query="发热", kind="window", above=30),
    Rule(name="热", query="发热", brand="星曜", kind="window", measure="nsr", below=0, minimum=10),
    Rule(name="热", query="发热", kind="window", measure="authors", above=15, per="platform", organic=True),
    Rule(name="热", query="发热", kind="spike", platform="微博", minimum=120),
    Rule(name="负", query="发热 sentiment:neg", sentiment="neg", kind="spike", minimum=80),
    Rule(name="热", kind="cascade", measure="growth", above=8, window=900.0),
]


def matched(connection: Connection, rule: Rule) -> list[Matched]:
    if not rule.query:
        return []
    segmenter = Segmenter(())
    pages = matches(connection, Matcher([rule], segmenter), segmenter, BEGIN - BEFORE, NOW)
    return [match for page in pages for match in page.matched]


@pytest.mark.parametrize(
    "rule", RULES, ids=lambda rule: f"{rule.kind}-{rule.measure}-{rule.per}-{rule.query}"
)
def test_each_moment_is_judged_as_it_would_have_been(world: Connection, rule: Rule) -> None:
    begins = {
        (key, name): at for key, sql in hourly.begins([rule]).items() for name, at in world.query(sql).rows
    }
    alarms = replay(world, rule, (BEGIN, NOW), 0.0, matched(world, rule))
    moments = [BEGIN + n * step_of(rule) for n in range(int((NOW - BEGIN) // step_of(rule)) + 1)]
    seen: dict[bool, int] = {True: 0, False: 0}
    for now in moments[:: len(moments) // 24]:
        [question] = plan([(rule, 1)], now, begins)
        held = {
            one.entity: one.value for one in question.answers(world.query(question.sql).rows) if one.holds
        }
        told = {alarm.entity for alarm in alarms if alarm.first - 0.001 <= now <= alarm.last + 0.001}
        assert told == held.keys(), now
        seen[bool(held)] += 1
    assert min(seen.values()) > 0, "a rule that always or never holds shows nothing"
    for alarm in alarms:
        assert rule.kind == "spike" or rule.holds(alarm.value)


def test_alarms_wait_for_hold_and_join_over_short_pauses(world: Connection) -> None:
    rule = Rule(name="热", brand="星曜", kind="window", above=40)
    several = replay(world, rule, (BEGIN, NOW), 0.0)
    assert len(several) > 1
    [joined] = replay(world, rule, (BEGIN, NOW), 4 * HOUR)
    assert (joined.first, joined.last) == (several[0].first, several[-1].last)
    assert joined.value == max(alarm.value for alarm in several)
    longest = max(alarm.last - alarm.first for alarm in several)
    patient = Rule(name="热", brand="星曜", kind="window", above=40, hold=longest)
    assert all(alarm.last - alarm.first >= longest for alarm in replay(world, patient, (BEGIN, NOW), 0.0))
    assert (
        replay(
            world,
            Rule(name="热", brand="星曜", kind="window", above=40, hold=longest + 60),
            (BEGIN, NOW),
            0.0,
        )
        == []
    )


def test_the_past_of_what_is_gone(connection: Connection) -> None:
    clear(connection)
    day = [60.0 * minute for minute in range(0, 5 * 1440, 2)]
    land(connection, [age for age in day if not 3 * HOUR < age < 4 * HOUR], brand="", prefix="on")
    land(connection, [DAY, 20 * DAY], own="星曜", platform="知乎", prefix="own")
    [missing] = replay(connection, Rule(name="断", kind="absence"), (NOW - 2 * DAY, NOW), 0.0)
    assert missing.entity == "微博"
    assert missing.first == pytest.approx(NOW - 4 * HOUR + 600, abs=121)
    assert missing.last == pytest.approx(NOW - 3 * HOUR, abs=121)
    assert missing.expected == pytest.approx(30, abs=1)
    rule = Rule(name="默", brand="星曜", kind="silent", window=7 * DAY)
    [silent] = replay(connection, rule, (NOW - 9 * DAY, NOW), 0.0)
    assert (silent.first, silent.last) == (NOW - 9 * DAY, NOW - DAY)
    assert silent.value == 19


def test_the_past_of_generations(connection: Connection) -> None:
    clear(connection)
    stand(connection, "r", 3, 600.0, levels=[NOW - 5 * HOUR, NOW - 3 * HOUR, NOW - 2 * HOUR])
    rule = Rule(name="代", kind="cascade", measure="generation", above=2, window=HOUR)
    [alarm] = replay(connection, rule, (NOW - DAY, NOW), 0.0)
    assert (alarm.entity, alarm.first, alarm.last, alarm.value) == ("r", NOW - 3 * HOUR, NOW, 3)
    assert replay(connection, rule, (NOW - HOUR, NOW), 0.0) == []
