import pytest
from pydantic import SecretStr

from streams.broker.address import Broker, landing_group
from streams.broker.admin import declared
from streams.broker.epoch import is_embedded
from streams.config import KafkaSettings
from streams.errors import BrokerUnavailable
from streams.topics.registry import DEAD_LETTERS, POSTS

SETTINGS = KafkaSettings(
    bootstrap="k1:9093,k2:9093",
    topic_prefix="koubei.",
    group="pr",
    client={"security.protocol": "SASL_SSL", "client.id": "mine"},
    password=SecretStr("hush"),
    replication=3,
)


def test_settings_become_librdkafka_s() -> None:
    broker = Broker.of(SETTINGS)
    conf = broker.conf(group_id="g", enable_auto_commit=False)
    assert conf["bootstrap.servers"] == "k1:9093,k2:9093"
    assert conf["sasl.password"] == "hush"
    assert conf["client.id"] == "mine"
    assert conf["enable.auto.commit"] is False
    assert conf["group.id"] == "g"


def test_the_password_is_never_shown() -> None:
    assert "hush" not in repr(Broker.of(SETTINGS))


def test_names_carry_the_prefix_on_the_wire_only() -> None:
    broker = Broker.of(SETTINGS)
    assert broker.topic("posts") == "koubei.posts"
    assert broker.bare("koubei.posts") == "posts"
    assert landing_group(SETTINGS) == "pr-landing"


def test_declared_settings_follow_the_topic_and_the_copies() -> None:
    broker = Broker.of(SETTINGS)
    assert declared(POSTS, broker) == {
        "cleanup.policy": "delete",
        "retention.ms": str(7 * 86_400_000),
        "min.insync.replicas": "2",
        "message.timestamp.type": "LogAppendTime",
    }
    assert declared(DEAD_LETTERS, Broker("x"))["cleanup.policy"] == "compact"
    assert "retention.ms" not in declared(DEAD_LETTERS, broker)
    assert declared(POSTS, Broker("x"))["min.insync.replicas"] == "1"


def test_a_silent_kafka_is_named_with_the_next_command() -> None:
    broker = Broker("127.0.0.1:1", client={"socket.connection.setup.timeout.ms": "1000"})
    message = str(broker.unreachable("refused"))
    assert "127.0.0.1:1" in message[:100]
    assert "koubei doctor" in message


@pytest.mark.slow
def test_asking_a_silent_kafka_ends_within_its_limit() -> None:
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1"):
        is_embedded(Broker("127.0.0.1:1"))
