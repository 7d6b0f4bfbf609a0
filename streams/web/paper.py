"""What the pages around alerts have in common: their templates, words, times, and who looks at them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from streams import __version__
from streams.clock import Clock
from streams.config import Settings
from streams.errors import KoubeiError
from streams.language import LANGUAGES
from streams.notify.happening import name as short
from streams.web.cascades import compact, lasting
from streams.web.pages import HERE
from streams.web.problems import Problem, of
from streams.web.words import word

NAME = "koubei_name"
"""The cookie that keeps the name somebody signs with: asked for once."""

_YEAR = 365 * 86_400


class Paper:
    """Renders templates in the language and time zone of whoever reads.

    Args:
        settings: of this process.
        clock: the time.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.timezone = settings.timezone
        self.zone = ZoneInfo(settings.timezone)
        self.clock = clock
        self._language = settings.language
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def language(self, request: Request[Any, Any, Any]) -> str:
        """The language that the address asks for, else that of the settings."""
        wanted = request.query_params.get("lang", self._language)
        return wanted if wanted in LANGUAGES else self._language

    def query(self, lang: str, **parameters: str) -> str:
        """The end of an address: the parameters that are not empty, and the language where it is not the usual."""
        if lang != self._language:
            parameters = {**parameters, "lang": lang}
        given = [f"{name}={quote(value, safe='')}" for name, value in parameters.items() if value]
        return "?" + "&".join(given) if given else ""

    def show(
        self,
        template: str,
        request: Request[Any, Any, Any],
        *,
        status: int = 200,
        name: str = "",
        **values: Any,
    ) -> Response[str]:
        """A page.

        Args:
            template: which.
            request: that it answers.
            status: HTTP status.
            name: whom the reader has signed as just now, to be remembered.
            values: for the template.
        """
        lang, now = self.language(request), self.clock.now()
        page = self._templates.get_template(template).render(
            lang=lang,
            en=lang == "en",
            spoken="" if lang == self._language else lang,
            other=self.query("en" if lang == "zh" else "zh"),
            here=request.url.path,
            version=__version__,
            now=now,
            query=lambda **parameters: self.query(lang, **parameters),
            word=lambda kind, code: word(kind, code, lang),
            when=lambda moment: moment_of(moment, now, self.zone),
            exact=exact,
            seconds=lambda moment: moment.timestamp(),
            lasting=lambda seconds: lasting(seconds, lang),
            count=lambda number: compact(number, lang),
            number=lambda value: figure(value, lang),
            short=short,
            name=name or ("" if "rename" in request.query_params else name_of(request)),
            **values,
        )
        return Response(
            page,
            media_type=MediaType.HTML,
            status_code=status,
            # Under no-referrer a browser would send our own forms with `Origin: null`.
            headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"},
            cookies=[_remembered(name)] if name else [],
        )

    def trouble(self, request: Request[Any, Any, Any], error: KoubeiError | Problem) -> Response[str]:
        """A page that says what went wrong, in words."""
        problem = of(error)
        return self.show("trouble.html", request, status=problem.status, problem=problem)

    def turn(self, there: str, name: str = "") -> Response[str]:
        """Lead on to another page of ours after a form was taken; `there` is a path that is quoted already."""
        return Response(
            "",
            status_code=303,
            media_type=MediaType.HTML,
            headers={"Location": there, "Cache-Control": "no-store"},
            cookies=[_remembered(name)] if name else [],
        )


async def form_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a form that was sent; files are left out."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def name_of(request: Request[Any, Any, Any]) -> str:
    """Whom the reader signed as before; "" for nobody."""
    return unquote(request.cookies.get(NAME, ""))[:100]


def source_of(request: Request[Any, Any, Any]) -> str:
    """The address that a request comes from."""
    return request.client.host if request.client else ""


def moment_of(moment: datetime | float | None, now: float, zone: ZoneInfo) -> str:
    """A time for a person: the clock alone if it is today, with the day otherwise; "" where there is none."""
    if not moment:
        return ""
    local = (moment if isinstance(moment, datetime) else _utc(moment)).astimezone(zone)
    today = _utc(now).astimezone(zone)
    if local.year <= 1970:
        return ""
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def exact(moment: datetime | float | None) -> str:
    """The same for programs, RFC 3339 in UTC; "" where there is none."""
    if not moment:
        return ""
    found = moment if isinstance(moment, datetime) else _utc(moment)
    return found.isoformat(timespec="milliseconds")


def figure(value: float, lang: str) -> str:
    """A measured value: counts as counts are written, all else with what matters of its fraction."""
    return (
        compact(int(value), lang)
        if value == int(value)
        else f"{value:,.1f}"
        if abs(value) >= 10
        else f"{value:.2f}"
    )


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _remembered(name: str) -> Cookie:
    return Cookie(key=NAME, value=quote(name), max_age=_YEAR, httponly=True, samesite="lax", path="/")


def chosen(given: Mapping[str, str], name: str, known: Mapping[str, Any]) -> str:
    """The value of a parameter if it is one of the known, else ""."""
    value = given.get(name, "")
    return value if value in known else ""
