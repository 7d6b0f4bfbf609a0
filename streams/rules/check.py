"""What is doubtful about rules that can be understood: too much, nothing, twice, or not what was meant."""

import difflib
import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from unicodedata import category

import msgspec

from streams.language import t
from streams.rules.fields import FIELDS
from streams.rules.files import Entry, Problem
from streams.rules.parse import parse
from streams.rules.patterns import Regex
from streams.rules.tree import And, Field, Leaf, Near, Node, Not, Or, Pattern, Words, leaves
from streams.text.normalise import fold

_MEANT = {
    "and": "AND", "or": "OR", "not": "NOT", "near": "NEAR/5",
    "adn": "AND", "nad": "AND", "nto": "NOT", "ont": "NOT", "naer": "NEAR/5", "nera": "NEAR/5",
    "&": "AND", "&&": "AND", "+": "AND", "|": "OR", "||": "OR", "!": "NOT",
    "与": "AND", "且": "AND", "或": "OR", "非": "NOT",
}  # fmt: skip
"""Words that are terms here, and operators elsewhere."""

_PREFIXED = re.compile(r"[-!+]\w")


def review(entries: Sequence[Entry], stopwords: Collection[str], brands: Collection[str]) -> list[Problem]:
    """Warnings about rules, by file and place.

    Args:
        entries: all rules that are to be used together.
        stopwords: folded words that are in nearly every text.
        brands: canonical names of the known brands.
    """
    found: list[Problem] = []
    firsts: dict[Hashable, Entry] = {}
    for entry in entries:
        if entry.rule.query:
            tree = parse(entry.rule.query)
            found += _too_much(entry, tree, stopwords)
            found += _never(entry, tree)
            found += _not_meant(entry, tree)
        found += _brand(entry, brands)
        found += _per_cent(entry)
        first = firsts.setdefault(_conditions(entry), entry)
        if first is not entry:
            found.append(_twice(entry, first))
    return sorted(found)


def canonical(node: Node) -> Hashable:
    """Equal for trees that say the same in another order."""
    if isinstance(node, And | Or):
        children = frozenset(map(canonical, node.children))
        return next(iter(children)) if len(children) == 1 else (type(node).__name__, children)
    if isinstance(node, Not):
        return "Not", canonical(node.child)
    if isinstance(node, Near):
        steps = tuple((step.distance, step.ordered, _any(step.operand)) for step in node.steps)
        return "Near", _any(node.first), steps
    if isinstance(node, Words):
        return node.term._replace(text=" ".join(fold(node.term.text).split()))
    return node


def _any(operand: Iterable[Words]) -> frozenset[Hashable]:
    return frozenset(map(canonical, operand))


def _conditions(entry: Entry) -> Hashable:
    rule, tree = entry.rule, entry.rule.tree()
    asked = None if tree is None else canonical(tree)
    if rule.kind == "post":
        return asked, rule.brand
    rest = msgspec.structs.replace(
        rule, name="", query="", severity="blue", by_reach={}, by_count={}, team="", description=""
    )
    return asked, msgspec.json.encode(rest)


def _too_much(entry: Entry, tree: Node, stopwords: Collection[str]) -> Iterator[Problem]:
    weak = _weak(tree, stopwords)
    if not weak:
        return
    column = min(leaf.column for leaf in weak)
    if all(isinstance(leaf, Field) for leaf in weak):
        message = t(
            "只凭字段就会命中，可能极多；加上要找的词，或确认本意如此",
            "a field alone decides here, which may be a great many posts; add a term unless that is meant",
        )
        yield entry.warning("query", "only_field", message, column)
    else:
        message = t(
            "这里只有停用词、单个字或空正则，几乎什么都会命中；换成更长的词或加上别的条件",
            "only stop words, single characters or a pattern of nothing here: nearly every post matches; "
            "write longer terms or add a condition",
        )
        yield entry.warning("query", "matches_everything", message, column)


def _weak(node: Node, stopwords: Collection[str]) -> list[Leaf]:
    """The leaves through which nearly everything matches; empty where enough is asked for."""
    if isinstance(node, And):
        parts = [_weak(child, stopwords) for child in node.children if not isinstance(child, Not)]
        return [leaf for part in parts for leaf in part] if all(parts) else []
    if isinstance(node, Or):
        return [leaf for child in node.children for leaf in _weak(child, stopwords)]
    if isinstance(node, Near | Not):
        return []
    return [node] if _is_weak(node, stopwords) else []


def _is_weak(leaf: Leaf, stopwords: Collection[str]) -> bool:
    if isinstance(leaf, Field):
        return True
    if isinstance(leaf, Pattern):
        return Regex(leaf.source).holds("")
    text = fold(leaf.term.text).strip()
    short = len(text) == 1 and text.isalnum()
    return short or text in stopwords or all(category(character)[0] in "PZ" for character in text)


def _never(entry: Entry, tree: Node) -> Iterator[Problem]:
    for part in _all(tree):
        if isinstance(part, And):
            wanted = {canonical(child) for child in part.children}
            for child in part.children:
                if isinstance(child, Not) and canonical(child.child) in wanted:
                    message = t(
                        "同一个词又要又不要，这里永远不会命中",
                        "the same is wanted and excluded: this part never matches",
                    )
                    yield entry.warning("query", "never_matches", message, child.column)


def _all(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, And | Or):
        for child in node.children:
            yield from _all(child)


def _not_meant(entry: Entry, tree: Node) -> Iterator[Problem]:
    for leaf in leaves(tree):
        if isinstance(leaf, Words) and not leaf.term.phrase:
            text = leaf.term.text
            meant = _MEANT.get(text.lower())
            if meant:
                message = t(
                    f"{text} 在这里是普通的词；是不是想写 {meant}？要找它本身就加引号",
                    f"{text} is a term here; did you mean {meant}? Quote it to find the word itself",
                )
                yield entry.warning("query", "not_an_operator", message, leaf.column)
            elif _PREFIXED.match(text):
                meant = text[1:] if text[0] == "+" else f"NOT {text[1:]}"
                message = t(
                    f"符号 {text[0]} 没有特别的意思；是不是想写 {meant}？",
                    f"the sign {text[0]} means nothing here; did you mean {meant}?",
                )
                yield entry.warning("query", "not_an_operator", message, leaf.column)
        elif isinstance(leaf, Field) and leaf.value is not None:
            known = FIELDS[leaf.name].values
            if known and leaf.value not in known:
                near = difflib.get_close_matches(leaf.value, known, n=1, cutoff=0.4)
                hint = t(f"，是不是想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ""
                message = t(
                    f"{leaf.name} 只有 {'、'.join(known)}，没有 {leaf.value}{hint}",
                    f"{leaf.name} is one of {', '.join(known)}, never {leaf.value}{hint}",
                )
                yield entry.warning("query", "unknown_value", message, leaf.column)


def _brand(entry: Entry, brands: Collection[str]) -> Iterator[Problem]:
    brand = entry.rule.brand
    if brand and brands and brand not in brands:
        near = difflib.get_close_matches(brand, brands, n=1, cutoff=0.4)
        hint = t(f"是不是想写 {near[0]}？", f"did you mean {near[0]}?") if near else ""
        message = t(f"没有品牌 {brand} 的资料。{hint}", f"there is no profile of brand {brand}. {hint}")
        yield entry.warning("brand", "unknown_brand", message.strip())


def _per_cent(entry: Entry) -> Iterator[Problem]:
    rule = entry.rule
    for key, bound in (("above", rule.above), ("below", rule.below)):
        if rule.measure in ("negative_share", "nsr") and bound and 0 < abs(bound) <= 1:
            message = t(
                f"{rule.measure} 以百分数计，{bound:g} 是百分之{bound:g}；是不是想写 {100 * bound:g}？",
                f"{rule.measure} is in per cent, {bound:g} is {bound:g} %; did you mean {100 * bound:g}?",
            )
            yield entry.warning(key, "per_cent", message)


def _twice(entry: Entry, first: Entry) -> Problem:
    name = first.rule.name
    key, column = ("query", 1) if entry.rule.query else ("name", None)
    if entry.rule.severity == first.rule.severity:
        message = t(
            f"与规则 {name} 的条件相同，同一件事会报两次；删去一条",
            f"asks the same as rule {name}, so that the same is reported twice: delete one",
        )
        return entry.warning(key, "duplicate_rule", message, column)
    message = t(
        f"与规则 {name} 的条件相同，级别却是 {entry.rule.severity} 和 {first.rule.severity}；只留一条",
        f"asks the same as rule {name}, but is {entry.rule.severity} where that is {first.rule.severity}: keep one",
    )
    return entry.warning(key, "competing_rule", message, column)
