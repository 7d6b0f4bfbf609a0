#!/bin/sh
# A real Apache Kafka on this machine, without Docker:
#   deploy/kafka/run.sh [PORT] [DATA DIR]      (9092, ./data/kafka)
# Runs in the foreground until Ctrl-C; the controller listens on PORT + 1; both on 127.0.0.1 only.
# The first run fetches Kafka (55 jars) from Maven Central.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
port=${1:-9092}
data=${2:-./data/kafka}
jars=${KOUBEI_KAFKA_JARS:-"$here/target/dependency"}

need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "找不到 $1：先安装 Java 17 和 Maven，例如 apt-get install default-jre-headless maven" >&2
    echo "$1 is missing: install Java 17 and Maven, e.g. apt-get install default-jre-headless maven" >&2
    exit 69
}

need java
if ! ls "$jars"/kafka_2.13-*.jar >/dev/null 2>&1; then
    need mvn
    echo "正在下载 Kafka / fetching Kafka ..." >&2
    mvn -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars"
fi

mkdir -p "$data"
data=$(cd "$data" && pwd)
{
    cat "$here/server.properties"
    echo "listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))"
    echo "advertised.listeners=PLAINTEXT://127.0.0.1:$port"
    echo "controller.quorum.voters=1@127.0.0.1:$((port + 1))"
    echo "log.dirs=$data/log"
} >"$data/server.properties"

if [ ! -f "$data/log/meta.properties" ]; then
    id=$(java -cp "$jars/*" kafka.tools.StorageTool random-uuid 2>/dev/null)
    java -Dlog4j.configuration="file:$here/log4j.properties" -cp "$jars/*" \
        kafka.tools.StorageTool format -t "$id" -c "$data/server.properties" >/dev/null
fi
exec java ${KAFKA_HEAP_OPTS:--Xms256m -Xmx512m} -XX:+UseG1GC -Djava.awt.headless=true \
    -Dlog4j.configuration="file:$here/log4j.properties" -cp "$jars/*" \
    kafka.Kafka "$data/server.properties"
