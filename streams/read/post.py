"""One post with its analysis, its spread and the way it took through the pipeline."""

from typing import Any, NamedTuple

from streams.read.queries import Reader


class Mention(NamedTuple):
    """A brand in a text: `start` and `stop` are character positions of its first mention."""

    brand: str
    sentiment: str
    score: float
    start: int
    stop: int


class PostDetail(NamedTuple):
    """A post as the store has it.

    Attributes:
        fields: its columns by name.
        mentions: the brands in it.
        shares: how often it was shared.
        sharers: by how many people.
    """

    fields: dict[str, Any]
    mentions: list[Mention]
    shares: int
    sharers: int


_POST = """
SELECT * EXCEPT (version, simhash)
FROM posts_latest
WHERE post_id = {id:String} AND platform = {platform:String}
ORDER BY edited DESC, published DESC
LIMIT 1
"""

_SHARES = "SELECT uniqExact(share_id), uniqExact(user_id) FROM shares_latest WHERE root_id = {id:String}"


async def post(reader: Reader, platform: str, post_id: str) -> PostDetail | None:
    """The post with this id, None if there is none. Raises like `Reader.run`."""
    found = (await reader.ask(_POST, {"platform": platform, "id": post_id})).dicts()
    if not found:
        return None
    fields = found[0]
    mentions = [
        Mention(*parts)
        for parts in zip(
            *(fields.pop(f"mentions.{name}") for name in ("brand", "sentiment", "score", "start", "stop")),
            strict=True,
        )
    ]
    shares, sharers = (await reader.ask(_SHARES, {"id": post_id})).rows[0]
    return PostDetail(fields, mentions, shares, sharers)
