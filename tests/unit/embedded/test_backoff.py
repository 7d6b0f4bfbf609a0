from streams.clock import ManualClock
from streams.embedded.backoff import Backoff


def test_doubles_from_half_a_second_to_ten() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_thirty_seconds_of_health_start_afresh() -> None:
    clock, backoff = ManualClock(), Backoff()
    for _ in range(5):
        backoff.after(0.0)
    born = clock.monotonic()
    clock.advance(29.9)
    assert backoff.after(clock.monotonic() - born) == 10.0
    born = clock.monotonic()
    clock.advance(30.0)
    assert backoff.after(clock.monotonic() - born) == 0.5
    assert backoff.after(1.0) == 1.0
