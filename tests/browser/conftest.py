"""A Chromium without network but this machine's, in the size of a desk or of a phone."""

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

DESK = (1440, 900)
PHONE = (390, 844)

Open = Callable[..., Any]


FULL = "document.querySelectorAll('.card').length > 0 && !document.querySelector('.card[aria-busy]')"
"""Every panel has drawn something or said why not."""


def until(page: Any, expression: str, limit: float = 10.0) -> None:
    """Wait until the expression is true. playwright's own wait evaluates strings, which our policy forbids."""
    deadline = time.monotonic() + limit
    while not page.evaluate(f"Boolean({expression})"):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium fonts-wqy-microhei")
    return path


@pytest.fixture
def open_page(chromium: str) -> Iterator[Open]:
    """open_page(url, size=DESK, **context) → a page; whatever it complains of fails the test."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    complaints: list[str] = []
    with playwright.sync_playwright() as driver:
        # Containers run tests as root, where Chromium's own sandbox cannot start.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def open_(url: str, size: tuple[int, int] = DESK, **context: Any) -> Any:
            page = browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                **{"timezone_id": "America/New_York", **context},
            ).new_page()
            page.on(
                "console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "request",
                lambda r: (
                    None if r.url.startswith(("http://127.0.0.1:", "data:")) else complaints.append(r.url)
                ),
            )
            page.set_default_timeout(10_000)
            page.goto(url, wait_until="domcontentloaded")
            return page

        yield open_
        browser.close()
    assert not complaints
