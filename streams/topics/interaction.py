"""An interaction: something a person did with a brand."""

from typing import Annotated

from msgspec import Meta, Struct

from streams.topics.fields import Id, Name, Number, Short, Time
from streams.topics.post import Author

Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,31}\Z")]
"""follow, unfollow, like, comment, dialogue_in, dialogue_out, click, reserve, purchase, claim, ...

New kinds need no release: any lower-case word will do.
"""


class Interaction(Struct, frozen=True, kw_only=True, gc=False):
    """One act of one person toward one brand. Required: platform, id, user_id, kind, at.

    Attributes:
        platform: where it happened.
        id: the platform's id of the act.
        user_id: who acted.
        kind: what was done, a lower-case word.
        at: when, Unix seconds.
        author: more about who acted.
        brand: toward which brand.
        origin: where this person came from (粉丝来路): an event, an advertisement, a friend.
        campaign: our campaign that it belongs to.
        channel: how that campaign reached the person.
        inviter: user id of whoever brought the person.
        site: outside site on which it happened.
        value: an amount, of money for purchases.
        via: how the record came in: demo, file, api or the source's name. Set by the edge.
        filled: what the edge had to fill in, comma separated.
    """

    platform: Name
    id: Id
    user_id: Id
    kind: Kind
    at: Time
    author: Author | None = None
    brand: Short = ""
    origin: Short = ""
    campaign: Short = ""
    channel: Short = ""
    inviter: Short = ""
    site: Short = ""
    value: Number = 0.0
    via: Short = ""
    filled: Short = ""
