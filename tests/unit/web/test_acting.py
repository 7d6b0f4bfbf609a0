"""Acts on alerts without servers: who may, what is produced, what is said when nobody answers; lists that are empty."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from streams.alerts.links import sign
from streams.alerts.model import Alert, Event
from streams.clock import ManualClock
from streams.config import load
from streams.errors import StoreUnavailable
from streams.rules.rule import Rule
from streams.store.client import Result
from streams.topics.alert import AlertRecord, Command
from streams.web.acts import LONGEST_SILENCE, Order, command
from streams.web.app import Web, create
from streams.web.problems import Problem
from tests.unit.web.doubles import FakeFeed, FakeReader
from tests.unit.web.test_http import client

AT = datetime(2026, 11, 22, 2, 2, tzinfo=UTC)
NOW = AT.timestamp()
KEY = "a key of sixteen bytes and more"
OURS = {"Origin": "http://127.0.0.1:8080"}
EXPOSED: dict[str, Any] = {"host": "0.0.0.0", "token": "right", "link_key": KEY}
ALERT = Alert(
    alert_id="a1", dedup_key="断连|星曜|", rule="断连", rule_version=3, brand="星曜", severity="red", state="firing",
    first_fired=NOW, last_fired=NOW, window_start=NOW - 600, window_end=NOW, count=52, seq=1, revision=1,
    last=Event(kind="fired", at=NOW),
)  # fmt: skip
DONE = {
    "subject": "alert", "id": "a1", "kind": "acknowledged", "at": AT, "actor": "张三", "detail": "",
    "state": "acknowledged", "owner": "张三",
}  # fmt: skip

decode = msgspec.json.Decoder(AlertRecord).decode


class Store:
    """Answers what the pages of alerts ask."""

    def __init__(self, *alerts: Alert, rules: int = 1) -> None:
        self._alerts = {one.alert_id: one for one in alerts}
        self._rules = [(f"规则{n}", 1, _rule(f"规则{n}"), False, "李敏", "cli", "", AT) for n in range(rules)]

    def __call__(self, sql: str) -> Result:
        alerts = list(self._alerts.values())
        if "argMaxIf" in sql:
            latest = AT if alerts else None
            return Result([], [(len(alerts), len(alerts), len(alerts), "red" if alerts else "", latest)])
        if "AS standing" in sql:
            return Result([], [(2, 4, 0, one.alert_id) for one in alerts])
        if "SELECT id, snapshot" in sql:
            return Result([], [(one.alert_id, msgspec.json.encode(one)) for one in alerts])
        if "groupUniqArray" in sql:
            return Result([], [([], [], [])])
        if "version DESC" in sql:
            return Result([], list(self._rules))
        return Result([], [])


def _rule(name: str) -> str:
    return msgspec.json.encode(Rule(name=name, query="断连")).decode()


def web(
    feed: FakeFeed | None = None,
    event: Mapping[str, Any] | Exception | None = DONE,
    store: Store | None = None,
    **room: Any,
) -> Web:
    def outcome(_: str, seconds: float) -> Mapping[str, Any] | None:
        if isinstance(event, Exception):
            raise event
        return event

    settings = load(web=room, store={"url": "clickhouse://nobody@127.0.0.1:1/none"})
    reader = FakeReader(store or Store(ALERT))
    return create(
        settings,
        reader,
        lambda: 0,
        FakeFeed,
        clock=ManualClock(NOW),
        tell=lambda: feed or FakeFeed(),
        outcome=outcome,
    )


async def test_an_act_is_one_command_with_the_alert_as_its_key() -> None:
    feed = FakeFeed()
    async with client(web(feed)) as browser:
        answer = await browser.post(
            "/api/v1/alerts/a1/acknowledge", json={"by": "张三"}, headers={"Idempotency-Key": "k1"}
        )
    assert (answer.status_code, answer.json()["result"]) == (200, "done")
    ((topic, key, value),) = feed.sent
    assert (topic, key) == ("alerts", b"a1")
    assert decode(value) == Command(
        id="k1", action="acknowledge", alert_id="a1", actor="张三", via="api", source="127.0.0.1", at=NOW
    )


@pytest.mark.parametrize("event", [None, StoreUnavailable("ClickHouse 127.0.0.1:1")])
async def test_what_nobody_has_applied_yet_is_on_its_way(event: Any) -> None:
    feed = FakeFeed()
    async with client(web(feed, event)) as browser:
        answer = await browser.post(
            "/api/v1/alerts/a1/acknowledge", json={"by": "张三"}, headers={"Idempotency-Key": "k/1"}
        )
        assert (answer.status_code, answer.json()) == (
            202,
            {"id": "k/1", "result": "pending", "link": "/api/v1/acts/k%2F1"},
        )
        assert answer.headers["location"] == "/api/v1/acts/k%2F1"
        page = await browser.post("/alerts/a1", data={"act": "acknowledge", "by": "张三"}, headers=OURS)
        assert page.status_code == 202
        assert "还没生效" in page.text
    assert len(feed.sent) == 2


async def test_kafka_away_is_said_and_nothing_is_claimed() -> None:
    async with client(web(FakeFeed(fails=True))) as browser:
        answer = await browser.post("/api/v1/alerts/a1/acknowledge", json={"by": "张三"})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:koubei:problem:broker-unavailable")
        page = await browser.post("/alerts/a1", data={"act": "acknowledge", "by": "张三"}, headers=OURS)
        assert page.status_code == 503
        assert "Kafka" in page.text.split('class="banner alarm" role="alert">')[1]


async def test_a_second_person_hears_who_was_first() -> None:
    async with client(web()) as browser:
        answer = await browser.post("/api/v1/alerts/a1/acknowledge", json={"by": "李四"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "张三 10:02 已认领")


@pytest.mark.parametrize(
    ("address", "headers", "room", "status"),
    [
        ("127.0.0.1", {}, {}, 200),
        ("127.0.0.1", {}, {"token": "right"}, 401),
        ("127.0.0.1", {"Authorization": "Bearer right"}, {"token": "right"}, 200),
        ("192.168.1.9", {}, {}, 401),
        ("127.0.0.1", {"Origin": "http://evil.example"}, {}, 403),
    ],
)
async def test_who_may_act_over_http(
    address: str, headers: dict[str, str], room: dict[str, Any], status: int
) -> None:
    feed = FakeFeed()
    async with client(web(feed, **room), address) as browser:
        for path, body in (
            ("/api/v1/alerts/a1/acknowledge", {"by": "张三"}),
            ("/api/v1/silences", {"by": "张三", "rule": "断连", "for": "2h", "note": "x"}),
            ("/api/v1/cases", {"by": "张三", "alert_id": "a1"}),
        ):
            answer = await browser.post(path, json=body, headers=headers)
            assert answer.status_code == status, path
        gone = await browser.delete(f"/api/v1/silences/s1?by={'张三'}", headers=headers)
        assert gone.status_code == status
    assert len(feed.sent) == (4 if status == 200 else 0)


async def test_a_link_is_the_only_way_into_an_exposed_page_without_a_login() -> None:
    token = sign(KEY.encode(), "a1", nonce="n1", now=NOW)
    feed = FakeFeed()
    async with client(web(feed, None, **EXPOSED), "192.168.1.9") as browser:
        seen = await browser.get(f"/alerts/a1?token={token}")
        assert seen.status_code == 200
        assert "koubei_page" not in seen.headers.get("set-cookie", "")
        for path in (
            "/", "/alerts", "/alerts/a1", "/rules", "/silences", "/cases", "/posts/微博/1", "/api/v1/alerts",
            f"/?token={token}", f"/alerts?token={token}", f"/rules/a1?token={token}", f"/api/v1/alerts/a1?token={token}",
            f"/alerts/a1/x?token={token}",
        ):  # fmt: skip
            assert (await browser.get(path)).status_code == 401, path
        assert (await browser.get(f"/alerts/a2?token={token}")).status_code == 403
        assert (await browser.get("/alerts/a1?token=wrong")).status_code == 403
        pressed = await browser.post(
            f"/alerts/a1?token={token}", data={"act": "acknowledge", "by": "赵六"}, headers=OURS
        )
        assert pressed.status_code == 202
        assert (
            await browser.post("/alerts/a1", data={"act": "acknowledge", "by": "x"}, headers=OURS)
        ).status_code == 401
        # The page's own token logs in wherever it stands.
        assert (await browser.get("/alerts/a1?token=right")).headers["location"] == "/alerts/a1"
        whole = await browser.get("/alerts/a1")
        assert 'value="resolve"' in whole.text
    (sent,) = [decode(value) for _, _, value in feed.sent]
    assert (sent.id, sent.via, sent.source) == ("n1", "link", "192.168.1.9")


async def test_without_a_key_no_link_lets_anybody_in() -> None:
    token = sign(KEY.encode(), "a1", nonce="n1", now=NOW)
    room: dict[str, Any] = {name: value for name, value in EXPOSED.items() if name != "link_key"}
    async with client(web(**room), "192.168.1.9") as browser:
        assert (await browser.get(f"/alerts/a1?token={token}")).status_code == 403


@pytest.mark.parametrize(
    ("store", "path", "said"),
    [
        (Store(rules=0), "/alerts", "还没有规则，所以不会有告警"),
        (Store(rules=3), "/alerts", "还没有告警，3 条规则在看着"),
        (Store(), "/alerts?severity=red", "被筛选条件排除了 0 条"),
        (
            Store(msgspec.structs.replace(ALERT, state="resolved", resolved_at=NOW)),
            "/alerts",
            "现在没有未解除的告警",
        ),
        (Store(), "/silences", "没有静默：所有告警都会通知"),
        (Store(), "/cases", "还没有处置单"),
        (Store(), "/cases?state=closed", "没有这个状态的处置单"),
        (Store(rules=0), "/rules", "还没有规则，所以不会有告警"),
        (Store(ALERT), "/alerts/a1", "没有发出。配置了渠道吗？"),
        (Store(ALERT), "/alerts/a1", "以前没有过告警"),
        (Store(msgspec.structs.replace(ALERT, kind="absence")), "/alerts/a1", "告警正是因此而起"),
    ],
)
async def test_what_is_empty_says_why(store: Store, path: str, said: str) -> None:
    async with client(web(store=store)) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200
    assert said in answer.text


async def test_every_page_is_in_both_languages() -> None:
    async with client(web()) as browser:
        for path in (
            "/alerts",
            "/alerts/a1",
            "/silences",
            "/cases",
            "/rules",
            "/rules?new=1",
            "/rules/规则0",
        ):
            answer = await browser.get(f"{path}{'&' if '?' in path else '?'}lang=en")
            assert answer.status_code == 200, path
            text = answer.text.replace("中文", "")
            for own in ("断连", "星曜", "规则0", "李敏", "张三"):
                text = text.replace(own, "")
            assert not [word for word in text.split() if any("\u4e00" <= one <= "\u9fff" for one in word)], (
                path
            )


async def test_a_store_that_is_away_is_said_on_the_page() -> None:
    def away(_: str) -> Result:
        raise StoreUnavailable("连不上 ClickHouse 127.0.0.1:9000")

    async with client(create(load(), FakeReader(away), lambda: 0, FakeFeed)) as browser:
        for path in ("/alerts", "/alerts/a1", "/silences", "/cases", "/cases/c1", "/rules", "/rules/x"):
            answer = await browser.get(path)
            assert answer.status_code == 503, path
            assert answer.headers["content-type"].startswith("text/html")
            assert "连不上 ClickHouse" in answer.text


@pytest.mark.parametrize(
    ("order", "until"),
    [
        (Order(by="张三", note="x", rule="r", lasting="90s"), NOW + 90),
        (Order(by="张三", note="x", rule="r", until="2026-11-22T10:32:00+08:00"), NOW + 1800),
        (Order(by="张三", note="x", rule="r", until="2026-11-22T02:32:00"), NOW + 1800),
        (Order(by="张三", note="x", rule="r", lasting="30d"), NOW + LONGEST_SILENCE),
        (Order(by="张三", note="x", rule="r", lasting="0s"), None),
        (Order(by="张三", note="x", rule="r", lasting="721h"), None),
        (Order(by="张三", note="x", rule="r", until="tomorrow"), None),
        (Order(by="张三", note="x", rule="r"), None),
        (Order(by="张三", note="x", lasting="2h"), None),
        (Order(by="a\x00b", note="x", rule="r", lasting="2h"), None),
        (Order(by="张三", note="\ud800", rule="r", lasting="2h"), None),
    ],
)
def test_until_when_a_silence_lasts(order: Order, until: float | None) -> None:
    def made() -> Command:
        return command("silence", order, id="1", via="api", source="", now=NOW)

    if until is None:
        with pytest.raises(Problem) as caught:
            made()
        assert caught.value.status == 400
    else:
        assert made().until == until


async def test_the_schema_describes_acts() -> None:
    async with client(web()) as browser:
        document = (await browser.get("/schema")).json()
    for path in (
        "/api/v1/alerts/{alert_id}/acknowledge",
        "/api/v1/silences",
        "/api/v1/cases/{case_id}/close",
    ):
        operation = document["paths"][path]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        assert body == {"$ref": "#/components/schemas/Act"}
        assert {"200", "202", "409"} <= set(operation["responses"])
        assert [one["name"] for one in operation["parameters"]][-1] == "Idempotency-Key"
    assert "requestBody" not in document["paths"]["/api/v1/silences/{silence_id}"]["delete"]
    assert "for" in document["components"]["schemas"]["Act"]["properties"]
    assert "是" not in json.dumps(document["paths"], ensure_ascii=False)
