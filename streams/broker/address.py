"""Where Kafka is and how its clients log in; the names that topics and groups have there."""

from dataclasses import dataclass, field
from typing import Any

from streams.config import KafkaSettings
from streams.errors import BrokerUnavailable
from streams.language import t


@dataclass(frozen=True)
class Broker:
    """One Kafka as librdkafka's clients see it.

    Attributes:
        bootstrap: host:port, comma separated.
        prefix: put before every topic name.
        client: further librdkafka settings (security.protocol, sasl.mechanism, ...).
        password: SASL password.
        replication: copies of each partition that new topics get.
    """

    bootstrap: str
    prefix: str = ""
    client: dict[str, str] = field(default_factory=dict)
    password: str | None = field(default=None, repr=False)
    replication: int = 1

    @classmethod
    def of(cls, settings: KafkaSettings) -> "Broker":
        """The Kafka that the settings name."""
        password = settings.password.get_secret_value() if settings.password else None
        return cls(
            settings.bootstrap, settings.topic_prefix, dict(settings.client), password, settings.replication
        )

    def conf(self, **more: Any) -> dict[str, Any]:
        """Settings of a librdkafka client; underscores in the names of `more` stand for dots."""
        conf: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "client.id": "koubei",
            # What goes wrong is raised by whoever waits for it; the library's own log lines say it again.
            "log_level": 2,
            **self.client,
        }
        if self.password is not None:
            conf["sasl.password"] = self.password
        return conf | {name.replace("_", "."): value for name, value in more.items()}

    def topic(self, name: str) -> str:
        """The name on the wire of a bare topic name."""
        return self.prefix + name

    def bare(self, name: str) -> str:
        """The bare name of a topic name on the wire."""
        return name.removeprefix(self.prefix)

    def unreachable(self, reason: object) -> BrokerUnavailable:
        """The error to raise when this Kafka does not answer."""
        return BrokerUnavailable(
            t(
                f"连不上 Kafka {self.bootstrap}（{reason}）：它没有启动，或地址不同。"
                "试试 koubei doctor --only kafka，或用 --kafka 指定地址",
                f"Kafka {self.bootstrap} does not answer ({reason}): it is not running, or elsewhere. "
                "Try koubei doctor --only kafka, or name it by --kafka",
            )
        )


def landing_group(settings: KafkaSettings) -> str:
    """Consumer group of the workers that land records in ClickHouse."""
    return f"{settings.group}-landing"


def alerts_group(settings: KafkaSettings) -> str:
    """Consumer group of the notifiers, of which one at a time owns the alerts."""
    return f"{settings.group}-alerts"
