"""Engines alone: how many records a second reach an agent that does nothing."""

import sys
from itertools import islice

from bench.contenders.engine import CONTENDERS
from bench.material import Material, preload
from bench.report import Figure, Section, ratio, ratios, spread
from bench.servers import create_topics, has_real_kafka, process, real_kafka
from streams.cli.bench import numbered, stack

PARTITIONS = 4
LIMIT = 120.0
NAMES = {"koubei": "koubei", "faust": "Faust", "quix": "Quix Streams", "bytewax": "Bytewax"}


def run(material: Material, *, scale: float, rounds: int) -> Section:
    real = has_real_kafka()
    # The embedded Kafka keeps 5 MB a partition.
    total = int((600_000 if real else 80_000) * scale)
    fewer = {"faust": total // 4}
    rates: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    cpu: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with real_kafka() if real else stack("kafka") as broker:
        bootstrap = broker if isinstance(broker, str) else str(broker.running.kafka)
        if isinstance(broker, str):
            create_topics(bootstrap, {"bench-engine": PARTITIONS})
        values = islice(numbered(material.posts, "engine"), total)
        sizes = preload(bootstrap, "bench-engine", values, PARTITIONS, "lz4" if real else "zstd")
        for number in range(rounds):
            for name in CONTENDERS:
                number_wanted = str(fewer.get(name, total))
                command = (name, "--kafka", bootstrap, "--topic", "bench-engine", "--total", number_wanted)
                with process("bench.contenders.engine", *command) as contender:
                    said = contender.said(LIMIT)
                rates[name].append(said["rate"])
                cpu[name].append(said["cpu_us"])
                print(f"engine {number + 1}/{rounds} {name}: {said['rate']:,.0f}/s", file=sys.stderr)
    rows = [
        (
            NAMES[name],
            spread(rates[name]),
            spread(cpu[name], ".1f"),
            "1" if name == "koubei" else ratios(rates["koubei"], rates[name]),
            "1" if name == "koubei" else ratios(cpu[name], cpu["koubei"]),
        )
        for name in CONTENDERS
    ]
    return Section(
        "engine",
        "Engines alone: empty agents",
        f"{total:,} records of {sizes / total:.0f} bytes on one topic of {PARTITIONS} partitions "
        f"({'Apache Kafka on this machine, lz4' if real else 'the embedded Kafka, zstd'}), read from the start by "
        f"one process each, in turn, {rounds} rounds: median (range). The agents count and do nothing else; CPU is "
        "that of the engine's process, and *by CPU* the ratio that a busy machine does not blur. "
        f"Faust gets {fewer['faust']:,} records, for the sake of time.",
        ("engine", "records/s", "CPU µs a record", "koubei is", "by CPU"),
        rows,
        [
            Figure(
                "engine alone, against Faust",
                ratios(rates["koubei"], rates["faust"]),
                "≥ 20 ×",
                ratio(rates["koubei"], rates["faust"]) >= 20,
            ),
            *(
                Figure(
                    f"engine alone, against {NAMES[name]}",
                    ratios(rates["koubei"], rates[name]),
                    "> 1 ×",
                    ratio(rates["koubei"], rates[name]) > 1,
                )
                for name in ("quix", "bytewax")
            ),
        ],
    )
