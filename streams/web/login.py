"""Who may read a page that others can reach: whoever has the token, once in the address, then in a cookie.

Who comes by a link of a message has no login: the one alert that the link is about is all there is to see.
"""

import hmac
import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from streams.config import WebSettings
from streams.errors import BadConfig
from streams.language import t
from streams.web.guard import header, on_this_host

COOKIE = "koubei_page"

_OPEN = ("/healthz", "/readyz", "/static/")
"""What probes and the page's own scripts ask for; nothing of it tells what people said."""

_LINKED = re.compile(r"/alerts/[^/]+")
"""Where the links in messages lead; what their token allows is read there."""


def visitor(scope: Scope, settings: WebSettings) -> bool:
    """Whether somebody comes by a link and is not known otherwise: only what its token says is for them."""
    if not _linked(scope):
        return False
    if not settings.exposed:
        return not on_this_host(scope)
    assert settings.token is not None
    return not known(scope, settings.token.get_secret_value().encode())


def known(scope: Scope, token: bytes) -> bool:
    """Whether this request shows the token, or the cookie that it was exchanged for."""
    scheme, _, given = header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token):
        return True
    try:
        cookies = SimpleCookie(header(scope, b"cookie"))
    except CookieError:
        return False
    return COOKIE in cookies and hmac.compare_digest(cookies[COOKIE].value.encode(), _pass(token).encode())


class Login:
    """ASGI middleware: on an exposed address, asks for the token before anything is read.

    `/?token=…` sets a cookie and leads to the same address without the token; programs send the token as
    Authorization: Bearer. On a loopback address nothing is asked.

    Args:
        app: what it stands before.
        settings: the address and the token.

    Raises:
        BadConfig: the address is exposed and there is no token.
    """

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._token = b""
        if settings.exposed:
            if settings.token is None:
                raise BadConfig(
                    t(
                        f"页面监听 {settings.host}，别的机器也能打开，必须先设置令牌 KOUBEI_WEB__TOKEN",
                        f"The page listens on {settings.host}, where others reach it: set KOUBEI_WEB__TOKEN first",
                    )
                )
            self._token = settings.token.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, set the cookie, or answer 401."""
        if not self._token or scope["type"] != ScopeType.HTTP or self._may_pass(scope):
            await self._app(scope, receive, send)
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if hmac.compare_digest(query.pop("token", "").encode(), self._token):
            there = scope["path"] + ("?" + urlencode(query) if query else "")
            cookie = f"{COOKIE}={_pass(self._token)}; Path=/; HttpOnly; SameSite=Strict"
            await _answer(send, 303, [(b"location", there.encode()), (b"set-cookie", cookie.encode())], "")
            return
        text = t(
            "需要令牌：打开 koubei up 启动时给出的地址，或在地址后加 ?token=令牌（设置 web.token）",
            "A token is needed: open the address that koubei up printed, or add ?token=… (setting web.token)",
        )
        await _answer(send, 401, [(b"www-authenticate", b"Bearer")], text)

    def _may_pass(self, scope: Scope) -> bool:
        if scope["path"].startswith(_OPEN) or known(scope, self._token):
            return True
        return _linked(scope) and not hmac.compare_digest(_given(scope).encode(), self._token)


def _linked(scope: Scope) -> bool:
    """Whether this may be a link of a message, or the form behind it."""
    return (
        scope.get("method") in ("GET", "HEAD", "POST")
        and _LINKED.fullmatch(scope["path"]) is not None
        and bool(_given(scope))
    )


def _given(scope: Scope) -> str:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("token", "")


def _pass(token: bytes) -> str:
    """What the cookie holds: it opens the page, and does not tell the token."""
    return hmac.new(token, b"koubei page", "sha256").hexdigest()


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": False})
