"""Files as people have them: encodings, compressions, broken lines."""

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import BadConfig, BadRecord
from streams.sources import replay
from streams.sources.replay import Line, Replay

ROW = '{"text":"又断连了"}'


def lines(path: Path, **mapping: str) -> list[Line]:
    file = Replay(path, mapping)
    try:
        return list(file)
    finally:
        file.close()


def items(path: Path, **mapping: str) -> list[Any]:
    return [line.item for line in lines(path, **mapping)]


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_lines_keep_their_numbers_and_blanks_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", b'{"a":1}\n\n  \r\n{"a":2}\r\n{"a":3}')
    assert [(line.number, line.item) for line in lines(path)] == [
        (1, b'{"a":1}'),
        (4, b'{"a":2}'),
        (5, b'{"a":3}'),
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "dump"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_and_compression(tmp_path: Path, name: str, encoding: str) -> None:
    content = f"{ROW}\n{ROW}\n".encode(encoding)
    path = write(tmp_path, name, gzip.compress(content) if name.endswith(".gz") else content)
    file = Replay(path)
    assert [line.item for line in file] == [ROW.encode()] * 2
    assert file.encoding == ("gb18030" if encoding == "gb18030" else "utf-8")
    file.close()


def test_a_compressed_file_is_known_by_its_content(tmp_path: Path) -> None:
    assert items(write(tmp_path, "a.jsonl", gzip.compress(ROW.encode()))) == [ROW.encode()]


def test_one_broken_line_does_not_turn_utf8_into_gb18030(tmp_path: Path) -> None:
    gb = ROW.encode("gb18030")
    found = items(write(tmp_path, "a.jsonl", b"\n".join([ROW.encode(), gb, ROW.encode()])))
    assert found[0] == found[2] == ROW.encode()
    assert isinstance(found[1], BadRecord)
    assert found[1].reason == "encoding"


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(codec="gb18030", exclude_categories=["Cc"]), min_size=1), min_size=1))
def test_whatever_gb18030_holds_never_stops_the_reading(tmp_path_factory: Any, texts: list[str]) -> None:
    # The first line tells what the file is, and "[" an array, which is refused as a whole.
    content = "\n".join(["{}", *texts]).encode("gb18030")
    path = write(tmp_path_factory.mktemp("gb"), "a.jsonl", content)
    assert 1 <= len(lines(path)) <= 1 + len(texts)


def test_a_line_without_end_is_refused_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "LINE_LIMIT", 100)
    found = items(write(tmp_path, "a.jsonl", b'{"a":"' + b"x" * 5000 + b'"}\n{"a":2}\n'))
    assert isinstance(found[0], BadRecord)
    assert found[0].reason == "too_long"
    assert found[1] == b'{"a":2}'


def test_a_cut_off_archive_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b'{"a":%d}\n' % n for n in range(100_000)))
    found = items(write(tmp_path, "a.jsonl.gz", whole[: len(whole) // 2]))
    assert found[0] == b'{"a":0}'
    assert isinstance(found[-1], BadRecord)
    assert found[-1].reason == "truncated"


def test_csv_rows_become_dicts_under_mapped_names(tmp_path: Path) -> None:
    content = '﻿平台,内容,author.id\n微博,"两行\n文字",u1\n微博,"带,逗号"\n'
    found = lines(write(tmp_path, "a.csv", content.encode()), 平台="platform", 内容="text")
    assert [line.item for line in found] == [
        {"platform": "微博", "text": "两行\n文字", "author.id": "u1"},
        {"platform": "微博", "text": "带,逗号"},
    ]
    assert [line.number for line in found] == [3, 4]


def test_excel_s_gb18030_and_tabs(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "platform\ttext\n微博\t好, 用\n".encode("gb18030"))
    assert items(path) == [{"platform": "微博", "text": "好, 用"}]


def test_bad_csv_rows_are_bad_records_in_their_place(tmp_path: Path) -> None:
    content = b"platform,text\nw,a,b\n" + "微博,好\n".encode() + b"w,\xff\xff\nw,fine\n"
    found = items(write(tmp_path, "a.csv", content))
    assert isinstance(found[0], BadRecord)
    assert found[0].reason == "columns"
    assert found[1] == {"platform": "微博", "text": "好"}
    assert isinstance(found[2], BadRecord)
    assert found[2].reason == "encoding"
    assert found[3] == {"platform": "w", "text": "fine"}


def test_standard_input_is_read_by_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = io.BufferedReader(io.BytesIO(ROW.encode()))

    monkeypatch.setattr(sys, "stdin", Standard)
    file = Replay(Path("-"))
    assert file.kind == "jsonl"
    assert [line.item for line in file] == [ROW.encode()]


@pytest.mark.parametrize(("content", "word"), [(b'[{"a":1}]', "jq"), ('{"a":1}'.encode("utf-16"), "iconv")])
def test_other_kinds_of_file_are_refused_with_the_command_that_helps(
    tmp_path: Path, content: bytes, word: str
) -> None:
    with pytest.raises(BadConfig, match=word):
        Replay(write(tmp_path, "a.json", content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="nowhere"):
        Replay(tmp_path / "nowhere.jsonl")


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert items(write(tmp_path, "a.jsonl", b"")) == []
    assert items(write(tmp_path, "a.csv", b"")) == []


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    import tracemalloc

    path = write(tmp_path, "a.jsonl", b'{"a":"%s"}\n' % (b"x" * 500) * 40_000)
    file = Replay(path)
    tracemalloc.start()
    count = sum(1 for _ in file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    file.close()
    assert count == 40_000
    assert peak < 1_000_000


def test_the_real_files_are_read_as_they_are(samples: Path) -> None:
    posts = lines(samples / "weibo" / "posts.jsonl.gz")
    assert len(posts) == 690
    assert not any(isinstance(line.item, BadRecord) for line in posts)


@pytest.mark.parametrize("name", ["table.xlsx", "posts.jsonl", "posts.csv"])
def test_what_is_not_text_is_said_to_be_no_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04\x14\x00\x08\x00rubbish")
    with pytest.raises(BadConfig, match="CSV"):
        Replay(path)
