"""Alerts in a real browser, as whoever is on call meets them: on a phone, from a link, while others act too."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from streams.alerts.links import sign
from streams.rules.rule import Rule
from streams.store.client import Connection
from streams.store.rules import Change, change
from tests import rows, servers
from tests.alertowner import Owner, listening, ref
from tests.browser.conftest import PHONE, Open, until
from tests.webpage import Page, serving

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

KEY = "a key of sixteen bytes and more"
NARROW = (360, 740)
WIDE = (1280, 800)


class Stand(NamedTuple):
    """A page and whoever decides on alerts."""

    page: Page
    owner: Owner


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    root = tmp_path_factory.mktemp("alerts")
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
            [("微博", "bad1", now - 60_000, "星曜", "neg", "")],
            texts={"bad1": "星曜耳机又断连了，售后让我自己寄回去，" + "等了三周还是一样" * 12},
        )
        rule = Rule(name="断连投诉", query="断连", brand="星曜", severity="orange", description="先打给品控")
        change(connection, [Change(rule.name, 0, rule)], actor="李敏", via="cli")
        with listening(owner, kafka), serving(root, kafka, store.url) as page:
            yield Stand(page, owner)
        owner.close()
        connection.close()


def shows(text: str) -> str:
    # A page on its way has no body yet.
    return f"document.body?.innerText.includes({text!r})"


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_claimed_on_a_phone_and_seen_by_who_looks_on(stand: Stand, open_page: Open) -> None:
    alert = stand.owner.verdict("断连投诉", refs=(ref("微博", "bad1", time.time() - 60, 5, 7),))
    desk = open_page(f"{stand.page.url}/alerts/{alert.alert_id}", WIDE)
    phone = open_page(f"{stand.page.url}/alerts", PHONE)
    until(phone, shows("未认领"))
    phone.click(".alert a:has-text('断连投诉')")
    until(phone, "document.querySelector('button[value=acknowledge]')")
    # What to press is on the first screen.
    assert (
        phone.evaluate("document.querySelector('button[value=acknowledge]').getBoundingClientRect().bottom")
        < 844
    )
    phone.fill("form.act.main input[name=by]", "张三")
    phone.click("button[value=acknowledge]")
    until(phone, shows("已认领，群里会看到"))
    assert fits(phone)
    until(desk, "document.querySelector('#state')?.innerText.includes('张三')", 15)
    assert fits(desk)

    phone.click("summary:has-text('静默')")
    assert (
        phone.evaluate("document.querySelector('details[open] input[type=hidden][name=by]').value") == "张三"
    )
    phone.fill("details[open] input[name=note]", "品控在处理")
    phone.click("details[open] button[value=silence]")
    until(phone, shows("已静默"))
    until(desk, shows("品控在处理"), 15)


def test_news_does_not_take_a_form_out_of_ones_hands(stand: Stand, open_page: Open) -> None:
    alert = stand.owner.verdict("正在写")
    page = open_page(f"{stand.page.url}/alerts/{alert.alert_id}", NARROW)
    page.click("summary:has-text('备注')")
    page.fill("details[open] textarea[name=note]", "写到一半")
    stand.owner.act("note", "李四", alert, note="别人的备注")
    until(page, "document.querySelector('#timeline')?.innerText.includes('别人的备注')", 15)
    assert page.evaluate("document.querySelector('details[open] textarea[name=note]').value") == "写到一半"
    assert fits(page)


def test_a_new_alert_is_in_the_inbox_without_a_reload(stand: Stand, open_page: Open) -> None:
    page = open_page(f"{stand.page.url}/alerts", NARROW)
    page.evaluate("window.stayed = true")
    stand.owner.verdict("刚刚发生", severity="red")
    until(page, shows("刚刚发生"), 15)
    assert page.evaluate("window.stayed")
    assert page.evaluate("document.querySelector('.alert strong').innerText").endswith("刚刚发生")
    assert fits(page)


def test_from_the_link_of_a_message(stand: Stand, open_page: Open) -> None:
    alert = stand.owner.verdict("链接里的", severity="red")
    token = sign(KEY.encode(), alert.alert_id, nonce="browser-1", now=time.time())
    away = {"extra_http_headers": {"X-Forwarded-For": "203.0.113.5"}}
    there = f"{stand.page.url}/alerts/{alert.alert_id}?token={token}"
    page = open_page(there, NARROW, **away)
    assert page.evaluate("document.querySelectorAll('nav a').length") == 0
    page.fill("input[name=by]", "赵六")
    page.click("button[value=acknowledge]")
    until(page, shows("已认领，群里会看到"))
    assert fits(page)
    (sent,) = [one for one in stand.owner.commands if one.alert_id == alert.alert_id]
    assert (sent.id, sent.actor, sent.via) == ("browser-1", "赵六", "link")


def test_a_mistake_in_a_rule_is_shown_where_it_is(stand: Stand, open_page: Open) -> None:
    page = open_page(f"{stand.page.url}/rules/断连投诉", NARROW)
    page.fill(".editor textarea", '[[rule]]\nname = "断连投诉"\nquery = "断连 ("\n')
    page.click("button[value=check]")
    until(page, "document.querySelector('.problems button')")
    page.click(".problems button")
    field = "document.querySelector('.editor textarea')"
    selected = f"{field}.value.slice({field}.selectionStart, {field}.selectionEnd)"
    assert page.evaluate(selected) == "("
    assert fits(page)


def test_every_page_fits_a_small_phone_in_both_languages(stand: Stand, open_page: Open) -> None:
    alert = stand.owner.verdict("一个名字很长很长的规则用来看看会不会撑破版面" * 2, entity="x" * 200)
    for path in ("/alerts", f"/alerts/{alert.alert_id}", "/cases", "/silences", "/rules", "/rules?new=1"):
        for language in ("zh", "en"):
            page = open_page(f"{stand.page.url}{path}{'&' if '?' in path else '?'}lang={language}", NARROW)
            assert fits(page), (path, language)
            page.close()


def test_the_overview_counts_what_is_open(stand: Stand, open_page: Open) -> None:
    page = open_page(f"{stand.page.url}/")
    until(page, "Number(document.querySelector('#alerts').textContent) > 0", 15)
