import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import language
from streams.rules.check import canonical
from streams.rules.mistakes import QueryError
from streams.rules.parse import DEEPEST, parse
from streams.rules.scan import LONGEST
from streams.rules.tree import And, Field, Near, Not, Or, Pattern, Step, Words
from streams.text.finder import Term


def words(text: str, *, phrase: bool = False, evasions: bool = False) -> Words:
    return Words(Term(text, phrase, evasions))


A, B, C, D = map(words, "abcd")


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b c", And((A, B, C))),
        ("a OR b c", Or((A, And((B, C))))),
        ("a NOT b OR c", Or((And((A, Not(B))), C))),
        ("a NOT b NEAR/2 c", And((A, Not(Near((B,), (Step(2, False, (C,)),)))))),
        ("a NEAR/2 b ONEAR/3 c", Near((A,), (Step(2, False, (B,)), Step(3, True, (C,))))),
        ("(a OR b) NEAR/0 ((c OR (d)))", Near((A, B), (Step(0, False, (C, D)),))),
        ("a NOT (b OR NOT c)", And((A, Not(B), C))),
        ("NOT NOT a", A),
        ("NOT NOT NOT NOT a", A),
        ("a AND (NOT b OR c)", And((A, Or((Not(B), C))))),
        ("(a OR NOT b) c", And((Or((A, Not(B))), C))),
        ("NOT (NOT a OR b)", And((A, Not(B)))),
        ("a(b)c", And((A, B, C))),
        ('a"b"', And((A, words("b", phrase=True)))),
        ("“b”a", And((words("b", phrase=True), A))),
        ("a~", words("a", evasions=True)),
        ("a～", words("a", evasions=True)),
        ('"a b"~', words("a b", phrase=True, evasions=True)),
        ("~", words("~")),
        ("and or TO", And((words("and"), words("or"), words("TO")))),
        ("nearby NEARBY", And((words("nearby"), words("NEARBY")))),
        ("a\u3000ＯＲ\tb", Or((A, B))),
        ("（a ＡＮＤ b） ＮＯＴ c", And((A, B, Not(C)))),
        ("a ＮＥＡＲ／１ b", Near((A,), (Step(1, False, (B,)),))),
        ("a \u200b b", And((A, B))),
        ("24/7 [怒]", And((words("24/7"), words("[怒]")))),
        ("platform:微博", Field("platform", "微博")),
        ("ｐｌａｔｆｏｒｍ：ＷｅｉＢｏ", Field("platform", "weibo")),
        ('Author:"张 三"', Field("author", "张 三")),
        ("site:m.weibo.cn/a:b", Field("site", "m.weibo.cn/a:b")),
        ("followers:１００", Field("followers", None, 100, 100)),
        ("likes:[1 TO 2.5]", Field("likes", None, 1, 2.5)),
        ("likes:［ －5 TO ＊ ］", Field("likes", None, -5)),
        ("likes:[* TO *]", Field("likes", None)),
        ("published:2026-11-30T18:00:00Z", Field("published", None, 1796061600, 1796061600.9999998)),
        ("/a.b/", Pattern("a.b")),
        (r"/a\/[（)]+ x/", Pattern(r"a\/[（)]+ x")),
        ("/手機[一-龥]Ａ/", Pattern("手机[一-龥]a")),
    ],
)
def test_reads(query: str, tree: object) -> None:
    assert parse(query) == tree


@pytest.mark.parametrize(
    ("query", "code", "column"),
    [
        ("", "empty_query", 1),
        (" \u3000\n", "empty_query", 1),
        ("NOT a", "pure_negation", 1),
        ("NOT a NOT b", "pure_negation", 1),
        ("a OR NOT b", "pure_negation", 6),
        ("a OR (b OR NOT c)", "pure_negation", 12),
        ("a OR (NOT b NOT c) OR d", "pure_negation", 7),
        ("NOT (a OR b)", "pure_negation", 1),
        ("a OR NOT (NOT b c)", "pure_negation", 6),
        ("(NOT a OR b) (NOT c)", "pure_negation", 2),
        ("NOT NOT NOT a", "pure_negation", 1),
        ("NOT a NEAR/2 b", "pure_negation", 1),
        ("(a", "unclosed_paren", 1),
        ("a ((b) (c", "unclosed_paren", 3),
        ("(", "unclosed_paren", 1),
        ("a)", "unmatched_paren", 2),
        ("(a))", "unmatched_paren", 4),
        (")", "unmatched_paren", 1),
        ("a ()", "empty_group", 3),
        ("a AND （　）", "empty_group", 7),
        ("AND a", "missing_operand", 1),
        ("a AND", "missing_operand", 3),
        ("a AND OR b", "missing_operand", 3),
        ("(OR a)", "missing_operand", 2),
        ("(a OR)", "missing_operand", 4),
        ("a NOT", "missing_operand", 3),
        ("a AND NOT OR b", "missing_operand", 7),
        ("NEAR/2 a", "missing_operand", 1),
        ("a NEAR/2", "missing_operand", 3),
        ("a NEAR/2 NOT b", "missing_operand", 3),
        ("a NEAR/2 NEAR/3 b", "missing_operand", 3),
        ('a "b', "unterminated_phrase", 3),
        ('author:"b', "unterminated_phrase", 8),
        ('a ""', "empty_phrase", 3),
        ("a “ ”", "empty_phrase", 3),
        ("a NEAR b", "bad_near_distance", 3),
        ("a NEAR/ b", "bad_near_distance", 3),
        ("a ONEAR/x b", "bad_near_distance", 3),
        ("a NEAR/-1 b", "bad_near_distance", 3),
        ("a NEAR/3f b", "bad_near_distance", 3),
        ("(a b) NEAR/1 c", "bad_near_operand", 7),
        ("a NEAR/1 (b OR (c d))", "bad_near_operand", 3),
        ("a NEAR/1 b NEAR/2 likes:1", "bad_near_operand", 12),
        ("platform:x ONEAR/1 a", "bad_near_operand", 12),
        ("a NEAR/1 /b/", "bad_near_operand", 3),
        ("a authr:x", "unknown_field", 3),
        ("作者：x", "unknown_field", 1),
        ("http://a.cn", "unknown_field", 1),
        (":)", "unknown_field", 1),
        ("a author:", "empty_field_value", 3),
        ("author: x", "empty_field_value", 1),
        ('author:"" x', "empty_field_value", 1),
        ("author:(a OR b)", "empty_field_value", 1),
        ("likes:[1 TO 2", "unterminated_range", 7),
        ("(likes:[1 TO 2) author:[x]", "unterminated_range", 8),
        ("likes:[1 to 2]", "bad_range", 7),
        ("likes:[]", "bad_range", 7),
        ("likes:[1 TO 2 TO 3]", "bad_range", 7),
        ("platform:[a TO b]", "bad_range", 10),
        ("likes:[2 TO 1]", "range_reversed", 7),
        ("published:[2026-12-01 TO 2026-11-30]", "range_reversed", 11),
        ("likes:[1 TO 二]", "bad_number", 13),
        ("likes:[x TO y]", "bad_number", 8),
        ("likes:many", "bad_number", 7),
        ('likes:"many"', "bad_number", 8),
        ("published:2026-02-30", "bad_number", 11),
        ("published:[* TO 2026/11/30]", "bad_number", 17),
        ("a /b", "unterminated_pattern", 3),
        ("a //", "empty_pattern", 3),
        ("a /(b/", "bad_pattern", 3),
        (r"/(?=a)/", "bad_pattern", 1),
    ],
)
def test_points_at_the_mistake(query: str, code: str, column: int) -> None:
    with pytest.raises(QueryError) as raised:
        parse(query)
    assert (raised.value.code, raised.value.column) == (code, column)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("authr:x", "是不是想写 author"),
        ("粉丝:5", "是不是想写 followers"),
        ("a NEAR b", "是不是想写 NEAR/5"),
        ("a NEAR/3f b", "是不是想写 ONEAR/3"),
        ("likes:[2 TO 1]", "是不是想写 [1 TO 2]"),
    ],
)
def test_says_what_was_probably_meant(query: str, hint: str) -> None:
    with pytest.raises(QueryError, match=r".") as raised:
        parse(query)
    assert hint in raised.value.message


@pytest.mark.parametrize("name", ["zh", "en"])
@pytest.mark.parametrize(
    "query",
    ["NOT a", "(a", "a)", "()", "a AND", '"a', '""', "a NEAR b", "x:1", "likes:", "likes:[1", "/a", ""],
)
def test_every_message_is_in_the_language_in_use(query: str, name: str) -> None:
    language.use(name)
    try:
        with pytest.raises(QueryError) as raised:
            parse(query)
    finally:
        language.use("zh")
    assert any("\u4e00" <= character <= "\u9fff" for character in raised.value.message) == (name == "zh")


@given(
    st.text(st.sampled_from('ab手()（）""“”[]/\\:：~*-，.0１ \u3000\u200b\n') | st.characters())
    | st.lists(
        st.sampled_from(
            [
                "AND",
                "OR",
                "NOT",
                "NEAR/2",
                "ONEAR/1",
                "NEAR",
                "(",
                ")",
                "a",
                '"b c"',
                "likes:[1 TO *]",
                "/x+/",
                "author:",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_query_or_has_a_place_where_it_is_not(query: str) -> None:
    mistake = None
    try:
        tree = parse(query)
    except QueryError as error:
        mistake = error
    if mistake is None:
        assert canonical(tree) == canonical(parse(f"({query})"))
    else:
        assert 1 <= mistake.column <= len(query) + 1
        assert mistake.message


@pytest.mark.timeout(20)
def test_absurd_queries_end_soon_and_with_a_word() -> None:
    cases = {
        "(" * 10_000: ("too_deep", DEEPEST + 1),
        "(" * 10_000 + "a" + ")" * 10_000: ("too_deep", DEEPEST + 1),
        "NOT " * 10_001 + "a": ("pure_negation", 1),
        "手机 " * 400_000: ("too_long", LONGEST + 1),
        '"' + "x" * 150_000: ("unterminated_phrase", 1),
        "/" + "x" * 150_000: ("unterminated_pattern", 1),
        "a NEAR/" + "9" * 5_000 + "x b": ("bad_near_distance", 3),
        "likes:[" + "1" * 5_000 + " TO *]": ("bad_number", 8),
    }
    for query, (code, column) in cases.items():
        with pytest.raises(QueryError) as raised:
            parse(query)
        assert (raised.value.code, raised.value.column) == (code, column)
        assert len(str(raised.value)) < 300


@pytest.mark.timeout(20)
def test_large_queries_are_read() -> None:
    many = parse(" OR ".join(f"词{number}" for number in range(5_000)))
    assert isinstance(many, Or)
    assert len(many.children) == 5_000
    chained = parse("a" + " NEAR/1 b" * 5_000)
    assert isinstance(chained, Near)
    assert len(chained.steps) == 5_000
    assert parse("NOT " * 10_000 + "a") == A
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST) == A
    far = parse("a NEAR/" + "9" * 5_000 + " b")
    assert isinstance(far, Near)
