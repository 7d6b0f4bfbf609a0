"""Records on the wire: what is written can be read, what breaks a rule is refused."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from streams.errors import BadRecord
from streams.topics.codec import decode, decoder, encode, schema
from streams.topics.registry import TOPICS, Topic
from tests.strategies import RECORDS, invalid

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.mark.parametrize("struct", RECORDS, ids=lambda struct: struct.__name__)
@given(data=st.data())
def test_round_trip(struct: type[Struct], data: st.DataObject) -> None:
    record = data.draw(RECORDS[struct])
    assert decode(decoder(struct), encode(record)) == record


@pytest.mark.parametrize("struct", RECORDS, ids=lambda struct: struct.__name__)
@given(data=st.data())
def test_one_spoilt_field_is_refused(struct: type[Struct], data: st.DataObject) -> None:
    item: dict[str, Any] = data.draw(invalid(struct))
    with pytest.raises(BadRecord):
        decode(decoder(struct), msgspec.json.encode(item))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_committed_schema_is_what_the_struct_generates(topic: Topic) -> None:
    path = SCHEMAS / f"{topic.name}.v1.json"
    generated = json.loads(json.dumps(schema(topic.struct)))
    assert json.loads(path.read_text("utf-8")) == generated, (
        f"koubei topics schema {topic.name} > docs/schemas/{path.name}"
    )
