"""The week's digest: when it is due, which week it is about, and what it says in six lines."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import language
from streams.alerts.calendar import load
from streams.alerts.tuning import Suggestion, Tuning
from streams.config import shipped
from streams.notify import weekly
from streams.notify.base import Message
from streams.notify.render import SENTENCE, text_of

KNOWN = load(shipped("lexicons"))
SHANGHAI = "Asia/Shanghai"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(SHANGHAI)).timestamp()


WEEK = weekly.last(SHANGHAI, at("2026-11-23 08:57"))
WHOLE = Tuning("", 42, 60, 0.76, 0.125, 480.0, 0.2, 0.3, 2.0, False, Suggestion(""))
CALM = WHOLE._replace(rule="静")
ADVICE = (
    Suggestion("threshold", "above", 28.0, 8),
    Suggestion("hold", "hold"),
    Suggestion("store", "alert", 0.0, 8),
    Suggestion("exclude", "query"),
)
NOISY = [Tuning(f"吵 {told.advice}", 10, 9, 0.1, None, None, 0.9, 0.9, 1.3, True, told) for told in ADVICE]


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    language.use("zh")
    yield
    language.use("zh")


def told(*rules: Tuning, whole: Tuning | None = WHOLE) -> Message:
    return weekly.message(WEEK, rules, whole, base="https://k.example", timezone=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "key"),
    [
        ("2026-11-23 08:56", None),
        ("2026-11-23 08:57", "digest-2026-W47"),
        ("2026-11-24 08:56", "digest-2026-W47"),
        ("2026-11-24 08:57", None),  # too late for it
        ("2026-10-05 10:00", None),  # 国庆节
        ("2026-10-08 08:57", "digest-2026-W40"),
        ("2027-01-04 09:00", "digest-2026-W53"),
    ],
)
def test_it_is_due_for_a_day_from_the_first_working_morning_on(now: str, key: str | None) -> None:
    week = weekly.due(KNOWN, SHANGHAI, at(now))
    assert (week.key if week else None) == key


def test_it_is_about_monday_to_sunday_before() -> None:
    assert (WEEK.since, WEEK.until) == (at("2026-11-16 00:00"), at("2026-11-23 00:00"))


@given(st.floats(1.7e9, 1.9e9), st.sampled_from([SHANGHAI, "America/New_York", "Australia/Lord_Howe"]))
def test_at_most_one_is_due_and_its_week_is_over(now: float, zone: str) -> None:
    week = weekly.due(KNOWN, zone, now)
    if week is not None:
        assert week.since < week.until <= week.at <= now < week.at + weekly.LATE
        assert weekly.due(KNOWN, zone, week.at) == week


def test_six_lines_with_the_three_noisiest_and_what_helps() -> None:
    message = told(*NOISY, CALM)
    assert (message.state, message.severity, message.title) == ("digest", "blue", "告警周报")
    assert message.key == message.alert_id == "digest-2026-W47"
    assert text_of(message, "long", 4000).splitlines() == [
        "【蓝色】口碑系统 · 告警周报",
        "11月16日至11月22日：42 条告警，76% 有人认领，人工结束的有 12% 误报，认领用时中位数 8 分钟。4 条规则吵人",
        "吵 threshold：90% 的告警没人需要。改为 above = 28：会少 8 条无用的告警，有人处理过的一条也不少",
        "吵 hold：90% 的告警没人需要。大小分不出有用没用，多为自行解除：加长 hold",
        "吵 store：90% 的告警没人需要。从没有人处理过：设 alert = false，只存不发",
        "看规则：https://k.example/rules",
    ]


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (WHOLE, "认领用时中位数 8 分钟。本周没有吵人的规则"),
        (WHOLE._replace(false_alarms=None, claim_seconds=None, claimed=0.0), "0% 有人认领。本周没有"),
        (None, "11月16日至11月22日：没有告警。本周没有吵人的规则"),
    ],
)
def test_a_calm_week_is_one_line(whole: Tuning | None, said: str) -> None:
    message = told(CALM, whole=whole)
    assert said in message.summary
    assert message.paragraphs == ()


def test_in_english_every_sentence_is_whole() -> None:
    language.use("en")
    message = told(*NOISY)
    assert message.summary.startswith("2026-11-16 to 2026-11-22: 42 alerts, 76% claimed, ")
    assert message.summary.endswith("Noisy rules: 4")
    everything = [message.summary, *message.paragraphs, *(weekly.advice(one) for one in NOISY)]
    assert all(len(one) <= SENTENCE for one in everything)
    assert not any("一" <= char <= "鿿" for char in text_of(told(), "long", 4000))
    assert told(whole=None).summary.endswith("no alerts. No rule was noisy this week")
