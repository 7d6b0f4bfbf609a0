"""The HTML of alerts: the inbox, one alert with all that is known of it, silences; and what people press there."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import uuid4

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from streams import language
from streams.alerts.explanation import Explanation
from streams.alerts.links import BadLink, Claim, dashboard
from streams.alerts.links import read as read_link
from streams.alerts.model import Alert
from streams.config import Settings
from streams.errors import KoubeiError
from streams.language import t
from streams.notify.happening import Happening, happening
from streams.read import alerts as read
from streams.read import rules
from streams.read.alerts import Wanted
from streams.read.queries import Reader
from streams.read.quotes import Quote, of_alert
from streams.topics.alert import Command
from streams.web.acts import ON_ALERT, Desk, Done, Order, bad, command, rejected
from streams.web.corrections import BODY_LIMIT
from streams.web.guard import from_our_page, may_submit
from streams.web.login import visitor
from streams.web.marks import Mark, Piece, pieces
from streams.web.pages import marks, web_address
from streams.web.paper import Paper, chosen, form_of, source_of
from streams.web.problems import Problem, of
from streams.web.why import Why
from streams.web.words import KINDS, LEVELS, STANDINGS

SHOWN = 50
"""Alerts on one page of the inbox."""

SILENCES = ("30m", "2h", "4h", "12h", "24h", "3d", "7d")
"""How long a silence may be chosen to last."""

STATES = {name: STANDINGS[name] for name in ("open", "firing", "acknowledged", "silenced", "resolved")}

SCOPES = ("alert", "rule", "brand")
"""What a silence made beside an alert covers."""


class Detail(NamedTuple):
    """All that the page of one alert shows; what could not be read is empty."""

    alert: Alert
    events: list[read.Happening]
    deliveries: list[read.Delivery]
    quotes: list[Quote]
    past: list[read.Past]
    silence: read.Silenced | None
    cascade: Mapping[str, Any] | None


class Sheet:
    """The page of one alert, whatever came before it.

    Args:
        settings: of this process.
        reader: the store.
        desk: takes acts.
        paper: renders.
        why: explains.
    """

    def __init__(self, settings: Settings, reader: Reader, desk: Desk, paper: Paper, why: Why) -> None:
        self._web = settings.web
        self._key = settings.web.link_key.get_secret_value().encode() if settings.web.link_key else b""
        self._people = [person.name or name for name, person in settings.people.items()]
        self._reader = reader
        self._clock = desk.clock
        self._paper = paper
        self._why = why

    def claim(self, request: Request[Any, Any, Any], alert_id: str) -> Claim | None:
        """What a link allows; None for who needs no link.

        Raises:
            BadLink: it allows nothing.
        """
        if not visitor(request.scope, self._web):
            return None
        wrong = BadLink(
            "wrong",
            t(
                "链接和这条告警对不上：从群里的原消息重新打开，或登录页面",
                "The link is not for this alert: open it anew from the message, or log in to the page",
            ),
        )
        if not self._key:
            raise wrong
        claim = read_link(self._key, request.query_params.get("token", ""), self._clock.now())
        if claim.alert_id != alert_id:
            raise wrong
        return claim

    def pressed(self, request: Request[Any, Any, Any], alert_id: str, form: Mapping[str, str]) -> Command:
        """The act that a form asks for, if whoever sends it may.

        Raises:
            Problem: 400, 401 or 403.
            BadLink: the link allows nothing.
        """
        name, now = form.get("act", ""), self._clock.now()
        order = Order(by=form.get("by", ""), alert_id=alert_id)
        claim = self.claim(request, alert_id)
        if claim is not None:
            from_our_page(request.scope)
            if name != "acknowledge":
                raise Problem(
                    403,
                    "only-acknowledge",
                    t("链接只能认领", "The link only claims"),
                    t(
                        "消息里的链接只能查看和认领这条告警，其他操作请登录页面",
                        "A link in a message shows this alert and claims it; log in for all else",
                    ),
                )
            return command(name, order, id=claim.nonce, via="link", source=source_of(request), now=now)
        may_submit(request.scope, self._web)
        order.note, order.owner = form.get("note", ""), form.get("owner", "")
        action = "case_open" if name == "case" else ON_ALERT.get(name)
        if action is None:
            raise bad(t(f"没有 {name!r} 这个操作", f"There is no act {name!r}"))
        if action == "silence":
            _scoped(order, form)
        once = form.get("once") or uuid4().hex
        return command(action, order, id=once, via="page", source=source_of(request), now=now)

    async def show(
        self,
        request: Request[Any, Any, Any],
        alert_id: str,
        *,
        problem: Problem | None = None,
        form: Mapping[str, str] | None = None,
        waiting: bool = False,
        name: str = "",
    ) -> Response[str]:
        """The page.

        Args:
            request: that it answers.
            alert_id: which alert.
            problem: why an act was not done.
            form: what was filled in for it.
            waiting: whether an act is on its way.
            name: whom the reader signed as.
        """
        paper, lang = self._paper, self._paper.language(request)
        guest = visitor(request.scope, self._web)
        try:
            found, tally = await asyncio.gather(detail(self._reader, alert_id), read.tally(self._reader))
        except KoubeiError as error:
            return paper.trouble(request, error)
        if found is None:
            return paper.show(
                "alert_missing.html", request, status=404, alert_id=alert_id, tally=tally, guest=guest
            )
        why, now = await self._why.of(found.alert), self._clock.now()
        return paper.show(
            "alert.html",
            request,
            status=problem.status if problem else 202 if waiting else 200,
            name=name,
            found=found,
            alert=found.alert,
            told=told(found.alert, why, lang, now, paper.timezone),
            why=why,
            pieces=lambda quote: _marked(found.alert, quote, lang),
            link=web_address,
            board=dashboard("", found.alert),
            tally=tally,
            guest=guest,
            token=request.query_params.get("token", "") if guest else "",
            once=uuid4().hex,
            problem=problem.detail if problem else "",
            form=form or {},
            waiting=waiting,
            done=chosen(request.query_params, "done", DONE),
            after=DONE,
            people=self._people,
            silences=SILENCES,
        )

    def refuse(self, request: Request[Any, Any, Any], error: BadLink) -> Response[str]:
        """The page for who comes by a link that allows nothing."""
        status = 410 if error.reason == "expired" else 403
        return self._paper.show("link.html", request, status=status, message=error.message)


def handlers(reader: Reader, desk: Desk, paper: Paper, sheet: Sheet) -> list[ControllerRouterHandler]:
    """The inbox, and one alert with its form."""

    @get("/alerts", include_in_schema=False, media_type=MediaType.HTML)
    async def inbox(request: Request[Any, Any, Any]) -> Response[str]:
        given = dict(request.query_params)
        wanted = Wanted(
            states=_one(chosen(given, "state", STATES)),
            severities=_one(chosen(given, "severity", LEVELS)),
            brand=given.get("brand", ""),
            owner=given.get("owner", ""),
            rule=given.get("rule", ""),
        )
        try:
            page, tally, choices, known = await asyncio.gather(
                read.inbox(reader, wanted, cursor=given.get("cursor", ""), limit=SHOWN),
                read.tally(reader),
                read.choices(reader),
                rules.newest(reader),
            )
        except KoubeiError as error:
            return paper.trouble(request, error)
        given.pop("cursor", None)
        given.pop("lang", None)
        return paper.show(
            "alerts.html",
            request,
            alerts=page.alerts,
            next=page.next,
            tally=tally,
            choices=choices,
            rules=sum(not one.removed for one in known.values()),
            wanted=given,
            filtered=wanted != Wanted(),
            states=STATES,
            levels=LEVELS,
            told=lambda alert: told(
                alert,
                Explanation(rule=known[alert.rule].rule if alert.rule in known else None),
                paper.language(request),
                desk.clock.now(),
                paper.timezone,
            ),
        )

    @get("/alerts/{alert_id:str}", include_in_schema=False, media_type=MediaType.HTML)
    async def one(request: Request[Any, Any, Any], alert_id: FromPath[str]) -> Response[str]:
        try:
            sheet.claim(request, alert_id)
        except BadLink as error:
            return sheet.refuse(request, error)
        return await sheet.show(request, alert_id)

    @post(
        "/alerts/{alert_id:str}",
        include_in_schema=False,
        media_type=MediaType.HTML,
        request_max_body_size=BODY_LIMIT,
    )
    async def act(request: Request[Any, Any, Any], alert_id: FromPath[str]) -> Response[str]:
        form = await form_of(request)
        try:
            asked = sheet.pressed(request, alert_id, form)
            done = await (_once(desk, asked) if asked.via == "link" else desk.put(asked))
        except BadLink as error:
            return sheet.refuse(request, error)
        except (Problem, KoubeiError) as error:
            return await sheet.show(request, alert_id, problem=of(error), form=form)
        if done.result == "pending":
            return await sheet.show(request, alert_id, waiting=True, name=asked.actor)
        if done.result == "rejected":
            problem = rejected(done, paper.zone)
            return await sheet.show(request, alert_id, problem=problem, form=form, name=asked.actor)
        lang = paper.language(request)
        if asked.action == "case_open":
            return paper.turn(f"/cases/{quote(asked.id, safe='')}{paper.query(lang)}", asked.actor)
        token = request.query_params.get("token", "") if asked.via == "link" else ""
        there = f"/alerts/{quote(alert_id, safe='')}{paper.query(lang, token=token, done=asked.action)}"
        return paper.turn(there, asked.actor)

    return [inbox, one, act]


DONE = {
    "acknowledge": ("已认领，群里会看到", "Claimed; the group is told"),
    "unacknowledge": ("已取消认领", "Given back"),
    "assign": ("已指派", "Assigned"),
    "note": ("已记下", "Noted"),
    "silence": ("已静默", "Silenced"),
    "resolve": ("已解除", "Resolved"),
    "false_alarm": ("已标为误报", "Marked as a false alarm"),
}
"""What is said after an act was done."""


async def detail(reader: Reader, alert_id: str) -> Detail | None:
    """All about one alert; None if there is none. Raises like `Reader.run`."""
    alert = await read.alert(reader, alert_id)
    if alert is None:
        return None
    events, deliveries, quotes, past, silences, cascade = await asyncio.gather(
        read.timeline(reader, alert_id),
        read.deliveries(reader, alert_id),
        of_alert(reader, alert),
        read.similar(reader, alert),
        read.silences(reader, ended=False),
        read.cascade(reader, alert.entity or (alert.refs[0].id if len(alert.refs) == 1 else "")),
    )
    covering = next((one for one in silences if one.silence_id == alert.silence), None)
    return Detail(alert, events, deliveries, quotes, past, covering, cascade)


def told(alert: Alert, explanation: Explanation, lang: str, now: float, timezone: str) -> Happening:
    """What happened and how much of it, in the words of the message where they are in the reader's language."""
    if lang == language.current():
        return happening(alert, explanation, now=now, timezone=timezone)
    name = KINDS[alert.kind][lang == "en"]
    value = alert.count if alert.kind == "post" else alert.value
    usual = "" if alert.expected is None else f" / {alert.expected:,.10g}"
    return Happening(alert.rule, f"{name} {value:,.10g}{usual}")


def _marked(alert: Alert, quote: Quote, lang: str) -> list[Piece]:
    """The words of a post with its brands, the evidence, and what the alert names of it marked."""
    named = [
        Mark(ref.start, ref.stop, "hit", alert.rule)
        for ref in alert.refs
        if (ref.kind, ref.platform, ref.id) == (quote.kind, quote.platform, quote.id)
    ]
    return pieces(quote.text, [*marks(quote.mentions, quote.hits, lang), *named])


async def _once(desk: Desk, asked: Command) -> Done:
    """A link counts once: who presses it again is told what came of the first time."""
    before = await desk.look(asked)
    return await desk.put(asked) if before.result == "pending" else before


def _scoped(order: Order, form: Mapping[str, str]) -> None:
    """What a silence covers: this alert, or all that is like it, up to how bad it is now."""
    order.lasting, order.severity = form.get("for", ""), form.get("severity", "")
    scope = form.get("scope", "alert")
    if scope != "alert":
        order.alert_id = ""
        order.rule = form.get("rule", "") if scope == "rule" else ""
        order.brand = form.get("brand", "")


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()
