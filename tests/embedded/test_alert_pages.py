"""Alerts in page and API beside real servers: what people press is a command on Kafka, and the answer says what came of it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest

from streams.alerts.links import VALID, sign
from streams.read.alerts import BadCursor, Wanted, inbox, tally
from streams.read.queries import Reader
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.store.rules import Change, change, newest
from tests import rows, servers
from tests.alertowner import Owner, listening, ref
from tests.rows import HOSTILE
from tests.webpage import Page, serving

pytestmark = pytest.mark.embedded

KEY = "a key of sixteen bytes and more"
ELSEWHERE = {"X-Forwarded-For": "203.0.113.5"}
RULE = Rule(name="断连投诉", query="断连", brand="星曜", severity="orange", description="先打给品控")


class Answer(NamedTuple):
    """What a server said; redirects are not followed."""

    status: int
    text: str
    headers: Message

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Stay(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the test."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Stand(NamedTuple):
    """A page, the store behind it, and whoever decides on alerts."""

    page: Page
    store: servers.ClickHouse
    owner: Owner

    def ask(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        body: bytes | None = None,
        method: str | None = None,
    ) -> Answer:
        request = urllib.request.Request(self.page.url + path, body, headers or {}, method=method)
        try:
            with urllib.request.build_opener(Stay).open(request, timeout=15) as answer:
                return Answer(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), error.headers)

    def api(
        self, path: str, body: Any = None, method: str | None = None, *, once: str = "", match: str = ""
    ) -> Answer:
        sent = None if body is None else json.dumps(body).encode()
        given = {"Idempotency-Key": once, "If-Match": match}
        headers = {name: value for name, value in given.items() if value}
        return self.ask(f"/api/v1{path}", headers, body=sent, method=method)

    def press(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Answer:
        given = {"Origin": self.page.url, **(headers or {})}
        return self.ask(path, given, body=urlencode(form).encode())


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    root: Path = tmp_path_factory.mktemp("alerts")
    with (
        pytest.MonkeyPatch.context() as patch,
        servers.clickhouse(root / "store") as store,
        servers.kafka(root / "kafka") as kafka,
    ):
        patch.setenv("KOUBEI_WEB__LINK_KEY", KEY)
        connection, owner = Connection(store.url), Owner(store.url)
        now = int(time.time() * 1000)
        rows.insert_posts(
            connection,
            [
                ("微博", "bad1", now - 60_000, "星曜", "neg", ""),
                ("论坛", "evil", now - 50_000, "星曜", "neg", ""),
            ],
            texts={"bad1": "星曜耳机又断连了", "evil": HOSTILE},
        )
        change(connection, [Change("断连投诉", 0, RULE)], actor="李敏", via="cli")
        with listening(owner, kafka), serving(root, kafka, store.url) as page:
            yield Stand(page, store, owner)
        owner.close()
        connection.close()


def test_the_inbox_begins_with_what_is_open_and_worst(stand: Stand) -> None:
    ids = [
        stand.owner.verdict(name, severity=severity, brand="排序").alert_id
        for name, severity in (("一", "blue"), ("二", "red"), ("三", "orange"))
    ]
    stand.owner.act("resolve", "李敏", stand.owner.book.by_id(ids[1]))  # type: ignore[arg-type]
    listed = stand.api(f"/alerts?brand={quote('排序')}").json
    assert [one["alert_id"] for one in listed["alerts"]] == [ids[2], ids[0], ids[1]]
    assert listed["next"] == ""
    pages, cursor = [], ""
    while True:
        page = stand.api(f"/alerts?brand={quote('排序')}&limit=1&cursor={cursor}").json
        pages += [one["alert_id"] for one in page["alerts"]]
        cursor = page["next"]
        if not cursor:
            break
    assert pages == [ids[2], ids[0], ids[1]]
    only = stand.api(f"/alerts?brand={quote('排序')}&state=open&severity=blue,red").json["alerts"]
    assert [one["alert_id"] for one in only] == [ids[0]]
    text = stand.page.get(f"/alerts?brand={quote('排序')}")[1]
    assert text.index("未解除") < text.index("已解除")


async def test_wrong_questions_about_lists_are_told_apart(stand: Stand) -> None:
    for query, kind in (("state=x", "bad-filter"), ("limit=0", "bad-filter"), ("cursor=zz", "bad-cursor")):
        answer = stand.api(f"/alerts?{query}")
        assert (answer.status, answer.json["type"]) == (400, f"urn:koubei:problem:{kind}")
    reader = Reader(stand.store.url)
    try:
        with pytest.raises(BadCursor):
            await inbox(reader, Wanted(), cursor="WzFd")
        assert (await tally(reader)).open > 0
        hostile = await inbox(reader, Wanted(brand="' OR 1=1 --", owner=HOSTILE))
        assert hostile.alerts == []
    finally:
        reader.close()


def test_who_claims_first_has_it(stand: Stand) -> None:
    alert = stand.owner.verdict("认领")
    first = stand.api(f"/alerts/{alert.alert_id}/acknowledge", {"by": " 张三 "})
    assert (first.status, first.json["result"], first.json["owner"]) == (200, "done", "张三")
    second = stand.api(f"/alerts/{alert.alert_id}/acknowledge", {"by": "李四"})
    assert second.status == 409
    assert second.json["type"] == "urn:koubei:problem:rejected"
    assert second.json["detail"].startswith("张三 ")
    assert second.json["detail"].endswith(" 已认领")
    sent = [one for one in stand.owner.commands if one.alert_id == alert.alert_id]
    assert [(one.action, one.actor, one.via, one.source) for one in sent] == [
        ("acknowledge", "张三", "api", "127.0.0.1"),
        ("acknowledge", "李四", "api", "127.0.0.1"),
    ]
    events = stand.api(f"/alerts/{alert.alert_id}/events").json["events"]
    assert [(one["kind"], one["actor"]) for one in events] == [
        ("rejected", "李四"), ("acknowledged", "张三"), ("fired", "koubei"),
    ]  # fmt: skip


def test_every_act_reaches_the_owner(stand: Stand) -> None:
    alert = stand.owner.verdict("都做一遍", severity="red")
    there = f"/alerts/{alert.alert_id}"
    for word, body, kind in (
        ("acknowledge", {}, "acknowledged"),
        ("unacknowledge", {}, "unacknowledged"),
        ("assign", {"owner": "王芳"}, "assigned"),
        ("note", {"note": "在查"}, "noted"),
        ("silence", {"for": "2h", "note": "品控在处理"}, "silenced"),
        ("resolve", {"note": "已修"}, "resolved"),
        ("false-alarm", {"note": "旧闻"}, "false_alarm"),
    ):
        answer = stand.api(f"{there}/{word}", {"by": "张三", **body})
        assert (answer.status, answer.json["kind"]) == (200, kind), answer.text
    now = stand.api(there).json
    assert (now["state"], now["false_alarm"], now["owner"]) == ("resolved", True, "王芳")


def test_an_act_sent_twice_is_one(stand: Stand) -> None:
    alert = stand.owner.verdict("两次")
    answers = [
        stand.api(f"/alerts/{alert.alert_id}/note", {"by": "张三", "note": "在查"}, once="once-1")
        for _ in range(2)
    ]
    assert [(one.status, one.json["id"], one.json["result"]) for one in answers] == [
        (200, "once-1", "done")
    ] * 2
    kinds = [one["kind"] for one in stand.api(f"/alerts/{alert.alert_id}/events").json["events"]]
    assert kinds == ["noted", "fired"]
    assert stand.api("/acts/once-1").json["kind"] == "noted"


@pytest.mark.parametrize(
    ("word", "body", "said"),
    [
        ("acknowledge", {}, "署名"),
        ("acknowledge", {"by": "Koubei"}, "程序自己"),
        ("acknowledge", {"by": "长" * 101}, "署名"),
        ("acknowledge", {"by": "张三", "bye": 1}, "bye"),
        ("silence", {"by": "张三", "for": "2h"}, "原因"),
        ("silence", {"by": "张三", "for": "31d", "note": "x"}, "30 天"),
        ("silence", {"by": "张三", "for": "soon", "note": "x"}, "2h"),
        ("silence", {"by": "张三", "until": "2020-01-01T00:00:00+08:00", "note": "x"}, "30 天"),
        ("note", {"by": "张三", "note": " "}, "备注是空的"),
        ("assign", {"by": "张三"}, "owner"),
        ("note", {"by": "张三", "note": "长" * 2001}, "2,000"),
        ("silence", {"by": "张三", "for": "2h", "note": "x", "severity": "purple"}, "severity"),
    ],
)
def test_what_is_no_act_is_refused_before_kafka(
    stand: Stand, word: str, body: dict[str, Any], said: str
) -> None:
    alert = stand.owner.verdict("不成")
    answer = stand.api(f"/alerts/{alert.alert_id}/{word}", body)
    assert (answer.status, answer.json["type"]) == (400, "urn:koubei:problem:bad-act")
    assert said in answer.json["detail"]
    assert all(one.alert_id != alert.alert_id for one in stand.owner.commands)


def test_what_is_not_there_is_404(stand: Stand) -> None:
    for path, kind in (
        ("/alerts/nope/acknowledge", "alert"),
        ("/cases/nope/listen", "case"),
        ("/cases", "alert"),
    ):
        answer = stand.api(path, {"by": "张三", "alert_id": "nope"})
        assert (answer.status, answer.json["type"]) == (404, f"urn:koubei:problem:no-such-{kind}")
    assert stand.page.get("/alerts/nope")[0] == 404
    assert stand.page.get("/cases/nope")[0] == 404
    assert stand.page.get("/rules/nope")[0] == 404


def test_silences_of_rules_and_brands(stand: Stand) -> None:
    made = stand.api("/silences", {"by": "张三", "brand": "静品牌", "for": "30m", "note": "发布会"})
    assert (made.status, made.json["kind"]) == (200, "silenced")
    alert = stand.owner.verdict("被静默", brand="静品牌")
    assert alert.state == "silenced"
    listed = stand.api("/silences").json["silences"]
    assert ("静品牌", "张三", "发布会") in {(one["brand"], one["actor"], one["comment"]) for one in listed}
    assert "发布会" in stand.page.get("/silences")[1]
    gone = stand.api(f"/silences/{made.json['silence_id']}?by={quote('李四')}", None, "DELETE")
    assert (gone.status, gone.json["kind"]) == (200, "unsilenced")
    again = stand.api(f"/silences/{made.json['silence_id']}?by={quote('李四')}", None, "DELETE")
    assert again.status == 409
    assert stand.api(f"/alerts/{alert.alert_id}").json["state"] == "firing"
    nothing = stand.api("/silences", {"by": "张三", "for": "30m", "note": "x"})
    assert nothing.status == 400


def test_a_case_from_found_to_closed(stand: Stand) -> None:
    alert = stand.owner.verdict("处置")
    made = stand.press(f"/alerts/{alert.alert_id}", act="case", by="张三", note="先聆听")
    assert made.status == 303
    there = made.headers["Location"]
    assert there.startswith("/cases/")
    assert "koubei_name=" in made.headers["Set-Cookie"]
    text = stand.page.get(there)[1]
    assert "还剩" in text
    assert "回复草稿" in text
    case = there.removeprefix("/cases/")
    for word, body, state in (
        ("listen", {}, "listening"),
        ("interact", {"note": "已回复"}, "interacting"),
        ("resolve", {}, "resolved"),
        ("close", {"outcome": "用户满意"}, "closed"),
        ("reopen", {"note": "又来了"}, "reopened"),
    ):
        answer = stand.api(f"/cases/{case}/{word}", {"by": "张三", **body})
        assert (answer.status, answer.json["state"]) == (200, state), answer.text
        if state == "closed":
            text = stand.page.get(there)[1]
            assert "用户满意" in text
            assert "同一批作者前后对比" in text
    early = stand.api(f"/cases/{case}/resolve", {"by": "张三"})
    assert early.status == 409
    assert stand.api(f"/cases/{case}/close", {"by": "张三"}).json["detail"].startswith("结案要写结果")
    assert stand.api(f"/alerts/{alert.alert_id}").json["case_id"] == case
    found = stand.api(f"/cases/{case}").json
    assert [one["kind"] for one in found["events"]][:2] == ["rejected", "reopened"]
    text = stand.page.get("/cases")[1]
    assert "处置" in text
    pressed = stand.press(there, act="note", by="李四", note="记一笔")
    assert pressed.status == 303
    assert "记一笔" in stand.page.get(there)[1]


def test_the_page_of_an_alert_says_why_and_what_was_done_before(stand: Stand) -> None:
    past = stand.owner.verdict("断连投诉", at=time.time() - 86_400, brand="星曜")
    stand.owner.act("resolve", "王芳", past, note="固件已推送")
    alert = stand.owner.verdict(
        "断连投诉",
        brand="星曜",
        refs=(ref("微博", "bad1", time.time() - 60, 5, 7), ref("论坛", "evil", time.time() - 50)),
        sql="SELECT count() FROM hits",
    )
    assert alert.alert_id != past.alert_id
    status, text = stand.page.get(f"/alerts/{alert.alert_id}")
    assert status == 200
    for shown in ("橙色", "星曜", "已认领：无", "先打给品控", "固件已推送", "SELECT count() AS value"):
        assert shown in text, shown
    assert '<mark class="hit" title="断连投诉">断连</mark>' in text.replace("named ", "")
    assert "<img src=x" not in text
    assert "{{7*7}}" in text
    english = stand.page.get(f"/alerts/{alert.alert_id}?lang=en")[1]
    for shown in ("orange", "Claim", "Timeline", "Similar before"):
        assert shown in english, shown


def test_an_alert_about_a_window_shows_what_was_said_in_it(stand: Stand) -> None:
    now = time.time()
    alert = stand.owner.verdict(
        "负面占比",
        kind="window",
        offsets=(),
        value=61.5,
        expected=20.0,
        window_start=now - 3600,
        window_end=now,
    )
    text = stand.page.get(f"/alerts/{alert.alert_id}")[1]
    assert "又断连了" in text
    assert "61.5" in text
    quiet = stand.owner.verdict("微博断流", kind="absence", brand="", offsets=())
    assert "告警正是因此而起" in stand.page.get(f"/alerts/{quiet.alert_id}")[1]


def test_the_form_remembers_who_signs_and_says_who_was_first(stand: Stand) -> None:
    alert = stand.owner.verdict("表单")
    there = f"/alerts/{alert.alert_id}"
    first = stand.press(there, act="acknowledge", by="张三", once="o1")
    assert (first.status, first.headers["Location"]) == (303, f"{there}?done=acknowledge")
    cookie = first.headers["Set-Cookie"].split(";")[0]
    named = stand.ask(there, {"Cookie": cookie}).text
    assert 'name="by" value="张三"' in named
    assert 'name="by" value="张三"' not in stand.ask(f"{there}?rename=1", {"Cookie": cookie}).text
    second = stand.press(there, act="acknowledge", by="李四")
    assert second.status == 409
    alarm = second.text.split('class="banner alarm" role="alert">')[1].split("</p>")[0]
    assert alarm.startswith("张三 ")
    refused = stand.press(there, act="silence", by="李四", note="")
    assert (refused.status, "原因" in refused.text) == (400, True)
    foreign = stand.press(there, {"Origin": "http://evil.example"}, act="resolve", by="坏人")
    assert foreign.status == 403
    assert stand.press(there, ELSEWHERE, act="resolve", by="外人").status == 401
    assert stand.api(there).json["state"] == "acknowledged"


def test_looking_changes_nothing(stand: Stand) -> None:
    alert = stand.owner.verdict("预览")
    token = sign(KEY.encode(), alert.alert_id, nonce="look", now=time.time())
    for path in ("", "?act=acknowledge&by=x", f"?token={token}", f"?token={token}&act=acknowledge&by=x"):
        assert stand.ask(f"/alerts/{alert.alert_id}{path}", ELSEWHERE).status == 200
    assert all(one.alert_id != alert.alert_id for one in stand.owner.commands)
    assert stand.api(f"/alerts/{alert.alert_id}").json["owner"] == ""


def test_a_link_shows_one_alert_and_claims_it_once(stand: Stand) -> None:
    alert, other = stand.owner.verdict("链接", severity="red"), stand.owner.verdict("别的")
    token = sign(KEY.encode(), alert.alert_id, nonce="nonce-1", now=time.time())
    there = f"/alerts/{alert.alert_id}?token={token}"
    seen = stand.ask(there, ELSEWHERE)
    assert seen.status == 200
    assert "认领" in seen.text
    for hidden in ('href="/rules', 'href="/alerts"', 'value="resolve"', 'value="silence"', "/posts/"):
        assert hidden not in seen.text, hidden
    assert stand.ask(f"/alerts/{other.alert_id}?token={token}", ELSEWHERE).status == 403
    for act in ("resolve", "silence", "note", "case"):
        assert stand.press(there, ELSEWHERE, act=act, by="赵六", note="x").status == 403
    assert (
        stand.press(there, {**ELSEWHERE, "Origin": "http://evil.example"}, act="acknowledge", by="坏").status
        == 403
    )
    assert stand.press(there, ELSEWHERE, act="acknowledge", by="赵六").status == 303
    late = stand.press(there, ELSEWHERE, act="acknowledge", by="钱七")
    assert late.status == 409
    assert "赵六" in late.text.split('class="banner alarm" role="alert">')[1].split("</p>")[0]
    assert stand.press(there, ELSEWHERE, act="acknowledge", by="赵六").status == 303  # pressed twice
    (sent,) = [one for one in stand.owner.commands if one.alert_id == alert.alert_id]
    assert (sent.id, sent.via, sent.actor) == ("nonce-1", "link", "赵六")
    assert "已认领" in stand.ask(there, ELSEWHERE).text


def test_a_link_that_is_over_says_so(stand: Stand) -> None:
    alert = stand.owner.verdict("过期")
    old = sign(KEY.encode(), alert.alert_id, nonce="n", now=time.time() - VALID - 1)
    foreign = sign(b"another key of sixteen bytes", alert.alert_id, nonce="n", now=time.time())
    for token, status, said in ((old, 410, "24 小时"), (foreign, 403, "签名不对"), (old[:-3], 403, "链接")):
        for answer in (
            stand.ask(f"/alerts/{alert.alert_id}?token={token}", ELSEWHERE),
            stand.press(f"/alerts/{alert.alert_id}?token={token}", ELSEWHERE, act="acknowledge", by="x"),
        ):
            assert answer.status == status
            assert said in answer.text
            assert "登录" in answer.text
            assert "过期" not in answer.text  # nothing of the alert
            assert "<nav>" not in answer.text


def test_rules_are_checked_tried_and_applied(stand: Stand) -> None:
    there = f"/rules/{quote('断连投诉')}"
    text = stand.page.get(there)[1]
    assert "query = &#34;断连&#34;" in text
    bad = '[[rule]]\nname = "断连投诉"\nquery = "断连 ("\nbrnd = "x"\n'
    assert stand.press(there, do="apply", text=bad, by="王芳").status == 400
    wrong = stand.press(there, do="check", text=bad)
    assert wrong.status == 200
    assert "第 3 行第 13 列" in wrong.text
    assert "是不是想写 brand" in wrong.text
    good = '[[rule]]\nname = "断连投诉"\nquery = "断连 OR 掉线"\nbrand = "星曜"\nversion = 1\n'
    tried = stand.press(there, do="preview", text=good)
    assert tried.status == 200
    assert '<mark class="hit">断连</mark>' in tried.text
    assert stand.press(there, do="apply", text=good).status == 400  # who?
    applied = stand.press(there, do="apply", text=good, base="1", by="王芳", note="加同义词")
    assert applied.status == 303
    stale = stand.press(there, do="apply", text=good.replace("掉线", "断线"), base="1", by="赵六")
    assert stale.status == 409
    assert "王芳 在" in stale.text
    assert "<del>-query = &#34;断连&#34;</del>" in stale.text
    assert "断线" in stale.text
    assert "version = 2" in stale.text
    renamed = stand.press(there, do="apply", text=good.replace("断连投诉", "别的名字"), by="赵六")
    assert (renamed.status, "改名" in renamed.text) == (400, True)
    kept = stand.store.rows(
        "SELECT version, actor, via, note FROM rules WHERE name = '断连投诉' ORDER BY version"
    )
    assert kept == [(1, "李敏", "cli", ""), (2, "王芳", "page", "加同义词")]
    history = stand.page.get(there)[1]
    assert "加同义词" in history
    assert "断连投诉" in stand.page.get("/rules")[1]


def test_a_rule_is_made_and_taken_out_of_use(stand: Stand) -> None:
    text = "[[rule]]\nname = \"新/规则\"\nquery = '退货'\n"
    made = stand.press("/rules", do="apply", text=text, base="0", by="王芳")
    assert made.status == 303
    there = made.headers["Location"].split("?")[0]
    assert "退货" in stand.page.get(there)[1]
    again = stand.press("/rules", do="apply", text=text.replace("退货", "换货"), base="0", by="赵六")
    assert again.status == 409
    removed = stand.press(there, do="remove", base="1", by="王芳", note="不用了")
    assert removed.status == 303
    connection = Connection(stand.store.url)
    try:
        assert newest(connection)["新/规则"].removed
    finally:
        connection.close()
    assert "新/规则" not in stand.page.get("/rules")[1]


def test_rules_over_http_name_the_version_they_were_made_from(stand: Stand) -> None:
    there = f"/rules/{quote('接口规则')}"
    order = {"text": "[[rule]]\nname = '接口规则'\nquery = '漏水'\n", "by": "王芳", "note": "新"}
    made = stand.api(there, order, "PUT")
    assert (made.status, made.json["version"], made.headers["ETag"]) == (200, 1, '"1"')
    again = {**order, "text": order["text"].replace("漏水", "渗水")}
    blind = stand.api(there, again, "PUT")
    assert (blind.status, blind.json["type"]) == (412, "urn:koubei:problem:stale-rule")
    assert (blind.json["now"]["actor"], "漏水" in blind.json["now"]["text"]) == ("王芳", True)
    assert stand.api(there, again, "PUT", match='"1"').json["version"] == 2
    wrong = stand.api(
        there, {**order, "text": "[[rule]]\nname = '接口规则'\nquery = '('\n"}, "PUT", match='"2"'
    )
    assert (wrong.status, wrong.json["errors"][0]["line"]) == (400, 3)
    found = stand.api(there)
    assert (found.headers["ETag"], [one["version"] for one in found.json["versions"]]) == ('"2"', [2, 1])
    assert stand.api(f"{there}?by={quote('王芳')}", None, "DELETE", match='"1"').status == 412
    assert stand.api(f"{there}?by={quote('王芳')}", None, "DELETE", match='"2"').json["removed"]
    assert "接口规则" not in [one["name"] for one in stand.api("/rules").json["rules"]]
    assert stand.api("/rules/nope").status == 404


def test_the_overview_leads_to_the_alerts_and_counts_them(stand: Stand) -> None:
    assert 'href="/alerts"' in stand.page.get("/")[1]
    with urllib.request.urlopen(
        f"{stand.page.url}/api/v1/stream?board=koubei-overview", timeout=10
    ) as stream:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            line = stream.readline().decode()
            if line.startswith("data: ") and '"alerts"' in line:
                break
    assert json.loads(line[6:])["alerts"]["open"] > 0
