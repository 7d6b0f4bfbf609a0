"""docs/measures.md says what streams/measures says."""

from pathlib import Path

from streams.cli.measures import document

PAGE = Path(__file__).parents[2] / "docs" / "measures.md"


def test_the_page_is_current() -> None:
    assert document() == PAGE.read_text("utf-8"), "run python -m streams.cli.measures > docs/measures.md"
