"""The application over HTTP, with a store and a feeder of the test's own."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.config import load
from streams.errors import BrokerUnavailable, StoreUnavailable
from streams.store.client import Result
from streams.web.app import Web, create
from streams.web.problems import Problem
from streams.web.writes import BODY_LIMIT, WAITING_LIMIT, parse
from tests.unit.web.doubles import FakeFeed, FakeReader

POST = {"platform": "微博", "post_id": "1", "text": "又断连了", "published": 1_763_000_000}


def web(
    reader: FakeReader | None = None, feed: FakeFeed | None = None, lag: Any = lambda: 0, **room: Any
) -> Web:
    return create(load(web=room), reader or FakeReader(), lag, lambda: feed or FakeFeed())


@asynccontextmanager
async def client(app: Web, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app.asgi, client=(address, 50_000))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as browser:
        yield browser


async def test_pages_carry_the_security_headers() -> None:
    async with client(web()) as browser:
        for path in ("/", "/healthz", "/nowhere", "/static/page.css", "/api/v1/boards"):
            answer = await browser.get(path)
            assert "script-src 'self'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:8080", 200), ("[::1]:8080", 200), ("evil.example", 421), ("", 421),
     ("localhost.evil.example", 421), ("127.0.0.1.evil.example:8080", 421)],
)  # fmt: skip
async def test_foreign_hosts_are_refused(host: str, status: int) -> None:
    async with client(web()) as browser:
        answer = await browser.get("/healthz", headers={"Host": host})
        assert answer.status_code == status
        if status == 421:
            assert answer.json()["type"] == "urn:koubei:problem:foreign-host"


async def test_the_page_speaks_the_language_asked_for() -> None:
    async with client(web()) as browser:
        assert 'lang="zh-CN"' in (await browser.get("/")).text
        english = (await browser.get("/?lang=en")).text
        assert 'lang="en"' in english
        boot = json.loads(english.split('id="boot">')[1].split("</script>")[0])
        assert boot["words"]["口碑总览"] == "Overview"
        assert 'lang="zh-CN"' in (await browser.get("/?lang=xx")).text


async def test_the_browser_never_gets_sql_with_the_boards() -> None:
    async with client(web()) as browser:
        assert "SELECT" not in (await browser.get("/")).text
        assert "SELECT" not in (await browser.get("/api/v1/boards")).text


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/api/v1/panels/nope/1", 404, "no-such-board"),
        ("/api/v1/panels/koubei-overview/99", 404, "no-such-panel"),
        ("/api/v1/panels/koubei-overview/x", 404, "not-found"),
        ("/api/v1/panels/koubei-overview/1?from=zz", 400, "bad-range"),
        ("/api/v1/panels/koubei-overview/1?var-colour=red", 400, "unknown-value"),
        ("/api/v1/panels/koubei-overview/1?var-brand=x", 400, "unknown-value"),
        ("/api/v1/stream?board=nope", 404, "no-such-board"),
        ("/api/v1/stream", 400, "bad-request"),
        ("/nowhere", 404, "not-found"),
    ],
)
async def test_problems_have_a_type_and_chinese_words(path: str, status: int, kind: str) -> None:
    async with client(web()) as browser:
        answer = await browser.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:koubei:problem:{kind}"
    assert body["status"] == status
    assert any("\u4e00" <= character <= "\u9fff" for character in body["title"])


async def test_readiness_has_reasons() -> None:
    def away(_: str) -> Result:
        raise StoreUnavailable("连不上 ClickHouse 127.0.0.1:9000")

    def gone() -> int:
        raise BrokerUnavailable("连不上 Kafka")

    async with client(web()) as browser:
        answer = await browser.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"ready": True, "store": "ok", "broker": "ok"})
    async with client(web(FakeReader(away), lag=gone)) as browser:
        answer = await browser.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {
            "ready": False,
            "store": "连不上 ClickHouse 127.0.0.1:9000",
            "broker": "连不上 Kafka",
        }
        assert (await browser.get("/healthz")).status_code == 200


async def test_metrics_are_prometheus() -> None:
    async with client(web()) as browser:
        assert "koubei_web_readers 0.0" in (await browser.get("/metrics")).text


async def test_a_record_is_answered_once_kafka_has_it() -> None:
    feed = FakeFeed()
    async with client(web(feed=feed)) as browser:
        answer = await browser.post("/api/v1/posts", json=POST)
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 1,
        "rejected": 0,
        "results": [{"index": 0, "status": "accepted", "id": "1"}],
    }
    assert feed.acknowledged == 1
    topic, key, value = feed.sent[0]
    assert (topic, key) == ("posts", b"1")
    assert json.loads(value)["via"] == "api"


@pytest.mark.parametrize(
    ("body", "status", "accepted"),
    [
        (json.dumps([POST, POST]), 202, 2),
        (json.dumps(POST) + "\n\n" + json.dumps(POST) + "\n", 202, 2),
        ("\ufeff" + json.dumps(POST), 202, 1),
        (json.dumps([POST, {"platform": "微博", "txet": "x"}, 3, None]), 207, 1),
        (json.dumps(POST) + "\n{broken\n", 207, 1),
        ("[]", 202, 0),
        (json.dumps({"platform": "微博"}), 400, 0),
        ("{broken", 400, 0),
        ("", 400, 0),
        ("[" * 20_000, 400, 0),
        (b"\xff\xfe", 400, 0),
    ],
)
async def test_one_many_or_lines(body: str | bytes, status: int, accepted: int) -> None:
    feed = FakeFeed()
    async with client(web(feed=feed)) as browser:
        answer = await browser.post(
            "/api/v1/posts", content=body if isinstance(body, bytes) else body.encode()
        )
    assert answer.status_code == status
    assert len(feed.sent) == accepted
    if status == 400:
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        assert answer.json()["accepted"] == accepted


async def test_a_near_miss_is_named() -> None:
    async with client(web()) as browser:
        answer = await browser.post("/api/v1/posts", json={"platform": "微博", "txet": "又断连"})
    (result,) = answer.json()["results"]
    assert result["status"] == "rejected"
    assert "是不是想写 text" in result["detail"]


async def test_shares_and_interactions_have_their_own_addresses() -> None:
    share = {
        "platform": "微博",
        "share_id": "s",
        "root_id": "r",
        "parent_id": "r",
        "user_id": "u",
        "shared": 1_763_000_000,
    }
    act = {"platform": "微博", "id": "i", "user_id": "u", "kind": "follow", "at": 1_763_000_000}
    feed = FakeFeed()
    async with client(web(feed=feed)) as browser:
        assert (await browser.post("/api/v1/shares", json=share)).status_code == 202
        assert (await browser.post("/api/v1/interactions", json=act)).status_code == 202
        assert (await browser.post("/api/v1/dead-letters", json={})).status_code == 404
    assert [(topic, key) for topic, key, _ in feed.sent] == [("shares", b"r"), ("interactions", b"u")]


async def test_too_much_is_refused() -> None:
    async with client(web()) as browser:
        answer = await browser.post("/api/v1/posts", content=b" " * (BODY_LIMIT + 1))
    assert answer.status_code == 413


async def test_without_a_token_only_this_host_may_write() -> None:
    for address, headers, status in (
        ("127.0.0.1", {}, 202),
        ("::1", {}, 202),
        ("192.168.1.9", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.5"}, 401),
        ("127.0.0.1", {"Origin": "http://127.0.0.1:8080"}, 202),
        ("127.0.0.1", {"Origin": "http://evil.example"}, 403),
        ("127.0.0.1", {"Origin": "null"}, 403),
        ("127.0.0.1", {"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        async with client(web(), address) as browser:
            answer = await browser.post("/api/v1/posts", json=POST, headers=headers)
        assert answer.status_code == status, (address, headers)


async def test_with_a_token_whoever_has_it_may_write() -> None:
    for header, status in ((None, 401), ("Bearer wrong", 401), ("Basic right", 401), ("Bearer right", 202)):
        async with client(web(token="right"), "192.168.1.9") as browser:
            answer = await browser.post(
                "/api/v1/posts", json=POST, headers={"Authorization": header} if header else {}
            )
        assert answer.status_code == status
        assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_kafka_away_is_503_and_the_next_try_starts_anew() -> None:
    feeds = [FakeFeed(fails=True), FakeFeed()]
    made = iter(feeds)
    app = create(load(), FakeReader(), lambda: 0, lambda: next(made))
    async with client(app) as browser:
        answer = await browser.post("/api/v1/posts", json=POST)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert (await browser.post("/api/v1/posts", json=POST)).status_code == 202
    assert feeds[0].left == 1


async def test_too_many_waiting_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    app = web()
    async with client(app) as browser:
        monkeypatch.setattr("streams.web.writes.WAITING_LIMIT", 0)
        answer = await browser.post("/api/v1/posts", json=POST)
    assert WAITING_LIMIT > 0
    assert answer.status_code == 429
    assert "retry-after" in answer.headers


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_items_or_a_problem(body: bytes) -> None:
    with contextlib.suppress(Problem):
        assert isinstance(parse(body), list)


async def test_the_schema_describes_the_records() -> None:
    async with client(web()) as browser:
        answer = await browser.get("/schema")
        document = answer.json()
    assert document["openapi"].startswith("3.1")
    body = document["paths"]["/api/v1/posts"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["oneOf"][0] == {"$ref": "#/components/schemas/Post"}
    assert "是" not in json.dumps(document["paths"], ensure_ascii=False)
    assert document["components"]["schemas"]["Post"]["required"] == [
        "platform",
        "post_id",
        "text",
        "published",
    ]
    references = set(json.dumps(document).split('"$ref": "#/components/schemas/')[1:])
    assert {reference.split('"')[0] for reference in references} <= set(document["components"]["schemas"])


async def test_the_committed_document_is_current() -> None:
    async with client(web()) as browser:
        served = (await browser.get("/schema")).json()
    file = Path(__file__).parents[3] / "docs" / "openapi.json"
    committed = json.loads(file.read_text(encoding="utf-8"))
    served["info"]["version"] = committed["info"]["version"]
    assert committed == served, "write /schema to docs/openapi.json"


def test_every_kind_of_problem_is_documented() -> None:
    root = Path(__file__).parents[3]
    code = "".join(file.read_text(encoding="utf-8") for file in (root / "streams" / "web").glob("*.py"))
    kinds = set(re.findall(r'Problem\(\s*\d{3},\s*"([a-z-]+)"', code))
    kinds |= set(re.findall(r'\d{3}: \("([a-z-]+)"', code))
    text = (root / "docs" / "http-api.md").read_text(encoding="utf-8")
    assert len(kinds) > 10
    assert {kind for kind in kinds if f"`{kind}`" not in text} == set()
