"""Every query of every dashboard in the real engine, and the numbers against a count by hand."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.boards.board import Board, Panel, load_all
from streams.boards.macros import ALL
from streams.boards.panels import EVER, Frame, Range, Runner, UnknownValue, statements
from streams.config import shipped
from streams.errors import StoreRefused, StoreUnavailable
from streams.read import state
from streams.read.queries import Reader
from streams.store.client import Connection
from tests import rows, servers
from tests.rows import HOSTILE, World

pytestmark = pytest.mark.embedded

BOARDS = {board.uid: board for _, board in load_all(shipped("dashboards"))}
OVERVIEW = BOARDS["koubei-overview"]
PANELS = [
    pytest.param(board, panel, id=f"{board.title}-{panel.title}")
    for board in BOARDS.values()
    for panel in board.panels
]
CHOICES: list[dict[str, tuple[str, ...]]] = [
    {},
    {"brand": ("星曜",)},
    {"brand": ("星曜", "云岭"), "platform": ("微博",)},
    {"platform": ("小红书", "知乎")},
    {"brand": (HOSTILE,), "platform": ("') OR 1=1 --",)},
    {"view": ("organic",)},
    {"view": ("organic",), "brand": ("星曜", "云岭"), "platform": ("微博",)},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    with servers.clickhouse(tmp_path_factory.mktemp("dashboards")) as running:
        yield running


@pytest.fixture(scope="module")
def world(store: servers.ClickHouse) -> World:
    connection = Connection(store.url)
    made = rows.insert_world(connection)
    connection.insert(
        "landings",
        {
            "worker": ["w1"],
            "topic": ["posts"],
            "n_records": [240],
            "last_offset": [239],
            "oldest_append": [made.now - 200],
        },
    )
    connection.insert(
        "dead_letters",
        {
            "topic": ["posts", "posts"],
            "offset": [7, 8],
            "reason": ["not_json", "invalid"],
            "failed_at": [made.now] * 2,
        },
    )
    connection.close()
    return made


@pytest.fixture(scope="module")
def understood(store: servers.ClickHouse, world: World) -> World:
    """The same world with aspects, stages, hits, copies, rated accounts and a correction, years before it."""
    connection = Connection(store.url)
    made = [
        ("微博", f"u{n}", LONG_AGO + n * 1000, "星曜", ("neg", "neg", "pos")[n % 3], "") for n in range(90)
    ]
    rows.insert_posts(connection, made, texts={"u1": "星曜真la圾"})
    number = len(made)
    connection.execute(
        """
        INSERT INTO posts (platform, post_id, published, author_id, author_followers, text, sentiment, score, mentions.brand,
            mentions.sentiment, mentions.score, aspects.aspect, aspects.brand, aspects.sentiment, aspects.score,
            aspects.start, aspects.stop, stage, intent, hits.rule, hits.version, hits.start, hits.stop, hits.variant,
            judge, src_offset, landed_at)
        SELECT platform, post_id, published, author_id, author_followers, text, sentiment, score, mentions.brand,
            mentions.sentiment, mentions.score, ['屏幕'], ['星曜'], [sentiment], [score], [0], [2],
            ['use', 'scold'][1 + (post_id = 'u1')], if(post_id = 'u1', 'complaint', 'question'),
            if(post_id = 'u1', ['骂人'], []), if(post_id = 'u1', [1], []), if(post_id = 'u1', [3], []),
            if(post_id = 'u1', [6], []), if(post_id = 'u1', ['pinyin'], []), 2, src_offset, published
        FROM posts WHERE post_id LIKE 'u%'
        """
    )
    connection.insert(
        "accounts",
        {
            "platform": ["微博"] * 3,
            "author_id": ["au0", "au1", "au2"],
            "posts": [50] * 3,
            "copies": [40] * 3,
            "copy_ratio": [0.8] * 3,
            "burst": [9] * 3,
            "score": [12, 7, 4],
            "label": ["heavy", "light", "suspected"],
        },
    )
    connection.insert(
        "flagged_accounts",
        {"platform": ["微博"] * 2, "author_id": ["au0", "au1"], "label": ["heavy", "light"]},
    )
    connection.insert(
        "duplicates",
        {
            "platform": ["微博"] * number,
            "id": [f"u{n}" for n in range(number)],
            "published": [post[2] for post in made],
            "author_id": [f"au{n}" for n in range(number)],
            "leader_platform": ["微博"] * number,
            "leader_id": [f"u{n % 30}" if n < 60 else f"u{n}" for n in range(number)],
            "likeness": [1.0] * number,
            "src_offset": list(range(number)),
            "appended_at": [world.now] * number,
        },
    )
    connection.insert(
        "corrections",
        {
            "at": [LONG_AGO + 60_000],
            "kind": ["post"],
            "platform": ["微博"],
            "id": ["u0"],
            "brand": ["星曜"],
            "sentiment": ["pos"],
            "judged": ["neg"],
            "actor": ["张三"],
            "via": ["page"],
        },
    )
    connection.insert(
        "judges", {"judge": [2], "digest": ["d"], "engine": ["hybrid"], "lexicons": [{"情感": 3}]}
    )
    connection.close()
    return world


LONG_AGO = 1_500_000_000_000
THEN = Range(LONG_AGO, LONG_AGO + 90_000)
UNDERSTANDING = BOARDS["koubei-understanding"]


def test_a_correction_and_the_choice_of_who_counts_change_every_figure(
    understood: World, reader: Reader
) -> None:
    def negative(**chosen: tuple[str, ...]) -> tuple[float, int]:
        values = first(run(reader, "负面占比", THEN, OVERVIEW, **chosen))
        return values["负面占比"], values["样本"]

    brand = ("星曜",)
    assert negative() == pytest.approx((100 * 60 / 90, 90))
    assert negative(brand=brand) == pytest.approx((100 * 59 / 90, 90))
    # The corrected post and one negative post are of 水军; the suspected one counts.
    assert negative(view=("organic",)) == pytest.approx((100 * 58 / 88, 88))
    assert negative(view=("organic",), brand=brand) == pytest.approx((100 * 58 / 88, 88))
    trend = run(reader, "声量与情感走势", THEN, brand=brand)
    assert [sum(row[i] for row in trend.rows) for i in (1, 2, 3)] == [59, 0, 31]
    newest = run(reader, "最新负面", THEN, brand=brand)
    assert "u0" not in {row[newest.names.index("post_id")] for row in newest.rows}
    assert len(newest.rows) == 30


def test_understanding_counts_what_was_understood(understood: World, reader: Reader) -> None:
    def ask(title: str, **chosen: tuple[str, ...]) -> Frame:
        return run(reader, title, THEN, UNDERSTANDING, **chosen)

    assert ask("方面情感").rows == [["屏幕", 60, 0, 30]]
    assert ask("方面情感", view=("organic",)).rows == [["屏幕", 58, 0, 30]]
    assert ask("方面与品牌").rows == [["屏幕", "星曜", 90, pytest.approx(-100 / 3), pytest.approx(200 / 3)]]
    assert [row[:2] for row in ask("旅程各阶段的口碑").rows] == [["use", 89], ["scold", 1]]
    assert [row[:2] for row in ask("意图").rows] == [["question", 89], ["complaint", 1]]
    brands = ask("品牌对比")
    assert brands.rows[0][:3] == ["星曜", 90, pytest.approx(100)]

    assert first(ask("规则命中"))["规则命中"] == 1
    (hit,) = ask("最新命中").rows
    assert hit[1:5] == ["星曜真la圾", "骂人", "la圾", "pinyin"]
    assert ask("最新命中", view=("organic",)).rows == []
    assert ask("命中最多的规则").rows == [["骂人", 1, 1]]


def test_copies_accounts_corrections_and_judges(understood: World, reader: Reader) -> None:
    def ask(title: str, **chosen: tuple[str, ...]) -> Frame:
        return run(reader, title, THEN, UNDERSTANDING, **chosen)

    assert first(ask("重复占比")) == {"重复占比": pytest.approx(100 / 3), "样本": 90, "重复帖子": 30}
    groups = ask("近似重复")
    assert len(groups.rows) == 20
    assert {(row[1], row[2], row[3]) for row in groups.rows} == {(2, 2, "微博")}
    assert groups.rows[0][groups.names.index("post_id")] == "u0"
    assert first(ask("水军占比")) == {"水军占比": pytest.approx(100 * 2 / 90), "样本": 90, "水军帖子": 2}
    assert {row[0]: row[2] for row in ask("账号类别").rows} == {"疑似": 1, "轻度": 1, "重度": 1, "未评定": 87}
    assert [row[:4] for row in ask("可疑账号").rows] == [
        ["au0", "微博", "heavy", 12],
        ["au1", "微博", "light", 7],
        ["au2", "微博", "suspected", 4],
    ]
    assert first(ask("与人一致")) == {"与人一致": None, "样本": 1}
    assert ask("程序判断与人的更正").rows == [["判为负面", 0, 0, 1]]
    (corrected,) = ask("最新更正").rows
    assert corrected[2:6] == ["星曜", "neg", "pos", "张三"]
    (judge,) = ask("分析版本").rows
    assert judge[:4] == [2, "hybrid", "情感 v3", 90]


@pytest.fixture
def reader(store: servers.ClickHouse) -> Iterator[Reader]:
    opened = Reader(store.url)
    yield opened
    opened.close()


def hour(world: World) -> Range:
    return Range(world.now - 3_600_000, world.now)


def run(reader: Reader, title: str, span: Range, board: Board = OVERVIEW, **chosen: tuple[str, ...]) -> Frame:
    panel = next(panel for panel in board.panels if panel.title == title)
    (frame,) = asyncio.run(Runner(reader).panel(board, panel, span, chosen))
    return frame


def first(frame: Frame) -> dict[str, Any]:
    return dict(zip(frame.names, frame.rows[0], strict=True))


def within(world: World, span: Range) -> list[tuple[str, str, int, str, str, str]]:
    return [post for post in world.posts if span.start <= post[2] <= span.stop]


@pytest.mark.parametrize(("board", "panel"), PANELS)
def test_every_query_runs_with_every_choice(world: World, reader: Reader, board: Board, panel: Panel) -> None:
    runner = Runner(reader)
    names = {variable.name for variable in board.templating.variables}
    for span in (hour(world), Range(world.now - 7 * 86_400_000, world.now), Range(EVER, EVER + 60_000)):
        for choice in CHOICES:
            chosen = {name: values for name, values in choice.items() if name in names}
            for frame in asyncio.run(runner.panel(board, panel, span, chosen)):
                assert len(frame.names) == len(frame.kinds)
                assert all(len(row) == len(frame.names) for row in frame.rows)


def test_volume_counts_each_post_once(world: World, reader: Reader) -> None:
    span = hour(world)
    before = Range(span.start - 3_600_000, span.start - 1)
    now, earlier = len(within(world, span)), len(within(world, before))
    values = first(run(reader, "帖子", span))
    assert values["帖子"] == now
    assert values["环比"] == pytest.approx(100 * (now / earlier - 1))


def test_a_brand_counts_the_posts_that_mention_it(world: World, reader: Reader) -> None:
    span = hour(world)
    for brand in rows.BRANDS:
        expected = sum(post[3] == brand for post in within(world, span))
        assert first(run(reader, "帖子", span, brand=(brand,)))["帖子"] == expected
        frame = run(reader, "最新帖子", span, brand=(brand,))
        assert len(frame.rows) == min(30, expected)


def test_sentiment_figures_are_their_formulas(world: World, reader: Reader) -> None:
    span = hour(world)
    count = Counter(post[4] for post in within(world, span))
    pos, neg, n = count["pos"], count["neg"], count.total()
    assert first(run(reader, "负面占比", span))["负面占比"] == pytest.approx(100 * neg / n)
    assert first(run(reader, "净情感值 NSR", span))["NSR"] == pytest.approx(100 * (pos - neg) / (pos + neg))
    assert first(run(reader, "净情感", span))["净情感"] == pytest.approx(100 * (pos - neg) / n)


def test_too_few_posts_have_no_sentiment_figure(world: World, reader: Reader) -> None:
    span = Range(world.now - 29 * 30_000 - 1, world.now)
    for title in ("负面占比", "净情感值 NSR", "净情感"):
        values = first(run(reader, title, span))
        assert list(values.values())[0] is None
        assert 0 < values["样本"] < 30


def test_the_trend_adds_up_and_is_without_holes(world: World, reader: Reader) -> None:
    span = hour(world)
    frame = run(reader, "声量与情感走势", span)
    assert frame.kinds == ["time", "number", "number", "number"]
    times = [row[0] for row in frame.rows]
    assert len({b - a for a, b in zip(times, times[1:], strict=False)}) == 1
    assert times[0] <= span.start
    count = Counter(post[4] for post in within(world, span))
    assert [sum(row[i] for row in frame.rows) for i in (1, 2, 3)] == [
        count["neg"],
        count["neu"],
        count["pos"],
    ]


def test_share_of_voice_counts_every_mention(world: World, reader: Reader) -> None:
    span = hour(world)
    expected = Counter(post[3] for post in within(world, span))
    frame = run(reader, "品牌声量占比", span)
    assert {row[0]: row[2] for row in frame.rows} == dict(expected)
    for brand, share, _ in frame.rows:
        assert share == pytest.approx(100 * expected[brand] / expected.total())
    # A competitor set is compared as a whole, whatever brand is looked at.
    assert run(reader, "品牌声量占比", span, brand=("星曜",)).rows == frame.rows


def test_newest_posts_come_newest_first(world: World, reader: Reader) -> None:
    span = hour(world)
    newest = sorted(within(world, span), key=lambda post: -post[2])
    frame = run(reader, "最新帖子", span)
    at = frame.names.index("post_id")
    assert [row[at] for row in frame.rows] == [post[1] for post in newest[:30]]
    frame = run(reader, "最新负面", span)
    assert [row[at] for row in frame.rows] == [post[1] for post in newest if post[4] == "neg"][:30]


def test_hot_words_rise_against_the_period_before(
    store: servers.ClickHouse, world: World, reader: Reader
) -> None:
    frame = run(reader, "热词", hour(world))
    assert frame.names == ["词", "帖子数", "上期", "热度", "负面占比"]
    words = [row[0] for row in frame.rows]
    assert words
    assert "我们" not in words
    for word, posts, _, heat, negative in frame.rows:
        assert posts >= 3
        assert heat is None or heat > 0, word
        assert 0 <= negative <= 100


def test_platforms_provinces_spread_and_origins(world: World, reader: Reader) -> None:
    span = hour(world)
    posts = within(world, span)
    platforms = run(reader, "平台分布", span)
    assert {row[0]: sum(row[1:]) for row in platforms.rows} == dict(Counter(post[0] for post in posts))
    provinces = run(reader, "省份", span)
    assert {row[0]: row[1] for row in provinces.rows} == dict(Counter(post[5] for post in posts if post[5]))
    roots = run(reader, "传播最广", span)
    expected = Counter(root for root, at in world.shares if span.start <= at <= span.stop)
    assert {row[roots.names.index("post_id")]: row[0] for row in roots.rows} == dict(expected)
    origins = run(reader, "新增关注的来路", span)
    came = Counter(origin or "未注明" for _, origin, at in world.follows if span.start <= at <= span.stop)
    assert {row[0]: row[1] for row in origins.rows} == dict(came)


def test_the_root_of_a_cascade_is_found_though_older_than_the_range(world: World, reader: Reader) -> None:
    frame = run(reader, "传播最广", Range(world.now - 600_000, world.now))
    assert all(row[frame.names.index("原文")] for row in frame.rows)


def test_pipeline_numbers(world: World, reader: Reader) -> None:
    span, board = Range(world.now - 3_600_000, int(time.time() * 1000) + 1000), BOARDS["koubei-pipeline"]
    assert first(run(reader, "待处理死信", span, board)) == {"待处理死信": 2}
    reasons = run(reader, "死信原因", span, board)
    assert sorted(row[0] for row in reasons.rows) == ["invalid", "not_json"]
    workers = first(run(reader, "处理进程", span, board))
    assert (workers["进程"], workers["条数"]) == ("w1", 240)
    delays = {row[0]: row for row in run(reader, "各主题延迟", span, board).rows}
    assert delays["posts"][1] == 240
    assert delays["posts"][2] == pytest.approx(0.15, abs=0.01)


def test_a_time_filter_prunes_through_the_views(store: servers.ClickHouse, world: World) -> None:
    """The index of the table serves the view, so that a wide table costs the range only."""
    panel = next(panel for panel in OVERVIEW.panels if panel.title == "声量与情感走势")
    (sql,) = statements(OVERVIEW, panel, hour(world), {}, {})
    plan = "\n".join(row[0] for row in store.rows(f"EXPLAIN indexes = 1 {sql}"))
    assert "PrimaryKey" in plan
    assert "toStartOfHour(published)" in plan
    mentions = next(panel for panel in OVERVIEW.panels if panel.title == "品牌声量占比")
    (sql,) = statements(OVERVIEW, mentions, hour(world), {}, {})
    plan = "\n".join(row[0] for row in store.rows(f"EXPLAIN indexes = 1 {sql}"))
    assert "toStartOfHour(published)" in plan
    for chosen in ({}, {"brand": ["星曜"]}):
        nsr = next(panel for panel in OVERVIEW.panels if panel.title == "净情感值 NSR")
        (sql,) = statements(OVERVIEW, nsr, hour(world), chosen, {})
        plan = "\n".join(row[0] for row in store.rows(f"EXPLAIN indexes = 1 {sql}"))
        assert "toStartOfHour(published)" in plan


def test_variables_list_what_is_there_and_refuse_the_rest(world: World, reader: Reader) -> None:
    runner = Runner(reader)
    span = hour(world)
    listed = asyncio.run(runner.listed(OVERVIEW, span))
    assert set(listed["brand"]) == set(rows.BRANDS)
    assert set(listed["platform"]) == set(rows.PLATFORMS)
    asyncio.run(runner.check(OVERVIEW, span, {"brand": ["星曜"], "platform": [ALL]}))
    # Known, though not within this range: that is an empty panel, not an error.
    asyncio.run(runner.check(OVERVIEW, Range(world.now - 1000, world.now), {"brand": ["星曜"]}))
    with pytest.raises(UnknownValue):
        asyncio.run(runner.check(OVERVIEW, span, {"brand": [HOSTILE]}))


def test_extent_tells_the_empty_states_apart(world: World, reader: Reader) -> None:
    span = hour(world)
    found = asyncio.run(state.extent(reader, *span))
    assert found.within == found.demo == len(within(world, span))
    assert found.total >= len(world.posts)
    assert found.latest is not None
    assert int(found.latest.timestamp() * 1000) == max(post[2] for post in world.posts)
    nothing = asyncio.run(state.extent(reader, EVER, EVER + 1000))
    assert (nothing.within, nothing.demo) == (0, 0)


def test_a_regular_source_gone_quiet_is_noticed(tmp_path: Path) -> None:
    with servers.clickhouse(tmp_path) as store:
        connection, reader = Connection(store.url), Reader(store.url)
        now = int(time.time() * 1000)
        assert asyncio.run(state.silences(reader)) == []
        for platform, minutes in (("微博", range(15, 60)), ("知乎", range(0, 45)), ("论坛", range(15, 20))):
            connection.insert(
                "posts",
                {
                    "platform": [platform for _ in minutes],
                    "post_id": [f"{platform}{m}" for m in minutes],
                    "published": [now - m * 60_000 for m in minutes],
                    "landed_at": [now - m * 60_000 for m in minutes],
                    "text": ["x" for _ in minutes],
                },
            )
        # 知乎 still speaks, 论坛 never was regular.
        (silence,) = asyncio.run(state.silences(reader))
        assert silence.platform == "微博"
        assert 14 * 60 <= now / 1000 - silence.since.timestamp() <= 17 * 60
        connection.close()
        reader.close()


def test_queries_are_bounded(store: servers.ClickHouse) -> None:
    reader = Reader(store.url, time_limit=1, row_limit=100)
    with pytest.raises((StoreRefused, StoreUnavailable)):
        reader.run("SELECT number FROM numbers(1000)")
    began = time.monotonic()
    with pytest.raises((StoreRefused, StoreUnavailable)):
        reader.run("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))")
    assert time.monotonic() - began < 8
    assert reader.run("SELECT 1").rows == [(1,)]
    reader.close()
