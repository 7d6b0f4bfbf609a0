"""A dead letter: a record that could not be landed, kept whole so that nothing is lost."""

from msgspec import Struct

from streams.topics.fields import Count


class DeadLetter(Struct, frozen=True, kw_only=True, gc=False):
    """One record that was given up. Its key is epoch:topic:partition:offset.

    Attributes:
        topic: topic it came from, without prefix.
        epoch: ordinal of that topic's incarnation (see the `epochs` table).
        partition: partition it came from.
        offset: its offset there.
        key: its key, decoded with replacement.
        value: its original bytes, base64.
        size: their true length in bytes.
        reason: word for counting (not_json, invalid, refused, ...).
        detail: what exactly is wrong.
        stage: where it failed (decode, insert).
        version: version of koubei that gave it up.
        appended: Kafka timestamp of the record, Unix seconds.
        failed: when it was given up, Unix seconds.
    """

    topic: str
    epoch: Count
    partition: Count
    offset: Count
    key: str
    value: bytes
    size: Count
    reason: str
    detail: str
    stage: str
    version: str
    appended: float
    failed: float
