"""docs/data.md is what the database says of itself."""

from pathlib import Path

import pytest

from streams.cli.dictionary import document
from streams.store.client import Connection
from tests.servers import clickhouse

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


@pytest.mark.embedded
def test_the_page_is_current_and_leaves_nothing_unexplained(tmp_path: Path) -> None:
    with clickhouse(tmp_path) as server:
        connection = Connection(server.url)
        try:
            made = document(connection)
        finally:
            connection.close()
    assert made == PAGE.read_text("utf-8"), (
        "run python -m streams.cli.dictionary > docs/data.md with a stack up"
    )
    assert "|  |" not in made
