from pathlib import Path

import pytest

from streams import config
from streams.errors import BadConfig


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Away from any koubei.toml of the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_of_settings_is_current() -> None:
    page = Path(__file__).parents[3] / "docs" / "configuration.md"
    assert page.read_text(encoding="utf-8") == config.reference(), (
        "run: python -m streams.config > docs/configuration.md"
    )


def test_every_setting_says_what_it_means() -> None:
    for name, field in config.Settings.model_fields.items():
        room = field.annotation
        if isinstance(room, type) and issubclass(room, config.Room):
            silent = [leaf for leaf, inner in room.model_fields.items() if not inner.description]
            assert not silent, name
        else:
            assert field.description, name


def test_flags_win_over_environment_over_file_over_defaults(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config.load().worker.lanes == 2
    (elsewhere / "koubei.toml").write_text("[worker]\nlanes = 3\nlinger = 0.5\n")
    assert config.load().worker.lanes == 3
    monkeypatch.setenv("KOUBEI_WORKER__LANES", "4")
    assert config.load().worker.lanes == 4
    loaded = config.load(worker={"lanes": 5})
    assert (loaded.worker.lanes, loaded.worker.linger) == (5, 0.5)


@pytest.mark.parametrize(
    ("text", "named", "meant"),
    [
        ("[worker]\nlane = 3\n", "worker.lane", "worker.lanes"),
        ("[workr]\nlanes = 3\n", "workr", "worker"),
        ("langage = 'en'\n", "langage", "language"),
    ],
)
def test_an_unknown_key_in_the_file_is_named_with_the_nearest_one(
    elsewhere: Path, text: str, named: str, meant: str
) -> None:
    (elsewhere / "koubei.toml").write_text(text)
    with pytest.raises(BadConfig, match=f"{named}.*{meant}"):
        config.load()


def test_an_unknown_variable_is_named_with_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOUBEI_STORE__URI", "x")
    with pytest.raises(BadConfig, match="KOUBEI_STORE__URI.*KOUBEI_STORE__URL"):
        config.load()


def test_a_wrong_value_names_key_file_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOUBEI_WEB__PORT", "eighty")
    with pytest.raises(BadConfig, match=r"web\.port.*eighty.*KOUBEI_WEB__PORT"):
        config.load()


def test_a_broken_file_is_said_to_be_broken(elsewhere: Path) -> None:
    (elsewhere / "koubei.toml").write_text("[worker\n")
    with pytest.raises(BadConfig, match=r"koubei\.toml"):
        config.load()


def test_secrets_do_not_show() -> None:
    loaded = config.load(store={"url": "clickhouse://u:hush@h:1/d"}, kafka={"password": "hush"})
    assert "hush" not in repr(loaded)
