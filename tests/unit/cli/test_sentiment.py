import json
from pathlib import Path

import pytest

from streams.cli import run
from streams.text.sentiment import weights

ROWS = [
    (label, text.format("一二三四五六日"[number % 7] * (1 + number // 21)))
    for number in range(210)
    for label, text in [(("pos", "回甘生津{}"), ("neu", "周{}去茶庄"), ("neg", "锁喉，堆味{}"))[number % 3]]
]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(rows: list[tuple[str, str]], encoding: str = "utf-8", file: str = "my.csv") -> str:
    lines = ["text,label", *(f"{text},{label}" for label, text in rows)]
    Path(file).write_bytes("\r\n".join(lines).encode(encoding))
    return file


def test_calibrate_then_evaluate(capsys: pytest.CaptureFixture[str]) -> None:
    quoted = write([(label, f'"{text}"') for label, text in ROWS], "gbk")
    assert run(["sentiment", "calibrate", "--labels", quoted, "--out", "own", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == "own"
    assert told["before"]["macro_f1"] < told["after"]["macro_f1"]
    assert sum(sum(row.values()) for row in told["after"]["confusion"].values()) == len(ROWS)
    assert run(["sentiment", "evaluate", quoted, "--json"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert before == told["before"]
    assert run(["sentiment", "evaluate", quoted, "--calibration", "own", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["macro_f1"] > 0.95
    Path("koubei.toml").write_text('[text]\ncalibration = "own"\n')
    assert run(["sentiment", "evaluate", quoted]) == 0
    assert "宏平均 F1 " in capsys.readouterr().out


def test_the_calibration_goes_into_the_data_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sentiment", "calibrate", "--labels", write([(a, f'"{b}"') for a, b in ROWS])]) == 0
    assert Path("data/sentiment.calibration").is_file()
    out, err = capsys.readouterr()
    assert "校准前" in out
    assert "交叉验证" in out
    assert "[text] calibration" in err


def test_doubtful_labels_are_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("pos", "很好"), ("neg", "很差")] * 110 + [("neg", "很好")]
    assert run(["sentiment", "calibrate", "--labels", write(rows), "--out", "own", "--json"]) == 0
    repeated, torn, two = json.loads(capsys.readouterr().out)["warnings"]
    assert repeated.startswith("注意：219 条文本重复出现")
    assert torn.startswith("注意：1 条文本标注前后矛盾")
    assert "没有 neu 的标注" in two


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\ngood,pos\nbad,awful\n", "my.csv 第 3 行：没有 'awful' 这种标注"),
        (b"text,mark\ngood,pos\n", "my.csv 第 1 行：缺少列 label"),
        (b"text,label\n", "my.csv 里没有一条标注"),
        (b"text,label\ngood,pos\n\xff\xff,neg\n", "my.csv 第 3 行不是 UTF-8，也不是 GBK"),
        (b"text,label\n" + "好,正\n".encode() * 5, "只有 5 条标注"),
        (b"text,label\nonly\n", "my.csv 第 2 行：没有 '' 这种标注"),
    ],
)
def test_mistakes_in_the_labels_are_named(
    content: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("my.csv").write_bytes(content)
    assert run(["sentiment", "calibrate", "--labels", "my.csv"]) != 0
    assert message in capsys.readouterr().err
    assert not Path("data").exists()


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sentiment", "evaluate", "none.csv"]) != 0
    assert "读不了 none.csv" in capsys.readouterr().err


def test_an_engine_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    file = write([("pos", "太好用了"), ("neg", "又卡又烫"), ("neu", "几点开门")])
    assert run(["sentiment", "evaluate", file, "--engine", "lexicon", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1
    assert run(["sentiment", "evaluate", file, "--engine", "bert"]) != 0
    assert "没有情感引擎 bert" in capsys.readouterr().err


def test_training_says_that_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sentiment", "train", "--out", "lexicons", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["equal"]
    assert not told["changed_inputs"]
    assert weights.digest(weights.load([Path("lexicons")])) == told["sha256"]
