"""koubei rules apply, list, show, remove, preview and backtest, and koubei migrate, against stored posts."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams import language
from streams.cli import run
from streams.store.client import Connection
from tests import servers

pytestmark = pytest.mark.embedded

Cli = Callable[..., tuple[int, str, str]]

RULES = """
# kept as it is written
[[rule]]
name = "发热"
query = "发热 OR 发烫"   # both
version = 0

[[rule]]
name = "退货"
query = "退货 sentiment:neg"
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("rules")) as running:
        yield running


@pytest.fixture
def cli(
    store: servers.ClickHouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Runs a command; gives its exit code, what it printed and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOUBEI_STORE__URL", store.url)
    language.use("zh")
    connection = Connection(store.url)
    connection.execute("TRUNCATE TABLE rules")
    connection.execute("TRUNCATE TABLE posts")
    connection.close()

    def call(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    file.write_text(RULES, "utf-8")
    return file


def land(store: servers.ClickHouse, minutes: list[float], texts: list[str], tones: list[str]) -> None:
    now = time.time()
    connection = Connection(store.url)
    connection.insert(
        "posts",
        {
            "platform": ["微博"] * len(texts),
            "post_id": [f"p{number}" for number in range(len(texts))],
            "published": [int((now - 60 * ago) * 1000) for ago in minutes],
            "text": texts,
            "sentiment": tones,
            "src_offset": list(range(len(texts))),
        },
    )
    connection.close()


def test_rules_are_applied_changed_and_removed_with_their_versions(cli: Cli, file: Path) -> None:
    code, out, _ = cli("rules", "apply", str(file), "--dry-run", "--json")
    assert (code, json.loads(out)["applied"]) == (0, {"发热": 1, "退货": 1})
    assert cli("rules", "list", "--json")[1].strip() == "[]"
    assert cli("rules", "apply", str(file))[0] == 0
    assert file.read_text("utf-8") == RULES.replace("version = 0", "version = 1")
    code, out, _ = cli("rules", "apply", str(file), "--json")
    assert json.loads(out) == {"applied": {}, "unchanged": 2, "dry_run": False}

    code, shown, _ = cli("rules", "show", "退货")
    assert 'query = "退货 sentiment:neg"' in shown
    assert "version = 1" in shown
    mine = file.with_name("mine.toml")
    mine.write_text(shown.replace("退货 ", "(退货 OR 退款) "), "utf-8")
    assert cli("rules", "apply", str(mine), "--by", "小李")[0] == 0
    assert "version = 2" in mine.read_text("utf-8")
    theirs = file.with_name("theirs.toml")
    theirs.write_text(shown.replace("退货 ", "退货 OR 换货 "), "utf-8")
    code, _, err = cli("rules", "apply", str(theirs))
    assert code != 0
    assert "小李" in err
    assert cli("rules", "apply", str(theirs), "--force")[0] == 0
    assert cli("rules", "remove", "发热")[0] == 0
    assert cli("rules", "remove", "发热")[0] != 0
    listed = json.loads(cli("rules", "list", "--json")[1])
    assert [(rule["name"], rule["version"]) for rule in listed] == [("退货", 3)]


def test_nothing_of_a_file_with_a_mistake_is_applied(cli: Cli, file: Path) -> None:
    file.write_text(RULES.replace("发热 OR 发烫", "发热 OR (发烫"), "utf-8")
    code, _, err = cli("rules", "apply", str(file))
    assert code != 0
    assert f"{file.name}:5:" in err
    assert cli("rules", "list", "--json")[1].strip() == "[]"


def test_preview_counts_and_shows_what_a_rule_would_hit(
    cli: Cli, file: Path, store: servers.ClickHouse
) -> None:
    texts = ["用久了有点發热", "要退货", "退货很方便", "别的", "上周的发热"]
    land(store, [1, 2, 3, 4, 60 * 24 * 8], texts, ["neg", "neg", "pos", "neu", "neg"])
    code, out, _ = cli("rules", "preview", str(file), "--json")
    found = json.loads(out)
    assert (code, found["scanned"]) == (0, 4)
    assert [(rule["rule"], rule["hits"]) for rule in found["rules"]] == [("发热", 1), ("退货", 1)]
    assert found["rules"][0]["samples"][0]["spans"] == [[5, 7, "exact"]]
    code, out, _ = cli("rules", "preview", "--query", "退货")
    assert "命中 2 条" in out
    assert "【退货】很方便" in out
    assert cli("rules", "preview", "--query", "退货", str(file))[0] != 0


def test_backtest_tells_when_a_rule_would_have_alerted(cli: Cli, store: servers.ClickHouse) -> None:
    land(store, [300, 290, 280, 60, 5], ["发热"] * 5, ["neg"] * 5)
    code, out, _ = cli("rules", "backtest", "--query", "发热", "--since", "1d", "--json")
    (rule,) = json.loads(out)["rules"]
    assert code == 0
    assert [alert["hits"] for alert in rule["alerts"]] == [3, 2]
    assert "会报警 2 次" in cli("rules", "backtest", "--query", "发热", "--since", "1d")[1]
    assert "会报警 1 次" in cli("rules", "backtest", "--query", "发热", "--since", "1d", "--quiet", "6h")[1]


def test_migrate_puts_in_the_rules_that_were_never_there(cli: Cli) -> None:
    assert "星曜过热起火" in cli("migrate")[2]
    assert cli("rules", "remove", "星曜过热起火")[0] == 0
    assert "放入规则" not in cli("migrate")[2]
    assert "星曜过热起火" not in cli("rules", "list")[1]
