"""Who may read a page that others can reach: whoever has the token, once in the address, then in a cookie."""

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from streams.config import WebSettings
from streams.errors import BadConfig
from streams.language import t
from streams.web.guard import header

COOKIE = "koubei_page"

_OPEN = ("/healthz", "/readyz", "/static/")
"""What probes and the page's own scripts ask for; nothing of it tells what people said."""


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
        if not self._token or scope["type"] != ScopeType.HTTP or self._known(scope):
            await self._app(scope, receive, send)
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if self._same(query.pop("token", "").encode(), self._token):
            there = scope["path"] + ("?" + urlencode(query) if query else "")
            cookie = f"{COOKIE}={self._pass()}; Path=/; HttpOnly; SameSite=Strict"
            await _answer(send, 303, [(b"location", there.encode()), (b"set-cookie", cookie.encode())], "")
            return
        text = t(
            "需要令牌：打开 koubei up 启动时给出的地址，或在地址后加 ?token=令牌（设置 web.token）",
            "A token is needed: open the address that koubei up printed, or add ?token=… (setting web.token)",
        )
        await _answer(send, 401, [(b"www-authenticate", b"Bearer")], text)

    def _known(self, scope: Scope) -> bool:
        if scope["path"].startswith(_OPEN):
            return True
        scheme, _, given = header(scope, b"authorization").partition(" ")
        if scheme.lower() == "bearer" and self._same(given.strip().encode(), self._token):
            return True
        try:
            cookies = SimpleCookie(header(scope, b"cookie"))
        except CookieError:
            return False
        return COOKIE in cookies and self._same(cookies[COOKIE].value.encode(), self._pass().encode())

    def _pass(self) -> str:
        """What the cookie holds: it opens the page, and does not tell the token."""
        return hmac.new(self._token, b"koubei page", "sha256").hexdigest()

    @staticmethod
    def _same(given: bytes, expected: bytes) -> bool:
        return hmac.compare_digest(given, expected)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": False})
