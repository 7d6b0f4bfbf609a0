"""The fields of the query language as posts and shares have them."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from streams.rules.fields import Columns
from streams.topics.post import Post
from streams.topics.share import Share

Tones = Callable[[str], Sequence[str]]
"""Brand → the tone toward it in each record; "" asks for the tone of the whole."""

_Read = Callable[[Any], object]

_AUTHOR: dict[str, _Read] = {
    "verified": lambda record: record.author.verified if record.author else None,
    "region": lambda record: _region(record.author.location) if record.author else None,
    "followers": lambda record: record.author.followers if record.author else None,
    "following": lambda record: record.author.following if record.author else None,
}
_POST: dict[str, _Read] = {
    **_AUTHOR,
    "platform": lambda post: post.platform,
    "author": lambda post: post.author.id if post.author else None,
    "site": lambda post: _site(post.url),
    "client": lambda post: post.client,
    "title": lambda post: post.title,
    "likes": lambda post: post.likes,
    "reposts": lambda post: post.reposts,
    "comments": lambda post: post.comments,
    "published": lambda post: post.published,
}
_SHARE: dict[str, _Read] = {
    **_AUTHOR,
    "platform": lambda share: share.platform,
    "author": lambda share: share.user_id,
    "published": lambda share: share.shared,
}


def post_columns(posts: Sequence[Post], tones: Tones) -> Columns:
    """The fields of posts; the site is the host of the address, or a domain above it."""
    return _columns(_POST, posts, tones)


def share_columns(shares: Sequence[Share], tones: Tones) -> Columns:
    """The fields of shares: they have no site, client, title and counts."""
    return _columns(_SHARE, shares, tones)


def toward(
    brand: str, whole: Sequence[str], brands: Sequence[Sequence[str]], sentiments: Sequence[Sequence[str]]
) -> Sequence[str]:
    """The tone toward a brand where a text names it, else that of the text as a whole.

    Args:
        brand: which; "" asks for the whole.
        whole: tone of each text.
        brands: the brands that each names.
        sentiments: the tone toward each of them.
    """
    if not brand:
        return whole
    return [
        tones[named.index(brand)] if brand in named else tone
        for tone, named, tones in zip(whole, brands, sentiments, strict=True)
    ]


def _columns(fields: dict[str, _Read], records: Sequence[Any], tones: Tones) -> Columns:
    def read(field: str, brand: str) -> Sequence[object]:
        if field == "sentiment":
            return tones(brand)
        get = fields.get(field)
        return [get(record) for record in records] if get else [None] * len(records)

    return Columns(read)


def _site(url: str) -> list[str]:
    """The host and every domain above it: m.weibo.cn is of weibo.cn as well."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # an address with a broken [IPv6] part
        return []
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


def _region(location: str) -> list[str]:
    """The place as the platform writes it and each of its parts: 广东 深圳 is 广东 and 深圳 too."""
    return [location, *location.split()]
