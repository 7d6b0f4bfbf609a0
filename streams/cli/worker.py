"""koubei worker: one worker, or the word that lets tripped ones start again."""

from typing import Annotated

from cyclopts import Parameter

from streams.cli.common import ClickHouse, Data, Kafka, group, say, settings
from streams.cli.common import stack as running_stack
from streams.embedded import state
from streams.errors import BadConfig
from streams.language import t

app = group(
    "worker",
    "运行一个处理进程：读 Kafka，分析，写入 ClickHouse。SIGTERM 后有序退出。",
    "Run one worker: reads Kafka, analyses, writes to ClickHouse. Ends in order on SIGTERM.",
)


@app.default
def worker(
    *,
    data: Data = None,
    kafka: Kafka = None,
    clickhouse: ClickHouse = None,
    resumed: Annotated[
        bool,
        Parameter(
            help=t("越过让它停下的坏记录", "Get past the bad records that tripped it"),
        ),
    ] = False,
) -> int:
    """Run one worker until SIGTERM."""
    from streams.agents.worker import run

    return run(settings(data, kafka, clickhouse), resumed=resumed)


@app.command(help=t("让停下的处理进程重新开始", "Let the workers that stopped start again"))
def resume(*, data: Data = None) -> int:
    """Leave the mark that the supervisor looks for."""
    loaded = settings(data)
    stack = running_stack(loaded)
    if stack is None:
        raise BadConfig(
            t(
                f"{loaded.embedded.data} 上没有正在运行的系统；单独运行的进程请用 koubei worker --resumed 启动",
                f"No stack runs on {loaded.embedded.data}; start a worker of your own with koubei worker --resumed",
            )
        )
    tripped = [part.name for part in stack.parts if part.state == "tripped"]
    if not tripped:
        say(t("没有停下的处理进程", "No worker has tripped"))
        return 0
    state.resume_mark(loaded.embedded.data).touch()
    say(t(f"{'、'.join(tripped)} 即将重新启动", f"{', '.join(tripped)} will start again"))
    return 0
