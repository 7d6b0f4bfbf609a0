"""docs/notify.md explains every kind of channel with settings that work."""

import re
from pathlib import Path

import pytest

from streams import config, notify

PAGE = (Path(__file__).parents[2] / "docs" / "notify.md").read_text("utf-8")
KINDS = [kind for kind, _ in notify.ALL]


def test_every_kind_has_its_section() -> None:
    assert re.findall(r"^### (\w+)$", PAGE, re.MULTILINE) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_the_settings_shown_make_that_channel(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = PAGE.partition(f"### {kind}\n")[2]
    shown = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert shown
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("hush", "utf-8")
    text = shown[1].replace("/run/secrets/koubei-webhook", str(secret))
    Path("koubei.toml").write_text(text, "utf-8")
    ((name, settings),) = config.load().channels.items()
    assert settings.kind == kind
    assert notify.channel(kind, settings.told(name)).kind == kind
