import tomllib

import pytest

from streams.text.places import line_and_column, place, place_of_error

SOURCE = '''\
# 品牌 = "not a key"
name = "星曜"
"quoted key" = 1
aliases = [  # [ in a comment
  "甲",
  'b"', """
丙 \\"x\\"""",
]
point = { x = 1, "y z" = [1, {deep = 2}] }
a.b.c = 1979-05-27 07:32:00

[set]
  members = ["一", "二"]
[[rules]]
name = "first"
[[rules]]
name = "second"
query = "a \\u4e2d\\n(b"
[rules.more]
on = true
'''


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (["name"], '"星曜"'),
        (["quoted key"], "1\n"),
        (["aliases"], "[  #"),
        (["aliases", 0], '"甲"'),
        (["aliases", 1], "'b\"'"),
        (["aliases", 2], '"""\n丙'),
        (["point", "x"], "1, "),
        (["point", "y z", 1, "deep"], "2}]"),
        (["a", "b", "c"], "1979"),
        (["set"], "[set]"),
        (["set", "members", 1], '"二"'),
        (["rules", 0, "name"], '"first"'),
        (["rules", 1, "name"], '"second"'),
        (["rules", 1, "more", "on"], "true"),
        (["rules", 1, "absent", "x"], '[[rules]]\nname = "second"'),
        (["aliases", 7], "[  #"),
    ],
)
def test_points_at_the_value_or_its_nearest_parent(path: list[str | int], found: str) -> None:
    tomllib.loads(SOURCE)
    line, column = place(SOURCE, path)
    rest = "\n".join(SOURCE.split("\n")[line - 1 :])[column - 1 :]
    assert rest.startswith(found)


def test_points_at_the_key() -> None:
    assert place(SOURCE, ["quoted key"], key=True) == (3, 1)
    assert place(SOURCE, ["set", "members"], key=True) == (13, 3)
    assert place(SOURCE, ["point", "y z"], key=True) == (9, 18)


@pytest.mark.parametrize(("offset", "column"), [(0, 10), (2, 12), (3, 18), (4, 20), (5, 21), (99, 22)])
def test_points_into_a_string_past_its_escapes(offset: int, column: int) -> None:
    assert place(SOURCE, ["rules", 1, "query"], offset=offset) == (18, column)


def test_points_into_a_string_of_many_lines() -> None:
    assert place(SOURCE, ["aliases", 2], offset=0) == (7, 1)
    assert place(SOURCE, ["aliases", 2], offset=3) == (7, 5)


def test_nothing_there_is_the_beginning() -> None:
    assert place("", ["name"]) == (1, 1)
    assert place("x = 1", []) == (1, 1)


@pytest.mark.parametrize("source", ["a = ", "[[", "= 1", '"', "a = {b", "a = [1", ":\n:", "a.b"])
def test_what_is_no_toml_ends(source: str) -> None:
    assert place(source, ["a", "b"]) >= (1, 1)


def test_the_place_that_tomllib_tells() -> None:
    for source, found in (("a = 1\nb = = 2", (2, 5)), ("a = [", (1, 6))):
        with pytest.raises(tomllib.TOMLDecodeError) as raised:
            tomllib.loads(source)
        assert place_of_error(source, raised.value) == found
    assert line_and_column("ab\nc", 3) == (2, 1)
