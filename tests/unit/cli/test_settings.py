"""Flags > environment > koubei.toml > the running stack > defaults; and how it is shown."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams import language
from streams.cli import run
from streams.cli.common import admin_url, reader_url, settings, writer_url
from streams.cli.status import duration
from streams.embedded.machine import started
from streams.embedded.state import Running


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)
    yield
    language.use("zh")


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A stack that runs on ./data: this very process."""
    data = tmp_path / "data"
    Running(
        pid=os.getpid(),
        ticks=started(os.getpid()),
        started=0.0,
        kafka="127.0.0.1:1111",
        clickhouse="clickhouse://w:secret@127.0.0.1:2222/koubei",
        clickhouse_reader="clickhouse://r:secret@127.0.0.1:2222/koubei",
        clickhouse_admin="clickhouse://a:secret@127.0.0.1:2222/koubei",
    ).write(data)
    return data


def test_a_running_stack_beats_the_defaults(stack: Path) -> None:
    loaded = settings()
    assert loaded.kafka.bootstrap == "127.0.0.1:1111"
    assert writer_url(loaded) == "clickhouse://w:secret@127.0.0.1:2222/koubei"
    assert reader_url(loaded) == "clickhouse://r:secret@127.0.0.1:2222/koubei"
    assert admin_url(loaded) == "clickhouse://a:secret@127.0.0.1:2222/koubei"


def test_everything_else_beats_the_stack(stack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("koubei.toml").write_text('[kafka]\nbootstrap = "toml:1"\n[store]\nurl = "clickhouse://t@toml/d"\n')
    assert settings().kafka.bootstrap == "toml:1"
    assert admin_url(settings()) == reader_url(settings()) == "clickhouse://t@toml/d"
    monkeypatch.setenv("KOUBEI_KAFKA__BOOTSTRAP", "env:1")
    assert settings().kafka.bootstrap == "env:1"
    loaded = settings(kafka="flag:1", clickhouse="clickhouse://f@flag/d")
    assert (loaded.kafka.bootstrap, writer_url(loaded)) == ("flag:1", "clickhouse://f@flag/d")


def test_a_stack_that_has_died_counts_for_nothing(stack: Path) -> None:
    file = stack / "stack.json"
    known = json.loads(file.read_text())
    file.write_text(json.dumps({**known, "ticks": 1}))
    assert settings().kafka.bootstrap == "127.0.0.1:9092"


def test_config_show_names_each_origin_and_no_secret(
    stack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("koubei.toml").write_text('timezone = "UTC"\n[web]\nport = 9999\n')
    monkeypatch.setenv("KOUBEI_WORKER__LANES", "3")
    monkeypatch.setenv("KOUBEI_WEB__TOKEN", "tell-nobody")
    assert run(["config", "show", "--origin", "--json", "--data", str(stack)]) == 0
    told = capsys.readouterr().out
    assert "secret" not in told
    assert "tell-nobody" not in told
    found = {one["name"]: (one["value"], one["origin"]) for one in json.loads(told)}
    assert found["timezone"] == ("UTC", "koubei.toml")
    assert found["web.port"] == (9999, "koubei.toml")
    assert found["worker.lanes"] == (3, "KOUBEI_WORKER__LANES")
    assert found["web.token"] == ("********", "KOUBEI_WEB__TOKEN")
    assert found["kafka.bootstrap"] == ("127.0.0.1:1111", "正在运行的系统")
    assert found["embedded.data"] == (str(stack), "命令行")
    assert found["worker.linger"] == (0.2, "默认")


def test_config_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check"]) == 0
    Path("koubei.toml").write_text("[kafka]\nbotstrap = 'x'\n")
    assert run(["config", "check"]) == 78
    assert "kafka.bootstrap" in capsys.readouterr().err


def test_resume_leaves_a_mark_only_for_a_tripped_worker(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["worker", "resume"]) == 0
    assert not (stack / "resume").exists()
    file = stack / "stack.json"
    known = json.loads(file.read_text())
    part = {
        "name": "worker-1",
        "pid": None,
        "state": "tripped",
        "since": 0,
        "restarts": 0,
        "exit": 78,
        "metrics": None,
    }
    file.write_text(json.dumps({**known, "parts": [part]}))
    capsys.readouterr()
    assert run(["worker", "resume"]) == 0
    assert "worker-1" in capsys.readouterr().err
    assert (stack / "resume").exists()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59.9, "59s"), (185, "3m05s"), (7625, "2h07m"), (273_600, "3d04h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
