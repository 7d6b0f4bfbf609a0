"""The OpenAPI document: Litestar's own, with the records of the write API filled in from their structs."""

from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from streams.topics.registry import EVENTS
from streams.web.acts import Order as Act
from streams.web.alert_api import Came
from streams.web.corrections import Corrected, Order
from streams.web.rule_api import RuleOrder

_REF = "#/components/schemas/{name}"


class Schema(JsonRenderPlugin):
    """Serves the document as JSON; nothing is loaded from elsewhere to show it."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document as bytes."""
        return super().render(request, filled(openapi_schema))


def filled(document: dict[str, Any]) -> dict[str, Any]:
    """The document with request bodies, answers and problems described."""
    structs = [*(topic.struct for topic in EVENTS), Order, Corrected, Came, RuleOrder]
    schemas = msgspec.json.schema_components(structs, ref_template=_REF)[1]
    schemas["Act"] = msgspec.json.schema_components([Act], ref_template=_REF)[1].pop("Order")
    components = {**document.get("components", {})}
    components["schemas"] = {
        **components.get("schemas", {}),
        **schemas,
        "Results": _RESULTS,
        "Problem": _PROBLEM,
    }
    paths = dict(document["paths"])
    for topic in EVENTS:
        path = f"/api/v1/{topic.name}"
        record = {"$ref": _REF.format(name=topic.struct.__name__)}
        results = {"application/json": {"schema": {"$ref": _REF.format(name="Results")}}}
        operation = {
            **paths[path]["post"],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"oneOf": [record, {"type": "array", "items": record}]}},
                    "application/x-ndjson": {"schema": record},
                },
            },
            "responses": {
                "202": {"description": "All accepted and acknowledged by Kafka", "content": results},
                "207": {"description": "Some accepted, see the results", "content": results},
                **_problems(_PROBLEMS),
            },
            "security": _SECURITY,
        }
        paths[path] = {**paths[path], "post": operation}
    paths["/api/v1/corrections"] = _corrections(paths["/api/v1/corrections"])
    paths["/api/v1/rules/{name}"] = _ruling(paths["/api/v1/rules/{name}"])
    for path, operations in document["paths"].items():
        if path == "/api/v1/rules/{name}":
            continue
        paths[path] = {
            method: _acting(method, operation) if "act" in operation.get("tags", ()) else paths[path][method]
            for method, operation in operations.items()
        }
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {**document, "paths": paths, "components": components}


def _corrections(path: dict[str, Any]) -> dict[str, Any]:
    """The operations on corrections with the body described."""
    order, corrected = (
        {"application/json": {"schema": {"$ref": _REF.format(name=name)}}} for name in ("Order", "Corrected")
    )
    written = {
        **path["post"],
        "requestBody": {"required": True, "content": order},
        "responses": {
            "201": {"description": "Stored and in force", "content": corrected},
            **_problems(_CORRECTION_PROBLEMS),
        },
        "security": _SECURITY,
    }
    return {**path, "post": written}


def _acting(method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """An act on an alert, a silence or a case with its body and what comes of it."""
    act, came = (
        {"application/json": {"schema": {"$ref": _REF.format(name=name)}}} for name in ("Act", "Came")
    )
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "maxLength": 200},
        "description": "Becomes the id of the act: sent twice, it is done once",
    }
    return {
        **operation,
        "parameters": [*operation.get("parameters", ()), key],
        **({} if method == "delete" else {"requestBody": {"required": True, "content": act}}),
        "responses": {
            "200": {"description": "Done", "content": came},
            "202": {"description": "In Kafka, not applied yet: see Location", "content": came},
            **_problems(_ACT_PROBLEMS),
        },
        "security": _SECURITY,
    }


def _ruling(path: dict[str, Any]) -> dict[str, Any]:
    """The changes of a rule with body and condition described."""
    condition = {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The version that the change is made from; without it a new rule is made",
    }
    body = {"application/json": {"schema": {"$ref": _REF.format(name="RuleOrder")}}}
    changed = {
        method: {
            **path[method],
            "parameters": [*path[method].get("parameters", ()), condition],
            **({"requestBody": {"required": True, "content": body}} if method == "put" else {}),
            "responses": {"200": {"description": "In force within seconds"}, **_problems(_RULE_PROBLEMS)},
            "security": _SECURITY,
        }
        for method in ("put", "delete")
    }
    return {**path, **changed}


def _problems(texts: dict[str, str]) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {status: {"description": text, "content": content} for status, text in texts.items()}


_SECURITY: list[dict[str, list[str]]] = [{}, {"token": []}]
_RESULTS = {
    "type": "object",
    "required": ["accepted", "rejected", "results"],
    "properties": {
        "accepted": {"type": "integer"},
        "rejected": {"type": "integer"},
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "status"],
                "properties": {
                    "index": {"type": "integer", "description": "Position in the request, from 0"},
                    "status": {"enum": ["accepted", "rejected"]},
                    "id": {"type": "string", "description": "The record's id, filled in if it had none"},
                    "reason": {"type": "string", "description": "A word for programs"},
                    "detail": {"type": "string", "description": "What is wrong, for a person"},
                },
            },
        },
    },
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_RULE_PROBLEMS = {
    "400": "A mistake in the rule; `errors` has the places",
    "401": "Token missing or wrong",
    "403": "From a page of another site",
    "404": "No such rule",
    "412": "Changed by somebody else since; `now` is the version in force",
    "503": "ClickHouse does not answer; nothing was changed",
}
_ACT_PROBLEMS = {
    "400": "Something is missing or wrong; the detail says what",
    "401": "Token missing or wrong",
    "403": "From a page of another site",
    "404": "No such alert or case",
    "409": "Refused; the detail says why, such as who was first",
    "429": "Too many requests wait for Kafka; see Retry-After",
    "503": "Kafka does not answer; sending again with the same Idempotency-Key is safe",
}
_CORRECTION_PROBLEMS = {
    "400": "Not a correction, or none to withdraw",
    "401": "Token missing or wrong",
    "403": "From a page of another site",
    "404": "No such mention; the detail names the nearest",
    "503": "ClickHouse does not answer; nothing was stored",
}
_PROBLEMS = {
    "400": "Nothing usable",
    "401": "Token missing or wrong",
    "403": "From a page of another site",
    "413": "More than 10 MB",
    "429": "Too many requests wait for Kafka; see Retry-After",
    "503": "Kafka does not answer; sending again is safe",
}
