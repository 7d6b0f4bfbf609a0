"""docs/oncall.md shows settings and a calendar that work."""

import re
from pathlib import Path

import pytest

from streams import config
from streams.alerts.calendar import read
from streams.alerts.routing import Subject
from streams.notify.oncall import on_call

PAGE = (Path(__file__).parents[2] / "docs" / "oncall.md").read_text("utf-8")
SETTINGS, QUIET, CALENDAR = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_settings_call_somebody_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("koubei.toml").write_text(SETTINGS + QUIET, "utf-8")
    told = on_call(config.load())
    subject = Subject("yellow", 1.8e9, brand="星曜")
    (first,) = told.deliveries(subject, 0, 1.8e9)
    assert first.channel == "pr-group"
    assert [person.name for person in first.mentions] in (["张三"], ["李四"])
    assert {one.channel for one in told.deliveries(subject, 1, 1.8e9)} == {"pr-group", "mail"}
    assert told.chains["pr-group"] == ("pr-group", "mail")
    assert told.quiet.highest == "yellow"


def test_the_calendar_reads(tmp_path: Path) -> None:
    file = tmp_path / "2026.toml"
    file.write_text(CALENDAR, "utf-8")
    assert read(file).arranged
