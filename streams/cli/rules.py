"""koubei rules: check rule files, try a query on texts; those in the store are in stored_rules, trials in rule_trials."""

import sys
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from streams.cli import rule_trials, stored_rules
from streams.cli.common import Data, Json, group, say, settings, show_json
from streams.cli.rule_files import folders, is_profile, rule_files
from streams.config import shipped
from streams.errors import BadConfig
from streams.language import t
from streams.rules import files
from streams.rules.check import review
from streams.rules.fields import Columns
from streams.rules.files import Problem
from streams.rules.matcher import Batch, Matcher
from streams.rules.mistakes import QueryError
from streams.rules.rule import Rule
from streams.text import lexicons
from streams.text.lexicons import Lexicons
from streams.text.normalise import normalise
from streams.text.segment import Segmenter

app = group(
    "rules",
    "检查、试用、应用规则，看它们会命中什么",
    "Check, try and apply rules, see what they would find",
)
app.command(stored_rules.list_, name="list", help=t("正在使用的规则", "The rules in use"))
app.command(stored_rules.show, help=t("以文件的样子打印一条规则", "Print a rule as a file"))
app.command(
    stored_rules.apply, help=t("把规则文件投入使用，几秒内生效", "Put rule files in force, within seconds")
)
app.command(stored_rules.remove, help=t("停用一条规则", "Take a rule out of use"))
app.command(
    rule_trials.preview,
    help=t("最近 7 天会命中多少、最新的例子", "How many of the last 7 days it hits, and the newest"),
)
app.command(
    rule_trials.backtest,
    help=t("在存下的历史里会何时报警、多少次", "When and how often it would have alerted in the stored past"),
)

WIDEST = 160
"""Characters of a line that are shown around a problem."""

KEPT = 256
"""Compiled queries that `test` keeps: input is usually many texts for a few queries."""


@app.command(
    help=t(
        '标准输入每行 {"query", "text", "fields"} → 标准输出每行是否命中、命中在哪里',
        'Lines {"query", "text", "fields"} on stdin → lines on stdout: whether it matches, and where',
    )
)
def test() -> None:
    """Answer line by line; a line that is no good is answered with its error, and the next one is read."""
    tester = _Tester(Segmenter(lexicons.load(folders()).user_words))
    out = sys.stdout
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            out.write(msgspec.json.encode(tester.answer(line, number)).decode() + "\n")
            out.flush()


class _Case(msgspec.Struct):
    query: str
    text: str
    fields: dict[str, Any] | None = None


class _Tester:
    """Answers cases with the same matcher that the workers use."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._matcher = lru_cache(maxsize=KEPT)(
            lambda query: Matcher([Rule(name="test", query=query)], segmenter)
        )
        self._decoder = msgspec.json.Decoder(_Case)

    def answer(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            case = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = t(
                f'第 {number} 行须为 {{"query": "…", "text": "…", "fields": {{…}}}}：{error}',
                f'line {number} must be {{"query": "…", "text": "…", "fields": {{…}}}}: {error}',
            )
            return {"error": {"line": number, "code": "bad_line", "message": message}}
        try:
            matcher = self._matcher(case.query)
        except QueryError as error:
            return {"error": {"column": error.column, "code": error.code, "message": error.message}}
        folded = normalise([case.text])
        fields = case.fields or {}
        columns = Columns(lambda field, brand: [fields.get(field)])
        batch = Batch([case.text], folded, self._segmenter.cut(folded), columns)
        hits = matcher.match(batch).get(0)
        if not hits:
            return {"match": False, "spans": []}
        return {"match": True, "spans": hits[0].spans}


@app.command(
    help=t(
        "检查规则和品牌资料；错误指出文件、行、列",
        "Check rules and brand profiles; a mistake is shown with file, line and column",
    )
)
def check(
    *paths: Annotated[
        Path,
        Parameter(
            name="FILES",
            help=t(
                "规则文件、品牌资料或词典目录（默认全部）", "Rule files, profiles or lexicon folders (all)"
            ),
        ),
    ],
    json: Json = False,
    data: Data = None,
) -> int:
    """Print every mistake and doubt; exit code 1 when a mistake makes a rule or profile useless."""
    chosen = paths or tuple(folders(settings(data)))
    problems = _of_lexicons(chosen)
    chosen_files = list(rule_files(chosen))
    entries, wrong = files.read_all(chosen_files)
    known = _known([path for path in chosen if path.is_dir()])
    problems += wrong + review(entries, known.stopwords, [brand.name for brand in known.brands])
    problems.sort()
    errors = sum(problem.level == "error" for problem in problems)
    warnings = len(problems) - errors
    if json:
        counts = {"files": len(chosen_files), "rules": len(entries), "errors": errors, "warnings": warnings}
        show_json({**counts, "problems": [problem._asdict() for problem in problems]})
        return 1 if errors else 0
    for problem in problems:
        print(shown(problem))
    say(
        t(
            f"{len(chosen_files)} 个规则文件，{len(entries)} 条规则可用，{errors} 个错误，{warnings} 个提醒",
            f"{len(chosen_files)} rule files, {len(entries)} good rules, {errors} errors, {warnings} warnings",
        )
    )
    return 1 if errors else 0


def shown(problem: Problem) -> str:
    """A problem for people: where, what, the line itself, and a mark under the place."""
    level = t("错误", "error") if problem.level == "error" else t("提醒", "warning")
    place = f"{problem.file}:{problem.line}:{problem.column}"
    head = f"{place} {level} {problem.message} [{problem.code}]"
    try:
        line = Path(problem.file).read_text(encoding="utf-8-sig").splitlines()[problem.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return head
    before = line[: problem.column - 1]
    if len(line) > WIDEST:
        start = max(0, problem.column - 1 - WIDEST // 2)
        before, line = before[start:], line[start : start + WIDEST]
    return f"{head}\n    {line}\n    {_blank(before)}^"


def _blank(text: str) -> str:
    """As wide as the text on a terminal: Chinese characters take two columns."""
    return "".join(
        character
        if character == "\t"
        else "\u3000"
        if unicodedata.east_asian_width(character) in "WF"
        else " "
        for character in text
        if not unicodedata.combining(character)
    )


def _of_lexicons(paths: Sequence[Path]) -> list[Problem]:
    """What is wrong with lexicons and brand profiles, which their own room knows best."""
    folders = [path for path in paths if path.is_dir()]
    profiles = [path for path in paths if not path.is_dir() and is_profile(path)]
    found = lexicons.check(*folders) if folders else []
    for folder in dict.fromkeys(path.parent.parent for path in profiles):
        found += [problem for problem in lexicons.check(folder) if problem.file in profiles]
    return [
        Problem(str(file), line, column, "lexicon", message, "error" if severity == "error" else "warning")
        for file, line, column, message, severity in found
    ]


def _known(more: Sequence[Path]) -> Lexicons:
    """Stop words and brands that rules may speak of; those shipped alone while one's own have mistakes."""
    try:
        return lexicons.load(list(dict.fromkeys([*folders(), *more])))
    except BadConfig:
        return lexicons.load([shipped("lexicons")])
