"""Corrections over HTTP: who may, what is refused, and what the form does without JavaScript."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from streams.config import load
from streams.store.client import Column, Result
from streams.store.corrections import BadCorrection, Correction, NoSuchMention
from streams.web.app import Web, create
from tests.unit.web.doubles import FakeFeed, FakeReader
from tests.unit.web.test_http import client

ORDER = {"platform": "微博", "id": "p/1", "brand": "星曜", "sentiment": "pos", "by": " 李敏 "}
FORM = {"brand": "星曜", "sentiment": "pos", "by": "李敏", "note": "夸的"}
OURS = {"Origin": "http://127.0.0.1:8080"}
PAGE = "/posts/微博/p/1"
AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


class Ledger:
    """Keeps corrections instead of storing them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.kept: list[Correction] = []
        self._error = error

    def __call__(self, asked: Correction) -> str:
        if self._error:
            raise self._error
        self.kept.append(asked)
        return "neg"


def web(ledger: Ledger, reader: FakeReader | None = None, **room: Any) -> Web:
    return create(load(web=room), reader or FakeReader(stored), lambda: 0, FakeFeed, correct=ledger)


def stored(sql: str) -> Result:
    """A post that mentions 星曜, corrected once."""
    if "FROM corrections" in sql:
        return Result([], [(AT, "星曜", "neu", "neg", "王芳", "page", "<b>")])
    if "FROM posts_latest" in sql:
        row = {
            "platform": "微博", "post_id": "p/1", "published": AT, "text": "星曜又断连", "title": "", "url": "",
            "sentiment": "neg", "score": -0.5, "confidence": 0.9, "stage": "use", "intent": "complaint",
            "own_brand": "", "judge": 3, "tokens": [], "client": "", "author_id": "a", "author_location": "",
            "author_followers": 0, "author_verified": False, "author_device": "", "flags": "", "origin": "api",
            "src_topic": "posts", "src_partition": 0, "src_offset": 1,
            "appended_at": AT, "judged_at": AT, "landed_at": AT,
            "mentions.brand": ["星曜"], "mentions.sentiment": ["neg"], "mentions.score": [-0.5],
            "mentions.confidence": [0.9], "mentions.start": [0], "mentions.stop": [2],
            "mentions.evidence_start": [2], "mentions.evidence_stop": [5],
            "aspects.aspect": ["连接"], "aspects.brand": ["星曜"], "aspects.sentiment": ["neg"],
            "aspects.score": [-0.5], "aspects.start": [3], "aspects.stop": [5],
            "hits.rule": ["断连投诉"], "hits.version": [2], "hits.start": [3], "hits.stop": [5],
            "hits.variant": ["split"],
        }  # fmt: skip
        return Result([Column(name, "") for name in row], [tuple(row.values())])
    if "uniqExact" in sql:
        return Result([], [(0, 0)])
    return Result([], [])


async def test_a_program_is_told_what_was_stored() -> None:
    ledger = Ledger()
    async with client(web(ledger)) as browser:
        answer = await browser.post(
            "/api/v1/corrections", json=ORDER | {"sentiment": "撤销", "kind": "share"}
        )
    assert answer.status_code == 201
    assert answer.json() == {
        "kind": "share", "platform": "微博", "id": "p/1", "brand": "星曜", "sentiment": "withdraw",
        "judged": "neg", "by": "李敏", "note": "",
    }  # fmt: skip
    assert ledger.kept == [Correction("share", "微博", "p/1", "星曜", "", "李敏", "api", "")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{broken", "JSON"),
        ("[]", "object"),
        ("\xff", "JSON"),
        (json.dumps({**ORDER, "brnad": "x"}), "brnad"),
        (json.dumps({name: value for name, value in ORDER.items() if name != "by"}), "by"),
        (json.dumps({**ORDER, "by": " "}), "署名"),
        (json.dumps({**ORDER, "sentiment": "good"}), "pos、neu、neg"),
        (json.dumps({**ORDER, "kind": "like"}), "share"),
        (json.dumps({**ORDER, "note": "长" * 501}), "500"),
    ],
)
async def test_what_is_no_correction_is_refused(body: str, said: str) -> None:
    ledger = Ledger()
    async with client(web(ledger)) as browser:
        answer = await browser.post("/api/v1/corrections", content=body.encode("latin-1"))
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:koubei:problem:bad-correction"
    assert said in answer.json()["detail"]
    assert ledger.kept == []


async def test_an_unknown_mention_is_404() -> None:
    async with client(web(Ledger(NoSuchMention("没有提及 星曜，是不是 星耀？")))) as browser:
        answer = await browser.post("/api/v1/corrections", json=ORDER)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:koubei:problem:no-such-mention")
    assert "星耀" in answer.json()["detail"]


async def test_the_api_asks_for_the_token_as_all_writing_does() -> None:
    for address, headers, status in (
        ("127.0.0.1", {}, 401),
        ("192.168.1.9", {"Authorization": "Bearer right"}, 201),
        ("192.168.1.9", {"Authorization": "Bearer right", "Origin": "http://evil.example"}, 403),
    ):
        async with client(web(Ledger(), token="right"), address) as browser:
            answer = await browser.post("/api/v1/corrections", json=ORDER, headers=headers)
        assert answer.status_code == status


async def test_the_history_of_one_post() -> None:
    async with client(web(Ledger())) as browser:
        answer = await browser.get("/api/v1/corrections", params={"platform": "微博", "id": "p/1"})
        assert (await browser.get("/api/v1/corrections")).status_code == 400
    assert answer.json()["corrections"] == [
        {"at": "2026-11-22T05:00:00.000+00:00", "brand": "星曜", "sentiment": "neu", "judged": "neg", "by": "王芳",
         "via": "page", "note": "<b>"}
    ]  # fmt: skip


async def test_the_page_shows_verdict_and_correction_side_by_side() -> None:
    async with client(web(Ledger())) as browser:
        answer = await browser.get(PAGE)
        english = (await browser.get(f"{PAGE}?lang=en")).text
    text = answer.text
    assert '<mark class="named tone-neu" title="星曜：中性">星曜</mark>' in text
    assert 'class="evidence tone-neg hit"' in text
    assert "王芳 更正于" in text
    assert "&lt;b&gt;" in text
    for shown in ("程序判断", "把握 90%", "断连投诉", "拆字", "使用", "投诉", "连接", "撤销更正"):
        assert shown in text, shown
    for shown in ("The program judges", "confidence 90%", "split", "complaint", "withdraw the correction"):
        assert shown in english, shown
    assert answer.headers["referrer-policy"] == "same-origin"  # else its forms would come from `Origin: null`
    assert "form-action 'self'" in answer.headers["content-security-policy"]


async def test_the_form_leads_back_to_the_page() -> None:
    ledger = Ledger()
    async with client(web(ledger)) as browser:
        answer = await browser.post(PAGE, data=FORM, headers=OURS)
        english = await browser.post(f"{PAGE}?lang=en", data=FORM, headers=OURS)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/posts/%E5%BE%AE%E5%8D%9A/p/1#mentions"
    assert english.headers["location"].endswith("/p/1?lang=en#mentions")
    assert ledger.kept[0] == Correction("post", "微博", "p/1", "星曜", "pos", "李敏", "page", "夸的")


@pytest.mark.parametrize(
    ("form", "error", "status", "said"),
    [
        (FORM | {"sentiment": ""}, None, 400, "请先选"),
        (FORM | {"sentiment": "x"}, None, 400, "pos、neu、neg"),
        ({}, None, 400, "请先选"),
        (FORM, BadCorrection("没有更正可撤销"), 400, "没有更正可撤销"),
        (FORM, NoSuchMention("没有提及"), 404, "没有提及"),
    ],
)
async def test_a_refused_form_keeps_what_was_filled_in(
    form: dict[str, str], error: Exception | None, status: int, said: str
) -> None:
    ledger = Ledger(error)
    async with client(web(ledger)) as browser:
        answer = await browser.post(PAGE, data=form, headers=OURS)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    alarm = answer.text.split('role="alert">')[1].split("</p>")[0]
    assert said in alarm
    assert ('value="夸的"' in answer.text) == ("note" in form)
    assert ledger.kept == []


@pytest.mark.parametrize(
    ("headers", "address", "room", "status"),
    [
        (OURS, "127.0.0.1", {}, 303),
        (OURS, "127.0.0.1", {"token": "right"}, 303),  # whoever may open the page here may correct here
        ({"Sec-Fetch-Site": "same-origin"}, "127.0.0.1", {}, 303),
        ({}, "127.0.0.1", {}, 403),
        ({"Origin": "null"}, "127.0.0.1", {}, 403),
        ({"Origin": "http://evil.example"}, "127.0.0.1", {}, 403),
        ({"Origin": "http://127.0.0.1:3000"}, "127.0.0.1", {}, 403),
        ({**OURS, "Sec-Fetch-Site": "cross-site"}, "127.0.0.1", {}, 403),
        (OURS, "192.168.1.9", {}, 401),
        ({**OURS, "X-Forwarded-For": "203.0.113.5"}, "127.0.0.1", {}, 401),
        (OURS, "192.168.1.9", {"host": "0.0.0.0", "token": "right"}, 401),
        (
            {**OURS, "Authorization": "Bearer right"},
            "192.168.1.9",
            {"host": "0.0.0.0", "token": "right"},
            303,
        ),
    ],
)
async def test_only_our_own_page_submits_the_form(
    headers: dict[str, str], address: str, room: dict[str, Any], status: int
) -> None:
    ledger = Ledger()
    async with client(web(ledger, **room), address) as browser:
        answer = await browser.post(PAGE, data=FORM, headers=headers)
    assert answer.status_code == status
    assert len(ledger.kept) == (status == 303)


async def test_the_cookie_of_an_exposed_page_is_enough() -> None:
    ledger = Ledger()
    async with client(web(ledger, host="0.0.0.0", token="right"), "192.168.1.9") as browser:
        assert (await browser.get("/?token=right")).status_code == 303
        answer: httpx.Response = await browser.post(PAGE, data=FORM, headers=OURS)
    assert answer.status_code == 303
    assert len(ledger.kept) == 1


async def test_a_form_for_a_post_that_is_not_there() -> None:
    async with client(web(Ledger(NoSuchMention("没有")), FakeReader(lambda _: Result([], [])))) as browser:
        assert (await browser.post(PAGE, data=FORM, headers=OURS)).status_code == 404


async def test_a_form_may_not_be_large() -> None:
    async with client(web(Ledger())) as browser:
        answer = await browser.post(PAGE, data=FORM | {"note": "长" * 20_000}, headers=OURS)
    assert answer.status_code == 413
