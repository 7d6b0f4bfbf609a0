"""A cascade in a real browser: drawn, without complaint, on a phone too, and followed while it is live."""

import time
from collections.abc import Iterator

import pytest

from streams.derived.cascades import Cascades
from streams.store.client import Connection
from tests import servers
from tests.browser.conftest import FULL, PHONE, Open, until
from tests.embedded.test_cascades import finish, land, land_posts
from tests.unit.cascades.oracle import Row
from tests.webpage import Page, serving

pytestmark = [pytest.mark.browser, pytest.mark.embedded]

DRAWN = "document.querySelectorAll('#tree canvas, #levels canvas').length === 2"


class Live:
    """A page over a cascade that goes on."""

    def __init__(self, page: Page, connection: Connection) -> None:
        self.url = f"{page.url}/cascades/post"
        self.board = f"{page.url}/?board=koubei-spread"
        self._connection = connection
        self._derived = Cascades()
        self._shares = 0

    def share(self, count: int) -> None:
        rows = [
            Row("post", f"s{at}", f"s{at // 3}" if at else "post", f"u{at}", int(time.time() * 1000), at)
            for at in range(self._shares, self._shares + count)
        ]
        self._shares += count
        land(self._connection, rows)
        finish(self._connection, self._derived)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    root = tmp_path_factory.mktemp("cascade")
    with servers.clickhouse(root / "store") as store, serving(root, "127.0.0.1:1", store.url) as page:
        connection = Connection(store.url)
        land_posts(connection, [("post", "author", 9)])
        made = Live(page, connection)
        made.share(60)
        yield made
        connection.close()


def test_tree_and_levels_are_drawn_and_follow_the_shares(live: Live, open_page: Open) -> None:
    page = open_page(live.url)
    until(page, DRAWN)
    size = "document.querySelector('#words dd').textContent.includes('{}')"
    assert page.evaluate(size.format(61))
    live.share(10)
    until(page, size.format(71), 15)
    until(page, DRAWN)


def test_a_phone_does_not_scroll_sideways(live: Live, open_page: Open) -> None:
    page = open_page(live.url, PHONE)
    until(page, DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_board_draws_the_tree_and_says_what_it_hides(live: Live, open_page: Open) -> None:
    page = open_page(live.board)
    # The picture is a few seconds behind.
    until(page, "document.querySelector('.card.nodeGraph canvas')", 30)
    until(page, FULL)
    assert page.locator(".card.failed").count() == 0
    assert "个节点" in page.locator(".card.nodeGraph .chart").get_attribute("aria-label")
    about = page.locator(".card.table", has_text="图中的传播").locator("tbody tr")
    about.first.wait_for()
    assert about.count() == 1
    assert about.locator("td[data-label=未画出]").count() == 1
    page.locator(".filter", has_text="源头").locator("button.chip").nth(1).click()
    until(page, "location.search.includes('var-root=post')")
    until(page, "document.querySelector('.card.nodeGraph canvas')", 30)
