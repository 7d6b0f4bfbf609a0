"""Settings: one small class a room; flags > environment `KOUBEI_*` > koubei.toml > defaults.

An environment variable is KOUBEI_<ROOM>__<FIELD>, for instance KOUBEI_STORE__URL. Every field says what
it means; `docs/configuration.md` is generated from these descriptions.
"""

import difflib
import ipaddress
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from streams.errors import BadConfig
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

    sentiment: Literal["bayes", "snownlp"] = Field(
        "bayes", description="Sentiment engine; snownlp is about 200 times slower and kept for comparison."
    )
    lexicons: Path | None = Field(
        None, description="Folder of your own lexicons, read beside the shipped ones."
    )


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


class Settings(BaseSettings):
    """All settings of one process. Rooms are handed their own part, never the whole."""

    model_config = SettingsConfigDict(
        env_prefix="KOUBEI_", env_nested_delimiter="__", toml_file=CONFIG_FILE, extra="forbid", frozen=True
    )

    language: Literal["zh", "en"] = Field("zh", description="Language of page, messages and reports.")
    timezone: str = Field("Asia/Shanghai", description="Time zone wherever a person reads a time.")
    kafka: KafkaSettings = KafkaSettings()
    store: StoreSettings = StoreSettings()
    worker: WorkerSettings = WorkerSettings()
    text: TextSettings = TextSettings()
    web: WebSettings = WebSettings()
    edge: EdgeSettings = EdgeSettings()
    embedded: EmbeddedSettings = EmbeddedSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then koubei.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**flags: Any) -> Settings:
    """The settings of this process; `flags` (nested dicts by room) win over everything else.

    Raises:
        BadConfig: a value or key is wrong; the message names it, its place and the nearest known name.
    """
    unknown = [name for name in os.environ if name.startswith("KOUBEI_") and not _known_variable(name)]
    if unknown:
        raise BadConfig(_unknown_key(unknown[0], _variables()))
    try:
        return Settings(**flags)
    except ValidationError as error:
        raise BadConfig(_explain(error)) from error
    except ValueError as error:
        raise BadConfig(
            t(f"{CONFIG_FILE} 读不懂：{error}", f"{CONFIG_FILE} cannot be read: {error}")
        ) from error


def _variables() -> list[str]:
    names = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Room):
            names += [f"KOUBEI_{name}__{leaf}".upper() for leaf in kind.model_fields]
        else:
            names.append(f"KOUBEI_{name}".upper())
    return names


def _known_variable(name: str) -> bool:
    known = _variables()
    rooms = {variable.split("__")[0] for variable in known if "__" in variable}
    return name in known or name in rooms or name.startswith(("KOUBEI_KAFKA__CLIENT__", "KOUBEI_TEST_"))


def _unknown_key(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = t(f"，是不是想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ""
    return t(f"没有 {key} 这个设置{hint}", f"There is no setting {key}{hint}")


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        leaves = [name.removeprefix("KOUBEI_").lower().replace("__", ".") for name in _variables()]
        known = leaves if "." in path else list(Settings.model_fields)
        return _unknown_key(path, known)
    variable = "KOUBEI_" + path.upper().replace(".", "__")
    where = f"{CONFIG_FILE} / {variable}"
    return t(
        f"设置 {path} 不对：{first['msg']}（得到 {first['input']!r}）。请改 {where}",
        f"Setting {path} is wrong: {first['msg']} (found {first['input']!r}). Change {where}",
    )


def shipped(kind: Literal["lexicons", "dashboards"]) -> Path:
    """The folder of data files that koubei brings along, in a wheel or in a checkout."""
    packed = Path(__file__).parent / "_shipped" / kind
    return packed if packed.is_dir() else Path(__file__).parent.parent / kind


def reference() -> str:
    """docs/configuration.md: every setting with its variable, default and meaning."""
    lines = [
        "# Configuration",
        "",
        "Flags win over environment variables, these over `koubei.toml` in the working directory, that over the",
        "defaults. An unknown key is an error at any depth. `koubei config show --origin` prints what is in force",
        "and where it comes from. This page is written by `python -m streams.config` and tested to be current.",
        "",
        *_rows("", Settings.model_fields),
    ]
    for name, field in Settings.model_fields.items():
        room = field.annotation
        if isinstance(room, type) and issubclass(room, Room):
            lines += ["", f"## [{name}]", "", str(room.__doc__).strip(), "", *_rows(name, room.model_fields)]
    return "\n".join(lines) + "\n"


def _rows(room: str, fields: dict[str, Any]) -> list[str]:
    rows = ["| key | variable | default | meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Room):
            continue
        variable = f"KOUBEI_{room}__{name}".upper() if room else f"KOUBEI_{name}".upper()
        default = field.get_default(call_default_factory=True)
        shown = default.get_secret_value() if isinstance(default, SecretStr) else default
        text = "" if shown is None else f"`{str(shown) if isinstance(shown, Path) else shown!r}`"
        rows.append(f"| {name} | `{variable}` | {text} | {field.description} |")
    return rows


if __name__ == "__main__":
    print(reference(), end="")
