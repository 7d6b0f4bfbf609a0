"""The HTML: the shell that the dashboards are drawn in, and one post in detail."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from streams import __version__
from streams.boards.board import Board
from streams.config import Settings
from streams.language import LANGUAGES, t
from streams.read.post import Mention, post
from streams.read.queries import Reader
from streams.web.api import described

HERE = Path(__file__).parent

_SENTIMENTS = {"pos": ("正面", "positive"), "neu": ("中性", "neutral"), "neg": ("负面", "negative")}
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


class Piece(NamedTuple):
    """A stretch of a text, with the brand it mentions, if any."""

    text: str
    mention: Mention | None


def handlers(
    settings: Settings, boards: Mapping[str, Board], words: Mapping[str, str], reader: Reader
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

    @get("/posts/{platform:str}/{post_id:path}", include_in_schema=False, media_type=MediaType.HTML)
    async def detail(
        request: Request[Any, Any, Any], platform: FromPath[str], post_id: FromPath[str]
    ) -> Response[str]:
        lang = language(request)
        found = await post(reader, platform, post_id.removeprefix("/"))
        if found is None:
            page = templates.get_template("missing.html").render(lang=lang, platform=platform)
            return Response(page, media_type=MediaType.HTML, status_code=404)
        fields = found.fields
        page = templates.get_template("post.html").render(
            lang=lang,
            post=fields,
            tokens=fields["tokens"],
            pieces=pieces(fields["text"], found.mentions),
            mentions=found.mentions,
            shares=found.shares,
            sharers=found.sharers,
            link=web_address(fields["url"]),
            when=lambda moment: written(moment, zone, lang),
            gap=gap,
            word=lambda sentiment: _SENTIMENTS.get(sentiment, ("", ""))[lang == "en"],
        )
        return Response(page, media_type=MediaType.HTML, headers={"Cache-Control": "no-store"})

    return [overview, detail]


def pieces(text: str, mentions: list[Mention]) -> list[Piece]:
    """The text cut at the brands it mentions; overlapping mentions keep the first."""
    cut: list[Piece] = []
    done = 0
    for mention in sorted(mentions, key=lambda m: (m.start, -m.stop)):
        if not done <= mention.start < mention.stop <= len(text):
            continue
        if mention.start > done:
            cut.append(Piece(text[done : mention.start], None))
        cut.append(Piece(text[mention.start : mention.stop], mention))
        done = mention.stop
    if done < len(text):
        cut.append(Piece(text[done:], None))
    return cut


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
