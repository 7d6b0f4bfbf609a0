import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from streams import language
from streams.cli import doctor, run

ROTA = """
[channels.group]
kind = "wecom"

[people.zhang]
name = "张三"
mobile = "13800000000"

[people.li]
name = "李四"

[rotas.pr]
people = ["zhang", "li"]
every = "workday"
start = 2026-09-18

[rotas.spare]
people = ["li"]

[teams.pr]
levels = [{ rota = "pr", after = "15m" }, { people = ["li"] }]
"""


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)
    Path("koubei.toml").write_text(ROTA, "utf-8")
    language.use("zh")
    yield
    language.use("zh")


def test_now_names_each_level_and_rotas_of_no_team(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["oncall", "now", "--at", "2026-09-19 12:00", "--json"]) == 0
    first, second, spare = json.loads(capsys.readouterr().out)
    assert (first["team"], first["level"], first["people"], first["after"]) == ("pr", 1, ["张三"], 900)
    # The Sunday is worked for 国庆节: the turn passes on.
    assert (first["until"], first["following"]) == ("2026-09-20T09:00:00+08:00", "李四")
    assert (second["level"], second["people"], second["after"]) == (2, ["李四"], None)
    assert (spare["rota"], spare["people"], spare["until"]) == ("spare", ["李四"], None)
    assert run(["oncall", "now", "--at", "2026-09-19 12:00"]) == 0
    assert "09-20 周日 09:00" in capsys.readouterr().out


def test_next_shows_hand_overs_and_days_worked_for_holidays(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["oncall", "next", "--at", "2026-09-30 12:00", "--days", "11"]
    assert run([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["at"][:10] for one in told["handovers"]] == ["2026-10-08", "2026-10-09", "2026-10-10"]
    assert [one["person"] for one in told["handovers"]] == ["李四", "张三", "李四"]
    assert told["days"] == [
        {"first": "2026-10-01", "last": "2026-10-07", "name": "国庆节"},
        {"first": "2026-10-10", "last": "2026-10-10", "name": "调休上班"},
    ]
    assert run(asked) == 0
    shown = capsys.readouterr().out
    assert "10-01 周四 – 10-07 周三  国庆节" in shown
    assert "！" not in shown


def test_what_rests_on_a_guess_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    from streams.config import load
    from streams.notify.oncall import calendar

    year = max(calendar(load()).arranged) + 1
    assert run(["oncall", "next", "--at", f"{year}-03-01", "--days", "3"]) == 0
    assert f"！ {year} 年调休安排尚未发布，按周一至周五推算" in capsys.readouterr().out


def test_without_a_rota_an_example_is_shown_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    Path("koubei.toml").unlink()
    assert run(["oncall", "now"]) == 78
    _, _, example = capsys.readouterr().err.partition("\n\n")
    Path("koubei.toml").write_text(example, "utf-8")
    assert run(["oncall", "now"]) == 0
    assert "张三" in capsys.readouterr().out


def test_a_rota_that_does_not_exist_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["oncall", "next", "--rota", "spar"]) == 78
    assert capsys.readouterr().err == "没有值班表 spar，是不是想写 spare？\n"
    assert run(["oncall", "next", "--days", "0"]) == 78


class Clock(datetime):
    """A clock that stands still."""

    year_shown, month_shown = 2026, 11

    @classmethod
    def now(cls, tz: object = None) -> "Clock":
        return cls(cls.year_shown, cls.month_shown, 30)


@pytest.mark.parametrize(("year", "month", "code"), [(2026, 11, 0), (2026, 12, 1), (2029, 3, 1)])
def test_doctor_asks_for_the_next_calendar_from_december(
    year: int, month: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Path("own/calendar")
    own.mkdir(parents=True)
    for known in (2026, 2027):
        arranged = str(known == 2026).lower()
        (own / f"{known}.toml").write_text(f'year = {known}\nsource = "x"\narranged = {arranged}\n', "utf-8")
    monkeypatch.setenv("KOUBEI_TEXT__LEXICONS", "own")
    monkeypatch.setattr(Clock, "year_shown", year)
    monkeypatch.setattr(Clock, "month_shown", month)
    monkeypatch.setattr(doctor, "datetime", Clock)
    assert run(["doctor", "--only", "calendar"]) == code
    shown = capsys.readouterr().out
    assert ("按周一至周五推算" in shown) == bool(code)


def test_doctor_names_who_cannot_be_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--only", "oncall"]) == 1
    shown = capsys.readouterr().out
    assert "li 没有手机号" in shown
    assert "zhang" not in shown
    Path("koubei.toml").write_text(ROTA.replace('name = "李四"', 'name = "李四"\nfeishu = "ou_1"'), "utf-8")
    assert run(["doctor", "--only", "oncall"]) == 0


def test_config_show_prints_tables_as_json_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    secret = ROTA.replace('kind = "wecom"', 'kind = "dingtalk"\nsecret = "SEChush"')
    Path("koubei.toml").write_text(secret, "utf-8")
    assert run(["config", "show", "--json"]) == 0
    out = capsys.readouterr().out
    assert "hush" not in out
    told = {one["name"]: one["value"] for one in json.loads(out)}
    assert told["channels"]["group"]["secret"] == "********"
    assert told["people"]["zhang"]["mobile"] == "13800000000"
    assert (told["rotas"]["pr"]["start"], told["rotas"]["pr"]["handover"]) == ("2026-09-18", "09:00")
    assert told["teams"]["pr"]["levels"][0]["after"] == 900
