"""The worked values, the minimum sample, and what the query of a measure says."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.measures import ALL, BY_NAME
from streams.measures.base import LEAST, Row, Share
from streams.measures.query import MACROS, POSTS, sql

NOW = datetime(2026, 11, 11, 20, tzinfo=UTC)


def row(
    sentiment: str = "neu",
    *,
    author: str = "a",
    followers: int = 0,
    likes: int = 0,
    comments: int = 0,
    reposts: int = 0,
    intent: str = "",
    age: timedelta = timedelta(0),
    score: float = 0.0,
) -> Row:
    place = ("post", "微博", "p", NOW - age, author, followers, "星曜")
    return Row(*place, sentiment, score, likes, comments, reposts, intent)


def of(name: str, rows: list[Row]) -> float | None:
    return BY_NAME[name].of(rows, NOW)


def voices(positive: int, negative: int, neutral: int) -> list[Row]:
    return [row("pos")] * positive + [row("neg")] * negative + [row("neu")] * neutral


def test_eighty_for_and_twenty_against_among_two_hundred() -> None:
    rows = voices(80, 20, 100)
    assert of("nsr", rows) == 60
    assert of("net_sentiment", rows) == 30
    assert of("negative_share", rows) == 10
    assert of("reputation", rows) == pytest.approx(10 * 260 / 300)


def test_a_quarter_of_the_voice_and_the_whole_set_is_a_hundred() -> None:
    brands = {name: [row()] * n for name, n in (("甲", 50), ("乙", 100), ("丙", 10), ("丁", 40))}
    voice = BY_NAME["share_of_voice"]
    assert isinstance(voice, Share)
    shares = voice.among(brands, NOW)
    assert shares["甲"] == 25
    assert sum(filter(None, shares.values())) == pytest.approx(100, abs=0.1)
    assert set(voice.among({"甲": [row()] * (LEAST - 1)}, NOW).values()) == {None}


def test_an_author_is_reached_once_and_exposed_every_time() -> None:
    rows = [row(followers=100), row(followers=120), row(author="b", followers=7), row(author="", followers=0)]
    assert of("exposure", rows) == 227
    assert of("reach", rows) == 127
    assert of("authors", rows) == 2


def test_answers_are_weighted_by_their_effort() -> None:
    rows = [row(likes=3, comments=2, reposts=1, followers=1000)] * 30
    assert of("engagement", rows) == 30 * 23
    assert of("engagement_rate", rows) == pytest.approx(0.6)


def test_heat_halves_every_day() -> None:
    assert of("heat", [row(likes=7)]) == 8
    assert of("heat", [row(likes=7, age=timedelta(days=1)), row(age=timedelta(days=2))]) == 4.25


def test_complaints_per_thousand() -> None:
    rows = [row(intent="complaint", followers=100)] + [row(followers=100)] * 39
    assert of("complaint_rate", rows) == 25
    assert of("complaints_exposed", rows) == 0.25
    assert of("complaints_exposed", [row(intent="complaint")]) is None


def test_below_the_minimum_sample_there_is_no_number() -> None:
    assert of("mean_score", [row(score=0.5)] * LEAST) == 0.5
    assert of("mean_score", [row(score=0.5)] * (LEAST - 1)) is None
    # the sample of the NSR are those that take sides
    assert of("nsr", voices(20, 9, 1000)) is None
    assert of("nsr", voices(20, 10, 0)) is not None


def test_every_measure_says_what_it_is_in_both_languages() -> None:
    assert len(BY_NAME) == len(ALL)
    for measure in ALL:
        assert measure.name.isidentifier()
        assert all((measure.zh, measure.en, measure.unit, measure.formula, measure.source)), measure.name
        assert measure.about_zh.endswith("。"), measure.name
        assert measure.about_en.endswith("."), measure.name


def test_the_query_reads_like_one_written_by_hand() -> None:
    assert sql(BY_NAME["volume"], BY_NAME["nsr"], by=["brand"], where=["platform"]) == (
        "SELECT\n"
        "    brand,\n"
        "    count() AS volume,\n"
        "    if(countIf(sentiment IN ('pos', 'neg')) >= 30, "
        "100 * (countIf(sentiment = 'pos') - countIf(sentiment = 'neg')) "
        "/ nullIf(countIf(sentiment IN ('pos', 'neg')), 0), NULL) AS nsr\n"
        "FROM mentions\n"
        "WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}\n"
        "  AND platform IN {platform:Array(String)}\n"
        "GROUP BY brand\n"
        "ORDER BY brand"
    )


@pytest.mark.parametrize("measure", ALL, ids=lambda measure: measure.name)
def test_raw_and_organic_differ_by_the_relation_alone(measure: Share) -> None:
    raw, organic = (sql(measure, view=view, by=["brand", "time"]) for view in ("raw", "organic"))
    assert raw.replace("FROM mentions\n", "FROM mentions_organic\n") == organic


def test_a_panel_gets_macros_and_a_post_its_own_column_names() -> None:
    query = sql(BY_NAME["volume"], over=POSTS, by=["time"], where=["platform"], dialect=MACROS)
    assert query == (
        "WITH published AS at, post_id AS id\n"
        "SELECT\n"
        "    $__timeInterval(at) AS time,\n"
        "    count() AS volume\n"
        "FROM posts_latest\n"
        "WHERE at >= $__fromTime_ms AND at < $__toTime_ms\n"
        "  AND $__conditionalAll(platform IN (${platform:singlequote}), $platform)\n"
        "GROUP BY time\n"
        "ORDER BY time"
    )


def test_a_question_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no dimension author_id"):
        sql(BY_NAME["volume"], by=["author_id"])
    with pytest.raises(ValueError, match="add brand"):
        sql(BY_NAME["share_of_voice"], by=["platform"])
    with pytest.raises(ValueError, match="needs a measure"):
        sql(by=["brand"])
