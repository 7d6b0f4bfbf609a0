from typing import Any

from streams.rules.matcher import Batch, Matcher
from streams.rules.records import post_columns, share_columns, toward
from streams.rules.rule import Rule
from streams.text.normalise import normalise
from streams.text.segment import Segmenter
from streams.topics.post import Author, Post
from streams.topics.share import Share

SEGMENTER = Segmenter()


def post(**fields: Any) -> Post:
    return Post(
        **{"platform": "微博", "post_id": "1", "text": "手机", "published": 1_796_054_399.0, **fields}
    )


def matching(rule: Rule, posts: list[Post], **tones: Any) -> list[int]:
    texts = [one.text for one in posts]
    folded = normalise(texts)
    whole = tones.get("texts", ["neu"] * len(posts))
    brands = tones.get("brands", [[]] * len(posts))
    each = tones.get("tones", [[]] * len(posts))
    batch = Batch(
        texts,
        folded,
        SEGMENTER.cut(folded),
        post_columns(posts, lambda brand: toward(brand, whole, brands, each)),
    )
    return sorted(Matcher([rule], SEGMENTER).match(batch))


def test_where_the_fields_of_a_post_come_from() -> None:
    author = Author(id="u1", location="广东 深圳", followers=10, following=3, verified=True)
    known = post(
        author=author,
        title="新品",
        url="https://m.Weibo.cn:8443/1?a",
        client="iPhone 客户端",
        likes=1,
        reposts=2,
        comments=3,
    )
    unknown = post(platform="知乎")
    for query in (
        "platform:微博", "author:U1", "verified:true", "site:weibo.cn", "site:m.weibo.cn", "region:广东",
        'region:"广东 深圳"', "region:深圳", 'client:"iphone 客户端"', "title:新品", "followers:10", "following:3",
        "likes:1", "reposts:2", "comments:3", "手机 NOT followers:[* TO 9] NOT platform:知乎",
    ):  # fmt: skip
        assert matching(Rule(name="a", query=query), [known, unknown]) == [0], query
    for query in ("site:cn", "region:东", "verified:false", "followers:0"):
        assert matching(Rule(name="a", query=query), [known, unknown]) == [], query
    assert matching(Rule(name="a", query="published:2026-11-30"), [known, unknown]) == [0, 1]
    assert matching(Rule(name="a", query="手机 NOT site:x"), [post(url="http://[bad")]) == [0]


def test_the_tone_is_that_toward_the_brand_of_the_rule() -> None:
    posts = [post(), post(), post()]
    tones: dict[str, Any] = {
        "texts": ["neg", "pos", "neg"],
        "brands": [["云岭", "星曜"], ["星曜"], []],
        "tones": [["neg", "pos"], ["neg"], []],
    }
    assert matching(Rule(name="a", query="手机 sentiment:neg"), posts, **tones) == [0, 2]
    assert matching(Rule(name="a", query="手机 sentiment:neg", brand="星曜"), posts, **tones) == [1, 2]
    assert matching(Rule(name="a", query="手机", sentiment="neg", brand="星曜"), posts, **tones) == [1, 2]
    assert matching(Rule(name="a", query="手机 NOT sentiment:neg", brand="星曜"), posts, **tones) == [0]


def test_reach_and_whether_a_rule_is_in_use() -> None:
    posts = [post(author=Author(id="a", followers=10)), post(author=Author(id="b", followers=9)), post()]
    assert matching(Rule(name="a", query="手机", reach=10), posts) == [0]
    assert matching(Rule(name="a", query="手机", enabled=False), posts) == []


def test_shares_have_fewer_fields() -> None:
    share = Share(
        platform="微博",
        share_id="1",
        root_id="0",
        parent_id="0",
        user_id="u",
        shared=1_796_054_399.0,
        text="手机",
    )
    columns = share_columns([share], lambda brand: ["neg"])
    assert columns.values("author") == [("u",)]
    assert columns.values("sentiment") == [("neg",)]
    assert columns.values("title") == [()]
    assert columns.numbers("likes") == [None]
    assert columns.numbers("published") == [1_796_054_399.0]
