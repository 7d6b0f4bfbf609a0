import pytest

from bench.watching import Seen, caught_up, percentile, waits, when

LOOKS = [Seen(10.0, 0), Seen(10.1, 5), Seen(10.2, 5), Seen(10.3, 9)]


def test_rows_are_visible_with_the_first_look_that_counts_their_whole_insert() -> None:
    # Two rows of an earlier feed, then an insert of three and one of four.
    rows = [(9.9, 10.0), (9.95, 10.0), (10.0, 10.0), (10.15, 10.2), (10.15, 10.2), (10.2, 10.2), (10.2, 10.2)]
    assert waits(LOOKS, 2, rows) == pytest.approx([0.1, 0.1, 0.1, 0.15, 0.15, 0.15, 0.2])


def test_a_row_that_no_look_counted_is_an_error() -> None:
    with pytest.raises(IndexError):
        when(LOOKS, 10)


def test_caught_up_is_the_end_of_the_last_time_that_too_much_was_under_way() -> None:
    sent = [Seen(9.9, 0), Seen(10.05, 5), Seen(10.15, 9)]
    assert caught_up(sent, LOOKS, allowed=3) == 10.3
    assert caught_up(sent, LOOKS, allowed=4) == 10.0


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 6), (0.99, 10), (1.0, 10)])
def test_percentiles(share: float, value: float) -> None:
    assert percentile(range(1, 11), share) == value
