"""The page's process beside real embedded servers: reading, writing, streaming, stopping."""

import http.client
import json
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from confluent_kafka import Consumer

from streams.store.client import Connection
from tests import rows, servers
from tests.rows import HOSTILE
from tests.webpage import Page, serving, stop

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    with servers.clickhouse(tmp_path_factory.mktemp("web-store")) as running:
        connection = Connection(running.url)
        world = rows.insert_world(connection)
        rows.insert_posts(
            connection,
            [("论坛", "evil", world.now, "", "neg", "")],
            texts={"evil": HOSTILE},
            url="javascript:alert(1)",
        )
        connection.close()
        yield running


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.kafka(tmp_path_factory.mktemp("web-kafka")) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, store: servers.ClickHouse, kafka: str) -> Iterator[Page]:
    with serving(tmp_path_factory.mktemp("web"), kafka, store.url) as running:
        yield running


def listen(page: Page, query: str, seconds: float) -> list[tuple[str, Any]]:
    """Events of a stream within some seconds."""
    connection = http.client.HTTPConnection(page.url.removeprefix("http://"), timeout=seconds)
    connection.request("GET", f"/api/v1/stream?{query}")
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Content-Type", "").startswith("text/event-stream")
    found, event, deadline = [], "", time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            line = answer.readline().decode().strip()
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append((event, json.loads(line.removeprefix("data: "))))
    except TimeoutError:
        pass
    finally:
        connection.close()
    return found


def test_ready(page: Page) -> None:
    assert page.json("/readyz") == {"ready": True, "store": "ok", "broker": "ok"}


def test_the_first_screen_is_full_within_two_seconds(page: Page) -> None:
    found = listen(page, "board=koubei-overview&from=now-1h&to=now", 2.0)
    panels = {data["panel"] for event, data in found if event == "panel" and "frames" in data}
    assert panels == {panel["id"] for panel in page.json("/api/v1/boards")["boards"][0]["panels"]}
    (view, *_) = (data for event, data in found if event == "view")
    assert view["within"] > 0
    assert view["demo"] == view["within"]
    assert set(view["listed"]) == {"brand", "platform", "view"}


def test_the_stream_says_what_the_panel_says(page: Page) -> None:
    end = int(time.time() * 1000) // 1000 * 1000
    query = f"from={end - 3_600_000}&to={end}"
    found = {
        data["panel"]: data["frames"]
        for event, data in listen(page, f"board=koubei-overview&{query}", 2)
        if event == "panel"
    }
    for panel, frames in found.items():
        if panel == 16:  # looks at the last minute up to now
            continue
        assert page.json(f"/api/v1/panels/koubei-overview/{panel}?{query}")["frames"] == frames, panel


def test_the_sql_shown_gives_the_number_shown(page: Page, store: servers.ClickHouse) -> None:
    shown = page.json(f"/api/v1/panels/koubei-overview/1?from=now-1h&to=now&var-brand={quote('星曜')}")
    assert "$" not in shown["sql"][0]
    assert "'星曜'" in shown["sql"][0]
    assert [list(row) for row in store.rows(shown["sql"][0])] == shown["frames"][0]["rows"]


def test_new_rows_reach_an_open_page(page: Page, store: servers.ClickHouse) -> None:
    connection = http.client.HTTPConnection(page.url.removeprefix("http://"), timeout=8)
    connection.request("GET", "/api/v1/stream?board=koubei-overview&from=now-15m&to=now")
    answer = connection.getresponse()
    counts: list[int] = []
    writer = Connection(store.url)
    deadline = time.monotonic() + 15
    while len(counts) < 2 and time.monotonic() < deadline:
        line = answer.readline().decode()
        if line.startswith('data: {"panel":1,'):
            counts.append(json.loads(line[6:])["frames"][0]["rows"][0][0])
            if len(counts) == 1:
                stamp = int(time.time() * 1000)
                rows.insert_posts(writer, [("论坛", f"new{n}", stamp, "极光", "pos", "") for n in range(5)])
    writer.close()
    connection.close()
    assert counts[1] >= counts[0] + 4  # one may have left the range at its other end


def test_delay_and_lag_are_announced(page: Page) -> None:
    found = [data for event, data in listen(page, "board=koubei-pipeline", 3) if event == "status"]
    assert isinstance(found[-1]["lag"], int)
    assert "silences" in found[-1]


def test_a_record_posted_is_in_kafka(page: Page, kafka: str) -> None:
    status, answer = page.post(
        "/api/v1/posts", [{"platform": "微博", "text": "又断连了"}, {"platform": "微博", "txet": "x"}]
    )
    assert status == 207
    identity = answer["results"][0]["id"]
    assert "是不是想写 text" in answer["results"][1]["detail"]
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "probe", "auto.offset.reset": "earliest"})
    consumer.subscribe(["posts"])
    try:
        message = servers.wait_for("the record", lambda: consumer.poll(1.0), 20)
        assert json.loads(message.value())["post_id"] == identity
    finally:
        consumer.close()


def test_a_post_in_detail(page: Page) -> None:
    status, text = page.get(f"/posts/{quote('微博')}/p3")
    assert status == 200
    assert re.search(r'<mark class="named tone-\w+"[^>]*>\S\S</mark>', text)
    for hop in ("发布", "写入 Kafka", "分析完", "可查询"):
        assert hop in text
    assert "周" in text
    assert 'rel="noopener noreferrer"' in text


def test_a_correction_is_on_the_page_and_in_the_numbers(page: Page, store: servers.ClickHouse) -> None:
    ((platform, brand, judged),) = store.rows(
        "SELECT DISTINCT platform, brand, judged_sentiment FROM mentions WHERE id = 'p4'"
    )
    wanted = "neg" if judged == "pos" else "pos"
    order = {
        "platform": platform,
        "id": "p4",
        "brand": brand,
        "sentiment": wanted,
        "by": "李敏",
        "note": HOSTILE,
    }
    status, answer = page.post("/api/v1/corrections", order)
    assert (status, answer["judged"]) == (201, judged)
    assert store.rows("SELECT DISTINCT sentiment FROM mentions WHERE id = 'p4'") == [(wanted,)]
    (kept,) = page.json(f"/api/v1/corrections?platform={quote(platform)}&id=p4")["corrections"]
    assert (kept["by"], kept["via"], kept["sentiment"]) == ("李敏", "api", wanted)

    there = f"{page.url}/posts/{quote(platform)}/p4"
    form = urlencode({"brand": brand, "sentiment": "withdraw", "by": "王芳"}).encode()
    sent = urllib.request.Request(there, form, {"Origin": page.url})
    with urllib.request.urlopen(sent, timeout=10) as landed:
        text = landed.read().decode()
        assert landed.url == f"{there}#mentions"
    assert store.rows("SELECT DISTINCT sentiment FROM mentions WHERE id = 'p4'") == [(judged,)]
    assert "王芳" in text
    assert "撤销更正" in text
    assert "<img src=x" not in text  # the note stays text


def test_hostile_text_stays_text(page: Page) -> None:
    status, text = page.get(f"/posts/{quote('论坛')}/evil")
    assert status == 200
    assert "<img" not in text.replace('<img src="/static/icon.svg"', "")
    assert "<script>" not in text
    assert "javascript:" not in text
    assert "{{7*7}}" in text  # not a template either


def test_a_post_that_is_not_there(page: Page) -> None:
    status, text = page.get(f"/posts/{quote('微博')}/nope")
    assert status == 404
    assert "还没入库" in text


def test_nothing_served_names_another_host(page: Page) -> None:
    served = [
        page.get(path)[1] for path in ("/", "/?lang=en", "/schema", "/static/page.css", "/api/v1/boards")
    ]
    modules = re.findall(r'(?:href|src)="(/static/[^"]+)"', served[0])
    served += [page.get(path)[1] for path in modules if "vendor" not in path]
    for text in served:
        foreign = re.findall(r"https?://(?!127\.0\.0\.1|www\.w3\.org/2000/svg)[a-z0-9.-]+\.[a-z]", text)
        assert not foreign


def test_open_streams_do_not_keep_it_from_stopping(
    tmp_path: Path, store: servers.ClickHouse, kafka: str
) -> None:
    with serving(tmp_path, kafka, store.url) as page:
        connection = http.client.HTTPConnection(page.url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/api/v1/stream?board=koubei-overview")
        assert connection.getresponse().readline()
        began = time.monotonic()
        assert stop(page) == 0
        assert time.monotonic() - began < 5
        connection.close()


def test_it_starts_and_says_why_it_is_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path, "127.0.0.1:9", "clickhouse://x@127.0.0.1:9/koubei") as page:
        status, text = page.get("/readyz")
    assert status == 503
    reasons = json.loads(text)
    assert "ClickHouse" in reasons["store"]
    assert reasons["broker"] != "ok"
