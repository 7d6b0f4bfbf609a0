"""What every test shares: the sample data, and the rule that nothing is skipped in CI."""

import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from tests import servers
from tests.realkafka import own_kafka, real_kafka

__all__ = ["own_kafka", "real_kafka"]

# A busy machine is no fault of the code, and CI judges a change, not the luck of the draw.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

SAMPLES = Path(__file__).parent.parent.parent / "shared" / "data"
COMPLETE = bool(os.environ.get("KOUBEI_TEST_COMPLETE"))


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real posts, shares and labelled texts; their licences do not let them ship with the project."""
    if not SAMPLES.is_dir():
        pytest.skip(f"the sample data is not there: put it into {SAMPLES}")
    return SAMPLES


@pytest.fixture(autouse=True, scope="session")
def no_orphans() -> Generator[None, None, None]:
    """Whatever a failed test started ends with the session."""
    yield
    servers.end_all()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is a failure: a suite that quietly proves nothing is worse than none."""
    report = yield
    if COMPLETE and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but KOUBEI_TEST_COMPLETE is set: {report.longrepr}"
    return report
