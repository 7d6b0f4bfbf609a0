"""What holds for every kind of channel."""

from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from pydantic import SecretStr

from streams import config, notify
from streams.errors import BadConfig
from streams.notify.base import redact, secrets

KINDS = [kind for kind, _ in notify.ALL]
URLS = {
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0f1e-2d3c-4b5a",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/0f1e-2d3c-4b5a",
    "webhook": "https://example.com/in",
    "apprise": "ntfys://0123456789abcdef@ntfy.example.com/koubei",
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Away from any koubei.toml of the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str) -> config.Settings:
    Path("koubei.toml").write_text(f"[channels.ops]\n{text}\n", "utf-8")
    return config.load()


def test_every_channel_has_settings_and_every_settings_a_channel() -> None:
    assert [get_args(settings.model_fields["kind"].annotation) for settings in config.CHANNEL_KINDS] == [
        (kind,) for kind in KINDS
    ]


@pytest.mark.parametrize(("kind", "settings"), list(zip(KINDS, config.CHANNEL_KINDS, strict=True)), ids=KINDS)
def test_the_settings_of_a_channel_are_what_it_is_told(
    kind: str, settings: type[config.ChannelSettings]
) -> None:
    module = import_module(dict(notify.ALL)[kind].partition(":")[0])
    told = {field.name: field.default for field in fields(module.Config) if field.name != "url"}
    known = {
        name: field.default
        for name, field in settings.model_fields.items()
        if name not in ("kind", "url", "fallback")  # who takes over is no business of the channel itself
    }
    assert told == known


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_is_made_of_its_settings_and_shows_no_secret(kind: str) -> None:
    loaded = written(f'kind = "{kind}"\nurl = "{URLS[kind]}"')
    made = notify.channel(kind, loaded.channels["ops"].told("ops"))
    assert made.kind == kind
    assert made.config.url.get_secret_value() == URLS[kind]
    for shown in (repr(loaded), repr(made.config), str(vars(made.config))):
        assert URLS[kind] not in shown


def test_parts_of_an_address_that_are_no_secret_stay_readable() -> None:
    hidden = secrets(SecretStr(URLS["wecom"]), SecretStr("SEC123"), None)
    said = "invalid webhook url, key 0f1e-2d3c-4b5a SEC123 at " + URLS["wecom"]
    assert redact(said, hidden) == "invalid webhook url, key *** *** at ***"
    hidden = secrets(SecretStr("mailtos://me:p%40ss@example.com/x"))
    assert redact("login me p@ss p%40ss failed", hidden) == "login me *** *** failed"
    assert len(redact("x" * 999, ())) == 300


def test_a_secret_comes_from_file_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("key").write_text("hush\n", "utf-8")
    loaded = written('kind = "webhook"\nurl = "https://example.com"\nsecret = "file:key"')
    assert loaded.channels["ops"].told("ops")["secret"].get_secret_value() == "hush"
    for value in ("123456", "1e5", "true", "[no json"):
        monkeypatch.setenv("KOUBEI_CHANNELS__OPS__SECRET", value)
        assert config.load().channels["ops"].told("ops")["secret"].get_secret_value() == value
    monkeypatch.setenv("KOUBEI_CHANNELS__OPS__PER_MINUTE", "30")
    assert config.load().channels["ops"].per_minute == 30


def test_who_does_not_send_needs_no_secret() -> None:
    loaded = written('kind = "dingtalk"\nsecret = "file:/nowhere"')
    assert loaded.channels["ops"].url is None
    with pytest.raises(BadConfig, match=r"ops.*secret.*/nowhere"):
        loaded.channels["ops"].told("ops")
    with pytest.raises(BadConfig, match=r"ops 没有 url.*KOUBEI_CHANNELS__OPS__URL"):
        written('kind = "dingtalk"').channels["ops"].told("ops")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('kind = "dingtal"', "channels.ops.kind.*dingtalk、wecom"),
        ('url = "https://hush"', "channels.ops.kind"),
        ('kind = "webhook"\nurl = "hush"', "https://"),
        ('kind = "webhook"\nsekret = "hush"', "channels.ops.sekret.*channels.ops.secret"),
        ('kind = "webhook"\nurl = ["hush"]', "channels.ops.url"),
        ('kind = "dingtalk"\nurl = "https://hush/?access_token=x"\nsecret = "hush"', "以 SEC 开头的一行"),
        ('kind = "dingtalk"\nurl = "https://hush/"', "access_token="),
        ('kind = "wecom"\nurl = "https://hush/"', "key="),
        ('kind = "webhook"\nper_minute = -1', "channels.ops.per_minute"),
    ],
)
def test_a_wrong_channel_is_named_without_its_secrets(text: str, named: str) -> None:
    with pytest.raises(BadConfig, match=named) as caught:
        written(text)
    assert "hush" not in str(caught.value)


def test_the_shape_of_a_secret_in_a_file_is_looked_at_when_it_is_used() -> None:
    Path("key").write_text("not of 加签", "utf-8")
    loaded = written('kind = "dingtalk"\nurl = "https://x/?access_token=x"\nsecret = "file:key"')
    with pytest.raises(BadConfig, match="SEC"):
        loaded.channels["ops"].told("ops")


def test_a_channel_s_name_can_stand_in_a_variable() -> None:
    Path("koubei.toml").write_text('[channels.Ops]\nkind = "webhook"\n', "utf-8")
    with pytest.raises(BadConfig, match=r"channels\.Ops"):
        config.load()
