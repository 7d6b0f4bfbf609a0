"""The HTML of cascades: which are live, and one of them with its tree, levels and key spreaders."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from streams import __version__
from streams.config import Settings
from streams.language import LANGUAGES
from streams.read import bridges
from streams.read import cascade as read
from streams.read.queries import Reader
from streams.web.pages import _embedded

HERE = Path(__file__).parent

DRAWN = 400
"""Nodes of a tree that are drawn: more than that nobody can tell apart."""

READ = 100_000
"""Shares of a cascade that are read to draw it; of a larger one, those of its key spreaders."""

LISTED = 30
"""Cascades in a list."""

FOREMOST = 20
"""Key spreaders in the table."""

LINKED = 10_000
"""Shares of a cascade whose communities are looked for: that takes a tenth of a second."""

LEANS = 0.2
"""Leaning from which words count as positive or negative in the picture."""


def handlers(settings: Settings, reader: Reader) -> list[ControllerRouterHandler]:
    """The pages of cascades."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    zone = ZoneInfo(settings.timezone)

    def shown(template: str, lang: str, status: int = 200, **values: Any) -> Response[str]:
        page = templates.get_template(template).render(
            lang=lang,
            version=__version__,
            when=lambda moment: brief(moment, zone),
            count=lambda number: compact(number, lang),
            lasting=lambda seconds: lasting(seconds, lang),
            **values,
        )
        return Response(
            page, media_type=MediaType.HTML, status_code=status, headers={"Cache-Control": "no-store"}
        )

    def language(request: Request[Any, Any, Any]) -> str:
        wanted = request.query_params.get("lang", settings.language)
        return wanted if wanted in LANGUAGES else settings.language

    @get("/cascades", include_in_schema=False, media_type=MediaType.HTML)
    async def live(request: Request[Any, Any, Any]) -> Response[str]:
        return shown(
            "cascades.html",
            language(request),
            live=await read.listed(reader, live=True, most=LISTED),
            largest=await read.listed(reader, live=False, most=LISTED),
        )

    @get("/cascades/{root_id:path}", include_in_schema=False, media_type=MediaType.HTML)
    async def one(request: Request[Any, Any, Any], root_id: FromPath[str]) -> Response[str]:
        lang, root = language(request), root_id.removeprefix("/")
        found = await read.detail(reader, root)
        if found is None:
            return shown("cascade_missing.html", lang, 404, root=root)
        edges = await read.edges(reader, root, shares=found.fields["shares"], most=READ)
        tree = read.tree(root, edges)
        picture = read.picture(tree, DRAWN)
        fields = found.fields
        linked = edges.whole and len(tree.ids) <= LINKED
        author = (fields["author_id"], found.levels[0]["reach"])
        links = await bridges.within(reader, fields["platform"], *author, tree) if linked else []
        boot = {
            "language": lang,
            "timezone": settings.timezone,
            "words": {},
            "live": bool(found.fields["live"]),
            "author": found.fields["author_id"],
            "leans": LEANS,
            "nodes": [
                [node.parent, node.user, node.direct, node.below, node.shared, node.tie, tone]
                for node, tone in zip(picture.nodes, picture.tones, strict=True)
            ],
            "levels": [
                [level[name] for name in ("nodes", "portion", "ratio", "reach", "tone", "scored")]
                for level in found.levels
            ],
        }
        return shown(
            "cascade.html",
            lang,
            found=found,
            cascade=found.fields,
            spreaders=found.spreaders[:FOREMOST],
            links=links,
            growing=read.still_growing(tree) if edges.whole else [],
            whole=edges.whole,
            drawn=len(picture.nodes),
            hidden=found.fields["size"] - len(picture.nodes),
            foremost=read.FOREMOST,
            leans=LEANS,
            boot=_embedded(boot),
        )

    return [live, one]


def brief(moment: datetime, zone: ZoneInfo) -> str:
    """A time for a table: to the minute, "" for 1970, which stands for unknown."""
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M}" if local.year > 1970 else ""


def compact(number: int, lang: str) -> str:
    """A count in 万 and 亿, or with thousands separators in English."""
    if lang == "zh" and number >= 100_000_000:
        return f"{number / 1e8:.1f}亿"
    if lang == "zh" and number >= 10_000:
        return f"{number / 1e4:.1f}万"
    return f"{number:,}"


def lasting(seconds: float, lang: str) -> str:
    """A length of time in the fitting unit."""
    en = lang == "en"
    for limit, unit, zh, name in (
        (120, 1, "秒", "s"),
        (7200, 60, "分钟", "min"),
        (172_800, 3600, "小时", "h"),
    ):
        if abs(seconds) < limit:
            return f"{seconds / unit:.0f} {name if en else zh}"
    return f"{seconds / 86_400:.0f} {'days' if en else '天'}"
