"""What can be wrong with a query: a code, the column, and words that say what to write instead."""

import difflib

from streams.errors import KoubeiError
from streams.language import t
from streams.rules.fields import FIELDS


class QueryError(KoubeiError):
    """A query that cannot be understood.

    Attributes:
        code: which mistake, one of a closed set of words (docs/rules.md lists them).
        column: where, in characters of the query as written, from 1.
        message: what is wrong and what to write instead.
    """

    exit_code = 65

    def __init__(self, code: str, column: int, message: str) -> None:
        super().__init__(code, column, message)  # the arguments as they are, so that it survives pickling
        self.code = code
        self.column = column
        self.message = message

    def __str__(self) -> str:
        return t(f"第 {self.column} 列：{self.message}", f"column {self.column}: {self.message}")


def empty_query() -> QueryError:
    """Nothing is asked for."""
    return QueryError(
        "empty_query", 1, t("查询是空的，写上要找的词", "the query is empty: write what to find")
    )


def too_long(limit: int) -> QueryError:
    """More characters than any query needs."""
    return QueryError(
        "too_long",
        limit + 1,
        t(
            f"查询超过 {limit:,} 个字符，拆成几条规则",
            f"the query has more than {limit:,} characters: split it into rules",
        ),
    )


def too_deep(column: int, limit: int) -> QueryError:
    """More groups inside each other than any query needs."""
    return QueryError(
        "too_deep",
        column,
        t(
            f"括号套了超过 {limit} 层，去掉多余的括号",
            f"more than {limit} groups inside each other: drop brackets",
        ),
    )


def unclosed_paren(column: int) -> QueryError:
    """A group without its end."""
    return QueryError(
        "unclosed_paren", column, t("这个括号没有关上，补上 )", "this bracket is never closed: add )")
    )


def unmatched_paren(column: int) -> QueryError:
    """An end without its group."""
    return QueryError(
        "unmatched_paren",
        column,
        t("多了一个 )，前面没有对应的 (", "this ) has no ( before it: delete one of them"),
    )


def empty_group(column: int) -> QueryError:
    """Nothing between the brackets."""
    return QueryError(
        "empty_group",
        column,
        t(
            "括号里是空的，写上要找的词或删去括号",
            "nothing is between the brackets: fill them or delete them",
        ),
    )


def missing_operand(column: int, operator: str) -> QueryError:
    """An operator with nothing beside it."""
    operator = operator[:20]
    if operator.endswith(("NOT", "AND", "OR")):
        return QueryError(
            "missing_operand",
            column,
            t(
                f'{operator} 缺一个词；要找这个词本身，写成 "{operator}"',
                f'{operator} lacks an operand; to find the word itself write "{operator}"',
            ),
        )
    return QueryError(
        "missing_operand",
        column,
        t(
            f"{operator} 两边都要有词、短语或括号里的几个词",
            f"{operator} needs a term, a phrase or terms in brackets on both sides",
        ),
    )


def unterminated_phrase(column: int) -> QueryError:
    """A quote without its end."""
    return QueryError(
        "unterminated_phrase", column, t('引号没有关上，补上 "', 'the quote is never closed: add "')
    )


def empty_phrase(column: int) -> QueryError:
    """Nothing between the quotes."""
    return QueryError("empty_phrase", column, t("引号里是空的", "nothing is between the quotes"))


def unterminated_pattern(column: int) -> QueryError:
    """A pattern without its end."""
    return QueryError(
        "unterminated_pattern",
        column,
        t(
            '正则没有关上，补上 /；要找斜杠本身，写成 "/"',
            'the pattern is never closed: add /; to find a slash write "/"',
        ),
    )


def empty_pattern(column: int) -> QueryError:
    """Nothing between the slashes."""
    return QueryError(
        "empty_pattern", column, t("两个 / 之间是空的，写上正则", "no pattern is between the slashes")
    )


def bad_pattern(column: int, reason: str) -> QueryError:
    """RE2 does not take the pattern."""
    return QueryError(
        "bad_pattern",
        column,
        t(
            f"RE2 不认这个正则：{reason}（不支持回看和反向引用）",
            f"RE2 refuses this pattern: {reason} (it knows no look-around and no back-references)",
        ),
    )


def bad_near_distance(column: int, written: str) -> QueryError:
    """NEAR without a number of tokens."""
    name = "ONEAR" if written.startswith("O") else "NEAR"
    number = "".join(character for character in written if character in "0123456789")[:6]
    if number and written.endswith("f"):
        name = "ONEAR"
    near = f"{name}/{number or 5}"
    written = written[:20]
    return QueryError(
        "bad_near_distance",
        column,
        t(
            f"{written} 要写明中间最多隔几个词，是不是想写 {near}？",
            f"{written} must say how many tokens may lie between; did you mean {near}?",
        ),
    )


def bad_near_operand(column: int, written: str) -> QueryError:
    """NEAR beside something that has no place in the text."""
    return QueryError(
        "bad_near_operand",
        column,
        t(
            f"{written} 两边只能是词、短语或 (词 OR 词)，不能是 AND、NOT、字段或正则",
            f"{written} takes a term, a phrase or (term OR term) on each side; no AND, NOT, field or pattern",
        ),
    )


def unknown_field(column: int, written: str) -> QueryError:
    """No such field."""
    name = guess(written)
    shown = written[:30]
    if name:
        message = t(f"没有字段 {shown}，是不是想写 {name}？", f"no field {shown}; did you mean {name}?")
    else:
        names = " ".join(FIELDS)
        message = t(
            f"没有字段 {shown}；要找带冒号的文字请加引号。可用字段：{names}",
            f"no field {shown}; quote text that holds a colon. Fields: {names}",
        )
    return QueryError("unknown_field", column, message)


def empty_field_value(column: int, name: str) -> QueryError:
    """A field without a value."""
    example = f"{name}:[100 TO *]" if FIELDS[name].kind == "number" else f'{name}:"…"'
    return QueryError(
        "empty_field_value",
        column,
        t(
            f"{name}: 后面紧接着写值，如 {example}",
            f"{name}: needs a value right behind it, such as {example}",
        ),
    )


def unterminated_range(column: int) -> QueryError:
    """A range without its end."""
    return QueryError(
        "unterminated_range", column, t("范围没有关上，补上 ]", "the range is never closed: add ]")
    )


def bad_range(column: int, name: str) -> QueryError:
    """Not [a TO b], or a field that has no ranges."""
    if FIELDS[name].kind in ("value", "contains"):
        message = t(
            f"{name} 是文字，没有范围；值里有方括号请加引号",
            f"{name} is text and has no range; quote a value that holds a bracket",
        )
    else:
        message = t(
            "范围写成 [从 TO 到]，TO 大写，不限写 *，如 [1000 TO *]",
            "write a range as [from TO to], TO in capitals, * for an open end: [1000 TO *]",
        )
    return QueryError("bad_range", column, message)


def range_reversed(column: int, low: str, high: str) -> QueryError:
    """The first bound is above the second."""
    return QueryError(
        "range_reversed",
        column,
        t(
            f"范围的头比尾大，是不是想写 [{high} TO {low}]？",
            f"the range runs backwards; did you mean [{high} TO {low}]?",
        ),
    )


def bad_number(column: int, name: str, written: str) -> QueryError:
    """A bound that is no number, or no date."""
    written = written[:30]
    if FIELDS[name].kind == "date":
        return QueryError(
            "bad_number",
            column,
            t(
                f"{written} 不是日期，写成 2026-11-30 或 2026-11-30T18:00",
                f"{written} is no date; write 2026-11-30 or 2026-11-30T18:00",
            ),
        )
    return QueryError(
        "bad_number",
        column,
        t(
            f"{written} 不是数字，{name} 要写如 1000 或 [1000 TO *]",
            f"{written} is no number; {name} takes 1000 or [1000 TO *]",
        ),
    )


def pure_negation(column: int) -> QueryError:
    """A part that asks for nothing, only against something."""
    return QueryError(
        "pure_negation",
        column,
        t(
            "这里只排除、没有要找的词，几乎什么都会命中；在 NOT 前加上要找的词",
            "only excludes and wants nothing, so nearly everything matches; put a wanted term before NOT",
        ),
    )


def guess(written: str) -> str | None:
    """The field that was probably meant."""
    lowered = written.lower()
    for name, field in FIELDS.items():
        if lowered in field.zh:
            return name
    near = difflib.get_close_matches(lowered[:40], FIELDS, n=1, cutoff=0.6)
    return near[0] if near else None
