"""What was measured, as Markdown: figures with what is wanted of them, tables, and the machine."""

import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

PACKAGES = (
    "faust-streaming",
    "quixstreams",
    "bytewax",
    "aiokafka",
    "confluent-kafka",
    "clickhouse-driver",
    "chdb",
    "rjieba",
    "jieba",
    "snownlp",
    "msgspec",
)


@dataclass(frozen=True)
class Figure:
    """One number with what is wanted of it."""

    what: str
    found: str
    wanted: str
    met: bool


@dataclass(frozen=True)
class Section:
    """One line of the benchmark: `python -m bench NAME` shows it alone."""

    name: str
    title: str
    how: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    def markdown(self) -> str:
        parts = [f"## {self.title}", f"`python -m bench {self.name}`", self.how, table(self.head, self.rows)]
        parts += [f"- {note}" for note in self.notes]
        return "\n\n".join(parts[:4]) + ("\n\n" + "\n".join(parts[4:]) if self.notes else "") + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is aligned right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(sections: Sequence[Section], seconds: float) -> str:
    """The whole of docs/benchmarks.md."""
    figures = [figure for section in sections for figure in section.figures]
    rows = [(f.what, f.found, f.wanted, "yes" if f.met else "**no**") for f in figures]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`, never by hand. Each line alone: the command under its heading, run with",
            "`uv run --project bench`. Ratios come from one run, contenders alternating; they say more than the",
            "absolute numbers, which are this machine's.",
            "",
            machine(seconds),
            "",
            "## Figures",
            "",
            table(("what", "found", "wanted", "met"), rows),
            "",
            *(section.markdown() for section in sections),
        ]
    )


def machine(seconds: float) -> str:
    """Where and when."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[2]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return table(
        ("machine", ""),
        [
            ("date", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())),
            ("cores, memory", f"{os.cpu_count()} × {cpu_model()}, {memory:.0f} GiB"),
            ("system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
            ("versions", versions),
            ("the run took", f"{seconds / 60:.0f} min; load average of its last 15 min {load:.1f}"),
        ],
    )


def cpu_model() -> str:
    """The processor's name, where Linux tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Median and range: `31,000 (29,500–32,100)`."""
    middle = format(statistics.median(values), form)
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}}–{max(values):{form}})"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """How many times ours is theirs, round by round: median and range."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=True)]
    form = ",.0f" if statistics.median(pairs) >= 20 else ".1f"
    return spread(pairs, form) + " ×"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
