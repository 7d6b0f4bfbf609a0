"""koubei ingest from the outside: what goes in, what is refused, and the account at the end."""

import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from streams.errors import BadConfig
from tests.servers import ClickHouse, clickhouse, kafka, worker

pytestmark = pytest.mark.embedded
BAD = 65


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ClickHouse]]:
    """An embedded Kafka, an embedded ClickHouse and a worker between them."""
    root = tmp_path_factory.mktemp("ingest")
    with kafka(root / "kafka") as bootstrap, clickhouse(root / "clickhouse") as store:
        process = worker(root, bootstrap, store.url, lanes="1", lane_kind="thread", session_timeout="3")
        try:
            yield bootstrap, store
        finally:
            process.end()


@pytest.fixture
def ingest(
    stack: tuple[str, ClickHouse],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """Run the command; gives exit code, stdout and stderr."""
    monkeypatch.setenv("KOUBEI_KAFKA__BOOTSTRAP", stack[0])
    monkeypatch.setenv("KOUBEI_STORE__URL", stack[1].url)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        class Standard:
            buffer = io.BufferedReader(io.BytesIO(stdin.encode()))

        monkeypatch.setattr(sys, "stdin", Standard)
        code = run(["ingest", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


Ingest = Callable[..., tuple[int, str, str]]


def post(number: int, **more: Any) -> str:
    item = {
        "platform": "微博",
        "post_id": f"p{number}",
        "text": f"又断连了 {number}",
        "published": 1.76e9,
        **more,
    }
    return json.dumps(item, ensure_ascii=False)


def test_one_line_from_standard_input_is_seen_within_seconds(
    ingest: Ingest, stack: tuple[str, ClickHouse]
) -> None:
    code, out, err = ingest("-", stdin='{"platform":"微博","text":"XX耳机又断连"}')
    assert (code, err) == (0, "")
    assert out.startswith("1 条已入库，")
    assert "秒可见" in out
    rows = stack[1].rows("SELECT text, origin, flags FROM posts_latest WHERE text = 'XX耳机又断连'")
    assert rows == [("XX耳机又断连", "file", "post_id,published")]


def test_a_misspelt_field_is_refused_with_line_and_name(ingest: Ingest) -> None:
    code, out, err = ingest("-", stdin='{"platform":"微博","txet":"XX耳机又断连"}')
    assert code == BAD
    assert not out
    assert err.splitlines() == ["第 1 行，字段 txet：没有这个字段，是不是想写 text"]


def test_good_lines_go_in_beside_bad_ones_and_the_account_balances(
    ingest: Ingest, stack: tuple[str, ClickHouse], tmp_path: Path
) -> None:
    lines = [post(n % 800) for n in range(1000)] + [post(0, likes="much"), "{", post(0, txet="x")] * 5
    path = tmp_path / "mixed.jsonl"
    path.write_text("\n".join(lines))
    code, out, err = ingest(str(path), "--wait", "--json", "--via", "test-mixed", "--bad", "refused.jsonl")
    account = json.loads(out)
    assert code == BAD
    assert {key: account[key] for key in ("sent", "landed", "distinct", "bad_edge", "bad_worker")} == {
        "sent": 1000, "landed": 1000, "distinct": 800, "bad_edge": 15, "bad_worker": 0,
    }  # fmt: skip
    assert account["files"] == [{"file": str(path), "topics": ["posts"], "sent": 1000, "bad": 15}]
    shown = [line for line in err.splitlines() if "行，" in line]
    assert len(shown) == 10
    assert shown[0].startswith(f"{path} 第 1001 行，字段 likes")
    assert "另有 5 行有误" in err
    refused = [json.loads(line) for line in (tmp_path / "refused.jsonl").read_text("utf-8").splitlines()]
    assert [one["line"] for one in refused] == list(range(1001, 1016))
    assert {one["reason"] for one in refused} == {"invalid", "not_json", "unknown_field"}
    assert refused[1]["raw"] == "{"
    assert stack[1].rows("SELECT count() FROM posts_latest WHERE origin = 'test-mixed'") == [(800,)]


def test_a_file_without_one_good_line_says_so(ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_text('{"txet":1}\n{"txet":2}\n')
    code, out, err = ingest("all.jsonl")
    assert code == BAD
    assert "2 行全部有误" in err
    assert not out


def test_csv_of_a_spreadsheet(ingest: Ingest, stack: tuple[str, ClickHouse], tmp_path: Path) -> None:
    rows = "内容,时间,author_id,author_followers,点赞\n好用,2025-11-22 10:02:00,u1,12,3\n难用,2025-11-22 10:03:00,u2,,\n"
    (tmp_path / "表.csv").write_bytes(rows.encode("gb18030"))
    options = ["--platform", "论坛", "--map", "内容=text", "--map", "时间=published", "--map", "点赞=likes"]
    code, _, err = ingest("表.csv", "--wait", "--via", "test-csv", *options)
    assert code == 0
    assert "GB18030" in err
    assert "2 个时间没有时区" in err
    found = stack[1].rows(
        "SELECT text, platform, author_followers, likes, toUnixTimestamp(published) "
        "FROM posts_latest WHERE origin = 'test-csv' ORDER BY published"
    )
    assert found == [("好用", "论坛", 12, 3, 1763776920), ("难用", "论坛", 0, 0, 1763776980)]


def test_the_simulator_s_file_goes_each_line_to_its_topic(
    ingest: Ingest, stack: tuple[str, ClickHouse], tmp_path: Path
) -> None:
    share = {"topic": "shares", "platform": "微博", "share_id": "s1", "root_id": "p1", "parent_id": "p1",
             "user_id": "u", "shared": 1.76e9}  # fmt: skip
    act = {
        "platform": "微博",
        "id": "i1",
        "user_id": "u",
        "kind": "like",
        "at": 1.76e9,
        "topic": "interactions",
    }
    lines = ['{"topic":"posts",' + post(9001)[1:], json.dumps(share), json.dumps(act), '{"topic":"nix"}']
    (tmp_path / "story.jsonl").write_text("\n".join(lines))
    code, out, err = ingest("story.jsonl", "--wait", "--json", "--via", "test-story")
    assert code == BAD
    assert "topic" in err
    assert json.loads(out)["files"][0]["topics"] == ["interactions", "posts", "shares"]
    for table in ("posts", "shares", "interactions"):
        assert stack[1].rows(f"SELECT count() FROM {table}_latest WHERE origin = 'test-story'") == [(1,)]


def test_foreign_fields_are_told_and_nothing_else_is_said(ingest: Ingest, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "posts.jsonl.gz", "wt") as file:
        file.writelines(post(n, crawl_batch=7) + "\n" for n in range(3))
    code, out, err = ingest("posts.jsonl.gz", "--rate", "1000")
    assert code == 0
    assert "已发送 3 条" in out
    assert "crawl_batch × 3" in err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["-", "--map", "内容"], "列名=字段名"),
        (["-", "--rate", "-1"], "--rate"),
        (["rss"], "koubei ingest rss"),
        (["rss", "http://127.0.0.1:1/", "--since", "昨天"], "--since"),
    ],
)
def test_a_wrong_command_line_is_refused_in_words(ingest: Ingest, arguments: list[str], word: str) -> None:
    code, out, err = ingest(*arguments)
    assert code == BadConfig.exit_code
    assert not out
    assert word in err


def test_a_source_that_cannot_be_read_is_told(ingest: Ingest) -> None:
    code, _, err = ingest("rss", "http://127.0.0.1:1/feed")
    assert code == BAD
    assert "--allow-private" in err


@pytest.mark.slow
def test_the_real_posts_and_shares_go_in_as_they_are(
    ingest: Ingest, samples: Path, stack: tuple[str, ClickHouse]
) -> None:
    weibo = samples / "weibo"
    files = [str(weibo / "posts.jsonl.gz"), str(weibo / "shares.jsonl.gz")]
    code, out, _ = ingest(*files, "--wait", "--json", "--via", "test-weibo")
    account = json.loads(out)
    assert code == 0
    assert (account["sent"], account["landed"], account["bad_worker"]) == (264_433, 264_433, 0)
    counts = stack[1].rows(
        "SELECT (SELECT count() FROM posts_latest WHERE origin = 'test-weibo'), "
        "(SELECT count() FROM shares_latest WHERE origin = 'test-weibo')"
    )
    assert sum(counts[0]) == account["distinct"]
