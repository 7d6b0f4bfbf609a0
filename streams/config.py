"""Settings: one small class a room; flags > environment `KOUBEI_*` > koubei.toml > defaults.

An environment variable is KOUBEI_<ROOM>__<FIELD>, for instance KOUBEI_STORE__URL. Every field says what
it means; `docs/configuration.md` is generated from these descriptions.
"""

import difflib
import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
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


_FILE = "file:"


class ChannelSettings(Room):
    """What every way to reach people has.

    Addresses and keys may be left to the environment of the one process that sends, or to files that only it can
    read; so they are asked for when they are used, not when settings are read.
    """

    url: SecretStr | None = Field(
        None, description="Address to post to; https, or http with `allow_private`. `file:PATH` reads a file."
    )
    form: Literal["long", "short"] = Field("long", description="`long` with figures and samples, or `short`.")
    per_minute: int = Field(
        15, ge=0, le=6000, description="Messages a minute; what is more is merged into one. 0 = no limit."
    )

    def told(self, name: str) -> dict[str, Any]:
        """What the channel of that name is told, its files read.

        Raises:
            BadConfig: no address, a file that cannot be read, or a secret of the wrong shape.
        """
        given = self.model_dump(exclude_unset=True)
        for key, value in given.items():
            if isinstance(value, SecretStr) and value.get_secret_value().startswith(_FILE):
                given[key] = _content(name, key, Path(value.get_secret_value().removeprefix(_FILE)))
        if not given.get("url"):
            raise BadConfig(
                t(
                    f"渠道 {name} 没有 url：写进 {CONFIG_FILE} 的 [channels.{name}] 或 {_variable(name, 'url')}",
                    f"Channel {name} has no url: set it in [channels.{name}] of {CONFIG_FILE} or {_variable(name, 'url')}",
                )
            )
        try:
            return type(self)(**given).model_dump(exclude={"kind"})
        except ValidationError as error:
            said = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise BadConfig(t(f"渠道 {name}：{said}", f"Channel {name}: {said}")) from error


def _variable(name: str, key: str) -> str:
    return f"KOUBEI_CHANNELS__{name}__{key}".upper()


def _content(name: str, key: str, path: Path) -> SecretStr:
    try:
        return SecretStr(path.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(
            t(f"渠道 {name} 的 {key} 读不了：{error}", f"Cannot read {key} of channel {name}: {error}")
        ) from error


def _known(secret: SecretStr | None) -> str | None:
    """The secret itself, if it stands here and is not to be read from a file."""
    value = secret.get_secret_value() if secret is not None else ""
    return None if not value or value.startswith(_FILE) else value


class HttpChannelSettings(ChannelSettings):
    """What every channel has that posts by itself."""

    allow_private: bool = Field(False, description="Whether the address may be inside this network.")

    @model_validator(mode="after")
    def _address(self) -> "HttpChannelSettings":
        url = _known(self.url)
        if url is None:
            return self
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                t("url 要以 https:// 开头，带主机名", "url begins with https:// and names a host")
            )
        return self


class RobotSettings(HttpChannelSettings):
    """What every robot of a group chat has."""

    style: Literal["card", "text"] = Field(
        "card", description="`card`, or the same lines as plain `text`, which 个人微信 shows as well."
    )


class DingTalkSettings(RobotSettings):
    """钉钉: the custom robot of a group."""

    kind: Literal["dingtalk"]
    secret: SecretStr | None = Field(None, description="Of 加签, begins with SEC. `file:PATH` reads a file.")
    keyword: str = Field("", description="One of the robot's keywords; put into every title.")

    @model_validator(mode="after")
    def _shape(self) -> "DingTalkSettings":
        secret, url = _known(self.secret), _known(self.url)
        if secret and not secret.startswith("SEC"):
            raise ValueError(
                t(
                    "加签密钥不符：在 群设置→机器人 复制以 SEC 开头的一行到 secret",
                    "secret is none of 加签: copy the line that begins with SEC from the group's robot settings",
                )
            )
        if url and not self.allow_private and "access_token=" not in url:
            raise ValueError(
                t(
                    "url 里没有 access_token=：在 群设置→机器人 复制整行 Webhook 地址",
                    "url has no access_token=: copy the whole Webhook address from the group's robot settings",
                )
            )
        return self


class WeComSettings(RobotSettings):
    """企业微信: the robot of a group."""

    kind: Literal["wecom"]

    @model_validator(mode="after")
    def _shape(self) -> "WeComSettings":
        url = _known(self.url)
        if url and not self.allow_private and "key=" not in url:
            raise ValueError(
                t(
                    "url 里没有 key=：在 群设置→群机器人 复制整行 Webhook 地址",
                    "url has no key=: copy the whole Webhook address from the group's robots",
                )
            )
        return self


class FeishuSettings(RobotSettings):
    """飞书: the custom bot of a group."""

    kind: Literal["feishu"]
    secret: SecretStr | None = Field(None, description="Of 签名校验. `file:PATH` reads a file.")
    keyword: str = Field("", description="One of the bot's keywords; put into every title.")


class WebhookSettings(HttpChannelSettings):
    """A program of your own: signed JSON with an idempotency key."""

    kind: Literal["webhook"]
    per_minute: int = Field(
        0, ge=0, le=6000, description="Messages a minute; what is more is merged into one. 0 = no limit."
    )
    secret: SecretStr | None = Field(
        None, description="Key of X-Koubei-Signature; without it nothing is signed. `file:PATH` reads a file."
    )


class AppriseSettings(ChannelSettings):
    """Mail, Slack, Telegram, Bark, ntfy, PagerDuty and whatever else apprise reaches."""

    kind: Literal["apprise"]
    url: SecretStr | None = Field(
        None,
        description="Address as apprise writes it, `mailtos://user:password@example.com?to=...`. "
        "`file:PATH` reads a file.",
    )


AnyChannel = DingTalkSettings | WeComSettings | FeishuSettings | WebhookSettings | AppriseSettings
CHANNEL_KINDS: tuple[type[ChannelSettings], ...] = get_args(AnyChannel)
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", max_length=40)]


class _Environment(EnvSettingsSource):
    """Variables, of which only lists and tables are JSON where the name is the user's own.

    A channel's secret made of digits is no number.
    """

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:
        if field is None and not str(value).startswith(("[", "{")):
            raise ValueError(field_name)  # what is not JSON is kept as text
        return super().decode_complex_value(field_name, field, value)  # type: ignore[arg-type]


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
    channels: dict[ChannelName, Annotated[AnyChannel, Field(discriminator="kind")]] = Field(
        default_factory=dict, description="Ways to reach people, by name: one table [channels.NAME] each."
    )

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
        return init_settings, _Environment(settings_cls), TomlConfigSettingsSource(settings_cls)


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
    return (
        name in known
        or name in rooms
        or name.startswith(("KOUBEI_KAFKA__CLIENT__", "KOUBEI_CHANNELS__", "KOUBEI_TEST_"))
    )


def _unknown_key(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = t(f"，是不是想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ""
    return t(f"没有 {key} 这个设置{hint}", f"There is no setting {key}{hint}")


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in _place(first["loc"]))
    if first["type"] == "extra_forbidden":
        leaves = [name.removeprefix("KOUBEI_").lower().replace("__", ".") for name in _variables()]
        table, _, _ = path.rpartition(".")
        leaves += [f"{table}.{leaf}" for kind in CHANNEL_KINDS for leaf in kind.model_fields]
        known = leaves if "." in path else list(Settings.model_fields)
        return _unknown_key(path, known)
    variable = "KOUBEI_" + path.upper().replace(".", "__")
    where = f"{CONFIG_FILE} / {variable}"
    said = first["msg"].removeprefix("Value error, ")
    if first["type"].startswith("union_tag"):
        kinds = [_kind(kind) for kind in CHANNEL_KINDS]
        return t(
            f"设置 {path}.kind 要是 {'、'.join(kinds)} 之一。请改 {where}__KIND",
            f"Setting {path}.kind is one of {', '.join(kinds)}. Change {where}__KIND",
        )
    if first["loc"][0] == "channels":  # what was found may hold a secret
        return t(
            f"设置 {path} 不对：{said}。请改 {where}", f"Setting {path} is wrong: {said}. Change {where}"
        )
    return t(
        f"设置 {path} 不对：{said}（得到 {first['input']!r}）。请改 {where}",
        f"Setting {path} is wrong: {said} (found {first['input']!r}). Change {where}",
    )


def _kind(channel: type[ChannelSettings]) -> str:
    (kind,) = get_args(channel.model_fields["kind"].annotation)
    return str(kind)


def _place(found: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where it is wrong as a person wrote it: a channel's kind stands in pydantic's path, not in the file's."""
    return (*found[:2], *found[3:]) if found[0] == "channels" and len(found) > 2 else found


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
    for channel in CHANNEL_KINDS:
        fields = {name: field for name, field in channel.model_fields.items() if name != "kind"}
        lines += [
            "",
            f'## [channels.NAME] with kind = "{_kind(channel)}"',
            "",
            str(channel.__doc__).strip(),
            "",
            *_rows("channels__name", fields),
        ]
    return "\n".join(lines) + "\n"


def _rows(room: str, fields: dict[str, Any]) -> list[str]:
    rows = ["| key | variable | default | meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Room):
            continue
        variable = f"KOUBEI_{room}__{name}".upper() if room else f"KOUBEI_{name}".upper()
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        shown = default.get_secret_value() if isinstance(default, SecretStr) else default
        text = "" if shown is None else f"`{str(shown) if isinstance(shown, Path) else shown!r}`"
        rows.append(f"| {name} | `{variable}` | {text} | {field.description} |")
    return rows


if __name__ == "__main__":
    print(reference(), end="")
