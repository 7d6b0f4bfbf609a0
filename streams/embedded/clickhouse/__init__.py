"""The ClickHouse engine of chdb behind ClickHouse's own protocols, in a process of its own.

python -m streams.embedded.clickhouse --data DIR --native-port N --http-port M --users FILE [--parent PID]
"""

import signal

from streams.language import t

_CRASHES = frozenset({signal.SIGILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT})


def explain_exit(code: int) -> str:
    """What an exit code of this process means, in words, with what to do next.

    Args:
        code: as `subprocess` tells it: negative for a signal.
    """
    if code == -signal.SIGILL:
        return t(
            "本机处理器缺少内嵌 ClickHouse 所需的指令（鲲鹏 920、飞腾等可能如此）。请改用外部 ClickHouse："
            "koubei up --clickhouse clickhouse://用户:密码@主机:9000/库（ClickHouse 官方的 arm-compat 版本可在这类机器上运行）。",
            "This processor lacks instructions that the embedded ClickHouse needs. Use a ClickHouse server instead: "
            "koubei up --clickhouse clickhouse://user:password@host:9000/database (its arm-compat builds run on "
            "such machines).",
        )
    if code == 69:
        return t(
            "数据目录正被另一个进程使用。请先停止那个进程，或换一个数据目录。",
            "Another process is using the data directory: stop it first, or choose another directory.",
        )
    if code == 78:
        return t(
            '内嵌的 ClickHouse 缺少安装包或用户文件有误，详情见其日志。安装：pip install "koubei[embedded]"',
            "The embedded ClickHouse is not installed, or its users file is wrong; its log says which. "
            'To install it: pip install "koubei[embedded]"',
        )
    if code == -signal.SIGKILL:
        return t(
            "内嵌的 ClickHouse 被强制结束（kill -9，或内存不足时被系统结束）。已确认的数据不会丢失；请查看可用内存。",
            "The embedded ClickHouse was killed (kill -9, or the system ran out of memory). Acknowledged rows are "
            "safe; look at the free memory.",
        )
    if code < 0 and -code in _CRASHES:
        name = signal.Signals(-code).name
        return t(
            f"内嵌的 ClickHouse 引擎崩溃（{name}）。再次启动即可继续；若反复出现，请改用外部 ClickHouse。",
            f"The embedded ClickHouse engine crashed ({name}). Start it again; if it keeps crashing, use a "
            "ClickHouse server instead.",
        )
    return t(f"内嵌的 ClickHouse 以代码 {code} 结束。", f"The embedded ClickHouse ended with code {code}.")
