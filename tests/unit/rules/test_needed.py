"""By which leaves a rule is found: one of them is true wherever the rule is."""

import pytest

from streams.rules.needed import needed
from streams.rules.parse import parse
from streams.rules.tree import Field, Pattern, Words


def named(leaf: Words | Pattern | Field) -> str:
    return (
        leaf.term.text if isinstance(leaf, Words) else leaf.source if isinstance(leaf, Pattern) else leaf.name
    )


@pytest.mark.parametrize(
    ("query", "leaves"),
    [
        ("手機", {"手機"}),
        ("手机 小鹏汽车", {"小鹏汽车"}),
        ("手机 OR 屏幕", {"手机", "屏幕"}),
        ("手机 NOT 小鹏汽车", {"手机"}),
        ("手机 (小鹏汽车 OR NOT 客服)", {"手机"}),
        ("小鹏汽车~ 小鹏汽车", {"小鹏汽车"}),
        ("手机 OR platform:微博", {"手机", "platform"}),
        ("(手机 OR 屏幕) NEAR/2 小鹏汽车", {"小鹏汽车"}),
        ("/x/ 手机", {"手机"}),
        ("/x/", {"x"}),
    ],
)
def test_the_rarest_leaves_of_which_one_is_needed(query: str, leaves: set[str]) -> None:
    assert {named(leaf) for leaf in needed(parse(query))} == leaves
