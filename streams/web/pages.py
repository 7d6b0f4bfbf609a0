"""The HTML: the shell that the dashboards are drawn in, and one post in detail, where people correct mentions."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, Scope
from markupsafe import Markup

from streams import __version__
from streams.boards.board import Board
from streams.config import Settings
from streams.errors import KoubeiError
from streams.language import LANGUAGES, t
from streams.read.post import Hit, Mention
from streams.read.post import post as read_post
from streams.read.queries import Reader
from streams.store.corrections import (
    LONGEST_ACTOR,
    LONGEST_NOTE,
    WITHDRAW,
    BadCorrection,
    Correction,
    sentiment,
)
from streams.web.api import described
from streams.web.corrections import BODY_LIMIT, Correct
from streams.web.guard import may_submit
from streams.web.marks import Mark, pieces
from streams.web.problems import Problem, of
from streams.web.words import SENTIMENTS, word

HERE = Path(__file__).parent

_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def handlers(
    settings: Settings, boards: Mapping[str, Board], words: Mapping[str, str], reader: Reader, store: Correct
) -> list[ControllerRouterHandler]:
    """The pages over these boards; `words` is Chinese → English of everything in them."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    zone = ZoneInfo(settings.timezone)
    catalogue = [described(board) for board in boards.values()]

    def language(request: Request[Any, Any, Any]) -> str:
        wanted = request.query_params.get("lang", settings.language)
        return wanted if wanted in LANGUAGES else settings.language

    @get("/", include_in_schema=False, media_type=MediaType.HTML)
    async def overview(request: Request[Any, Any, Any]) -> Response[str]:
        lang = language(request)
        boot = {
            "boards": catalogue,
            "words": words if lang == "en" else {},
            "language": lang,
            "timezone": settings.timezone,
            "version": __version__,
        }
        page = templates.get_template("page.html").render(
            lang=lang, version=__version__, boot=_embedded(boot)
        )
        return Response(page, media_type=MediaType.HTML, headers={"Cache-Control": "no-store"})

    async def shown(
        lang: str,
        platform: str,
        post_id: str,
        problem: Problem | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Response[str]:
        found = await read_post(reader, platform, post_id)
        if found is None:
            page = templates.get_template("missing.html").render(lang=lang, platform=platform)
            return Response(page, media_type=MediaType.HTML, status_code=404)
        page = templates.get_template("post.html").render(
            lang=lang,
            found=found,
            post=found.fields,
            tokens=found.fields["tokens"],
            pieces=pieces(found.fields["text"], marks(found.mentions, found.hits, lang)),
            link=web_address(found.fields["url"]),
            when=lambda moment: written(moment, zone, lang),
            gap=gap,
            word=lambda kind, code: word(kind, code, lang),
            sentiments=tuple(SENTIMENTS),
            withdraw=WITHDRAW,
            longest_note=LONGEST_NOTE,
            longest_actor=LONGEST_ACTOR,
            problem=problem.detail if problem else "",
            form=form or {},
        )
        return Response(
            page,
            media_type=MediaType.HTML,
            status_code=problem.status if problem else 200,
            # Under no-referrer a browser would send our own form with `Origin: null`.
            headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"},
        )

    @get("/posts/{platform:str}/{post_id:path}", include_in_schema=False, media_type=MediaType.HTML)
    async def detail(
        request: Request[Any, Any, Any], platform: FromPath[str], post_id: FromPath[str]
    ) -> Response[str]:
        return await shown(language(request), platform, post_id.removeprefix("/"))

    @post(
        "/posts/{platform:str}/{post_id:path}",
        include_in_schema=False,
        media_type=MediaType.HTML,
        request_max_body_size=BODY_LIMIT,
    )
    async def correct(
        request: Request[Any, Any, Any], platform: FromPath[str], post_id: FromPath[str]
    ) -> Response[str]:
        lang, ident = language(request), post_id.removeprefix("/")
        form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        try:
            await asyncio.to_thread(store, _filled_in(request.scope, platform, ident, form))
        except (Problem, KoubeiError) as error:
            return await shown(lang, platform, ident, of(error), form)
        there = f"/posts/{quote(platform, safe='')}/{quote(ident)}"
        query = f"?lang={lang}" if lang != settings.language else ""
        return Response("", status_code=303, headers={"Location": f"{there}{query}#mentions"})

    def _filled_in(scope: Scope, platform: str, ident: str, form: Mapping[str, str]) -> Correction:
        may_submit(scope, settings.web)
        label = form.get("sentiment", "")
        if not label:
            raise BadCorrection(
                t("请先选正面、中性、负面或撤销", "Choose positive, neutral, negative or withdraw first")
            )
        return Correction(
            "post", platform, ident, form.get("brand", ""), sentiment(label), form.get("by", ""), "page",
            form.get("note", ""),
        )  # fmt: skip

    return [overview, detail, correct]


def marks(mentions: Sequence[Mention], hits: Sequence[Hit], lang: str) -> list[Mark]:
    """What is shown of a post's text: its brands, the evidence of the verdicts, the terms of the rules it meets."""
    en = lang == "en"
    made = [
        Mark(
            mention.start,
            mention.stop,
            f"named tone-{mention.counted}",
            f"{mention.brand}{': ' if en else '：'}{word('sentiment', mention.counted, lang)}",
        )
        for mention in mentions
    ]
    made += [
        Mark(
            mention.evidence_start,
            mention.evidence_stop,
            f"evidence tone-{mention.sentiment}",
            f"evidence of {word('sentiment', mention.sentiment, lang)} toward {mention.brand}"
            if en
            else f"判断 {mention.brand} 为{word('sentiment', mention.sentiment, lang)}的依据",
        )
        for mention in mentions
    ]
    made += [Mark(hit.start, hit.stop, "hit", f"{'rule ' if en else '规则 '}{hit.rule}") for hit in hits]
    return made


def web_address(url: str) -> str:
    """The address if a browser may follow it, else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def written(moment: datetime, zone: ZoneInfo, lang: str) -> str:
    """A time as people write it, in their zone; "" for 1970, which stands for unknown."""
    local = moment.astimezone(zone)
    if local.year <= 1970:
        return ""
    clock = f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
    if lang == "en":
        return f"{local:%Y-%m-%d} {clock}"
    return f"{local.year}年{local.month}月{local.day}日 {_WEEKDAYS[local.weekday()]} {clock}"


def gap(start: datetime, stop: datetime) -> str:
    """Time from one hop to the next, in words."""
    seconds = (stop - start).total_seconds()
    if seconds < 60:
        return t(f"{seconds:.3f} 秒", f"{seconds:.3f} s")
    if seconds < 7200:
        return t(f"{seconds / 60:.0f} 分钟", f"{seconds / 60:.0f} min")
    if seconds < 172_800:
        return t(f"{seconds / 3600:.0f} 小时", f"{seconds / 3600:.0f} h")
    return t(f"{seconds / 86_400:.0f} 天", f"{seconds / 86_400:.0f} days")


def _embedded(data: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(msgspec.to_builtins(data), ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
