"""koubei rules: what a person and a program get from it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from streams import language
from streams.cli import run
from streams.cli.rules import shown
from streams.config import shipped
from streams.rules.files import Problem

KOUBEI = [sys.executable, "-m", "streams"]


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's settings reaches a test."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)
    language.use("zh")


def answers(*lines: str | dict[str, Any]) -> list[Any]:
    """What `koubei rules test` says to lines."""
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(
        [*KOUBEI, "rules", "test"], input=text, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_test_answers_line_by_line() -> None:
    got = answers(
        {"query": "手机 NOT 客服", "text": "这個手機", "fields": {}},
        {"query": "手机 NOT 客服", "text": "手机客服"},
        {"query": "a NOT (", "text": "", "fields": None},
        "\n",
        "{no json\n",
        {"query": "a"},
        {
            "query": 'platform:"微博" likes:[1 TO *]',
            "text": "",
            "fields": {"platform": "微博", "likes": 1, "x": {}},
        },
        '{"query": "a", "text": "\\ud800"}\n',
        {"query": "(" * 10_000, "text": "a"},
    )
    assert got[:2] == [{"match": True, "spans": [[2, 4, "exact"]]}, {"match": False, "spans": []}]
    errors = [answer.get("error", {}) for answer in got]
    assert (errors[2]["column"], errors[2]["code"]) == (7, "unclosed_paren")
    assert [(errors[n]["line"], errors[n]["code"]) for n in (3, 4)] == [(5, "bad_line"), (6, "bad_line")]
    assert got[5] == {"match": True, "spans": []}
    assert errors[6]["code"] == "bad_line"
    assert errors[7]["code"] == "too_deep"


def test_test_streams() -> None:
    with subprocess.Popen(
        [*KOUBEI, "rules", "test"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        for text, match in (("a", True), ("b", False)):
            process.stdin.write(json.dumps({"query": "a", "text": text}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["match"] is match
        process.stdin.close()
        assert process.wait(30) == 0


def test_check_finds_nothing_in_what_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check", str(shipped("lexicons") / "rules" / "xingyao.toml")]) == 0
    assert capsys.readouterr().out == ""


def test_check_points_into_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[[rule]]\nname = '一'\nquery = '手机 authr:x'\n", "utf-8")
    assert run(["rules", "check", str(file)]) == 1
    first, line, mark = capsys.readouterr().out.splitlines()
    assert first == f"{file}:3:13 错误 没有字段 authr，是不是想写 author？ [unknown_field]"
    assert line == "    query = '手机 authr:x'"
    # two Chinese characters before it are as wide as four others
    assert mark == "    " + " " * 9 + "\u3000\u3000 ^"


def test_check_speaks_json_and_warns_without_failing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[[rule]]\nname = '一'\nquery = '的'\n", "utf-8")
    assert run(["rules", "check", "--json", str(file)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["files"], said["rules"], said["errors"], said["warnings"]) == (1, 1, 0, 1)
    [problem] = said["problems"]
    assert (problem["line"], problem["column"], problem["code"]) == (3, 10, "matches_everything")
    assert (problem["level"], problem["rule"]) == ("warning", "一")


def test_check_reads_brand_profiles_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "brands").mkdir()
    profile = tmp_path / "brands" / "a.toml"
    profile.write_text(
        'name = "甲牌"\nversion = 1\nlicence = "Apache-2.0"\nalias = ["乙"]\n[examples]\n', "utf-8"
    )
    for path in (profile, tmp_path):
        assert run(["rules", "check", str(path)]) == 1
        assert f"{profile}:4:1" in capsys.readouterr().out


def test_check_of_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check", str(tmp_path / "none.toml")]) == 1
    assert "unreadable" in capsys.readouterr().out


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("x" * 500 + "?" + "y" * 500, "utf-8")
    _, line, mark = shown(Problem(str(file), 1, 501, "code", "what")).splitlines()
    assert len(line) < 200
    assert line[len(mark) - 1] == "?"
