"""Every topic, in one tuple: struct, key, partitions and how long Kafka keeps it."""

from typing import Any, NamedTuple

from msgspec import Struct

from streams.topics.alert import AlertRecord
from streams.topics.deadletter import DeadLetter
from streams.topics.interaction import Interaction
from streams.topics.post import Post
from streams.topics.share import Share

DAY = 86_400


class Topic(NamedTuple):
    """One topic as koubei declares it.

    Attributes:
        name: bare name; a deployment may put a prefix before it.
        struct: what its records hold: a Struct, or a union of several.
        id_field: the record's own id within its platform.
        key_fields: the first of these that is not empty is the Kafka key.
        time_field: when the event happened.
        partitions: how many to create.
        retention: seconds that Kafka keeps records; None keeps the newest of each key for ever.
    """

    name: str
    struct: Any
    id_field: str
    key_fields: tuple[str, ...]
    time_field: str
    partitions: int
    retention: int | None

    def key(self, record: Struct) -> bytes:
        """The Kafka key of a record, so that what belongs together stays in order."""
        for field in self.key_fields:
            value = getattr(record, field, "")
            if value:
                return str(value).encode()
        raise ValueError(f"{self.name}: a record without any of {self.key_fields}")


POSTS = Topic("posts", Post, "post_id", ("reply_to", "post_id"), "published", 16, 7 * DAY)
SHARES = Topic("shares", Share, "share_id", ("root_id",), "shared", 16, 7 * DAY)
INTERACTIONS = Topic("interactions", Interaction, "id", ("user_id",), "at", 16, 7 * DAY)
DEAD_LETTERS = Topic("dead-letters", DeadLetter, "offset", ("topic",), "failed", 4, None)
ALERTS = Topic("alerts", AlertRecord, "id", ("dedup_key",), "at", 1, 7 * DAY)
"""One partition: one owner decides across alerts (docs/adr/0015)."""

LANDED: tuple[Topic, ...] = (POSTS, SHARES, INTERACTIONS, DEAD_LETTERS)
"""Topics whose records the workers turn into rows."""

TOPICS: tuple[Topic, ...] = (*LANDED, ALERTS)
EVENTS: tuple[Topic, ...] = (POSTS, SHARES, INTERACTIONS)
"""Topics that people feed."""

BY_NAME = {topic.name: topic for topic in TOPICS}
