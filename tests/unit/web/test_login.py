"""A page that others can reach asks for its token; one on this host does not."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from streams.config import WebSettings
from streams.errors import BadConfig
from streams.web.login import Login


async def everything(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers all with 200."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"secret", "more_body": False})


def client(**settings: Any) -> httpx.AsyncClient:
    login: Any = Login(everything, WebSettings(**settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=login), base_url="http://page")


@pytest.fixture
async def outside() -> AsyncIterator[httpx.AsyncClient]:
    async with client(host="0.0.0.0", token="right") as made:
        yield made


@pytest.mark.parametrize(
    ("host", "open_to_others"),
    [
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("10.0.0.5", True),
    ],
)
def test_which_addresses_others_can_reach(host: str, open_to_others: bool) -> None:
    assert WebSettings(host=host).exposed is open_to_others


async def test_on_this_host_nothing_is_asked() -> None:
    async with client(host="127.0.0.1", token="right") as inside:
        assert (await inside.get("/")).text == "secret"


def test_without_a_token_an_exposed_page_does_not_start() -> None:
    with pytest.raises(BadConfig, match="KOUBEI_WEB__TOKEN"):
        client(host="0.0.0.0")


@pytest.mark.parametrize(
    "path", ["/", "/?token=wrong", "/api/v1/stream", "/posts/a/b", "/metrics", "/?token="]
)
async def test_who_has_no_token_reads_nothing(outside: httpx.AsyncClient, path: str) -> None:
    answer = await outside.get(path, headers={"cookie": "koubei_page=guess"})
    assert answer.status_code == 401
    assert "secret" not in answer.text
    assert "?token=" in answer.text


async def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address(
    outside: httpx.AsyncClient,
) -> None:
    answer = await outside.get("/?from=now-1h&token=right")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?from=now-1h")
    assert {"HttpOnly", "SameSite=Strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert "right" not in answer.headers["set-cookie"]
    assert (await outside.get("/api/v1/boards")).text == "secret"


async def test_programs_send_it_as_bearer_and_probes_need_none(outside: httpx.AsyncClient) -> None:
    assert (await outside.get("/metrics", headers={"authorization": "Bearer right"})).text == "secret"
    assert (await outside.get("/healthz")).status_code == 200
    assert (await outside.get("/readyz")).status_code == 200
