import json
import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "streams", "duplicates"]


def run(lines: bytes) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(COMMAND, check=False, input=lines, capture_output=True, timeout=60)
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_is_answered_in_order() -> None:
    texts = ["今天星曜赢了", "今天云岭赢了", "今天星曜赢了！@小王", "今天星曜赢了//@小明:转发"]
    lines = "\n".join(json.dumps({"id": number, "text": text}) for number, text in enumerate(texts))
    assert run(lines.encode()) == (
        0,
        [{"id": 0, "group": 0}, {"id": 1, "group": 1}, {"id": 2, "group": 0}, {"id": 3, "group": 0}],
    )


def test_a_bad_line_is_told_and_the_rest_goes_on() -> None:
    code, answers = run(b'{"id": "a", "text": "x"}\n\nnonsense\n{"id": "b"}\n\xff\n{"id": "c", "text": "x"}')
    assert code == 1
    assert [answer.get("id") for answer in answers] == ["a", None, None, None, "c"]
    errors = [answer["error"] for answer in answers if "error" in answer]
    assert [error["line"] for error in errors if isinstance(error, dict)] == [3, 4, 5]
    assert answers[-1]["group"] == "a"


def test_nothing_in_nothing_out() -> None:
    assert run(b"") == (0, [])


def test_a_line_is_answered_before_the_next_arrives() -> None:
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for number in range(3):
            process.stdin.write(b'{"id": %d, "text": "abc"}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"id": number, "group": 0}
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.mark.skipif(os.name != "posix", reason="needs a pipe that holds little")
def test_a_hundred_thousand_lines_stream() -> None:
    lines = b"".join(
        b'{"id": %d, "text": "line %d of many"}\n' % (number, number % 1_000) for number in range(100_000)
    )
    code, answers = run(lines)
    assert code == 0
    assert [answer["id"] for answer in answers] == list(range(100_000))
    assert all(answer["group"] == number % 1_000 for number, answer in enumerate(answers[:5_000]))
