"""Corrections from the command line into the views, and reloads that failed, against the embedded ClickHouse."""

import csv
import io
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streams import language
from streams.cli import run
from streams.cli.sentiment import read
from streams.read.corrections import corrections
from streams.read.post import post
from streams.read.queries import Reader
from streams.read.state import outdated
from streams.store.client import Connection
from streams.store.corrections import BadCorrection, Correction, NoSuchMention, correct
from tests import servers

pytestmark = pytest.mark.embedded

TEXT = "星曜又断连；云岭没掉过线"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    pytest.importorskip("chdb", reason='pip install "koubei[embedded]"')
    with servers.clickhouse(tmp_path_factory.mktemp("corrections")) as running:
        yield running


@pytest.fixture
def connection(store: servers.ClickHouse) -> Iterator[Connection]:
    connection = Connection(store.url)
    for table in ("posts", "shares", "corrections", "reloads", "judges"):
        connection.execute(f"TRUNCATE TABLE {table}")
    insert(connection, "posts", platform=["微博"], post_id=["p/1"], published=[now()])
    insert(
        connection,
        "shares",
        platform=["知乎"],
        share_id=["s1"],
        root_id=["p/1"],
        parent_id=["p/1"],
        shared=[now()],
    )
    yield connection
    connection.close()


@pytest.fixture
def cli(
    store: servers.ClickHouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Any]:
    """cli(*words) → exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)

    def call(*words: str) -> tuple[int, str, str]:
        code = run([*words, "--clickhouse", store.url])
        told = capsys.readouterr()
        return code, told.out, told.err

    language.use("zh")
    yield call
    language.use("zh")


def now() -> int:
    return int(time.time() * 1000)


def insert(connection: Connection, table: str, **columns: list[Any]) -> None:
    """A row that speaks of 星曜 (neg) and 云岭 (judged neg, which is wrong)."""
    mentions: dict[str, list[Any]] = {
        "mentions.brand": [["星曜", "云岭"]],
        "mentions.sentiment": [["neg", "neg"]],
        "mentions.score": [[-0.75, -0.25]],
        "mentions.confidence": [[0.9, 0.5]],
        "mentions.start": [[0, 6]],
        "mentions.stop": [[2, 8]],
        "mentions.evidence_start": [[2, 8]],
        "mentions.evidence_stop": [[5, 12]],
    }
    connection.insert(table, {**columns, "text": [TEXT], "judge": [100_001], **mentions})


def said(sentiment: str, **change: str) -> Correction:
    return Correction("post", "微博", "p/1", "云岭", sentiment, "李敏", "cli", "夸云岭")._replace(**change)


def seen(connection: Connection, brand: str = "云岭", kind: str = "post") -> tuple[Any, ...]:
    """What the view says of the brand."""
    (row,) = connection.query(
        "SELECT sentiment, score, judged_sentiment, judged_score FROM mentions "
        "WHERE brand = {brand:String} AND kind = {kind:String}",
        {"brand": brand, "kind": kind},
    ).rows
    return row


def test_a_correction_counts_at_once_and_only_for_its_mention(connection: Connection) -> None:
    before = seen(connection, "星曜"), seen(connection, kind="share")
    assert correct(connection, said("pos")) == "neg"
    assert seen(connection) == ("pos", 1.0, "neg", -0.25)
    assert (seen(connection, "星曜"), seen(connection, kind="share")) == before


def test_the_last_one_counts_and_all_are_kept(connection: Connection) -> None:
    for number, sentiment in enumerate(("pos", "neu", "")):
        time.sleep(0.003)  # the store keeps milliseconds
        correct(connection, said(sentiment, actor=f"人{number}"))
        assert seen(connection)[0] == (sentiment or "neg")
    kept = connection.query("SELECT actor, sentiment, judged, via, note FROM corrections ORDER BY at").rows
    assert kept == [
        ("人0", "pos", "neg", "cli", "夸云岭"),
        ("人1", "neu", "neg", "cli", "夸云岭"),
        ("人2", "", "neg", "cli", "夸云岭"),
    ]
    with pytest.raises(BadCorrection, match="没有更正可撤销"):
        correct(connection, said(""))


def test_a_correction_outlives_a_new_judgement_of_the_post(connection: Connection) -> None:
    correct(connection, said("pos"))
    published = connection.query("SELECT toUnixTimestamp64Milli(published) FROM posts").rows[0][0]
    insert(connection, "posts", platform=["微博"], post_id=["p/1"], published=[published], src_offset=[7])
    assert seen(connection)[0] == "pos"


def test_shares_are_corrected_too(connection: Connection) -> None:
    correct(connection, said("neu", kind="share", platform="知乎", id="s1"))
    assert seen(connection, kind="share")[:3] == ("neu", 0.0, "neg")
    assert seen(connection)[0] == "neg"


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"brand": "云领"}, "是不是 云岭？"),
        ({"brand": "极光"}, "提到的品牌：云岭、星曜"),
        ({"platform": "知乎"}, "微博 --kind post"),
        ({"id": "s1"}, "知乎 --kind share"),
        ({"id": "nope"}, "核对平台和编号"),
    ],
)
def test_an_unknown_mention_is_refused_with_the_nearest(
    connection: Connection, change: dict[str, str], hint: str
) -> None:
    with pytest.raises(NoSuchMention) as refused:
        correct(connection, said("pos", **change))
    assert hint in str(refused.value)
    assert connection.query("SELECT count() FROM corrections").rows == [(0,)]


async def test_a_post_is_read_with_verdict_correction_and_judge(
    connection: Connection, store: servers.ClickHouse
) -> None:
    connection.insert(
        "judges",
        {"judge": [100_001], "digest": ["d"], "engine": ["hybrid"], "lexicons": [{"polarity": 4}]},
    )
    correct(connection, said("pos"))
    reader = Reader(store.url)
    try:
        found = await post(reader, "微博", "p/1")
        history = await corrections(reader, "post", "微博", "p/1")
    finally:
        reader.close()
    assert found is not None
    first, second = found.mentions
    assert (first.counted, first.correction) == ("neg", None)
    assert (second.counted, second.sentiment, second.confidence) == ("pos", "neg", 0.5)
    assert second.correction == history[0] == found.corrections[0]
    assert TEXT[second.evidence_start : second.evidence_stop] == "没掉过线"
    assert found.judge == ("hybrid", {"polarity": 4})


def test_from_the_command_line_to_labels_for_calibrate(
    connection: Connection, cli: Any, tmp_path: Path
) -> None:
    assert cli("correct", "微博", "p/1", "云岭", "正", "--by", "李敏", "--note", "反话")[0] == 0
    code, out, _ = cli("correct", "微博", "p/1", "星曜", "中", "--json")
    assert (code, json.loads(out)["judged"], json.loads(out)["sentiment"]) == (0, "neg", "neu")
    time.sleep(0.003)
    assert cli("correct", "微博", "p/1", "星曜", "withdraw")[0] == 0

    listed = json.loads(cli("corrections", "list", "--json")[1])
    assert [(one["brand"], one["corrected"]) for one in listed] == [
        ("星曜", "withdraw"),
        ("星曜", "neu"),
        ("云岭", "pos"),
    ]
    assert (listed[-1]["actor"], listed[-1]["via"], listed[-1]["note"]) == ("李敏", "cli", "反话")
    exported = cli("corrections", "export")[1]
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert rows == [{"text": TEXT, "label": "pos", "brand": "云岭", "platform": "微博", "id": "p/1"}]
    labels = tmp_path / "labels.csv"
    labels.write_text(exported, "utf-8")
    assert [(row.text, row.label) for row in read(labels)] == [(TEXT, "pos")]


def test_the_command_line_says_what_is_wrong(connection: Connection, cli: Any) -> None:
    code, out, err = cli("correct", "微博", "p/1", "云岭", "good")
    assert (code, out) == (78, "")
    assert "pos、neu、neg" in err
    code, _, err = cli("correct", "微博", "p/1", "云领", "pos")
    assert code == 78
    assert "是不是 云岭？" in err
    assert "koubei correct" in cli("corrections", "list")[2]


START = datetime(2026, 11, 1, tzinfo=UTC)
BROKEN = "lexicons/own/words.tsv 第 3 行第 1 列：没有 posi 这一类"


@pytest.mark.parametrize(
    ("loads", "standing"),
    [
        ([(0, "a", ""), (1, "a", BROKEN)], [["a"]]),
        ([(0, "a", ""), (1, "a", BROKEN), (2, "a", "")], []),
        ([(0, "a", ""), (0, "b", ""), (1, "a", BROKEN), (1, "b", BROKEN)], [["a", "b"]]),
        ([(0, "a", ""), (0, "b", ""), (1, "a", BROKEN), (2, "b", "")], [["a"]]),
        ([(0, "a", ""), (1, "a", BROKEN), (2, "b", "")], []),  # b began after a was gone
        ([(0, "a", ""), (1, "a", BROKEN), (2, "b", BROKEN)], [["b"]]),
    ],
)
async def test_a_failed_reload_stands_until_its_worker_or_a_later_one_loads(
    connection: Connection,
    store: servers.ClickHouse,
    loads: list[tuple[int, str, str]],
    standing: list[list[str]],
) -> None:
    reload(connection, loads)
    reader = Reader(store.url)
    try:
        found = await outdated(reader)
    finally:
        reader.close()
    assert [one.workers for one in found] == standing
    assert all((one.what, one.version, one.error) == ("lexicons", "100001", BROKEN) for one in found)


def reload(connection: Connection, loads: list[tuple[int, str, str]]) -> None:
    connection.insert(
        "reloads",
        {
            "at": [START + timedelta(hours=hour) for hour, _, _ in loads],
            "worker": [worker for _, worker, _ in loads],
            "what": ["lexicons"] * len(loads),
            "version": ["100001"] * len(loads),
            "error": [error for _, _, error in loads],
        },
    )


def test_doctor_names_file_and_remedy(
    connection: Connection, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An address on the command line is one to look at.
    assert cli("doctor", "--only", "rules")[0] == 0
    assert cli("doctor", "--only", "lexicons")[0] == 0
    reload(connection, [(0, "host-7", ""), (1, "host-7", BROKEN)])
    code, out, _ = cli("doctor", "--only", "lexicons", "--json")
    bad = [finding for finding in json.loads(out) if not finding["ok"]]
    assert code == 1
    assert len(bad) == 1
    assert bad[0]["text"].startswith(BROKEN)
    assert "host-7" in bad[0]["text"]
    assert "仍用旧版本 100001" in bad[0]["text"]
    assert bad[0]["remedy"] == "koubei rules check"
    assert cli("doctor", "--only", "rules")[0] == 0
    faults = "价格: 第 4 列：少一个括号\n售后: 没有字段 platfrom"
    connection.insert(
        "reloads", {"worker": ["host-7"], "what": ["rules"], "version": [""], "error": [faults]}
    )
    lines = cli("doctor", "--only", "rules")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["！", "→", "！", "→"]  # each fault with its remedy
    assert "少一个括号（host-7 没有载入，仍用旧版本）" in lines[0]


def test_doctor_reads_the_own_folder_itself(
    connection: Connection, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own" / "brands").mkdir(parents=True)
    (tmp_path / "own" / "brands" / "x.toml").write_text('name = "未完\n', "utf-8")
    monkeypatch.setenv("KOUBEI_TEXT__LEXICONS", str(tmp_path / "own"))
    code, out, _ = cli("doctor", "--only", "lexicons")
    assert code == 1
    assert "x.toml" in out
    assert "koubei rules check" in out
