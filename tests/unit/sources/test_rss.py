"""Feeds over HTTP: real shapes, bad ones, and addresses that must not be fetched."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from streams.clock import ManualClock
from streams.errors import BadRecord
from streams.sources import ALL, rss, source
from streams.sources.base import Config
from streams.sources.rss import Rss
from streams.topics.post import Post

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>数码论坛</title><link>https://bbs.example.com</link><description>新帖</description>
<item><title>星曜 X1 耳机断连 &amp; 退货</title><link>https://bbs.example.com/t/101</link>
<guid isPermaLink="false">bbs-101</guid><pubDate>Sat, 22 Nov 2025 10:02:00 +0800</pubDate>
<author>editor@example.com (张三)</author>
<description>摘要</description>
<content:encoded><![CDATA[<p>又断连了，<b>售后</b>让我自己寄……</p><p>第二段&nbsp;文字</p><script>alert(1)</script>]]></content:encoded>
</item>
<item><title>没有时区的帖子</title><link>https://bbs.example.com/t/102</link><pubDate>2025-11-22 11:00:00</pubDate></item>
<item><title></title><link>https://bbs.example.com/t/103</link><pubDate>Sat, 22 Nov 2025 12:00:00 +0800</pubDate></item>
<item><title>太早了</title><guid>old</guid><pubDate>Mon, 05 Jan 1998 10:00:00 GMT</pubDate></item>
</channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>博客</title><id>urn:x</id><updated>2025-11-22T00:00:00Z</updated>
<entry><title>评测</title><id>tag:blog.example.com,2025:1</id><link href="https://blog.example.com/1"/>
<updated>2025-11-22T03:00:00+08:00</updated><author><name>李四</name></author>
<content type="html">&lt;p&gt;音质不错&lt;br/&gt;续航一般&lt;/p&gt;</content></entry>
<entry><title>没有时间也没有编号</title></entry>
</feed>"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(**pages: bytes | Handler) -> AsyncIterator[str]:
    """A local HTTP server; yields its address."""

    def page(body: bytes) -> Handler:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(body=body, content_type="application/xml")

        return answer

    app = web.Application()
    for name, content in pages.items():
        app.router.add_get(f"/{name}", page(content) if isinstance(content, bytes) else content)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def read(*targets: str, since: float | None = None, **config: Any) -> list[Post | BadRecord]:
    feed = Rss(Config(targets=targets, **{"allow_private": True, **config}), clock=ManualClock(1.8e9))
    return [post async for post in feed.posts(since)]


def good(found: list[Post | BadRecord]) -> list[Post]:
    return [post for post in found if isinstance(post, Post)]


def bad(found: list[Post | BadRecord]) -> list[BadRecord]:
    return [post for post in found if isinstance(post, BadRecord)]


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312", "gb18030"])
async def test_rss(encoding: str) -> None:
    async with served(feed=RSS.format(encoding=encoding).encode(encoding)) as at:
        found = await read(f"{at}/feed")
    first, second = good(found)[:2]
    assert first.post_id == "bbs-101"
    assert first.title == "星曜 X1 耳机断连 & 退货"
    assert first.text == "又断连了，售后让我自己寄……\n第二段 文字"
    assert first.url == "https://bbs.example.com/t/101"
    assert first.published == 1_763_776_920
    assert first.platform == "127.0.0.1"
    assert first.via == "rss"
    assert second.published == 1_763_780_400, "a time without an offset is a Chinese one"
    assert second.text == second.title == "没有时区的帖子"
    assert second.post_id == "https://bbs.example.com/t/102"
    assert ["text" in error.detail or "published" in error.detail for error in bad(found)] == [True, True]
    assert all("第" in error.detail for error in bad(found))


async def test_atom_and_ids_that_stay() -> None:
    async with served(feed=ATOM.encode()) as at:
        once, again = await read(f"{at}/feed"), await read(f"{at}/feed")
    assert once == again
    first, second = good(once)
    assert first.text == "音质不错\n续航一般"
    assert first.author is not None
    assert first.author.id == "李四"
    assert second.post_id.startswith("h")
    assert second.published == 1_763_769_600, "the feed's own time, for want of another"


async def test_only_what_is_newer_comes_again() -> None:
    async with served(feed=RSS.format(encoding="utf-8").encode()) as at:
        assert [post.title for post in good(await read(f"{at}/feed", since=1_763_776_920))] == [
            "没有时区的帖子"
        ]


async def test_a_cut_off_feed_gives_what_is_whole() -> None:
    body = RSS.format(encoding="gb2312").encode("gb2312")
    async with served(feed=body[: body.index("没有时区".encode("gb2312")) + 8]) as at:
        found = good(await read(f"{at}/feed"))
    assert found[0].title == "星曜 X1 耳机断连 & 退货"


async def test_one_dead_feed_stops_no_other() -> None:
    async with served(feed=ATOM.encode(), page=b"<html><body>404</body></html>") as at:
        found = await read(
            f"{at}/missing", f"{at}/page", "ftp://example.com/x", "http://127.0.0.1:1/", f"{at}/feed"
        )
    assert len(good(found)) == 2
    assert [error.reason for error in bad(found)] == ["fetch"] * 4
    assert "404" in bad(found)[0].detail


async def test_size_time_and_redirects_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rss, "SIZE_LIMIT", 1000)
    monkeypatch.setattr(rss, "TIME_LIMIT", 0.3)

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async def loop(_: web.Request) -> web.Response:
        raise web.HTTPFound("/loop")

    async with served(large=b"x" * 5000, slow=slow, loop=loop) as at:
        found = bad(await read(f"{at}/large", f"{at}/slow", f"{at}/loop"))
    assert [word in error.detail for word, error in zip(("10 MB", "秒", "转向"), found, strict=True)] == [
        True
    ] * 3


async def test_addresses_inside_the_network_are_refused_at_every_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(feed=ATOM.encode()) as at:
        port = at.rpartition(":")[2]
        found = await read(
            f"{at}/feed", f"http://localhost:{port}/feed", "http://[::1]/", allow_private=False
        )
        assert [error.reason for error in bad(found)] == ["fetch"] * 3
        assert all("--allow-private" in error.detail for error in bad(found))

        async def away(_: web.Request) -> web.Response:
            raise web.HTTPFound(f"http://10.0.0.1:{port}/feed")

        # Only the address of this test's own server counts as public, so the redirect is what is refused.
        monkeypatch.setattr(rss, "_is_private", lambda host: host != "127.0.0.1")
        async with served(away=away) as hop:
            refused = await read(f"{hop}/away", allow_private=False)
    assert not good(refused)
    assert "10.0.0.1" in bad(refused)[0].detail


async def test_user_ids_are_hashed() -> None:
    async with served(feed=ATOM.encode()) as at:
        first = good(await read(f"{at}/feed", hmac_key=b"k"))[0]
    assert first.author is not None
    assert len(first.author.id) == 32


@pytest.mark.parametrize("name", [name for name, _ in ALL])
def test_every_source_is_found_under_its_own_name(name: str) -> None:
    assert source(name).name == name
