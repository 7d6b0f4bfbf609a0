"""Files → items: JSON lines and CSV, plain or gzipped, UTF-8 or GB18030, from a disk or standard input.

Everything streams: memory holds one line, however long the file.
"""

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, cast

from streams.errors import BadConfig, BadRecord
from streams.language import t

LINE_LIMIT = 10 * 1024 * 1024
"""Bytes of the longest line that is read."""

GZIP_MAGIC = b"\x1f\x8b"
UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        number: counted from 1; of a CSV row over several lines, the last one.
        item: JSON as bytes (UTF-8), a CSV row as a dict, or why the line is bad.
        raw: the line as it stood in the file, for the list of bad ones.
    """

    number: int
    item: bytes | dict[str, Any] | BadRecord
    raw: bytes


class Replay:
    """A file being read; iterate over its lines once.

    Args:
        path: the file; `-` is standard input.
        mapping: column or key in the file → field of the contract.

    Attributes:
        encoding: what it turned out to be: utf-8 until something else was met.
        size: bytes on the disk, None for standard input.
        kind: jsonl or csv.

    Raises:
        BadConfig: the file cannot be opened or is of another kind.
    """

    def __init__(self, path: Path, mapping: dict[str, str] | None = None) -> None:
        self.path = path
        self.encoding = "utf-8"
        self._mapping = mapping or {}
        self._certain = False
        self._damaged: set[int] = set()
        try:
            self._file = self._open(path)
        except OSError as error:
            raise BadConfig(
                t(f"读不了 {path}：{error.strerror}", f"{path} cannot be read: {error.strerror}")
            ) from error
        head = self._peek()
        if head.startswith(UTF16_BOMS):
            self.close()
            raise BadConfig(
                t(
                    f"{path} 是 UTF-16 编码，请先转换：iconv -f UTF-16 -t UTF-8 {path} > utf8.txt",
                    f"{path} is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 {path} > utf8.txt",
                )
            )
        if b"\0" in head:
            self.close()
            raise BadConfig(
                t(
                    f"{path} 不是文本文件：要 JSONL 或 CSV（可为 .gz）。Excel 表格请先另存为 CSV",
                    f"{path} is not text: JSONL or CSV is needed (also .gz). Save a spreadsheet as CSV first",
                )
            )
        self.kind: Literal["jsonl", "csv"] = self._kind(head.removeprefix(UTF8_BOM).lstrip())

    def position(self) -> int:
        """Bytes of the file on the disk that have been read."""
        return self._disk.tell() if self.size is not None else 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        if self.size is not None:
            self._disk.close()

    def __iter__(self) -> Iterator[Line]:
        return self._rows() if self.kind == "csv" else self._objects()

    def _open(self, path: Path) -> io.BufferedReader:
        self.size = None if str(path) == "-" else path.stat().st_size
        self._disk: BinaryIO = sys.stdin.buffer if self.size is None else path.open("rb")
        plain = cast(io.BufferedReader, self._disk)
        if plain.peek(2)[:2] != GZIP_MAGIC:
            return plain
        # A small buffer: where an archive is cut off, what the buffer would hold is lost.
        return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=plain)), 1 << 14)

    def _peek(self) -> bytes:
        try:
            return self._file.peek(4096)
        except (OSError, EOFError, zlib.error):
            return b""  # reported where it is read

    def _kind(self, head: bytes) -> Literal["jsonl", "csv"]:
        names = [suffix.lower() for suffix in self.path.suffixes]
        if ".csv" in names or ".tsv" in names:
            return "csv"
        if head.startswith(b"["):
            self.close()
            raise BadConfig(
                t(
                    f"{self.path} 是一个 JSON 数组，需要一行一个对象：jq -c '.[]' {self.path} > 新文件.jsonl",
                    f"{self.path} is one JSON array; one object a line is needed: jq -c '.[]' {self.path}",
                )
            )
        return "jsonl" if not head or head.startswith(b"{") or names[:1] == [".jsonl"] else "csv"

    def _lines(self) -> Iterator[tuple[int, bytes | BadRecord]]:
        """Numbered lines without their ends; a line that is too long or the break of the file is bad."""
        number = 0
        read = self._file.readline
        while True:
            number += 1
            try:
                line = read(LINE_LIMIT + 1)
                if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                    while (rest := read(LINE_LIMIT)) and not rest.endswith(b"\n"):
                        pass
                    yield number, _too_long()
                    continue
            except (OSError, EOFError, zlib.error) as error:
                yield number, BadRecord("truncated", t(f"文件到此损坏：{error}", f"file is broken: {error}"))
                return
            if not line:
                return
            if number == 1:
                line = line.removeprefix(UTF8_BOM)
            yield number, line

    def _text(self, line: bytes) -> str:
        """The line as text.

        The first line that is not plain ASCII decides between UTF-8 and GB18030: most GB18030 text is no
        valid UTF-8, while almost all UTF-8 text would pass for GB18030.
        """
        if line.isascii():
            return line.decode("ascii")
        if self._certain:
            return line.decode(self.encoding)
        for encoding in ("utf-8", "gb18030"):
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                continue
            self.encoding, self._certain = encoding, True
            return text
        raise UnicodeDecodeError("utf-8", line, 0, 1, "neither UTF-8 nor GB18030")

    def _objects(self) -> Iterator[Line]:
        for number, line in self._lines():
            if isinstance(line, BadRecord):
                yield Line(number, line, b"")
            elif stripped := line.strip():
                try:
                    text = self._text(stripped)
                    item: bytes | BadRecord = stripped if self.encoding == "utf-8" else text.encode()
                except UnicodeDecodeError:
                    item = self._undecodable()
                yield Line(number, item, stripped)

    def _rows(self) -> Iterator[Line]:
        csv.field_size_limit(LINE_LIMIT)
        lines = self._decoded()
        header_line = next(lines, None)
        if header_line is None:
            return
        delimiter = "\t" if "\t" in header_line and "," not in header_line else ","
        reader = csv.reader(chain([header_line], lines), delimiter=delimiter)
        try:
            names = next(reader, [])
        except csv.Error as error:
            yield Line(reader.line_num, _not_csv(error), b"")
            return
        header = [self._mapping.get(name.strip(), name.strip()) for name in names]
        while True:
            first = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(reader.line_num, _not_csv(error), b"")
                continue
            if row:
                raw = delimiter.join(row).encode(errors="surrogateescape")
                yield Line(reader.line_num, self._row(header, row, range(first, reader.line_num + 1)), raw)

    def _row(self, header: list[str], row: list[str], lines: range) -> dict[str, Any] | BadRecord:
        if not self._damaged.isdisjoint(lines):
            return self._undecodable()
        if len(row) > len(header):
            return BadRecord(
                "columns",
                t(
                    f"有 {len(row)} 列，表头只有 {len(header)} 列：多半是文字里的逗号没有加引号",
                    f"{len(row)} columns, the header has {len(header)}: a comma in a text without quotes?",
                ),
            )
        return dict(zip(header, row, strict=False))

    def _decoded(self) -> Iterator[str]:
        for number, line in self._lines():
            if isinstance(line, BadRecord):
                self._damaged.add(number)
                yield "\n"
                continue
            try:
                yield self._text(line)
            except UnicodeDecodeError:
                self._damaged.add(number)
                yield line.decode("utf-8", errors="surrogateescape")

    def _undecodable(self) -> BadRecord:
        return BadRecord(
            "encoding",
            t(f"含有不是 {self.encoding} 的字节", f"has bytes that are not {self.encoding}")
            if self._certain
            else t("既不是 UTF-8 也不是 GB18030", "neither UTF-8 nor GB18030"),
        )


def _not_csv(error: csv.Error) -> BadRecord:
    return BadRecord("not_csv", t(f"不是合法的 CSV：{error}", f"not CSV: {error}"))


def _too_long() -> BadRecord:
    return BadRecord(
        "too_long",
        t(
            f"这一行超过 {LINE_LIMIT // 1024 // 1024} MB",
            f"line longer than {LINE_LIMIT // 1024 // 1024} MB",
        ),
    )
