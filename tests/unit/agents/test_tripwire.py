from hypothesis import given
from hypothesis import strategies as st

from streams.agents.tripwire import WINDOW, TripWire


def wire(armed: bool = True) -> TripWire:
    return TripWire(0.05, 100, armed=armed)


def test_a_few_bad_records_do_not_trip() -> None:
    w = wire()
    assert not any(w.trips(1_000, range(0, 1_000, 50)) for _ in range(50))


def test_more_than_five_percent_of_ten_thousand_trips() -> None:
    w = wire()
    outcomes = [w.trips(1_000, range(0, 1_000, 16)) for _ in range(10)]
    assert outcomes[-1]
    assert not outcomes[0]


def test_a_hundred_in_a_row_trip_across_batches() -> None:
    w = wire()
    assert not w.trips(60, range(60))
    assert not w.trips(39, range(39))
    assert w.trips(1, [0])


def test_one_good_record_breaks_the_row() -> None:
    w = wire()
    assert not w.trips(99, range(99))
    assert not w.trips(1, [])
    assert not w.trips(99, range(99))


def test_a_resumed_worker_lets_the_backlog_pass_and_arms_itself_again() -> None:
    w = wire(armed=False)
    assert not w.trips(5_000, range(5_000))
    assert not w.trips(100, [])
    assert w.trips(100, range(100))


def test_a_batch_larger_than_the_window_counts_by_its_share() -> None:
    assert not wire().trips(5 * WINDOW, range(0, 5 * WINDOW, 25))
    assert wire().trips(5 * WINDOW, range(0, 5 * WINDOW, 15))


@given(st.lists(st.booleans(), max_size=400), st.lists(st.integers(1, 50), min_size=1, max_size=60))
def test_runs_do_not_depend_on_how_batches_are_cut(bad: list[bool], cuts: list[int]) -> None:
    longest = run = 0
    for is_bad in bad:
        run = run + 1 if is_bad else 0
        longest = max(longest, run)
    w = TripWire(1.0, 20)
    tripped, start, cut = False, 0, 0
    while start < len(bad):
        part = bad[start : start + cuts[cut % len(cuts)]]
        tripped |= w.trips(len(part), [index for index, is_bad in enumerate(part) if is_bad])
        start += len(part)
        cut += 1
    assert tripped == (longest >= 20)
