"""Ordinals of topic incarnations: a topic that was created again starts at offset 0 again."""

from collections.abc import Mapping

from streams.store.client import Connection


def resolve(connection: Connection, ids: Mapping[str, str]) -> dict[str, int]:
    """The ordinal of each topic's present incarnation, counted from 1; unknown ones are registered.

    Two workers that meet a new incarnation at once give it the same ordinal: both count from the same rows,
    and the sort key (topic, id) holds one row of each.

    Args:
        connection: an account that may write.
        ids: what Kafka calls the present incarnation of each topic.
    """
    ordinals = {}
    for topic, incarnation in ids.items():
        found = connection.query(
            "SELECT minIf(epoch, id = {id:String}), max(epoch) FROM epochs WHERE topic = {topic:String}",
            {"topic": topic, "id": incarnation},
        )
        known, highest = found.rows[0]
        if not known:
            known = highest + 1
            connection.insert("epochs", {"topic": [topic], "epoch": [known], "id": [incarnation]})
        ordinals[topic] = int(known)
    return ordinals
