"""What somebody who has just been woken up reads, and what is refused before anything is sent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from streams import language
from streams.alerts.model import Alert, Event
from streams.alerts.tuning import Advice, Suggestion, Tuning
from streams.cli import acting, alert_tuning, cases
from streams.cli import alert_views as views
from streams.errors import BadConfig

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    language.use("zh")
    yield
    language.use("zh")


def alert(**fields: object) -> Alert:
    known: dict[str, object] = {
        "alert_id": "a1", "dedup_key": "r||", "rule": "r", "rule_version": 1, "first_fired": 0.0, "last_fired": 0.0,
        "window_start": 0.0, "window_end": 0.0, "last": Event(kind="fired", at=0.0),
    }  # fmt: skip
    return Alert(**known | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"count": 1234, "value": 7.0}, "1,234"),
        ({"kind": "window", "value": 0.4375, "count": 3}, "0.4375"),
        ({"kind": "spike", "value": 38.0, "expected": 11.54}, "38 / 11.5"),
    ],
)
def test_what_was_found_stands_against_what_is_usual(fields: dict[str, object], shown: str) -> None:
    assert views.against(alert(**fields)) == shown


def test_every_level_has_its_word_and_its_colour() -> None:
    assert [views.level(name).plain[0] for name in ("red", "orange", "yellow", "blue")] == list("红橙黄蓝")
    assert len({str(views.level(name).style) for name in views.LEVELS}) == 4


def test_nothing_that_a_terminal_obeys_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    views.table(("a",), [("x\x1b[2J\u202ey\nz",)])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    ("done", "left", "running", "shown"),
    [
        (None, 3600, True, "还有 1 小时"),
        (None, -3600, True, "超时 1 小时"),
        (None, -3600, False, "-"),
        (60, -3600, True, "迟 1 分钟"),
        (-60, -3600, False, "按时"),
    ],
)
def test_what_a_clock_shows(done: int | None, left: int, running: bool, shown: str) -> None:
    by = NOW + timedelta(seconds=left)
    ended = None if done is None else by + timedelta(seconds=done)
    assert cases.left(by, ended, NOW.timestamp(), running=running) == shown


def test_spans() -> None:
    assert acting.span("--for", "90m") == 5400
    for text in ("soon", "0", "-1h", ""):
        with pytest.raises(BadConfig, match="--for"):
            acting.span("--for", text)


def test_an_act_says_who_and_from_where() -> None:
    made = acting.command("acknowledge", "李敏", alert_id="a1")
    assert (made.actor, made.via, made.alert_id) == ("李敏", "cli", "a1")
    assert made.source
    assert acting.command("acknowledge", None, alert_id="a1").id != made.id
    with pytest.raises(BadConfig):
        acting.command("acknowledge", "", alert_id="a1")


@pytest.mark.parametrize(
    ("advice", "said"),
    [("threshold", "above = 28"), ("hold", "hold"), ("store", "alert = false"), ("exclude", "NOT")],
)
def test_every_suggestion_says_what_to_change_and_how_to_try_it(advice: Advice, said: str) -> None:
    told = Suggestion(advice, "above", 28.0, 8)
    one = Tuning("吵", 10, 9, 0.1, None, None, 0.9, 0.9, 1.3, True, told)
    text = alert_tuning.advice(one, "7d")
    assert said in text
    assert "koubei rules backtest" in text
    language.use("en")
    assert said in alert_tuning.advice(one, "7d")
