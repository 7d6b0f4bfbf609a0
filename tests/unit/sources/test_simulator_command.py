import json
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from streams.cli import run
from streams.topics.codec import decode, decoder
from streams.topics.registry import BY_NAME


def test_a_file_holds_records_with_their_topics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "demo.jsonl"
    assert run(["simulate", "--seed", "1", "--duration", "5", "--out", str(file)]) == 0
    lines = file.read_bytes().splitlines()
    topics: Counter[str] = Counter()
    for line in lines[::20]:
        item = json.loads(line)
        topic = BY_NAME[item.pop("topic")]
        decode(decoder(topic.struct), json.dumps(item).encode())
        topics[topic.name] += 1
    assert set(topics) == {"posts", "shares", "interactions"}
    said = capsys.readouterr()
    assert said.out == ""
    assert "首发" in said.err


def test_standard_output_carries_records_only(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["simulate", "--burst", "20", "--out", "-"]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line)["topic"] for line in lines] == ["posts"] * 20


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_the_ordinary_end(signum: int, tmp_path: Path) -> None:
    file = tmp_path / "demo.jsonl"

    def interrupt() -> None:
        deadline = time.monotonic() + 60
        while not (file.exists() and file.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), signum)

    sender = threading.Thread(target=interrupt)
    sender.start()
    assert run(["simulate", "--duration", "1e9", "--out", str(file)]) == 0
    sender.join()
    assert all(json.loads(line) for line in file.read_bytes().splitlines()[-3:])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "0"], "--rate 须大于 0"),
        (["--burst", "-3"], "--burst 须大于 0"),
        (["--duration", "0"], "--duration 须大于 0"),
        (["--out", "/nowhere/at/all.jsonl"], "写不了 /nowhere/at/all.jsonl"),
    ],
)
def test_mistakes_are_named(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", *arguments]) == 78
    assert said in capsys.readouterr().err
