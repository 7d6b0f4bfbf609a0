"""Before any handler: whose request this is, and the headers that keep a page with hostile texts harmless."""

import hmac
import ipaddress
from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from streams.config import WebSettings
from streams.language import t
from streams.web.problems import PROBLEM, Problem

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware: refuses foreign Host headers (DNS rebinding) and adds the security headers.

    Args:
        app: what it stands before.
        allowed_hosts: host names, without port, that the page answers to.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str]) -> None:
        self._app = app
        self._allowed = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with 421."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        host = header(scope, b"host")
        if host_name(host) not in self._allowed:
            problem = Problem(
                421,
                "foreign-host",
                t("不认识的主机名", "Unknown host name"),
                t(
                    f"这个页面不应答 Host: {host}。若要用这个名字访问，请加进设置 web.allowed_hosts",
                    f"This page does not answer to Host: {host}. To use that name add it to web.allowed_hosts",
                ),
            )
            content = [(b"content-type", PROBLEM.encode())]
            await with_headers({"type": "http.response.start", "status": problem.status, "headers": content})
            await with_headers(
                {
                    "type": "http.response.body",
                    "body": msgspec.json.encode(problem.body()),
                    "more_body": False,
                }
            )
            return
        await self._app(scope, receive, with_headers)


def may_write(scope: Scope, settings: WebSettings) -> None:
    """Return if this request may write.

    With a token: whoever has it. Without: programs on this host, never a page of another site.

    Raises:
        Problem: 401 or 403.
    """
    if _foreign(scope):
        raise _cross_origin(scope)
    if settings.token is not None:
        scheme, _, given = header(scope, b"authorization").partition(" ")
        expected = settings.token.get_secret_value()
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
            raise Problem(
                401,
                "unauthorised",
                t("缺少令牌或令牌不对", "No token, or a wrong one"),
                t(
                    "请带上 Authorization: Bearer 令牌；令牌见 koubei status --show token",
                    "Send Authorization: Bearer TOKEN; koubei status --show token prints it",
                ),
                {"WWW-Authenticate": "Bearer"},
            )
        return
    if not on_this_host(scope):
        raise Problem(
            401,
            "token-needed",
            t("需要令牌", "A token is needed"),
            t(
                "没有设置令牌时只接受本机写入：设置 KOUBEI_WEB__TOKEN，请求带 Authorization: Bearer",
                "Without a token only this host may write: set KOUBEI_WEB__TOKEN and send Authorization: Bearer",
            ),
            {"WWW-Authenticate": "Bearer"},
        )


def may_submit(scope: Scope, settings: WebSettings) -> None:
    """Return if this request is a form of our own page, sent by somebody who may read it.

    On an exposed address `Login` has let through only who has the token; on this host, nobody needs one.

    Raises:
        Problem: 401 or 403.
    """
    from_our_page(scope)
    if not settings.exposed and not on_this_host(scope):
        raise Problem(
            401,
            "not-this-host",
            t("只接受本机提交", "Only from this host"),
            t(
                "经代理不能提交表单：把 web.host 设为代理可达的地址并登录，或用 /api/v1 带令牌",
                "Not through a proxy: set web.host to an address it reaches and log in, "
                "or use /api/v1 with the token",
            ),
        )


def from_our_page(scope: Scope) -> None:
    """Return if a form of our own page sends this: browsers say so with every form.

    Raises:
        Problem: 403.
    """
    if _foreign(scope) or not (header(scope, b"origin") or header(scope, b"sec-fetch-site") == "same-origin"):
        raise _cross_origin(scope)


def on_this_host(scope: Scope) -> bool:
    """Whether a program on this host asks, not a proxy for somebody else."""
    client = scope.get("client")
    forwarded = header(scope, b"x-forwarded-for") or header(scope, b"forwarded")
    return not forwarded and client is not None and _loopback(client[0])


def header(scope: Scope, name: bytes) -> str:
    """A request header, "" when absent."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    return host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host


def _foreign(scope: Scope) -> bool:
    """Whether a browser says that another site sends this."""
    origin = header(scope, b"origin")
    return header(scope, b"sec-fetch-site") == "cross-site" or bool(
        origin and urlsplit(origin).netloc != header(scope, b"host")
    )


def _cross_origin(scope: Scope) -> Problem:
    origin = header(scope, b"origin") or t("未知来源", "an unknown origin")
    return Problem(
        403,
        "cross-origin",
        t("不接受其他网站的提交", "Not from another site"),
        t(f"来自 {origin} 的浏览器请求不能写入", f"Browser requests from {origin} may not write"),
    )


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
