"""One POST of limited time and size to an address that may be reached, and what its failure means.

An address inside this network is refused unless allowed: whoever may set a webhook could otherwise reach what
only this machine can. The name is resolved once and the connection goes to what was looked at; no redirect is
followed, so that nothing leads elsewhere afterwards.
"""

import errno
import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from streams import __version__
from streams.language import t
from streams.notify.base import HttpConfig, Receipt, redact, secrets

TIME_LIMIT = 10.0
"""Seconds for one attempt; half of it for the connection."""

SIZE_LIMIT = 64 * 1024
"""Bytes of an answer that are read."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def post(
    config: HttpConfig, body: bytes, headers: Mapping[str, str], *, query: str = ""
) -> Answer | Receipt:
    """POST the bytes; a Receipt says why there is no answer.

    Args:
        config: where to.
        body: what.
        headers: beside those that every request has.
        query: added to the address.
    """
    url = config.url.get_secret_value()
    if query:
        url += ("&" if "?" in url else "?") + query
    host = urlsplit(url).hostname or ""
    if not config.allow_private and (forbidden := _forbidden(url, host)):
        return forbidden
    connector = aiohttp.TCPConnector(resolver=None if config.allow_private else _PublicResolver())
    timeout = aiohttp.ClientTimeout(total=TIME_LIMIT, connect=TIME_LIMIT / 2)
    sent_by = {"User-Agent": f"koubei/{__version__}", "Content-Type": "application/json; charset=utf-8"}
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post(url, data=body, headers={**sent_by, **headers}, allow_redirects=False) as got,
        ):
            return Answer(got.status, got.headers, await _some(got.content))
    except aiohttp.InvalidURL:
        return Receipt(outcome="refused", answer=t("地址写得不对", "the address is malformed"))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        if isinstance(error, aiohttp.ClientConnectorDNSError) and error.os_error.errno == errno.EACCES:
            return _inside(host)
        why = redact(str(error), secrets(config.url))
        return Receipt(outcome="later", answer=t(f"连不上 {host}：{why}", f"{host} cannot be reached: {why}"))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        why = redact(str(error), secrets(config.url)) or t(
            f"{TIME_LIMIT:.0f} 秒内", f"within {TIME_LIMIT:.0f} s"
        )
        return Receipt(
            outcome="unknown",
            answer=t(
                f"{host} 没有答复（{why}），可能已送达",
                f"{host} gave no answer ({why}); it may have been delivered",
            ),
        )


def failure(answer: Answer, now: float) -> Receipt | None:
    """What an HTTP status other than 2xx means.

    Args:
        answer: what came back.
        now: Unix seconds, for a Retry-After that names a date.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    code = f"HTTP {status}"
    if status == 429:
        wait = retry_after(answer.headers.get("Retry-After", ""), now) or 60.0
        said = t(f"{code}：太频繁，{wait:.0f} 秒后再发", f"{code}: too fast; again in {wait:.0f} s")
        return Receipt(outcome="later", answer=said, code=str(status), retry_after=wait, limited=True)
    if status >= 500 or status in (408, 425):
        said = t(f"{code}：对方暂时出错", f"{code}: the other side has a problem")
        wanted = retry_after(answer.headers.get("Retry-After", ""), now)
        return Receipt(outcome="later", answer=said, code=str(status), retry_after=wanted)
    if 300 <= status < 400:
        said = t(
            f"{code}：要转到别的地址，不跟随；请改成最终地址",
            f"{code}: redirects are not followed; set the final address",
        )
    else:
        said = t(f"{code}：对方不接受，请检查地址", f"{code}: refused; check the address")
    return Receipt(outcome="refused", answer=said, code=str(status))


def retry_after(value: str, now: float) -> float | None:
    """Seconds to wait by a Retry-After header, at most a day; None if it says nothing usable."""
    try:
        seconds = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), 86400.0)


def is_inside(host: str) -> bool:
    """Whether the address is not one of the public internet, also where it is wrapped into an IPv6 address."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_inside(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped is not None:
            return is_inside(str(wrapped))
    return not address.is_global or address.is_multicast


def _forbidden(url: str, host: str) -> Receipt | None:
    """Why nothing is sent there, as far as the address alone tells: a name is looked at by the resolver."""
    with suppress(ValueError):
        if is_inside(host):
            return _inside(host)
    if url.lower().startswith("https://"):
        return None
    return Receipt(
        outcome="refused",
        answer=t(
            f"{host} 要用 https，没有发送；内网的 http 地址请加 allow_private = true",
            f"{host} needs https, nothing was sent; for http inside this network set allow_private = true",
        ),
    )


def _inside(host: str) -> Receipt:
    return Receipt(
        outcome="refused",
        answer=t(
            f"{host} 是内网地址，没有发送；确实要发就在这个渠道里写 allow_private = true",
            f"{host} is inside this network, nothing was sent; if it is meant, set allow_private = true",
        ),
    )


async def _some(content: aiohttp.StreamReader) -> bytes:
    body = b""
    async for chunk in content.iter_chunked(8192):
        body += chunk
        if len(body) >= SIZE_LIMIT:
            break
    return body[:SIZE_LIMIT]


class _PublicResolver(AbstractResolver):
    """Resolves names; a name that stands for any address inside this network is refused."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if any(is_inside(one["host"]) for one in found):
            raise OSError(errno.EACCES, host)
        return found

    async def close(self) -> None:
        await self._system.close()
