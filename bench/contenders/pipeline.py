"""The other ways to get posts from Kafka into ClickHouse: the usual tutorial, and Faust with our own lane."""

import argparse
import asyncio
import json
import tempfile
import tomllib
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faust

TUTORIAL_TABLE = (
    "CREATE TABLE tutorial (platform String, post_id String, published DateTime64(3), text String, "
    "words Array(String), sentiment Float64, brands Array(String)) ENGINE = MergeTree ORDER BY published"
)
BATCH = 10_000


def tutorial(app: faust.App, topic: Any, url: str) -> None:
    """What a search for Faust, jieba and SnowNLP brings up: post by post, an insert per hundred."""
    import jieba
    from clickhouse_driver import Client
    from snownlp import SnowNLP

    from streams.store.client import Address

    address = Address.parse(url)
    client = Client(
        address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database,
    )
    terms = brand_terms()

    @app.agent(topic)
    async def judge(stream: Any) -> None:
        rows = []
        async for value in stream:
            post = json.loads(value)
            text = post["text"]
            words = jieba.lcut(text)
            score = SnowNLP(text).sentiments if text.strip() else 0.5
            brands = [term for term in terms if term in text]
            rows.append((post["platform"], post["post_id"], post["published"], text, words, score, brands))
            if len(rows) >= 100:
                client.execute(
                    "INSERT INTO tutorial VALUES", [(*row[:2], int(row[2]), *row[3:]) for row in rows]
                )
                rows.clear()


def brand_terms() -> list[str]:
    """Every way to write the shipped brands."""
    from streams.config import shipped

    terms: list[str] = []
    for file in sorted(Path(shipped("lexicons"), "brands").glob("*.toml")):
        brand = tomllib.loads(file.read_text("utf-8"))
        terms += [brand["name"], *brand.get("aliases", ()), *brand.get("products", ())]
    return terms


def same(app: faust.App, topic: Any, url: str) -> None:
    """Stock Faust with our lane's own work and sink, in batches of 10,000 in a thread. Safeguards nothing."""
    from streams.agents.lanes import LaneRecipe, Work
    from streams.config import shipped

    lane = LaneRecipe(
        url, "bench", "hybrid", None, (shipped("lexicons"),), Path.home() / ".cache" / "koubei"
    ).build()
    executor = ThreadPoolExecutor(1)

    def land(number: int, work: Work) -> None:
        name = ("posts", number)
        computed = lane.compute(name, work)
        lane.insert(name, 0, computed.rows)
        lane.drop(name)

    @app.agent(topic)
    async def collect(stream: Any) -> None:
        loop, number = asyncio.get_running_loop(), 0
        values: list[bytes | None] = []
        places: list[tuple[int, int]] = []
        offsets, stamps = array("q"), array("q")
        async for event in stream.events():
            message = event.message
            values.append(event.value)
            places.append((message.partition, 1))
            offsets.append(message.offset)
            stamps.append(int(message.timestamp * 1000))
            if len(values) >= BATCH:
                number += 1
                work = Work("posts", values, 1, places, offsets, stamps)
                values, places, offsets, stamps = [], [], array("q"), array("q")
                await loop.run_in_executor(executor, land, number, work)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.contenders.pipeline")
    parser.add_argument("name", choices=("tutorial", "same"))
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--url", required=True)
    options = parser.parse_args()
    app = faust.App(
        options.group,
        broker=f"kafka://{options.kafka}",
        store="memory://",
        datadir=tempfile.mkdtemp(),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        stream_recovery_delay=0.0,
    )
    topic = app.topic("posts", key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    {"tutorial": tutorial, "same": same}[options.name](app, topic, options.url)
    faust.Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
