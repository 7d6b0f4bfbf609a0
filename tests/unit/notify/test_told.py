from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams import config
from streams.alerts.routing import Subject
from streams.errors import BadConfig
from streams.notify.base import Mention
from streams.notify.oncall import Delivery, OnCall, on_call, policy

TEXT = """
[alerts]
acknowledge_within = "10m"
quiet_hours = "22:00-08:00"
quiet_max = "yellow"

[channels.group]
kind = "wecom"
fallback = "mail"

[channels.mail]
kind = "apprise"

[people.zhang]
name = "张三"
mobile = "13800000000"

[people."李四"]
wecom = "lisi"

[rotas.pr]
people = ["zhang"]
handover = "09:00"
overrides = [
    { person = "李四", from = 2026-12-01, until = 2026-12-02T18:00:00 },
    { person = "李四", from = 2026-12-05T00:00:00Z, until = 2026-12-05T12:00:00+08:00 },
]

[teams.pr]
levels = [{ rota = "pr" }, { people = ["李四"], channels = ["mail"] }]

[[routes]]
team = "pr"
channels = ["group"]
"""
ZHANG = Mention(name="张三", mobile="13800000000")
LI = Mention(name="李四", wecom="lisi")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnCall:
    monkeypatch.chdir(tmp_path)
    Path("koubei.toml").write_text(TEXT, "utf-8")
    return on_call(config.load())


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


@pytest.mark.parametrize(
    ("now", "person"),
    [
        ("2026-12-01 08:59", ZHANG),  # a day means its hand-over
        ("2026-12-01 09:00", LI),
        ("2026-12-02 17:59", LI),
        ("2026-12-02 18:00", ZHANG),
        ("2026-12-05 08:00", LI),  # an offset is kept, other times are those of the time zone of the settings
        ("2026-12-05 12:00", ZHANG),
    ],
)
def test_who_is_mentioned(told: OnCall, now: str, person: Mention) -> None:
    subject = Subject("orange", at("2026-12-01 08:00"), brand="星曜")
    assert told.deliveries(subject, 0, at(now)) == (Delivery("group", (person,)),)


def test_the_next_level_and_the_channels_that_take_over(told: OnCall) -> None:
    now = at("2026-12-03 12:00")
    subject = Subject("orange", now)
    assert told.deliveries(subject, 1, now) == (Delivery("mail", (LI,)),)
    assert told.plan.reached(subject, 1, now) == ("group", "mail")
    assert [told.plan.wait(subject, level) for level in (0, 1)] == [600, None]
    assert told.chains == {"group": ("group", "mail"), "mail": ("mail",)}


def test_patience_and_quiet_hours_become_the_policy(told: OnCall) -> None:
    made = policy(config.load(), told)
    assert str(made.zone) == "Asia/Shanghai"
    night, morning = at("2026-12-03 23:00"), at("2026-12-04 08:00")
    assert (made.acknowledge_within, made.repeat, made.levels) == (600, 14_400, 1)
    assert made.quiet("yellow", night) == told.held_until("yellow", night) == morning
    assert made.quiet("orange", night) == night
    assert made.quiet("red", night) == night


def test_without_settings_every_alert_goes_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = on_call(config.load())
    assert told.deliveries(Subject("red", 0.0), 0, 0.0) == ()
    assert policy(config.load(), told).quiet("blue", 5.0) == 5.0


def test_a_time_zone_that_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadConfig, match="没有时区 Asia/Beijing"):
        on_call(config.load(timezone="Asia/Beijing"))


def test_own_lexicons_bring_their_own_calendar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own" / "calendar").mkdir(parents=True)
    (tmp_path / "own" / "calendar" / "2027.toml").write_text('year = 2027\nsource = "公司"\n', "utf-8")
    assert 2027 not in on_call(config.load()).plan.calendar.arranged
    loaded = config.load(text={"lexicons": tmp_path / "own"})
    assert on_call(loaded).plan.calendar.arranged >= {2026, 2027}
