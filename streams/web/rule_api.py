"""Rules over HTTP: /api/v1/rules. A change names the version that it was made from, as an ETag."""

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler

from streams.config import WebSettings
from streams.language import t
from streams.read import rules as read
from streams.read.queries import Reader
from streams.rules.files import definition
from streams.web.acts import bad, signed
from streams.web.alert_api import answer
from streams.web.guard import may_write
from streams.web.paper import exact
from streams.web.problems import Problem
from streams.web.rules import BODY_LIMIT, LONGEST_NOTE, the_one
from streams.web.workshop import Stale, Workshop


class RuleOrder(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A rule as a program sends it.

    Attributes:
        text: as a rule file: one `[[rule]]` table of this name.
        by: who changes it.
        note: why.
    """

    text: str
    by: str
    note: str = ""


def handlers(web: WebSettings, reader: Reader, workshop: Workshop) -> list[ControllerRouterHandler]:
    """GET, PUT and DELETE of /api/v1/rules."""

    @get("/api/v1/rules", operation_id="rules", summary="The rules in use", tags=["read"])
    async def listed() -> Response[bytes]:
        found = await read.newest(reader)
        return answer({"rules": [described(one) for one in found.values() if not one.removed]})

    @get(
        "/api/v1/rules/{name:path}",
        operation_id="rule",
        summary="One rule as a file, with its versions; its ETag is what a change names",
        tags=["read"],
    )
    async def one(name: FromPath[str]) -> Response[bytes]:
        known = await read.versions(reader, name.removeprefix("/"))
        if not known:
            raise _no_such(name)
        versions = [described(version) for version in known]
        return answer({**versions[0], "versions": versions}, headers={"ETag": f'"{known[0].version}"'})

    @put(
        "/api/v1/rules/{name:path}",
        operation_id="rule_put",
        summary="Put a rule in force: with If-Match over the version it names, without it as a new one",
        tags=["write"],
        request_max_body_size=BODY_LIMIT,
        status_code=200,
    )
    async def change(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        may_write(request.scope, web)
        name = name.removeprefix("/")
        order = _parse(await request.body())
        entries, mistakes = await asyncio.to_thread(workshop.check, order.text, name)
        rule = the_one(entries, mistakes, name)
        if rule is None:
            wrong = [one for one in mistakes if one.level == "error"]
            errors = [
                {"line": one.line, "column": one.column, "code": one.code, "message": one.message}
                for one in wrong
            ]
            first = t(
                f"第 {wrong[0].line} 行第 {wrong[0].column} 列：{wrong[0].message}",
                f"line {wrong[0].line}, column {wrong[0].column}: {wrong[0].message}",
            )
            raise Problem(400, "bad-rule", t("规则不对", "The rule is wrong"), first, errors=errors)
        version = await applied(request, name, rule, order.by, order.note)
        return answer({"name": name, "version": version}, headers={"ETag": f'"{version}"'})

    @delete(
        "/api/v1/rules/{name:path}",
        operation_id="rule_delete",
        summary="Take a rule out of use; `by` says who does, If-Match which version",
        tags=["write"],
        status_code=200,
    )
    async def remove(
        request: Request[Any, Any, Any],
        name: FromPath[str],
        by: FromQuery[str] = "",
        note: FromQuery[str] = "",
    ) -> Response[bytes]:
        may_write(request.scope, web)
        name = name.removeprefix("/")
        if not await read.versions(reader, name):
            raise _no_such(name)
        version = await applied(request, name, None, by, note)
        return answer({"name": name, "version": version, "removed": True})

    async def applied(request: Request[Any, Any, Any], name: str, rule: Any, by: str, note: str) -> int:
        base = _base(request.headers.get("if-match", ""))
        try:
            version = await asyncio.to_thread(
                workshop.apply, name, base, rule, actor=signed(by), via="api", note=note[:LONGEST_NOTE]
            )
        except Stale as error:
            raise await _stale(reader, name, base) from error
        return version or base

    return [listed, one, change, remove]


def described(one: read.Version) -> dict[str, Any]:
    """A version of a rule as programs read it."""
    return {
        "name": one.name,
        "version": one.version,
        "text": definition(one.rule) if one.rule else "",
        "removed": one.removed,
        "fault": one.fault,
        "actor": one.actor,
        "via": one.via,
        "note": one.note,
        "at": exact(one.at),
    }


async def _stale(reader: Reader, name: str, base: int) -> Problem:
    known = await read.versions(reader, name)
    now = known[0] if known else None
    told = (
        t(
            f'{now.actor} 已改成第 {now.version} 版，你依据的是第 {base} 版：合并后带 If-Match: "{now.version}" 再来',
            f'{now.actor} made version {now.version}, yours is from {base}: merge and send If-Match: "{now.version}"',
        )
        if now
        else t("没有这个版本", "There is no such version")
    )
    return Problem(
        412,
        "stale-rule",
        t("规则已被改过", "The rule was changed"),
        told,
        now=described(now) if now else None,
    )


def _parse(body: bytes) -> RuleOrder:
    try:
        return msgspec.json.decode(body, type=RuleOrder)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad(
            t(
                f"读不懂：{error}。要一个 JSON 对象：text、by，可有 note",
                f"Cannot read it: {error}. Send one JSON object: text, by, and note if you like",
            )
        ) from error


def _base(tag: str) -> int:
    """The version that an If-Match names; 0 for none: a new rule."""
    text = tag.strip().removeprefix("W/").strip('"')
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad(t('If-Match 写版本号，如 "3"', 'If-Match is a version, such as "3"'))
    return int(text or 0)


def _no_such(name: str) -> Problem:
    name = name.removeprefix("/")
    return Problem(
        404,
        "no-such-rule",
        t("没有这条规则", "No such rule"),
        t(f"没有规则 {name}：GET /api/v1/rules 看全部", f"No rule {name}: see GET /api/v1/rules"),
    )
