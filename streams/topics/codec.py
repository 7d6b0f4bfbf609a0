"""Bytes on the wire ↔ records: one decoder for each struct, one encoder for all."""

from typing import Any, TypeVar

import msgspec

from streams.errors import BadRecord

S = TypeVar("S", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()


def encode(record: msgspec.Struct) -> bytes:
    """The record as JSON, every field present."""
    return _encoder.encode(record)


def decoder(struct: type[S]) -> msgspec.json.Decoder[S]:
    """A strict decoder: wrong types, missing keys, lone surrogates and limits all raise."""
    return msgspec.json.Decoder(struct)


def decode(decoder: msgspec.json.Decoder[S], value: bytes | None) -> S:
    """The record in `value`.

    Raises:
        BadRecord: with reason `empty`, `not_json` or `invalid`.
    """
    if not value:
        raise BadRecord("empty", "the record has no value")
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        raise BadRecord("invalid", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord("not_json", str(error) or "too deeply nested") from error


def schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a struct."""
    return msgspec.json.schema(struct)
