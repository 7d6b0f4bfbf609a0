"""`koubei bench` as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.embedded, pytest.mark.slow]


def test_bench_measures_this_machine(tmp_path: Path) -> None:
    # A setting that would lead away from the temporary stack is not followed.
    environment = {**os.environ, "KOUBEI_KAFKA__BOOTSTRAP": "127.0.0.1:1", "TMPDIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "streams", "bench", "--quick", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["posts"] > 1_000
    assert told["posts_per_second"] > 100
    assert told["latency"]["rows"] == told["steady_rate"] * 2.5
    assert 0 < told["latency"]["p50"] <= told["latency"]["p95"] <= told["latency"]["p99"]
    assert {"worker-1", "worker-1 lanes", "clickhouse", "kafka"} <= told["cpu_us_per_post"].keys()
    assert not list(tmp_path.iterdir())
