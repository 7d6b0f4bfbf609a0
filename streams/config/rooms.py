"""The settings of each room that has few: one small class each."""

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from streams.language import t

CONFIG_FILE = "koubei.toml"


class Room(BaseModel):
    """Base of the rooms' settings: an unknown key is an error, at any depth."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(Room):
    """Where Kafka is and how records travel."""

    bootstrap: str = Field("127.0.0.1:9092", description="Bootstrap servers, host:port, comma separated.")
    topic_prefix: str = Field("", description="Put before every topic name, for instance `koubei.`.")
    group: str = Field("koubei", description="Prefix of the consumer groups.")
    client: dict[str, str] = Field(
        default_factory=dict,
        description="Further librdkafka settings (security.protocol, sasl.mechanism, sasl.username ...).",
    )
    password: SecretStr | None = Field(None, description="SASL password.")
    replication: int = Field(1, ge=1, description="Copies of each partition on a real cluster.")


class StoreSettings(Room):
    """Where ClickHouse is."""

    url: SecretStr = Field(
        SecretStr("clickhouse://default@127.0.0.1:9000/koubei"),
        description="clickhouse://user:password@host:port/database of the account that writes.",
    )
    reader_url: SecretStr | None = Field(
        None, description="The same for the account that reads (page, sql); by default the writing one."
    )
    ttl_days: int | None = Field(
        None, ge=1, description="Days that posts, shares and interactions are kept; without it, for ever."
    )


class WorkerSettings(Room):
    """The Faust worker: fetches, lanes and batches."""

    lanes: int = Field(2, ge=1, le=64, description="Lanes that analyse and insert side by side.")
    lane_kind: Literal["process", "thread"] = Field(
        "process", description="`process` is faster on two cores and more; `thread` needs less memory."
    )
    linger: float = Field(0.2, ge=0, le=10, description="Seconds between two inserts of a busy stream.")
    batch_rows: int = Field(10_000, ge=1, le=200_000, description="Rows after which a batch is cut.")
    instance: str | None = Field(
        None,
        description="Static member id: the same worker comes back in ~2 s after a kill. Real Kafka only.",
    )
    session_timeout: float = Field(
        20.0, ge=3, le=300, description="Seconds after which Kafka gives a silent worker's partitions away."
    )
    bad_ratio: float = Field(
        0.05, gt=0, le=1, description="Share of bad records among 10,000 that stops the worker."
    )
    bad_in_a_row: int = Field(100, ge=1, description="Bad records in a row that stop the worker.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Prometheus port on 127.0.0.1; 0 = a free one.")


class TextSettings(Room):
    """Segmentation, sentiment and brand terms."""

    sentiment: Literal["hybrid", "lexicon", "snownlp"] = Field(
        "hybrid",
        description="Sentiment engine: `lexicon` is the rule of `hybrid` alone; snownlp is about 200 times "
        "slower and kept for comparison.",
    )
    calibration: Path | None = Field(
        None, description="File of `koubei sentiment calibrate`: the engine fitted to your own labels."
    )
    lexicons: Path | None = Field(
        None, description="Folder of your own lexicons, read beside the shipped ones."
    )


SHORTEST_KEY = 16
"""Characters of a key that signs."""


class WebSettings(Room):
    """The built-in page and HTTP API."""

    host: str = Field(
        "127.0.0.1", description="Address to listen on; one that others can reach asks for the token."
    )
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 = a free one.")
    token: SecretStr | None = Field(
        None,
        description="Bearer token of the HTTP API; without one, writes are accepted from this host only.",
    )
    allowed_hosts: list[str] = Field(
        default_factory=lambda: ["127.0.0.1", "localhost", "[::1]"],
        description="Host names the page answers to, against DNS rebinding.",
    )

    address: str = Field(
        "",
        description="Address of the page as readers reach it, for links in messages; "
        "by default http:// with host and port.",
    )
    link_key: SecretStr | None = Field(
        None, description="Key that signs the links in messages; without one, links lead to the page only."
    )

    @field_validator("link_key")
    @classmethod
    def _long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(
                t(f"link_key 至少 {SHORTEST_KEY} 个字符", f"link_key has {SHORTEST_KEY} characters at least")
            )
        return value

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(t("要以 http:// 或 https:// 开头", "it begins with http:// or https://"))
        return value.rstrip("/")

    @property
    def base(self) -> str:
        """What the address of every page begins with, without a slash at its end."""
        return self.address or f"http://{self.host}:{self.port}"

    @property
    def exposed(self) -> bool:
        """Whether others can reach the address: the page then asks for the token."""
        try:
            return not ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host != "localhost"


class EdgeSettings(Room):
    """What happens to records before they reach Kafka."""

    hmac_key: SecretStr | None = Field(
        None, description="Key that turns user ids into keyed hashes (HMAC-SHA256) before anything is stored."
    )


class EmbeddedSettings(Room):
    """The embedded Kafka and ClickHouse of `koubei up`."""

    data: Path = Field(
        Path("data"), description="Folder of the embedded ClickHouse and of the running stack."
    )
    kafka_port: int = Field(0, ge=0, le=65535, description="Port of the embedded Kafka; 0 = a free one.")
    clickhouse_port: int = Field(
        0, ge=0, le=65535, description="Native port of the embedded ClickHouse; 0 = a free one."
    )
    clickhouse_http_port: int = Field(0, ge=0, le=65535, description="Its HTTP port; 0 = a free one.")
    workers: int = Field(1, ge=1, le=32, description="Workers that `koubei up` runs.")
