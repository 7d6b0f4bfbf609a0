"""A share: a post or another share passed on, with or without words of its own."""

from typing import Literal

from msgspec import Struct

from streams.topics.fields import Count, Id, Name, OptionalText, Short, Time
from streams.topics.post import Author

Tie = Literal["strong", "weak", "unknown"]


class Share(Struct, frozen=True, kw_only=True, gc=False):
    """One edge of a cascade. Required: platform, share_id, root_id, parent_id, user_id, shared.

    Attributes:
        platform: where it was shared.
        share_id: the platform's id of the share.
        root_id: post_id of the post the whole cascade started from.
        parent_id: what was shared: the root's post_id or another share_id of the cascade.
        user_id: who shared.
        shared: when, Unix seconds.
        text: what the person added, possibly nothing.
        author: more about who shared.
        tie: whether the parent's author is a friend (strong), a stranger (weak), or unknown.
        targets: to how many people it was sent, where that is known.
        campaign: our campaign that it belongs to.
        channel: how that campaign reached people.
        paid: whether reach was bought.
        landing: domain that a link in it leads to.
        via: how the record came in: demo, file, api or the source's name. Set by the edge.
        filled: what the edge had to fill in, comma separated.
    """

    platform: Name
    share_id: Id
    root_id: Id
    parent_id: Id
    user_id: Id
    shared: Time
    text: OptionalText = ""
    author: Author | None = None
    tie: Tie = "unknown"
    targets: Count = 0
    campaign: Short = ""
    channel: Short = ""
    paid: bool = False
    landing: Short = ""
    via: Short = ""
    filled: Short = ""
