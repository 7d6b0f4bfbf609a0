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


WINDOWS = """
[[rule]]
name = "发热多"
kind = "window"
query = "发热"
measure = "count"
above = 3

[[rule]]
name = "星曜负面"
kind = "window"
brand = "星曜"
measure = "negative_share"
above = 60
minimum = 2

[[rule]]
name = "断流"
kind = "absence"
"""


def test_windows_are_applied_listed_and_shown(cli: Cli, store: servers.ClickHouse, file: Path) -> None:
    file.write_text(RULES + WINDOWS, "utf-8")
    assert cli("rules", "apply", str(file))[0] == 0
    assert store.rows("SELECT name, kind FROM rules_latest ORDER BY name") == [
        ("发热", "post"), ("发热多", "window"), ("断流", "absence"), ("星曜负面", "window"), ("退货", "post"),
    ]  # fmt: skip
    listed = cli("rules", "list")[1]
    assert "星曜负面  第 1 版  window  brand=星曜 measure=negative_share above=60" in listed
    assert "断流  第 1 版  absence" in listed
    shown = cli("rules", "show", "星曜负面")[1]
    assert 'kind = "window"' in shown
    assert "minimum = 2" in shown
    file.write_text(shown, "utf-8")
    assert "1 条没有变化" in cli("rules", "apply", str(file))[2]


def test_backtest_of_windows_says_when_they_would_have_held(
    cli: Cli, store: servers.ClickHouse, file: Path
) -> None:
    file.write_text(WINDOWS, "utf-8")
    land(store, [100, 101, 102, 1000], ["手机发热"] * 4, ["neg"] * 4)
    code, out, _ = cli("rules", "backtest", str(file), "--since", "1d", "--json")
    assert code == 0
    found = {rule["rule"]: rule["alerts"] for rule in json.loads(out)["rules"]}
    [alarm] = found["发热多"]
    assert alarm["value"] == 3
    assert 6.9 * 60 < alarm["last"] - alarm["first"] < 8.1 * 60
    assert alarm["first"] == pytest.approx(time.time() - 100 * 60, abs=90)
    assert found["断流"] == found["星曜负面"] == []
    said = cli("rules", "backtest", str(file), "--since", "1d")[1]
    assert "发热多：会报警 1 次（每天 1.0 次），每 1 分钟看一次" in said
    assert "断流：会报警 0 次" in said


def test_preview_of_a_rule_without_a_query_says_what_it_measures_now(
    cli: Cli, store: servers.ClickHouse, file: Path
) -> None:
    file.write_text(WINDOWS, "utf-8")
    land(store, [1, 2, 3], ["手机发热"] * 3, ["neg"] * 3)
    connection = Connection(store.url)
    connection.execute(
        "INSERT INTO posts (platform, post_id, published, `mentions.brand`, `mentions.sentiment`, `mentions.score`, "
        "`mentions.confidence`, `mentions.start`, `mentions.stop`, `mentions.evidence_start`, `mentions.evidence_stop`) "
        "SELECT '微博', toString(number), now64(3) - 60, ['星曜'], [if(number < 3, 'neg', 'pos')], [0], [0], [0], [0], [0], [0] "
        "FROM numbers(4)"
    )
    connection.close()
    said = cli("rules", "preview", str(file))[1]
    assert "发热多：7 条帖子中命中 3 条" in said
    assert "星曜负面：现在 75，现在会报警" in said
    assert "断流：现在没有成立的" in said
    rules = {
        rule["rule"]: rule for rule in json.loads(cli("rules", "preview", str(file), "--json")[1])["rules"]
    }
    assert "now" not in rules["发热多"]
    [now] = rules["星曜负面"]["now"]
    assert (now["value"], now["holds"]) == (75, True)
