"""The embedded Kafka: librdkafka's mock cluster in a process of its own, speaking the real protocol.

`python -m streams.embedded.kafka --topic posts:16 --parent PID` prints one JSON line and serves until
SIGTERM or until its parent is gone. Everything is in memory, 5 MB a partition, then the oldest records are
dropped without a word: feeders hold back (streams.broker.feeder) and `koubei topics lag` tells of losses.

The mock API has no setting for the port and no word for an incarnation of the cluster. Both are settled here:
the listening socket is replaced by one that is bound as asked, and an extra topic carries the boot id.
"""

import argparse
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import confluent_kafka

from streams.broker.epoch import EMBEDDED_MARKER
from streams.clock import SYSTEM
from streams.errors import BadConfig, KoubeiError, Unsupported
from streams.language import t
from streams.parent import die_with, gone

HOST = "127.0.0.1"
PARENT_CHECK = 0.5


class MockCluster:
    """Mock brokers inside this process, one a topic.

    A client sends a broker no fetch while one is under way, and the broker holds one that finds nothing for
    100 ms; on one broker for all, a busy topic would wait for its idle neighbours after every fetch.

    Args:
        topics: topic name → partitions.
        port: where to listen on 127.0.0.1; 0 takes a free port.

    Attributes:
        bootstrap: `127.0.0.1:PORT`.

    Raises:
        BadConfig: the port is taken.
        Unsupported: this build of confluent-kafka carries no mock cluster.
    """

    def __init__(self, topics: dict[str, int], port: int = 0) -> None:
        listener = _listen(port)
        self._library = library = _load()
        config = library.rd_kafka_conf_new()
        reason = ctypes.create_string_buffer(512)
        # Without this it warns of missing bootstrap servers, which a producer that only hosts brokers lacks.
        library.rd_kafka_conf_set(config, b"log_level", b"3", reason, len(reason))
        self._client = library.rd_kafka_new(0, config, reason, len(reason))
        if not self._client:
            raise Unsupported(f"librdkafka: {reason.value.decode(errors='replace')}")
        self._cluster = library.rd_kafka_mock_cluster_new(self._client, len(topics))
        if not self._cluster:
            raise Unsupported("librdkafka: rd_kafka_mock_cluster_new")
        first = library.rd_kafka_mock_cluster_bootstraps(self._cluster).split(b",")[0]
        chosen = int(first.rpartition(b":")[2])
        _replace_listener(chosen, listener)
        asked = listener.getsockname()[1]
        listener.close()
        library.rd_kafka_mock_broker_set_host_port(self._cluster, 1, HOST.encode(), asked)
        # Members join at once; Kafka's 3 s pause is for groups of many that start together.
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        for broker, (name, partitions) in enumerate(topics.items(), 1):
            if error := library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1):
                raise Unsupported(f"librdkafka: topic {name}:{partitions} (error {error})")
            for partition in range(partitions):
                library.rd_kafka_mock_partition_set_leader(self._cluster, name.encode(), partition, broker)
        self.bootstrap = f"{HOST}:{asked}"

    def close(self) -> None:
        """Stop serving; every record is gone."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise BadConfig(
            t(
                f"端口 {port} 已被占用，内置 Kafka 无法监听 {HOST}:{port}；换一个 --kafka-port，或用 0 自动选取",
                f"Port {port} is taken: the embedded Kafka cannot listen on {HOST}:{port}; "
                "choose another --kafka-port, or 0 for a free one",
            )
        ) from error
    # The broker's thread accepts after poll(); a client that gave up in between must not block it.
    listener.setblocking(False)
    return listener


def _replace_listener(chosen: int, listener: socket.socket) -> None:
    """Put our socket under the descriptor on which the mock broker listens."""
    for entry in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(entry))) as candidate:
            if candidate.getsockname() == (HOST, chosen):
                os.dup2(listener.fileno(), int(entry), inheritable=False)
                return
    raise Unsupported(f"the mock broker's socket on port {chosen} was not found")


def _load() -> ctypes.CDLL:
    """The librdkafka that confluent-kafka brings along, with the types of what we call."""
    package = Path(confluent_kafka.__file__).parent
    found = [*package.parent.glob("confluent_kafka.libs/librdkafka-*"), *package.glob(".dylibs/librdkafka*")]
    if not found:
        raise Unsupported(
            t(
                "找不到 confluent-kafka 自带的 librdkafka：请用 pip 的预编译包，或用 --kafka 指定真实的 Kafka",
                "confluent-kafka brings no librdkafka: install its wheel, or name a real Kafka by --kafka",
            )
        )
    library = ctypes.CDLL(str(found[0]))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_conf_set", number, [pointer, text, text, text, ctypes.c_size_t]),
        ("rd_kafka_new", pointer, [number, pointer, text, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, number]),
        ("rd_kafka_mock_cluster_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        ("rd_kafka_mock_broker_set_host_port", None, [pointer, ctypes.c_int32, text, number]),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_topic_create", number, [pointer, text, number, number]),
        ("rd_kafka_mock_partition_set_leader", number, [pointer, text, ctypes.c_int32, ctypes.c_int32]),
    ):
        try:
            function = getattr(library, name)
        except AttributeError as error:
            raise Unsupported(f"librdkafka {confluent_kafka.libversion()[0]} exports no {name}") from error
        function.restype, function.argtypes = result, arguments
    return library


def serve(topics: dict[str, int], port: int, parent: int | None) -> None:
    """Run the cluster until SIGTERM, SIGINT or the end of `parent`."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if parent is not None:
        die_with(parent)
    # Two that start in one millisecond are told apart by their pids.
    boot = f"{int(SYSTEM.now() * 1000)}-{os.getpid()}"
    cluster = MockCluster({**topics, EMBEDDED_MARKER + boot: 1}, port)
    print(
        t(
            "内置 Kafka 的数据只在内存里：停止即清空，每个分区只留最近 5 MB；生产环境请用 --kafka 指定真实的 Kafka",
            "The embedded Kafka is in memory: it forgets when it stops and keeps 5 MB a partition; "
            "for production name a real Kafka by --kafka",
        ),
        file=sys.stderr,
        flush=True,
    )
    print(json.dumps({"bootstrap": cluster.bootstrap, "boot": boot, "pid": os.getpid()}), flush=True)
    while not stop.wait(PARENT_CHECK):
        if parent is not None and gone(parent):
            break
    cluster.close()


def _topic(text: str) -> tuple[str, int]:
    name, _, partitions = text.rpartition(":")
    if not name or not partitions.isdecimal() or int(partitions) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: NAME:PARTITIONS")
    return name, int(partitions)


def main(arguments: list[str] | None = None) -> int:
    """Entry of `python -m streams.embedded.kafka`."""
    parser = argparse.ArgumentParser(prog="python -m streams.embedded.kafka", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--topic", type=_topic, action="append", required=True, metavar="NAME:PARTITIONS")
    parser.add_argument("--parent", type=int)
    options = parser.parse_args(arguments)
    try:
        serve(dict(options.topic), options.port, options.parent)
    except KoubeiError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
