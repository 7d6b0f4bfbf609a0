"""Ways to reach people: one class of settings for each kind of channel."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationError, model_validator

from streams.config.rooms import CONFIG_FILE, Room
from streams.errors import BadConfig
from streams.language import t

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
    fallback: str = Field(
        "", description="Name of the channel that takes over while this one is silent or refuses."
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
            return type(self)(**given).model_dump(exclude={"kind", "fallback"})
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
