"""What a partition is thought to hold must never be less than what it holds."""

from hypothesis import given
from hypothesis import strategies as st

from streams.broker.feeder import Partition

SIZE = 500


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 50), st.floats(0, 1)),
        min_size=1,
        max_size=40,
    )
)
def test_backlog_covers_everything_not_committed(steps: list[tuple[int, int, float]]) -> None:
    """Each step: records of others, then our own, then a commit of part of what is there."""
    partition = Partition()
    end = committed = 0
    for others, own, part in steps:
        end += others
        for _ in range(own):
            partition.delivered(end, SIZE)
            end += 1
        partition.mark()
        assert partition.end == end
        assert partition.backlog >= (end - committed) * SIZE - 1e-3
        committed = max(committed, int(end * part))
        partition.commit(committed)
        assert partition.backlog >= (end - committed) * SIZE - 1e-3


def test_a_full_commit_leaves_no_backlog() -> None:
    partition = Partition()
    for offset in range(1000):
        partition.delivered(offset, SIZE)
        if offset % 100 == 0:
            partition.mark()
    partition.mark()
    partition.commit(1000)
    assert partition.backlog == 0


def test_large_records_count_by_their_bytes_not_by_the_mean() -> None:
    partition = Partition()
    for offset in range(1000):
        partition.delivered(offset, 100)
    partition.mark()
    for offset in range(1000, 1010):
        partition.delivered(offset, 100_000)
    partition.mark()
    partition.commit(1000)
    assert partition.backlog == 1_000_000
