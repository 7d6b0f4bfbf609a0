"""The JSON schema of rule files, for editors: `python -m streams.rules.schema > docs/schemas/rules.v1.json`."""

import json
from typing import Any

from streams.rules.keys import KEYS, NEEDED, OWN, PERS, SHARED, SPANS
from streams.rules.rule import KINDS, MEASURES
from streams.severity import SEVERITIES
from streams.topics.alert import Kind

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}


def schema() -> dict[str, Any]:
    """The schema; `koubei rules check` says more, and says it with line and column."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of koubei (docs/rules.md)",
        "type": "object",
        "properties": {"rule": {"type": "array", "items": {"oneOf": [_kind(kind) for kind in KINDS]}}},
        "additionalProperties": False,
    }


def _kind(kind: Kind) -> dict[str, Any]:
    needed = [["name"], *NEEDED[kind], *([] if kind == "post" else [["kind"]])]
    return {
        "title": kind,
        "type": "object",
        "properties": {name: _value(kind, name) for name in KEYS if name in SHARED or name in OWN[kind]},
        "required": [names[0] for names in needed if len(names) == 1],
        "allOf": [{"anyOf": [{"required": [name]} for name in names]} for names in needed if len(names) > 1],
        "additionalProperties": False,
    }


def _value(kind: Kind, name: str) -> dict[str, Any]:
    key = KEYS[name]
    value: dict[str, Any] = {"type": _TYPES[key.type], "description": key.en}
    choices = {"kind": (kind,), "measure": MEASURES.get(kind, ()), "per": PERS.get(kind, ())}
    if allowed := choices.get(name, key.choices):
        value["enum"] = list(allowed)
    if key.type is int:
        value["minimum"] = 0
    if key.type is dict:
        limit = {"type": "integer", "minimum": 1}
        value |= {"properties": dict.fromkeys(SEVERITIES, limit), "additionalProperties": False}
    if name in SPANS:
        value["pattern"] = r"^\s*\d{1,9}(\.\d{1,6})? ?[smhdw]\s*$"
    return value


if __name__ == "__main__":
    print(json.dumps(schema(), ensure_ascii=False, indent=2))
