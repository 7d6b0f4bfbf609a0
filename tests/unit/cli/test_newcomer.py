"""What a newcomer meets who has not started anything yet, or starts it twice."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from streams import language
from streams.broker.feeder import Feeder
from streams.cli import run
from streams.cli.ingestion import Run
from streams.embedded import state
from streams.embedded.machine import started
from streams.embedded.state import Part, Running
from streams.sources.replay import Replay


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)
    language.use("zh")
    yield
    language.use("zh")


def stack(folder: Path, **more: object) -> Running:
    """A stack that seems to run: this process is its supervisor."""
    known = Running(pid=os.getpid(), ticks=started(os.getpid()), started=0.0)
    for name, value in more.items():
        setattr(known, name, value)
    known.write(folder)
    return known


@pytest.mark.parametrize("line", ["sql SELECT+1", "demo clear", "dead-letters list", "migrate"])
def test_nothing_was_started_is_said_before_who_does_not_answer(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 69
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("data 上没有正在运行的系统。启动：koubei up")
    assert "127.0.0.1:9000" in rest[0]


def test_an_address_that_was_given_is_what_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sql", "SELECT 1", "--clickhouse", "clickhouse://127.0.0.1:1/koubei"]) == 69
    (line,) = capsys.readouterr().err.splitlines()
    assert "127.0.0.1:1" in line[:60]
    Path("koubei.toml").write_text('[store]\nurl = "clickhouse://127.0.0.1:1/koubei"\n', "utf-8")
    assert run(["sql", "SELECT 1"]) == 69
    assert capsys.readouterr().err.splitlines() == [line]


def test_a_second_start_is_refused_before_its_ports_are_spoken_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(tmp_path / "data")
    assert run(["up", "--detach"]) == 78
    (line,) = capsys.readouterr().err.splitlines()
    assert f"pid {os.getpid()}" in line
    assert "koubei down" in line[:100]


def test_a_folder_is_not_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "posts").mkdir()
    assert run(["up", "--ingest", "posts"]) == 78
    assert "posts 是目录" in capsys.readouterr().err


def test_help_is_also_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help"]) == 0
    assert "koubei up --demo" in capsys.readouterr().out
    assert run(["help", "down"]) == 0
    assert "koubei down" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["a-file", "a-file/below"])
def test_a_folder_that_cannot_be_made_is_named(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a-file").touch()
    assert run(["up", "--only", "kafka", "--data", place]) == 78
    message = capsys.readouterr().err
    assert message.startswith(f"不能用 {place} 作数据目录")
    assert "--data" in message[:100]


def test_a_demo_without_a_feeder_is_a_contradiction(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--demo", "--only", "kafka,clickhouse"]) == 78
    assert "--only clickhouse,kafka,feeder" in capsys.readouterr().err[:100]


def test_an_empty_file_is_not_passed_over_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "posts.jsonl"
    file.touch()
    nowhere = cast("Feeder", None)  # nothing is sent
    with closing(Replay(file)) as lines:
        Run(nowhere, None, via="file", key=None, platform=None, rate=None, count=True).file(
            lines, None, {}, lambda: None
        )
    assert "posts.jsonl 是空的" in capsys.readouterr().err


def test_status_gives_out_one_secret_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(tmp_path / "data", token="t0ken", clickhouse_reader="clickhouse://reader:pw@127.0.0.1:1/koubei")
    assert run(["status", "--show", "token"]) == 0
    assert capsys.readouterr().out == "t0ken\n"
    assert run(["status", "--show", "reader"]) == 0
    assert capsys.readouterr().out == "clickhouse://reader:pw@127.0.0.1:1/koubei\n"


def test_status_says_how_a_process_ended_and_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.cli.status._answer", lambda _: {})
    known = stack(tmp_path / "data", parts=[Part("feeder", state="failed", exit=65)])
    assert state.running(tmp_path / "data") == known
    assert run(["status"]) == 0
    told = capsys.readouterr()
    assert "失败（退出码 65）" in told.out
    assert "data/logs/koubei.log" in told.err


def test_the_key_for_pseudonyms_outlives_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    """A key of one shell only would give every user a new name in the next."""
    assert run(["doctor", "--only", "privacy"]) == 1
    assert "koubei.toml" in capsys.readouterr().out
    Path("koubei.toml").write_text('[edge]\nhmac_key = "0123"\n', "utf-8")
    assert run(["doctor", "--only", "privacy"]) == 0
