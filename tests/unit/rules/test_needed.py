import pytest

from streams.rules.needed import needed_terms
from streams.rules.parse import parse


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("手機", {"手机"}),
        ("手机 小鹏汽车", {"小鹏汽车"}),
        ("手机 OR 屏幕", {"手机", "屏幕"}),
        ("手机 NOT 屏幕", {"手机"}),
        ("手机 (屏幕 OR NOT 客服)", {"手机"}),
        ("小鹏汽车~ 手机", {"手机"}),
        ("手机~", None),
        ("手机 OR 屏幕~", None),
        ("手机 OR platform:微博", None),
        ("platform:微博", None),
        ("(手机 OR 屏幕) NEAR/2 小鹏汽车", {"小鹏汽车"}),
        ("/x/ 手机", {"手机"}),
    ],
)
def test_terms_of_which_one_is_needed(query: str, terms: set[str] | None) -> None:
    assert needed_terms(parse(query)) == terms
