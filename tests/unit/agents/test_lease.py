"""The lease: what stood still for too long must not write."""

from prometheus_client import CollectorRegistry

from streams.agents.lease import Lease
from streams.clock import ManualClock
from streams.telemetry.events import WorkerEvents


def test_a_stall_counts_from_the_moment_that_something_is_owned() -> None:
    clock, lost = ManualClock(), list[float]()
    lease = Lease(1.5, clock, WorkerEvents(CollectorRegistry()), lost.append)
    clock.advance(60)
    lease.check()
    assert not lost, "a slow start harms nobody"
    lease.begin()
    clock.advance(1.4)
    lease.begin()
    lease.check()
    assert not lost
    clock.advance(0.2)
    lease.check()
    assert 1.59 < lost[0] < 1.61
