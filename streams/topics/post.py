"""A post: something said in public, with what is known of its author."""

from msgspec import Struct

from streams.topics.fields import Age, Count, Id, Name, Short, Text, Time, Url


class Author(Struct, frozen=True, kw_only=True, gc=False):
    """Who said it. Only `id` is required; 0 and "" mean not known.

    Attributes:
        id: the platform's user id, or its keyed hash.
        gender: as the platform gives it, usually `m` or `f`.
        age: years.
        location: province and city as the platform writes them.
        education: level or school, free text.
        income: income band, free text.
        device: phone model.
        followers: how many follow the author.
        following: how many the author follows.
        posts: how many posts the author has written.
        verified: whether the platform vouches for the identity.
        joined: when the account was opened, Unix seconds.
    """

    id: Id
    gender: Short = ""
    age: Age = 0
    location: Short = ""
    education: Short = ""
    income: Short = ""
    device: Short = ""
    followers: Count = 0
    following: Count = 0
    posts: Count = 0
    verified: bool = False
    joined: Time | None = None


class Post(Struct, frozen=True, kw_only=True, gc=False):
    """One post. Required: platform, post_id, text, published.

    Attributes:
        platform: where it was said (微博, QQ空间, ...).
        post_id: the platform's id, unique within the platform.
        text: what was said, at most 100,000 characters.
        published: when it was said, Unix seconds.
        author: who said it.
        title: headline, where the platform has one.
        url: address of the post.
        reply_to: post_id of the post it answers.
        campaign: our campaign that it belongs to.
        channel: how that campaign reached people.
        paid: whether reach was bought.
        client: the application it was written with.
        pictures: how many pictures it carries.
        likes: likes when it was collected.
        comments: comments when it was collected.
        reposts: reposts when it was collected.
        edited: when the author last changed it, Unix seconds.
        via: how the record came in: demo, file, api or the source's name. Set by the edge.
        filled: what the edge had to fill in (`post_id`, `published`), comma separated.
    """

    platform: Name
    post_id: Id
    text: Text
    published: Time
    author: Author | None = None
    title: Short = ""
    url: Url = ""
    reply_to: Short = ""
    campaign: Short = ""
    channel: Short = ""
    paid: bool = False
    client: Short = ""
    pictures: Count = 0
    likes: Count = 0
    comments: Count = 0
    reposts: Count = 0
    edited: Time | None = None
    via: Short = ""
    filled: Short = ""
