import csv
import gzip
import json
from pathlib import Path

import pytest

from streams.config import shipped
from streams.text.toolkit import Toolkit, build

DATA = Path(__file__).parents[4] / "shared" / "data"
REMEDY = f"put the data sets described in docs/text.md into {DATA}"


@pytest.fixture(scope="session")
def toolkit() -> Toolkit:
    return build(sentiment="hybrid", lexicons=[shipped("lexicons")])


@pytest.fixture(scope="session")
def real_texts() -> list[str]:
    file = DATA / "real_texts.jsonl.gz"
    if not file.is_file():
        pytest.skip(REMEDY)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def labelled(name: str) -> tuple[list[str], list[str]]:
    """Texts and labels of a development set."""
    file = DATA / "sentiment" / f"{name}.csv"
    if not file.is_file():
        pytest.skip(REMEDY)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row["text"] for row in rows], [row["label"] for row in rows]
