"""What a person meets first: help, typing mistakes, messages and exit codes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import streams.cli
from streams import errors, language
from streams.cli import COMMANDS, Command, run

KOUBEI = [sys.executable, "-m", "streams"]
HEAVY = ("pydantic", "confluent_kafka", "clickhouse_driver", "faust", "litestar", "numpy", "streams.config")


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of this machine's settings reaches a test."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)
    language.use("zh")
    yield
    language.use("zh")


@pytest.fixture
def boom(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes `koubei boom` a command that raises what it is given."""

    def arm(error: BaseException) -> None:
        module = ModuleType("koubei_boom")

        def command(*, secret: str = "", data: str = "") -> None:
            raise error

        module.command = command  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "koubei_boom", module)
        made = Command("boom", "koubei_boom:command", "炸", "Boom", "koubei boom")
        monkeypatch.setattr(streams.cli, "COMMANDS", (*COMMANDS, made))

    return arm


def test_help_imports_no_command_and_is_quick() -> None:
    code = (
        "import sys, time, streams.cli; code = streams.cli.run(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], time.process_time(), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    lines = done.stdout.splitlines()
    imported, seconds, exit_code = lines[-1].rsplit(maxsplit=2)
    assert (imported, exit_code) == ("[]", "0")
    # 0.2 s on an idle machine; a loaded one is no reason to fail, a heavy import is.
    assert float(seconds) < 1.0
    assert lines[0] == "例：koubei up --demo"
    for command in COMMANDS:
        assert any(command.name in line and command.zh in line for line in lines), command.name


def test_help_is_english_by_setting(tmp_path: Path) -> None:
    environment = {**os.environ, "KOUBEI_LANGUAGE": "en"}
    done = subprocess.run(
        [*KOUBEI, "up", "--help"], check=True, capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.stdout.startswith("Example: koubei up --demo\n")
    assert not any("\u4e00" <= char <= "\u9fff" for char in done.stdout)
    (tmp_path / "koubei.toml").write_text('language = "en"\n')
    again = subprocess.run([*KOUBEI, "up", "--help"], check=True, capture_output=True, text=True, timeout=60)
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("dwn", "没有 dwn 这个命令，是不是想写 koubei down？"),
        ("rabbit", "没有 rabbit 这个命令。全部命令：koubei --help"),
        ("up --dmo", "没有 --dmo 这个选项，是不是想写 --demo？"),
        ("up --workers many", "--workers 要的是整数，得到 'many'"),
        ("sql x --format jsn", "--format 要的是 table、json、jsonl、csv 之一，得到 'jsn'，是不是想写 json？"),
        ("down now", "多余的参数：now"),
        ("worker resum", "多余的参数：resum，是不是想写 resume？"),
        ("dead-letters lst", "没有 lst 这个子命令，是不是想写 list？"),
        ("up --data", "--data 缺少值"),
        ("up --ingest -", "这里不读标准输入（-），请给文件名"),
    ],
)
def test_typing_mistakes_name_the_nearest(
    line: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 2
    told = capsys.readouterr()
    assert told.err.splitlines()[0] == expected
    assert told.out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadConfig("wrong"), 78),
        (errors.Tripped("wrong"), 78),
        (errors.StoreUnavailable("wrong"), 69),
        (errors.BrokerUnavailable("wrong"), 69),
        (errors.Unsupported("wrong"), 69),
        (errors.StoreRefused(0, "wrong"), 65),
        (errors.KoubeiError("wrong"), 70),
    ],
)
def test_an_error_is_one_message_and_its_exit_code(
    error: Exception, code: int, boom: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    boom(error)
    assert run(["boom"]) == code
    *before, message = capsys.readouterr().err.splitlines()
    assert message == "wrong"
    # A server that does not answer is most often one that nobody has started.
    assert len(before) == (code == 69 and not isinstance(error, errors.Unsupported))


def test_a_bug_leaves_a_report_without_the_values_of_options(
    tmp_path: Path, boom: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    boom(ZeroDivisionError("a mistake"))
    assert run(["boom", "--secret", "hunter2", "--data", str(tmp_path / "here")]) == 70
    message = capsys.readouterr().err
    (report,) = (tmp_path / "here" / "reports").iterdir()
    assert str(report) in message
    assert "Traceback" not in message
    text = report.read_text()
    assert "ZeroDivisionError: a mistake" in text
    assert "koubei boom --secret" in text
    assert "hunter2" not in text.splitlines()[1]


def test_an_interruption_ends_with_130(
    boom: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    boom(KeyboardInterrupt())
    assert run(["boom"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("line", ["--help", "config show"])
def test_a_reader_that_goes_away_is_no_error(line: str) -> None:
    """`koubei ... | head -1` must not end in a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        command = [*KOUBEI, *line.split()]
        done = subprocess.run(command, check=False, stdout=out, stderr=subprocess.PIPE, timeout=60)
    assert done.stderr == b""
    assert done.returncode in (0, 1)  # 1 is rich's own answer


def test_nothing_runs_is_said_with_the_command_that_starts_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status"]) == 69
    assert "koubei up" in capsys.readouterr().err
    assert run(["status", "--json"]) == 69
    assert capsys.readouterr().out == '{"running": false, "processes": []}\n'
    assert run(["down"]) == 0
    assert run(["worker", "resume"]) == 78


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("up --only kafka,clickhose", ("clickhose", "--only")),
        ("up --ingest nowhere.jsonl", ("nowhere.jsonl",)),
        ("up --workers 0", ("embedded.workers",)),
        ("sql", ("SQL",)),
        ("sql x --param novalue", ("novalue",)),
        ("doctor --only fnts", ("fnts",)),
        ("dead-letters list --topic psts", ("psts",)),
    ],
)
def test_wrong_settings_end_with_78(
    line: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == 78
    message = capsys.readouterr().err
    assert len(message.splitlines()) == 1
    for word in words:
        assert word in message[:100]


def test_destruction_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from streams.cli.common import confirm

    confirm("Delete?", yes=True)
    with pytest.raises(errors.BadConfig, match="--yes"):
        confirm("Delete?", yes=False)  # nobody there to answer
