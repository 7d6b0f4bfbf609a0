from datetime import date, timedelta
from pathlib import Path

import pytest

from streams.alerts.calendar import Calendar, load, read
from streams.config import shipped
from streams.errors import BadConfig

FOLDER = shipped("lexicons")
KNOWN = load(FOLDER)
WORKED_2026 = (
    date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
)  # fmt: skip


def days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=passed) for passed in range(365)]


def test_2026_has_as_many_working_days_as_the_law_leaves() -> None:
    """365 days, less 104 of weekends and 13 that the law names; 调休 moves days and makes none."""
    answers = [KNOWN.answer(day) for day in days(2026)]
    assert (answers.count("work"), answers.count("unknown")) == (248, 0)


@pytest.mark.parametrize("day", WORKED_2026)
def test_a_day_worked_for_a_holiday_is_a_weekend_that_counts_as_work(day: date) -> None:
    assert day.weekday() >= 5
    assert KNOWN.answer(day) == "work"
    assert KNOWN.name(day) == "调休上班"


def test_nothing_else_of_a_weekend_is_worked() -> None:
    worked = [day for day in days(2026) if day.weekday() >= 5 and KNOWN.works(day)]
    assert worked == list(WORKED_2026)


@pytest.mark.parametrize(
    ("day", "name"),
    [(date(2026, 2, 23), "春节"), (date(2026, 5, 5), "劳动节"), (date(2026, 10, 7), "国庆节")],
)
def test_a_weekday_off_has_the_name_of_its_holiday(day: date, name: str) -> None:
    assert day.weekday() < 5
    assert (KNOWN.answer(day), KNOWN.name(day), KNOWN.note(day)) == ("rest", name, "")


def test_a_year_that_is_not_arranged_is_unknown_but_for_the_days_of_the_law() -> None:
    unsure = load_of(
        year=2030, text='arranged = false\nrest = [{name="元旦", first=2030-01-01, last=2030-01-01}]'
    )
    assert unsure.answer(date(2030, 1, 1)) == "rest"
    monday, saturday = date(2030, 1, 7), date(2030, 1, 12)
    assert (unsure.answer(monday), unsure.answer(saturday)) == ("unknown", "unknown")
    assert (unsure.works(monday), unsure.works(saturday)) == (True, False)
    assert unsure.note(monday) == "2030 年调休安排尚未发布，按周一至周五推算"


def test_without_any_file_everything_is_unknown() -> None:
    assert Calendar().answer(date(2026, 10, 1)) == "unknown"


def load_of(*, year: int, text: str) -> Calendar:
    from msgspec import toml

    from streams.alerts.calendar import Year, of

    return of([toml.decode(f'year = {year}\nsource = "x"\n{text}', type=Year)])


def written(folder: Path, name: str, text: str) -> Path:
    (folder / "calendar").mkdir(exist_ok=True)
    file = folder / "calendar" / name
    file.write_text(text, "utf-8")
    return file


def test_a_year_of_the_own_folder_replaces_the_shipped_one(tmp_path: Path) -> None:
    written(tmp_path, "2026.toml", 'year = 2026\nsource = "公司"\nwork = [2026-12-26]')
    own = load(FOLDER, tmp_path)
    assert own.works(date(2026, 12, 26))
    assert own.works(date(2026, 10, 1))
    assert not own.works(date(2026, 10, 10))
    assert own.answer(date(2027, 1, 1)) == "rest"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("year = 2026", "source"),
        ('year = 2026\nsource = "x"\nwrok = []', "wrok"),
        ('year = 2026\nsource = "x"\nwork = [2026-10-01]\n[[rest]]\nname="国庆节"\nfirst=2026-10-01\nlast=2026-10-07',
         "2026-10-01 既放假又上班"),
        ('year = 2026\nsource = "x"\n[[rest]]\nname="国庆节"\nfirst=2026-10-07\nlast=2026-10-01', "国庆节"),
        ('year = 2026\nsource = "x"\n[[rest]]\nname="国庆节"\nfirst=2036-10-01\nlast=2036-10-07', "国庆节"),
        ("year = ", "读不懂"),
    ],
)  # fmt: skip
def test_a_mistake_names_the_file(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, "2026.toml", text)
    with pytest.raises(BadConfig, match=said) as wrong:
        read(file)
    assert str(file) in str(wrong.value)


@pytest.mark.parametrize("file", sorted((FOLDER / "calendar").glob("*.toml")), ids=lambda file: file.name)
def test_a_shipped_file_names_its_source_and_its_year(file: Path) -> None:
    year = read(file)
    assert str(year.year) == file.stem
    assert "国务院" in year.source
    assert all(day.weekday() >= 5 for day in year.work)
