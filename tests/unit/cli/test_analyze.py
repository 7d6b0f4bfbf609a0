import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

KOUBEI = [sys.executable, "-m", "streams", "analyze"]
ROOT = Path(__file__).parents[3]
Ran = tuple[int, list[dict[str, Any]], str]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    def call(*arguments: str, given: bytes = b"") -> Ran:
        done = subprocess.run(
            [*KOUBEI, *arguments],
            check=False,
            input=given,
            capture_output=True,
            cwd=tmp_path,
            env=environment(),
            timeout=60,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, lines, done.stderr.decode()

    return call


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOUBEI_")}
    return kept | {"PYTHONPATH": str(ROOT)}


def test_lines_come_back_in_order_with_everything_they_had(run: Callable[..., Ran]) -> None:
    given: list[dict[str, Any]] = [
        {"text": "三星好，别家都烂", "brand": "三星", "id": 7, "deep": {"x": [1]}},
        {"text": "三星好，别家都烂，又卡又丑，后悔死了"},
        {"text": "iPhone续航拉胯", "brand": "苹果"},
        {"text": "三星比苹果好用", "brand": "苹果"},
        {"text": ""},
    ]
    code, lines, errors = run(given="\n".join(map(json.dumps, given)).encode())
    assert (code, errors) == (0, "")
    assert [{key: line[key] for key in source} for line, source in zip(lines, given, strict=True)] == given
    assert [line["sentiment"] for line in lines] == ["pos", "neg", "neg", "neg", "neu"]
    for line in lines:
        assert -1 <= line["score"] <= 1
        assert 0 <= line["confidence"] <= 1
        assert line["brands"] == [] or line["brands"][0]["brand"] in ("三星", "苹果")
        for evidence in line["evidence"]:
            assert line["text"][evidence["start"] : evidence["stop"]] == evidence["text"] != ""
    assert lines[0]["tokens"][:3] == ["三星", "好", "，"]
    assert lines[0]["evidence"][0]["text"] == "三星好"
    assert lines[2]["aspects"][0] == {
        "aspect": "续航", "sentiment": "neg", "score": lines[2]["aspects"][0]["score"], "brand": "苹果", "start": 6, "stop": 8,
    }  # fmt: skip
    assert lines[4]["stage"] == lines[4]["intent"] == ""


def test_a_bad_line_is_named_and_the_rest_goes_on(run: Callable[..., Ran]) -> None:
    given = (
        b'{"text": "\xe5\xa5\xbd"}\nnope\n\n{"text": 3}\n[1]\n{"text": "x", "brand": 4}\n\xff\n{"text": "y"}'
    )
    code, lines, _ = run(given=given)
    assert code == 1
    assert [line.get("error", {}).get("line") for line in lines] == [None, 2, 4, 5, 6, 7, None]
    assert "text" in lines[1]["error"]["message"]


def test_plain_lines_and_one_brand_for_all(run: Callable[..., Ran]) -> None:
    code, lines, _ = run("--text", "--brand", "三星", given="三星吊打苹果\n三星被苹果吊打\r\n".encode())
    assert code == 0
    assert [(line["text"], line["sentiment"]) for line in lines] == [
        ("三星吊打苹果", "pos"),
        ("三星被苹果吊打", "neg"),
    ]


def test_one_text_as_an_argument(run: Callable[..., Ran]) -> None:
    code, [line], _ = run("星曜X1拍照真不错，云岭的太糊了")
    assert code == 0
    assert [(mention["brand"], mention["sentiment"]) for mention in line["brands"]] == [
        ("星曜", "pos"),
        ("云岭", "neg"),
    ]
    assert [mention["evidence"]["text"] for mention in line["brands"]] == ["星曜X1拍照真不错", "云岭的太糊了"]


def test_explain_is_for_people(tmp_path: Path) -> None:
    done = subprocess.run(
        [*KOUBEI, "--explain", "星曜X1拍照真不错，云岭的太糊了"],
        capture_output=True, text=True, cwd=tmp_path, env=environment(), timeout=60, check=True,
    )  # fmt: skip
    assert "星曜X1拍照真不错，云岭的太糊了" in done.stdout
    assert "正面" in done.stdout
    assert "“云岭的太糊了”" in done.stdout


def test_a_brand_that_is_not_named_beside_another_is_neutral(run: Callable[..., Ran]) -> None:
    _, lines, _ = run(
        given='{"text":"星曜垃圾，后悔死了","brand":"三星"}\n{"text":"垃圾，后悔死了","brand":"三星"}'.encode()
    )
    assert [line["sentiment"] for line in lines] == ["neu", "neg"]


def test_a_slow_writer_is_answered_at_once(tmp_path: Path) -> None:
    process = subprocess.Popen(
        KOUBEI, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, env=environment()
    )
    assert process.stdin
    assert process.stdout
    try:
        for number in range(3):
            process.stdin.write(json.dumps({"text": "好", "n": number}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["n"] == number
        process.stdin.close()
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.stdout.close()


def test_many_lines_stream_with_flat_memory(tmp_path: Path) -> None:
    """The child's own peak is printed by a wrapper; ten times the lines may not take much more."""
    code = (
        "import resource, sys; from streams.cli import run; code = run(['analyze']); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
    )
    line = json.dumps({"text": "星曜X1用了半年没有卡顿，也不发热，给个好评", "id": 1}, ensure_ascii=False)
    peaks = []
    for count in (4_000, 40_000):
        source = tmp_path / "lines"
        source.write_text(f"{line}\n" * count, encoding="utf-8")
        begin = time.monotonic()
        with source.open("rb") as lines, (tmp_path / "out").open("wb") as out:
            done = subprocess.run(
                [sys.executable, "-c", code], stdin=lines, stdout=out, stderr=subprocess.PIPE,
                cwd=tmp_path, env=environment(), timeout=100, check=True,
            )  # fmt: skip
        assert (tmp_path / "out").read_bytes().count(b"\n") == count, time.monotonic() - begin
        peaks.append(int(done.stderr))
    assert peaks[1] < 1.3 * peaks[0]
