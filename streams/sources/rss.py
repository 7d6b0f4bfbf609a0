"""RSS and Atom feeds → posts.

Ids come from the feed (guid, Atom id, link), so reading a feed again gives the same posts. Addresses inside
this network are refused at every hop unless allowed: a feed's address is often pasted from elsewhere.
"""

import asyncio
import calendar
import errno
import hashlib
import html
import ipaddress
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import aiohttp
import feedparser
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from streams.clock import SYSTEM, Clock
from streams.errors import BadRecord
from streams.language import t
from streams.sources.base import Config
from streams.topics.intake import Intake
from streams.topics.post import Post
from streams.topics.registry import POSTS

SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes of the largest feed."""

TIME_LIMIT = 20.0
"""Seconds for one feed, redirects included."""

REDIRECTS = 5
ID_LIMIT = 256

_TAGS = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"[ \t\r\f\v\xa0]*\n\s*|[ \t\r\f\v\xa0]+")
_BREAKS = re.compile(r"<(?:br|/p|/div|/li)\b[^>]*>", re.IGNORECASE)


class Rss:
    """Posts of the feeds at `config.targets`."""

    name: ClassVar[str] = "rss"

    def __init__(self, config: Config, *, clock: Clock = SYSTEM) -> None:
        self._config = config
        self._clock = clock

    async def posts(self, since: float | None = None) -> AsyncIterator[Post | BadRecord]:
        """The entries published after `since`; a feed or an entry that cannot be read is a BadRecord."""
        connector = aiohttp.TCPConnector(resolver=None if self._config.allow_private else _PublicResolver())
        limit = aiohttp.ClientTimeout(total=TIME_LIMIT)
        async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:
            for address in self._config.targets:
                try:
                    body, headers, final = await self._fetch(session, address)
                except BadRecord as error:
                    yield error
                    continue
                # A large feed takes a while to parse, and the loop has other things to do.
                feed = await asyncio.to_thread(feedparser.parse, body, response_headers=headers)
                for post in self._read(feed, address, final):
                    if isinstance(post, BadRecord) or since is None or post.published > since:
                        yield post

    async def _fetch(self, session: aiohttp.ClientSession, address: str) -> tuple[bytes, dict[str, str], str]:
        """Body, headers and final address.

        Raises:
            BadRecord: with reason `fetch`.
        """
        at = address
        try:
            async with asyncio.timeout(TIME_LIMIT):
                for _ in range(REDIRECTS + 1):
                    self._check(at)
                    async with session.get(at, allow_redirects=False) as answer:
                        if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                            at = urljoin(at, answer.headers["Location"])
                            continue
                        if answer.status != 200:
                            raise _failed(address, f"HTTP {answer.status}")
                        body = b""
                        async for chunk in answer.content.iter_chunked(1 << 16):
                            body += chunk
                            if len(body) > SIZE_LIMIT:
                                raise _failed(address, t("超过 10 MB", "more than 10 MB"))
                        kind = {"content-type": answer.headers.get("Content-Type", "")}
                        return body, kind, at
                raise _failed(address, t(f"转向超过 {REDIRECTS} 次", f"more than {REDIRECTS} redirects"))
        except TimeoutError as error:
            raise _failed(
                address, t(f"{TIME_LIMIT:g} 秒没有读完", f"not read in {TIME_LIMIT:g} s")
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(address, str(error) or type(error).__name__) from error

    def _check(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _failed(address, t("不是 http 或 https 地址", "not an http or https address"))
        if not self._config.allow_private and _is_private(parts.hostname):
            raise _failed(address, _inside(parts.hostname))

    def _read(self, feed: Any, address: str, final: str) -> Iterator[Post | BadRecord]:
        if not feed.version and not feed.entries:
            yield _failed(address, t("不是 RSS 或 Atom", "neither RSS nor Atom"))
            return
        edge = Intake(POSTS, via=self.name, hmac_key=self._config.hmac_key)
        host = (urlsplit(final).hostname or "rss")[:64]
        changed = _moment(feed.feed, "updated") or _moment(feed.feed, "published")
        for number, entry in enumerate(feed.entries, 1):
            item = _item(entry, host)
            # A feed without any date still has to give one post one time.
            item.setdefault("published", changed)
            try:
                yield edge.record(item, self._clock.now())  # type: ignore[misc]
            except BadRecord as error:
                where = t(f"{address} 第 {number} 条：", f"{address} item {number}: ")
                yield BadRecord(error.reason, where + error.detail)


class _PublicResolver(AbstractResolver):
    """Resolves names, leaving out addresses inside this network."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        public = [one for one in found if not _is_private(one["host"])]
        if not public:
            raise OSError(errno.EACCES, _inside(host))
        return public

    async def close(self) -> None:
        await self._system.close()


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False  # a name: the resolver looks at what it stands for


def _inside(host: str) -> str:
    return t(
        f"{host} 是内网地址；确实要读就加 --allow-private",
        f"{host} is inside this network; add --allow-private if it is meant",
    )


def _failed(address: str, reason: str) -> BadRecord:
    return BadRecord("fetch", t(f"读不了 {address}：{reason}", f"{address} cannot be read: {reason}"))


def _item(entry: Any, platform: str) -> dict[str, Any]:
    title = _plain(entry.get("title", ""))
    longest = max(
        (_plain(part.get("value", "")) for part in entry.get("content", [])), key=len, default=""
    ) or _plain(entry.get("summary", ""))
    name = entry.get("id") or entry.get("link") or "\0".join((title, entry.get("published", ""), longest))
    if len(name) > ID_LIMIT or "\0" in name:
        name = "h" + hashlib.sha256(name.encode()).hexdigest()[:32]
    item: dict[str, Any] = {
        "platform": platform,
        "post_id": name,
        "text": longest or title,
        "title": title[:1024],
        "url": entry.get("link", "")[:4096],
        "published": _moment(entry, "published") or _moment(entry, "updated"),
    }
    if author := entry.get("author", ""):
        item["author"] = {"id": author[:256]}
    return {key: value for key, value in item.items() if value}


def _moment(entry: Any, name: str) -> str | float | None:
    """The time as text where it is ISO (so that one without an offset is Chinese), else Unix seconds."""
    try:
        datetime.fromisoformat(entry.get(name, "").strip())
    except ValueError:
        parsed = entry.get(f"{name}_parsed")
        return float(calendar.timegm(parsed)) if parsed else None
    return str(entry[name])


def _plain(markup: str) -> str:
    text = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", markup)))
    return _BLANKS.sub(lambda gap: "\n" if "\n" in gap[0] else " ", text).strip()
