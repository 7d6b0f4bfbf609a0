"""Errors as application/problem+json (RFC 9457): stable type, words for a person, what to do next."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from streams.boards.panels import BadMacro, UnknownValue
from streams.errors import BrokerUnavailable, KoubeiError, StoreRefused, StoreUnavailable
from streams.language import t
from streams.read.alerts import BadCursor
from streams.store.corrections import BadCorrection, NoSuchMention

PROBLEM = "application/problem+json"


class Problem(Exception):
    """An answer that is not what was asked for.

    Args:
        status: HTTP status.
        kind: stable word for programs, the last part of the type URI.
        title: what happened, in a few words.
        detail: what exactly, and what to do.
        headers: further HTTP headers.
        more: further members of the body.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.headers = headers or {}
        self.more = more

    def body(self) -> dict[str, Any]:
        """Members of the problem document."""
        return {
            "type": f"urn:koubei:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }


def respond(problem: Problem) -> Response[bytes]:
    """The problem as a response."""
    return Response(
        msgspec.json.encode(problem.body()),
        status_code=problem.status,
        media_type=PROBLEM,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def of(error: Exception) -> Problem:  # noqa: PLR0911 - one line an error
    """The problem that an error of koubei or Litestar stands for."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, StoreUnavailable):
        return Problem(
            503, "store-unavailable", t("数据库暂时不可用", "The database is not available"), str(error),
            {"Retry-After": "5"},
        )  # fmt: skip
    if isinstance(error, BrokerUnavailable):
        return Problem(
            503,
            "broker-unavailable",
            t("Kafka 暂时不可用", "Kafka is not available"),
            str(error),
            {"Retry-After": "5"},
        )
    if isinstance(error, StoreRefused):
        return Problem(
            500, "store-refused", t("数据库拒绝了查询", "The database refused the query"), str(error)
        )
    if isinstance(error, UnknownValue):
        return Problem(
            400,
            "unknown-value",
            t("没有这个选项", "No such value"),
            t(
                f"{error.name} 没有 {error.value} 这个值：到 /api/v1/boards 查看可选的值",
                f"{error.name} has no value {error.value}: see /api/v1/boards",
            ),
        )
    if isinstance(error, NoSuchMention):
        return Problem(404, "no-such-mention", t("没有这处提及", "No such mention"), str(error))
    if isinstance(error, BadCorrection):
        return Problem(400, "bad-correction", t("更正不对", "The correction is wrong"), str(error))
    if isinstance(error, BadCursor):
        return Problem(400, "bad-cursor", t("翻页记号不对", "Wrong cursor"), str(error))
    if isinstance(error, BadMacro):
        return Problem(400, "bad-value", t("参数不对", "Wrong parameter"), str(error))
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, KoubeiError):
        return Problem(500, "failed", t("出错了", "It failed"), str(error))
    return Problem(
        500, "bug", t("程序出错了", "A fault of ours"),
        t("服务器内部错误，详情见日志", "Internal error; the log has the details"),
    )  # fmt: skip


def handler(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's exception handler."""
    return respond(of(error))


def _of_http(error: HTTPException) -> Problem:
    titles = {
        400: ("bad-request", t("请求不对", "Bad request")),
        404: ("not-found", t("没有这个地址", "Not found")),
        405: ("method-not-allowed", t("不支持这个方法", "Method not allowed")),
        413: ("too-large", t("请求超过 10 MB，请分几次发送", "More than 10 MB; send it in parts")),
    }
    kind, title = titles.get(error.status_code, ("http", t("请求失败", "The request failed")))
    more = {"errors": error.extra} if isinstance(error.extra, list) else {}
    return Problem(error.status_code, kind, title, error.detail or title, dict(error.headers or {}), **more)


__all__ = ["PROBLEM", "Problem", "handler", "of", "respond"]
