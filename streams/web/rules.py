"""The HTML of rules: what each has hit and how often it cried wolf; one as a text to edit, check, try and apply."""

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from streams.config import WebSettings
from streams.errors import KoubeiError
from streams.language import t
from streams.read import alerts
from streams.read import rules as read
from streams.read.queries import Reader
from streams.read.tuning import tunings
from streams.rules.files import Entry, definition, with_version
from streams.rules.files import Problem as Mistake
from streams.rules.rule import Rule
from streams.topics.post import Post
from streams.web.acts import signed
from streams.web.guard import may_submit
from streams.web.marks import Mark, Piece, pieces
from streams.web.paper import Paper, form_of
from streams.web.problems import Problem, of
from streams.web.workshop import DAYS, Stale, Trial, Workshop

BODY_LIMIT = 512 * 1024
"""Bytes of a rule as a form sends it: three a character, and more where they are escaped."""

JUDGED = 30
"""Days over which the rate of false alarms is counted."""

LONGEST_NOTE = 500

NEW = """[[rule]]
name = ""
query = ''
brand = ""
severity = "orange"
description = ""
"""


class Edit(NamedTuple):
    """A text on its way to become a rule.

    Attributes:
        text: as it stands in the form.
        base: the version that it was made from; 0 for a new rule.
        mistakes: what is wrong or doubtful; None where nobody has asked yet.
        trial: what it would have found; None where nobody has asked.
        stale: lines that somebody else has changed since, as a difference.
        problem: why it was not applied.
    """

    text: str
    base: int
    mistakes: Sequence[Mistake] | None = None
    trial: Trial | None = None
    stale: Sequence[str] = ()
    problem: str = ""


def handlers(
    web: WebSettings, reader: Reader, paper: Paper, workshop: Workshop
) -> list[ControllerRouterHandler]:
    """The pages of rules."""

    @get("/rules", include_in_schema=False, media_type=MediaType.HTML)
    async def listed(request: Request[Any, Any, Any]) -> Response[str]:
        if "new" in request.query_params:
            return await shown(request, "", Edit(NEW, 0))
        now = paper.clock.now()
        try:
            found, hit, tuned, tally = await asyncio.gather(
                read.newest(reader),
                _unless(read.hits(reader, DAYS)),
                _unless(tunings(reader, now - JUDGED * 86_400, now)),
                alerts.tally(reader),
            )
        except KoubeiError as error:
            return paper.trouble(request, error)
        used = [one for one in found.values() if not one.removed]
        return paper.show(
            "rules.html",
            request,
            rules=used,
            hits=hit,
            tuned=None if tuned is None else {one.rule: one for one in tuned},
            days=DAYS,
            judged=JUDGED,
            tally=tally,
        )

    @get("/rules/{name:path}", include_in_schema=False, media_type=MediaType.HTML)
    async def one(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[str]:
        return await shown(request, name.removeprefix("/"))

    @post("/rules", include_in_schema=False, media_type=MediaType.HTML, request_max_body_size=BODY_LIMIT)
    async def made(request: Request[Any, Any, Any]) -> Response[str]:
        return await pressed(request, "")

    @post(
        "/rules/{name:path}",
        include_in_schema=False,
        media_type=MediaType.HTML,
        request_max_body_size=BODY_LIMIT,
    )
    async def changed(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[str]:
        return await pressed(request, name.removeprefix("/"))

    async def pressed(request: Request[Any, Any, Any], name: str) -> Response[str]:
        form = await form_of(request)
        edit = Edit(form.get("text", "").replace("\r\n", "\n"), _base(form))
        try:
            may_submit(request.scope, web)
            if form.get("do") == "remove":
                actor = signed(form.get("by", ""))
                await asyncio.to_thread(
                    workshop.apply, name, edit.base, None, actor=actor, via="page", note=_note(form)
                )
                return paper.turn(f"/rules{paper.query(paper.language(request))}", actor)
            entries, mistakes = await asyncio.to_thread(
                workshop.check, edit.text, name or t("新规则", "new rule")
            )
            edit = edit._replace(mistakes=mistakes)
            rule = the_one(entries, mistakes, name)
            if rule is None or form.get("do") == "check":
                status = 200 if form.get("do") == "check" else 400
                return await shown(request, name, edit, status=status, form=form)
            if form.get("do") == "preview":
                trial = await asyncio.to_thread(workshop.attempt, rule)
                return await shown(request, name, edit._replace(trial=trial), form=form)
            actor, base = signed(form.get("by", "")), entries[0].base
            await asyncio.to_thread(
                workshop.apply,
                rule.name,
                edit.base if base is None else base,
                rule,
                actor=actor,
                via="page",
                note=_note(form),
            )
        except Stale as error:
            return await shown(
                request, name, await stale(reader, paper, name, edit, error), status=409, form=form
            )
        except (Problem, KoubeiError) as error:
            problem = of(error)
            return await shown(
                request, name, edit._replace(problem=problem.detail), status=problem.status, form=form
            )
        lang = paper.language(request)
        return paper.turn(f"/rules/{quote(rule.name, safe='')}{paper.query(lang, done='applied')}", actor)

    async def shown(
        request: Request[Any, Any, Any],
        name: str,
        edit: Edit | None = None,
        *,
        status: int = 200,
        form: Mapping[str, str] | None = None,
    ) -> Response[str]:
        try:
            known, tally = await asyncio.gather(read.versions(reader, name), alerts.tally(reader))
        except KoubeiError as error:
            return paper.trouble(request, error)
        newest = known[0] if known else None
        if edit is None:
            if newest is None:
                return paper.show("rule_missing.html", request, status=404, rule=name, tally=tally)
            edit = Edit(_text(newest) or NEW, newest.version)
        return paper.show(
            "rule.html",
            request,
            status=status,
            rule=name,
            newest=newest,
            versions=known,
            previous=lambda one: _changed(known, one),
            edit=edit,
            lines=edit.text.splitlines(),
            excerpt=excerpt,
            days=DAYS,
            longest_note=LONGEST_NOTE,
            done=request.query_params.get("done") == "applied",
            form=form or {},
            once="",
            tally=tally,
        )

    return [listed, one, made, changed]


async def stale(reader: Reader, paper: Paper, name: str, edit: Edit, error: Stale) -> Edit:
    """The edit with what has happened meanwhile, on top of the version that is in force now."""
    known = await read.versions(reader, name) if name else []
    texts = {one.version: definition(one.rule) for one in known if one.rule}
    now = error.now.version if error.now else 0
    lines = _difference(texts.get(edit.base, ""), texts.get(now, ""), 1)
    who = next((one for one in known if one.version == now), None)
    at = f"{who.at.astimezone(paper.zone):%m-%d %H:%M}" if who else ""
    problem = (
        t(
            f"{who.actor} 在 {at} 改成了第 {now} 版，你改的是第 {edit.base} 版：看下面的差别，合并后再应用",
            f"{who.actor} made version {now} at {at}, you edited version {edit.base}: "
            "see the difference below, merge, and apply again",
        )
        if who
        else t("已有同名的规则：换一个名字，或去改那一条", "There is a rule of this name: choose another")
    )
    text = edit.text
    if who:
        text = with_version(text, 0, now)
    return edit._replace(text=text, base=now, stale=lines, problem=problem)


def excerpt(found: tuple[Post, Any]) -> list[Piece]:
    """A post of a trial with what the rule found marked."""
    post, hit = found
    return pieces(post.text, [Mark(start, stop, "hit", "") for start, stop, _ in hit.spans])


def the_one(entries: Sequence[Entry], mistakes: Sequence[Mistake], name: str) -> Rule | None:
    """The rule of a text that holds just this one; None where mistakes stand against it.

    Raises:
        Problem: 400, there is none, or another, or several.
    """
    if any(one.level == "error" for one in mistakes):
        return None
    if len(entries) != 1:
        raise _bad(
            t(
                f"这里一次只改一条规则，现在有 {len(entries)} 条 [[rule]]",
                f"One rule at a time: there are {len(entries)} [[rule]] here",
            )
        )
    rule = entries[0].rule
    if name and rule.name != name:
        raise _bad(
            t(
                f"name 要写 {name}：改名等于新规则，请从“新规则”建，再停用这条",
                f"name must be {name}: another name is another rule, make it as a new one and remove this",
            )
        )
    return rule


def _bad(detail: str) -> Problem:
    return Problem(400, "bad-rule", t("规则不对", "The rule is wrong"), detail)


def _note(form: Mapping[str, str]) -> str:
    return form.get("note", "").strip()[:LONGEST_NOTE]


def _base(form: Mapping[str, str]) -> int:
    text = form.get("base", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _text(one: read.Version) -> str:
    """A version as a file; "" where it is none that can be read."""
    return definition(one.rule, one.version) if one.rule else ""


def _changed(known: Sequence[read.Version], one: read.Version) -> list[str]:
    """The lines that a version changed against the one before."""
    before = next((other for other in known if other.version < one.version), None)
    old, new = (definition(each.rule) if each and each.rule else "" for each in (before, one))
    return _difference(old, new, 0)


def _difference(old: str, new: str, around: int) -> list[str]:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=around, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


async def _unless(asked: Any) -> Any:
    """An answer, or None where the store has none in time: the list is of use without it."""
    try:
        return await asked
    except KoubeiError:
        return None
