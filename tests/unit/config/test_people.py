"""Alerts, people, rotas, teams, routes: what is read, and what is refused in words."""

from datetime import date, datetime, time
from pathlib import Path

import pytest

from streams import config
from streams.errors import BadConfig

GOOD = """
[alerts]
repeat = "2h"
acknowledge_within = 600
quiet_hours = "22:00-08:00"

[channels.group]
kind = "dingtalk"
fallback = "mail"

[channels.mail]
kind = "apprise"

[people.zhang]
name = "张三"
mobile = "13800000000"

[people."李四"]
wecom = "lisi"

[rotas.pr]
people = ["zhang", "李四"]
every = "workday"
handover = "09:30"
start = 2026-11-23
overrides = [{ person = "zhang", from = 2026-12-01, until = 2026-12-02T18:00:00 }]

[teams.pr]
levels = [{ rota = "pr", after = "15m" }, { people = ["李四"], channels = ["mail"] }]

[[routes]]
team = "pr"
brands = ["星曜"]
severity = "yellow"
days = "workday"
hours = "09:00-18:00"
channels = ["group"]
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Away from any koubei.toml of the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str) -> config.Settings:
    Path("koubei.toml").write_text(text, "utf-8")
    return config.load()


def test_all_of_it_is_read() -> None:
    loaded = written(GOOD)
    assert (loaded.alerts.repeat, loaded.alerts.acknowledge_within) == (7200, 600)
    assert loaded.alerts.quiet_hours == (time(22), time(8))
    rota = loaded.rotas["pr"]
    assert (rota.every, rota.handover, rota.start) == ("workday", time(9, 30), date(2026, 11, 23))
    (override,) = rota.overrides
    assert (override.since, override.until) == (date(2026, 12, 1), datetime(2026, 12, 2, 18))  # noqa: DTZ001
    first, second = loaded.teams["pr"].levels
    assert (first.rota, first.after, second.people, second.after) == ("pr", 900, ["李四"], None)
    (route,) = loaded.routes
    assert (route.team, route.hours) == ("pr", (time(9), time(18)))
    assert config.chain(loaded.channels, "group") == ("group", "mail")
    assert config.chain(loaded.channels, "mail") == ("mail",)


def test_nothing_is_needed() -> None:
    loaded = config.load()
    assert (loaded.people, loaded.rotas, loaded.teams, loaded.routes) == ({}, {}, {}, [])
    assert loaded.alerts == config.AlertSettings()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('repeat = "2h"', 'repeet = "2h"', "没有 alerts.repeet 这个设置，是不是想写 alerts.repeat？"),
        ("mobile =", "mobil =", "没有 people.zhang.mobil 这个设置，是不是想写 people.zhang.mobile？"),
        ("handover =", "handovr =", "是不是想写 rotas.pr.handover？"),
        ('rota = "pr"', 'roat = "pr"', "是不是想写 teams.pr.levels.0.rota？"),
        ("from =", "frm =", "没有 rotas.pr.overrides.0.frm 这个设置，是不是想写 rotas.pr.overrides.0.from？"),
        ("hours = \"09", "hour = \"09", "没有 routes.0.hour 这个设置，是不是想写 routes.0.hours？"),
        ("fallback =", "falback =", "是不是想写 channels.group.fallback？"),
        ('fallback = "mail"', 'fallback = "mial"', "channels.group.fallback：没有渠道 mial，是不是想写 mail？"),
        ('kind = "apprise"', 'kind = "apprise"\nfallback = "group"', "group → mail → group"),
        ('kind = "apprise"', 'kind = "apprise"\nfallback = "mail"', "channels.mail.fallback 绕成了圈：mail → mail"),
        ('people = ["zhang", "李四"]', 'people = ["zhong"]', "rotas.pr.people：没有人 zhong，是不是想写 zhang？"),
        ('person = "zhang"', 'person = "王"', "没有人 王，在 koubei.toml 里写 [people.王]"),
        ('rota = "pr"', 'rota = "law"', "teams.pr.levels.0.rota：没有值班表 law"),
        ('{ people = ["李四"], channels', '{ people = ["李"], channels', "teams.pr.levels.1.people"),
        ('channels = ["mail"]', 'channels = ["mall"]', "teams.pr.levels.1.channels：没有渠道 mall，是不是想写 mail？"),
        ('rota = "pr", after', "after", "teams.pr.levels.0 没有告诉任何人"),
        ('team = "pr"', 'team = "prr"', "routes.0.team：没有团队 prr，是不是想写 pr？"),
        ('channels = ["group"]', 'channels = ["grp"]', "routes.0.channels：没有渠道 grp，是不是想写 group？"),
        ('team = "pr"', 'team = "pr"\nsilent = true', "routes.0 写了 silent"),
        ('"22:00-08:00"', '"22-8"', "设置 alerts.quiet_hours 不对：时段要写成 22:00-08:00"),
        ('repeat = "2h"', 'repeat = "2 hours"', "设置 alerts.repeat 不对：时长要写成 90s、10m、24h、7d"),
        ('repeat = "2h"', "repeat = 0", "设置 alerts.repeat 不对"),
        ('repeat = "2h"', 'quiet_max = "red"', "设置 alerts.quiet_max 不对"),
        ("until = 2026-12-02T18:00:00", "until = 2026-12-01", "until 要晚于 from"),
        ("until = 2026-12-02T18:00:00", "until = 2026-11-30", "until 要晚于 from"),
        (", until = 2026-12-02T18:00:00", "", "缺少设置 rotas.pr.overrides.0.until"),
        ('handover = "09:30"', "handover = 9", "设置 rotas.pr.handover 不对：时间要写成 09:00（得到 9）"),
        ('handover = "09:30"', 'handover = "nine"', "时间要写成 09:00"),
        ('people = ["zhang", "李四"]', "people = []", "设置 rotas.pr.people 不对"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(BadConfig) as wrong:
        written(GOOD.replace(old, new, 1))
    assert said in str(wrong.value)


def test_times_and_numbers_may_be_written_without_quotes() -> None:
    text = GOOD.replace('"09:30"', "09:30:00").replace('"13800000000"', "13800000000")
    loaded = written(text)
    assert (loaded.rotas["pr"].handover, loaded.people["zhang"].mobile) == (time(9, 30), "13800000000")
    assert written(GOOD.replace('"09:30"', '"9:30"')).rotas["pr"].handover == time(9, 30)


def test_variables_reach_them_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOUBEI_PEOPLE__ZHANG__MOBILE", "13900000000")
    monkeypatch.setenv("KOUBEI_ALERTS__REPEAT", "90s")
    monkeypatch.setenv("KOUBEI_ALERTS__QUIET_HOURS", "")
    monkeypatch.setenv("KOUBEI_ROUTES", '[{"team": "pr"}]')
    loaded = written(GOOD)
    assert (loaded.people["zhang"].mobile, loaded.alerts.repeat) == ("13900000000", 90)
    assert loaded.alerts.quiet_hours is None
    assert [route.brands for route in loaded.routes] == [[]]


def test_links_begin_with_the_address_that_readers_know() -> None:
    assert config.load().web.base == "http://127.0.0.1:8080"
    assert written('[web]\naddress = "https://koubei.example.com/"').web.base == "https://koubei.example.com"
    with pytest.raises(BadConfig, match=r"web\.address"):
        written('[web]\naddress = "koubei.example.com"')
    assert "hush-hush" not in repr(written('[web]\nlink_key = "hush-hush-hush-hush"'))
