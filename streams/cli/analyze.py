"""koubei analyze: what every text says, of whom, in which tone and by which words."""

import os
import select
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from cyclopts import Parameter

from streams import config, language
from streams.config import shipped
from streams.language import t
from streams.text.analyse import SEPARATOR, Analysis, analyse
from streams.text.normalise import origins
from streams.text.opinions import Leans, strongest
from streams.text.toolkit import Toolkit, build

BAD = 1
"""Exit code when a line could not be read."""
BATCH = 2_000
"""Lines that are analysed at once; fewer when no more have come."""
_CHUNK = 1 << 18
_LONGEST = 16 << 20
"""Bytes of the longest line that is read."""


class _Item(NamedTuple):
    """A line of the input that can be analysed."""

    text: str
    brand: str
    rest: dict[str, Any]


class _Bad(NamedTuple):
    line: int
    message: str


def analyze(
    given: Annotated[
        str | None,
        Parameter(
            name="TEXT",
            allow_leading_hyphen=True,
            help=t("一条文本；不给则从标准输入读", "One text; without it, texts are read from stdin"),
        ),
    ] = None,
    *,
    brand: Annotated[
        str | None,
        Parameter(
            help=t(
                "判断对这个品牌的情感，不必有品牌文件",
                "Judge the tone toward this brand; it needs no profile",
            )
        ),
    ] = None,
    text: Annotated[
        bool,
        Parameter(
            help=t("标准输入的每一行是一条文本，不是 JSON", "Each line of stdin is a text instead of JSON")
        ),
    ] = False,
    explain: Annotated[
        bool,
        Parameter(help=t("输出给人看的说明，不是 JSON", "Print an explanation for people instead of JSON")),
    ] = False,
) -> int:
    """Analyse one text, or JSON lines {"text": …, "brand": …} from standard input."""
    toolkit = _toolkit()
    if given is not None:
        items: list[_Item | _Bad] = [_Item(given, brand or "", {"text": given})]
        if explain or sys.stdout.isatty():
            _explain(items, toolkit)
        else:
            _write(items, toolkit)
        return 0
    code = number = 0
    for lines in _arriving(sys.stdin.fileno()):
        items = []
        for line in lines:
            number += 1
            if line.strip():
                items.append(_text(line, number, brand or "") if text else _json(line, number, brand or ""))
        if any(isinstance(item, _Bad) for item in items):
            code = BAD
        (_explain if explain else _write)(items, toolkit)
    return code


def _toolkit() -> Toolkit:
    """What the workers judge with, by the same settings."""
    loaded = config.load()
    language.use(loaded.language)
    own = (loaded.text.lexicons,) if loaded.text.lexicons else ()
    return build(
        sentiment=loaded.text.sentiment,
        lexicons=(shipped("lexicons"), *own),
        calibration=loaded.text.calibration,
    )


def _text(line: bytes, number: int, brand: str) -> _Item | _Bad:
    try:
        text = line.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError as error:
        return _Bad(number, t(f"不是 UTF-8：{error}", f"not UTF-8: {error}"))
    return _Item(text, brand, {"text": text})


def _json(line: bytes, number: int, brand: str) -> _Item | _Bad:
    needed = '{"text": "…"}'
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _Bad(number, t(f"不是 {needed} 这样的 JSON：{error}", f"not JSON like {needed}: {error}"))
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return _Bad(number, t(f"没有 text，须为 {needed}", f"has no text, must be like {needed}"))
    named = value.get("brand")
    if named is not None and not isinstance(named, str):
        return _Bad(number, t("brand 须为文字", "brand must be a text"))
    return _Item(value["text"], (named or brand).strip(), value)


def _write(items: Sequence[_Item | _Bad], toolkit: Toolkit) -> None:
    """One JSON object a line, in the order of the input."""
    answers = iter(_answers([item for item in items if isinstance(item, _Item)], toolkit))
    encode = msgspec.json.Encoder().encode
    lines = [encode({"error": item._asdict()} if isinstance(item, _Bad) else next(answers)) for item in items]
    lines.append(b"")
    sys.stdout.buffer.write(b"\n".join(lines))
    sys.stdout.buffer.flush()


def _answers(items: Sequence[_Item], toolkit: Toolkit) -> Iterator[dict[str, Any]]:
    analysis = analyse([item.text for item in items], toolkit, [item.brand for item in items])
    leans = Leans(toolkit.opinions, analysis.cuts)
    for row, item in enumerate(items):
        yield item.rest | _answer(row, item, analysis, toolkit, leans)


def _answer(row: int, item: _Item, analysis: Analysis, toolkit: Toolkit, leans: Leans) -> dict[str, Any]:
    """What is said of one text; with a brand given, the verdict at the top is the one toward it."""
    brands = _brands(row, item.text, analysis)
    top: Mapping[str, Any] = {
        "sentiment": analysis.sentiment[row],
        "score": analysis.score[row],
        "confidence": analysis.confidence[row],
    }
    name = toolkit.terms.canonical(item.brand) if item.brand else ""
    toward = next((mention for mention in brands if mention["brand"] == name), None)
    if toward is not None:
        top = {key: toward[key] for key in top}
        evidence = _evidence([toward])
    else:
        if name and brands:
            top = {"sentiment": "neu", "score": 0.0, "confidence": analysis.confidence[row]}
        evidence = [] if name and brands else _evidence(brands) or _lexical(row, item.text, analysis, leans)
    words = analysis.words[row]
    return {
        **top,
        "tokens": words.split(SEPARATOR) if words else [],
        "brands": brands,
        "evidence": evidence,
        "aspects": [
            {
                "aspect": aspect,
                "sentiment": sentiment,
                "score": score,
                "brand": of,
                "start": start,
                "stop": stop,
            }
            for aspect, sentiment, score, of, start, stop in zip(
                analysis.aspects[row],
                analysis.aspect_sentiments[row],
                analysis.aspect_scores[row],
                analysis.aspect_brands[row],
                analysis.aspect_starts[row],
                analysis.aspect_stops[row],
                strict=True,
            )
        ],
        "stage": analysis.stage[row],
        "intent": analysis.intent[row],
    }


def _brands(row: int, text: str, analysis: Analysis) -> list[dict[str, Any]]:
    columns = (
        analysis.brands,
        analysis.brand_sentiments,
        analysis.brand_scores,
        analysis.brand_confidences,
        analysis.brand_starts,
        analysis.brand_stops,
        analysis.brand_evidence_starts,
        analysis.brand_evidence_stops,
    )
    return [
        {
            "brand": brand,
            "sentiment": sentiment,
            "score": score,
            "confidence": sure,
            "start": start,
            "stop": stop,
            "evidence": {"start": first, "stop": last, "text": text[first:last]} if last else None,
        }
        for brand, sentiment, score, sure, start, stop, first, last in zip(
            *(column[row] for column in columns), strict=True
        )
    ]


def _evidence(brands: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**mention["evidence"], "brand": mention["brand"], "sentiment": mention["sentiment"]}
        for mention in brands
        if mention["evidence"]
    ]


def _lexical(row: int, text: str, analysis: Analysis, leans: Leans) -> list[dict[str, Any]]:
    """The clause that carries the verdict on a text that names nobody."""
    if analysis.sentiment[row] == "neu":
        return []
    span = strongest(leans[row], analysis.sentiment[row] == "pos")
    if span is None:
        return []
    places = origins(text)
    start, stop = places[span[0]], places[span[1] - 1] + 1
    return [
        {
            "start": start,
            "stop": stop,
            "text": text[start:stop],
            "brand": "",
            "sentiment": analysis.sentiment[row],
        }
    ]


def _explain(items: Sequence[_Item | _Bad], toolkit: Toolkit) -> None:
    """The same for people: the text with its evidence coloured, then what was found."""
    from streams.cli.explanation import show

    answers = iter(_answers([item for item in items if isinstance(item, _Item)], toolkit))
    for item in items:
        if isinstance(item, _Bad):
            print(
                t(f"第 {item.line} 行：{item.message}", f"line {item.line}: {item.message}"), file=sys.stderr
            )
        else:
            show(next(answers))


def _arriving(source: int) -> Iterator[list[bytes]]:
    """Lines as they come: a slow writer is answered at once, a fast one in batches."""
    rest = b""
    waiting: list[bytes] = []
    while True:
        ready = not waiting or bool(select.select([source], [], [], 0)[0])
        chunk = os.read(source, _CHUNK) if ready else None
        if chunk:
            *lines, rest = (rest + chunk).split(b"\n")
            waiting += lines
            if len(rest) > _LONGEST:
                waiting.append(rest)  # no line: it will be named as bad
                rest = b""
        elif chunk is not None:  # the end
            waiting += [rest] if rest else []
        while len(waiting) >= BATCH or (waiting and not chunk):
            yield waiting[:BATCH]
            waiting = waiting[BATCH:]
        if chunk == b"":
            return
