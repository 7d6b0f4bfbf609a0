import hashlib
import hmac
import json
from pathlib import Path

import msgspec
from pydantic import SecretStr

from streams.notify.base import Link, Mention, Sample
from streams.notify.webhook import Notification, notification, signed
from streams.topics.codec import schema
from tests.messages import alert, numbered

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "notification.v1.json"


def test_the_schema_in_the_docs_is_what_is_sent() -> None:
    made = json.dumps(schema(Notification), ensure_ascii=False, indent=2)
    assert json.loads(SCHEMA.read_text("utf-8")) == json.loads(made), f"write into {SCHEMA.name}:\n{made}"


def test_a_notification_reads_back_as_it_was() -> None:
    message = alert(others=(numbered(2).brief,), repeated=True)
    found = notification(message)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Notification) == found
    assert found.version == 1
    assert found.at == "2026-11-22T10:02:00.000+08:00"
    assert found.others == (numbered(2).brief,)
    assert found.possibly_repeated


def test_people_and_addresses_that_are_not_of_the_web_stay_out() -> None:
    message = alert(
        mentions=(Mention(name="张三", mobile="13800138000"),),
        links=(Link("坏", "javascript:x"), Link("好", "https://k.example/")),
        samples=(Sample(text="x", url="javascript:x"),),
    )
    body = msgspec.json.encode(notification(message)).decode()
    assert "13800138000" not in body
    assert "javascript" not in body
    assert "https://k.example/" in body


def test_the_signature_covers_time_and_body() -> None:
    digest = hmac.new(b"key", b"1700000000.body", hashlib.sha256).hexdigest()
    assert signed(SecretStr("key"), 1_700_000_000.9, b"body") == {
        "X-Koubei-Signature": f"t=1700000000,v1={digest}"
    }
    assert signed(None, 0.0, b"body") == {}
