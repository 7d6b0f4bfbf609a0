import json
import math
import os
import subprocess
import sys
from decimal import Decimal, getcontext
from fractions import Fraction
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.spike import WEEK, WEEKS, against, judge, quantile, usual, width

COMMAND = [sys.executable, "-m", "streams", "spike"]


def quantile_by_sums(probability: float, mean: float) -> int:
    """The definition itself, with 60 digits: P(X ≤ k), term by term from 0."""
    getcontext().prec = 60
    term = (-Decimal(mean)).exp()
    below, k = term, 0
    while below < Decimal(probability):
        k += 1
        term *= Decimal(mean) / k
        below += term
    return k


@pytest.mark.parametrize(
    ("usually", "low", "high", "current", "eta", "fires"),
    [
        (20, 10, 32, 50, 1.364, True),
        (20, 10, 32, 30, 0.455, False),
        (100, 75, 127, 150, 0.962, False),
        (100, 75, 127, 250, 2.885, True),
    ],
)
def test_the_worked_values(
    usually: float, low: int, high: int, current: int, eta: float, fires: bool
) -> None:
    assert (quantile(0.005, usually), quantile(0.995, usually)) == (low, high)
    found = judge([usually] * 12, current)
    assert found.expected == usually
    assert found.eta == pytest.approx(eta, abs=0.0005)
    assert found.fires is fires


@given(st.floats(0, 800), st.sampled_from([0.005, 0.025, 0.5, 0.975, 0.995]))
def test_equals_the_definition(mean: float, probability: float) -> None:
    assert quantile(probability, mean) == quantile_by_sums(probability, mean)


@pytest.mark.parametrize("mean", [1e4, 1e5, 1e6, 1e7, 1e8])
def test_large_means_agree_with_the_expansion(mean: float) -> None:
    z = NormalDist().inv_cdf(0.995)
    for sign in (-1, 1):
        expanded = mean + sign * z * math.sqrt(mean) + (z * z - 1) / 6 - 0.5
        assert abs(quantile(0.5 + sign * 0.495, mean) - expanded) <= 1
    assert width(mean * 1.0000001) == pytest.approx(width(mean), rel=1e-3, abs=1)


def test_where_summing_ends_nothing_jumps() -> None:
    assert quantile(0.995, 1e8 * 1.000001) - quantile(0.995, 1e8) == pytest.approx(100, abs=3)
    assert width(1e15) == pytest.approx(2 * NormalDist().inv_cdf(0.995) * math.sqrt(1e15), rel=1e-6)


def test_the_interval_is_one_wide_at_least() -> None:
    assert width(0) == 1
    assert judge([0] * 12, 25) == (0, 25, True)
    assert judge([0] * 12, 19) == (0, 19, False)
    assert judge([0] * 12, 19, minimum=5).fires


@given(st.lists(st.integers(0, 1000), max_size=700))
def test_what_is_usual(hours: list[int]) -> None:
    found = usual(hours)
    if not hours:
        assert found is None
    elif len(hours) < WEEKS * WEEK:
        last = hours[-12:]
        assert found == pytest.approx(float(Fraction(sum(last), len(last))))
    else:
        assert found == sum(hours[len(hours) - k] for k in (168, 336, 504, 672)) / 4


def test_the_same_hour_of_the_week_needs_all_four_weeks() -> None:
    weekly = ([100.0] + [1.0] * (WEEK - 1)) * WEEKS
    assert judge(weekly, 100) == (100, 0, False)
    assert judge(weekly[1:], 100).expected == 1
    assert judge(weekly[1:], 100).fires


def test_with_nothing_to_compare_nothing_fires() -> None:
    assert judge([], 1_000_000) == (None, None, False)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e5))
def test_more_is_never_less_of_a_spike(mean: float, count: float, more: float) -> None:
    less = against(mean, count)
    assert against(mean, count + more).fires >= less.fires


def run(lines: bytes) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(COMMAND, check=False, input=lines, capture_output=True, timeout=60)
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_command_answers_by_the_same_formula() -> None:
    cases = [([20.0] * 12, 50, 20), ([7.5] * 700, 31, 20), ([], 5, 20), ([1.0], 9, 9)]
    lines = [
        json.dumps({"hours": hours, "current": current, "minimum": least}) for hours, current, least in cases
    ]
    code, answers = run("\n".join(lines).encode())
    assert code == 0
    assert answers == [judge(hours, current, least)._asdict() for hours, current, least in cases]


def test_the_command_tells_a_bad_line_and_reads_on() -> None:
    good = b'{"hours": [20, 20], "current": 50}'
    bad = (
        b"x",
        b'{"hours": [1]}',
        b'{"hours": [-1], "current": 1}',
        b'{"hours": [1], "current": true}',
        b"\xff",
    )
    code, answers = run(b"\n".join((good, b"", *bad, good)))
    assert code == 65
    assert [answer.get("fires") for answer in answers] == [True, *[None] * 5, True]
    errors = [answer["error"] for answer in answers if "error" in answer]
    assert [error["line"] for error in errors if isinstance(error, dict)] == [3, 4, 5, 6, 7]


def test_the_command_answers_a_line_before_the_next_arrives() -> None:
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        for current in (50, 30):
            os.write(process.stdin.fileno(), b'{"hours": [20], "current": %d}\n' % current)
            assert json.loads(process.stdout.readline())["fires"] is (current == 50)
        process.stdin.close()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()
