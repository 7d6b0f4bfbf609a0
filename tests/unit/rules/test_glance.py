"""The quick look: what it may drop, and what it need not look at again."""

import pytest

from streams.rules.glance import glance
from streams.rules.needed import needed
from streams.rules.parse import parse
from streams.text.segment import Segmenter
from streams.text.track import squeeze
from tests.unit.rules.material import batch

SEGMENTER = Segmenter()


def passes(query: str, text: str, **fields: object) -> bool | None:
    """What the look says of a post in which what the query waits for turned up; None where there is no look."""
    tree = parse(query)
    look = glance(tree, needed(tree))
    posts = batch([{"text": text, **fields}], SEGMENTER)
    return None if look is None else look(squeeze(posts.folded).squeezed, posts, 0)


@pytest.mark.parametrize(
    "query", ["手机", "手机 OR 屏幕", "手机~", "手机 NOT 屏幕", "手机 客服~", "手机 NEAR/3 (客服 OR 屏幕~)"]
)
def test_what_is_waited_for_is_not_looked_at_again(query: str) -> None:
    assert passes(query, "") is None


@pytest.mark.parametrize(
    ("query", "text", "passed"),
    [
        ("小鹏汽车 手机", "小鹏汽车", False),
        ("小鹏汽车 手机", "小鹏汽车手*机", True),
        ("小鹏汽车 (手机 OR 屏幕)", "小鹏汽车屏幕", True),
        ("小鹏汽车 NEAR/2 手机", "小鹏汽车", False),
        ("小鹏汽车 哈哈", "小鹏汽车哈", False),
        ("小鹏汽车 哈哈", "小鹏汽车哈哈", True),
        ("小鹏汽车 aaa", "小鹏汽车a.a.a", True),
        ("小鹏汽车 /[0-9]+元/", "小鹏汽车很贵", False),
        ("小鹏汽车 /[0-9]+元/", "小鹏汽车 9 元、10元", True),
        ("小鹏汽车 ！！", "小鹏汽车！", False),
    ],
)
def test_the_rest_must_be_there(query: str, text: str, passed: bool) -> None:
    assert passes(query, text) is passed


def test_fields_are_looked_at() -> None:
    assert passes("小鹏汽车 platform:微博", "小鹏汽车", platform="微博")
    assert passes("小鹏汽车 platform:微博", "小鹏汽车", platform="知乎") is False
