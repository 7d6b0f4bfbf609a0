"""The analysis of one text as people read it: its words coloured, then who is spoken of and how."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.language import t

_COLOURS = {"pos": "blue", "neu": "bright_black", "neg": "red"}
"""Blue and red: red and green mean the reverse in China and look alike to many."""


def show(answer: Mapping[str, Any], console: Console | None = None) -> None:
    """Print one answer of `koubei analyze`.

    Args:
        answer: the object that is written as JSON otherwise.
        console: where to; standard output by default.
    """
    console = console or Console(highlight=False)
    console.print(_coloured(answer))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row(t("整体", "whole"), _verdict(answer), _evidence(answer))
    for mention in answer["brands"]:
        table.add_row(mention["brand"], _verdict(mention), _quoted(mention["evidence"], mention["sentiment"]))
    for aspect in answer["aspects"]:
        name = f"{aspect['brand']} {aspect['aspect']}" if aspect["brand"] else aspect["aspect"]
        table.add_row(name, _verdict(aspect), answer["text"][aspect["start"] : aspect["stop"]])
    console.print(table)
    signs = [_names().get(answer[key], answer[key]) for key in ("stage", "intent") if answer[key]]
    if signs:
        console.print(Text(" · ".join(signs), "bright_black"))


def _coloured(answer: Mapping[str, Any]) -> Text:
    text = Text(answer["text"], end="\n")
    for evidence in answer["evidence"]:
        text.stylize(f"underline {_COLOURS[evidence['sentiment']]}", evidence["start"], evidence["stop"])
    for mention in answer["brands"]:
        text.stylize("bold", mention["start"], mention["stop"])
    return text


def _verdict(found: Mapping[str, Any]) -> Text:
    sentiment = found["sentiment"]
    said = f"{_names()[sentiment]} {found['score']:+.2f}"
    if "confidence" in found:
        said += t(f"（把握 {found['confidence']:.0%}）", f" (sure {found['confidence']:.0%})")
    return Text(said, _COLOURS[sentiment])


def _evidence(answer: Mapping[str, Any]) -> Text:
    return (
        Text()
        if answer["brands"] or not answer["evidence"]
        else _quoted(answer["evidence"][0], answer["sentiment"])
    )


def _quoted(evidence: Mapping[str, Any] | None, sentiment: str) -> Text:
    return Text(f"“{evidence['text']}”" if evidence else "", _COLOURS[sentiment])


def _names() -> dict[str, str]:
    return {
        "pos": t("正面", "positive"),
        "neu": t("中性", "neutral"),
        "neg": t("负面", "negative"),
        "notice": t("关注", "notice"),
        "search": t("搜索", "search"),
        "review": t("评测", "review"),
        "buy": t("购买", "buy"),
        "use": t("使用", "use"),
        "share": t("分享", "share"),
        "scold": t("开骂", "scold"),
        "question": t("提问", "question"),
        "complaint": t("投诉", "complaint"),
        "purchase": t("想买", "purchase"),
    }
