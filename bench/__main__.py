"""`python -m bench [LINE ...]`: every line, or some; all of them together write docs/benchmarks.md."""

import argparse
import importlib
import sys
import time
from pathlib import Path

from bench import report
from bench.material import Material
from bench.servers import ROOT

LINES = (
    "engine",
    "pipeline",
    "stages",
    "sentiment",
    "finder",
    "rules",
    "duplicates",
    "words",
    "cascades",
    "latency",
    "alerts",
    "burst",
    "restart",
)
PAGE = ROOT / "docs" / "benchmarks.md"
OWN_TEXTS = ROOT.parent / "shared" / "data" / "real_texts.jsonl.gz"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("lines", nargs="*", metavar="LINE", help=", ".join(LINES))
    parser.add_argument(
        "--texts", type=Path, help="JSONL (.gz) with a field `text`, instead of made-up texts"
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of every load; below 1 nothing is written"
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if unknown := set(options.lines) - set(LINES):
        parser.error(f"there is no line {', '.join(unknown)}: {', '.join(LINES)}")
    began = time.monotonic()
    texts = options.texts or (OWN_TEXTS if OWN_TEXTS.is_file() else None)
    material = Material.of(texts)
    print(f"texts: {material.origin}", file=sys.stderr)
    sections = []
    for line in LINES:
        if not options.lines or line in options.lines:
            run = importlib.import_module(f"bench.{line}").run
            section = run(material, scale=options.scale, rounds=options.rounds)
            print(section.markdown(), flush=True)
            sections.append(section)
    text = report.page(sections, time.monotonic() - began)
    if not options.lines and options.scale >= 1:
        PAGE.write_text(text, encoding="utf-8")
        print(f"written: {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
