"""Hypothesis strategies of records: valid ones of every struct, and ones that break exactly one rule."""

from typing import Any

from hypothesis import strategies as st
from msgspec import Struct

from streams.topics.alert import Command, Ref, Verdict
from streams.topics.deadletter import DeadLetter
from streams.topics.fields import EARLIEST, TEXT_LIMIT
from streams.topics.interaction import Interaction
from streams.topics.post import Author, Post
from streams.topics.share import Share

CHARACTERS = st.characters(codec="utf-8")
ids = st.text(CHARACTERS, min_size=1, max_size=40)
names = st.text(CHARACTERS, min_size=1, max_size=20)
texts = st.text(CHARACTERS, min_size=1, max_size=300)
shorts = st.text(CHARACTERS, max_size=40)
counts = st.integers(0, 2**63 - 1)
times = st.floats(EARLIEST, 4e9, allow_nan=False)
"""Unix seconds; the edge would take larger numbers for milliseconds."""

authors = st.builds(
    Author,
    id=ids,
    gender=shorts,
    age=st.integers(0, 150),
    location=shorts,
    education=shorts,
    income=shorts,
    device=shorts,
    followers=counts,
    following=counts,
    posts=counts,
    verified=st.booleans(),
    joined=st.none() | times,
)
posts = st.builds(
    Post,
    platform=names,
    post_id=ids,
    text=texts,
    published=times,
    author=st.none() | authors,
    title=shorts,
    url=shorts,
    reply_to=shorts,
    campaign=shorts,
    channel=shorts,
    paid=st.booleans(),
    client=shorts,
    pictures=counts,
    likes=counts,
    comments=counts,
    reposts=counts,
    edited=st.none() | times,
    via=shorts,
    filled=shorts,
)
shares = st.builds(
    Share,
    platform=names,
    share_id=ids,
    root_id=ids,
    parent_id=ids,
    user_id=ids,
    shared=times,
    text=shorts,
    author=st.none() | authors,
    tie=st.sampled_from(["strong", "weak", "unknown"]),
    targets=counts,
    campaign=shorts,
    channel=shorts,
    paid=st.booleans(),
    landing=shorts,
    via=shorts,
    filled=shorts,
)
interactions = st.builds(
    Interaction,
    platform=names,
    id=ids,
    user_id=ids,
    kind=st.from_regex(r"[a-z][a-z_]{0,31}", fullmatch=True),
    at=times,
    author=st.none() | authors,
    brand=shorts,
    origin=shorts,
    campaign=shorts,
    channel=shorts,
    inviter=shorts,
    site=shorts,
    value=st.floats(-1e14, 1e14, allow_nan=False),
    via=shorts,
    filled=shorts,
)
dead_letters = st.builds(
    DeadLetter,
    topic=names,
    epoch=counts,
    partition=counts,
    offset=counts,
    key=shorts,
    value=st.binary(max_size=100),
    size=counts,
    reason=shorts,
    detail=shorts,
    stage=shorts,
    version=shorts,
    appended=times,
    failed=times,
)
lines = st.text(CHARACTERS, max_size=60)
severities = st.sampled_from(["blue", "yellow", "orange", "red"])
verdicts = st.builds(
    Verdict,
    id=ids,
    rule=names,
    version=counts,
    kind=st.sampled_from(["post", "window", "spike", "cascade", "absence", "silent"]),
    brand=shorts,
    entity=shorts,
    severity=severities,
    at=times,
    holds=st.booleans(),
    hold=st.floats(0, 1e6),
    max_age=st.floats(0, 1e9),
    appended=times,
    window_start=times,
    window_end=times,
    value=st.floats(-1e14, 1e14),
    expected=st.none() | st.floats(0, 1e14),
    sql=lines,
    team=shorts,
    topic=shorts,
    epoch=counts,
    partition=counts,
    offsets=st.lists(counts, max_size=5).map(tuple),
    levels=st.dictionaries(severities, st.integers(0, 10**9), max_size=4),
    refs=st.lists(
        st.builds(
            Ref,
            kind=st.sampled_from(["post", "share"]),
            platform=names,
            id=ids,
            at=times,
            start=counts,
            stop=counts,
        ),
        max_size=3,
    ).map(tuple),
)
commands = st.builds(
    Command,
    id=ids,
    action=st.sampled_from(["acknowledge", "silence", "case_open", "note"]),
    alert_id=shorts,
    case_id=shorts,
    silence_id=shorts,
    actor=ids,
    via=st.sampled_from(["cli", "page", "api", "link"]),
    source=shorts,
    at=times,
    note=lines,
    owner=shorts,
    rule=shorts,
    brand=shorts,
    severity=st.just("") | severities,
    until=times,
    outcome=lines,
)

RECORDS: dict[type[Struct], st.SearchStrategy[Any]] = {
    Post: posts,
    Share: shares,
    Interaction: interactions,
    DeadLetter: dead_letters,
    Verdict: verdicts,
    Command: commands,
}

SPOILT: dict[type[Struct], list[tuple[str, Any]]] = {
    Post: [
        ("platform", ""), ("platform", "x" * 65), ("platform", 7), ("post_id", ""), ("post_id", "x" * 257),
        ("text", ""), ("text", "长" * (TEXT_LIMIT + 1)), ("text", None), ("published", EARLIEST - 1),
        ("published", 1e18), ("published", "2024"), ("likes", -1), ("likes", 2**63), ("likes", 1.5),
        ("paid", 1), ("author", {}), ("author", {"id": "a", "age": 151}), ("url", "u" * 4097),
    ],
    Share: [
        ("share_id", ""), ("root_id", None), ("parent_id", 3), ("user_id", ""), ("shared", 0),
        ("tie", "close"), ("targets", -1), ("text", "长" * (TEXT_LIMIT + 1)),
    ],
    Interaction: [
        ("id", ""), ("kind", "Follow"), ("kind", ""), ("kind", "a" * 33), ("kind", "like\n"), ("at", -5),
        ("value", 1e15), ("value", "12"), ("user_id", ""),
    ],
    DeadLetter: [("partition", -1), ("value", 3), ("offset", "x"), ("size", None)],
    Verdict: [
        ("id", ""), ("rule", None), ("kind", "other"), ("severity", "green"), ("offsets", [-1]), ("at", "now"),
        ("levels", {"pink": 3}), ("refs", [{"kind": "reply"}]), ("type", "command"),
    ],
    Command: [("id", ""), ("action", "shout"), ("actor", ""), ("via", "mail"), ("note", "x" * 2001), ("until", None)],
}  # fmt: skip
"""Field and value that the struct must refuse."""


@st.composite
def invalid(draw: st.DrawFn, struct: type[Struct]) -> dict[str, Any]:
    """A record of `struct` as JSON would hold it, with one field spoilt."""
    import msgspec

    item: dict[str, Any] = msgspec.to_builtins(draw(RECORDS[struct]))
    field, value = draw(st.sampled_from(SPOILT[struct]))
    return {**item, field: value}
