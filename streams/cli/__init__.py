"""The command line. `COMMANDS` is all there is; each command is imported only when it is called."""

import difflib
import logging
import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from streams import __version__, language
from streams.errors import KoubeiError, Retryable
from streams.language import t

if TYPE_CHECKING:
    from cyclopts import App

USAGE = 2
BUG = 70
INTERRUPTED = 130


class Command(NamedTuple):
    """One command.

    Attributes:
        name: what is typed after `koubei`.
        target: `module:attribute` of its function, or of its cyclopts App when it has subcommands.
        zh: what it does, in Chinese.
        en: the same in English.
        example: a command line that works; its help opens with it.
    """

    name: str
    target: str
    zh: str
    en: str
    example: str


COMMANDS: tuple[Command, ...] = (
    Command(
        "up",
        "streams.cli.up:up",
        "启动整套系统（内置 Kafka 和 ClickHouse、处理进程、页面）",
        "Start everything: embedded Kafka and ClickHouse, workers, the page",
        "koubei up --demo",
    ),
    Command("down", "streams.cli.down:down", "停止", "Stop it", "koubei down"),
    Command(
        "status",
        "streams.cli.status:status",
        "每个进程的状态、地址、积压和行数",
        "State of each process, addresses, lag and rows",
        "koubei status --json",
    ),
    Command(
        "ingest",
        "streams.cli.ingest:ingest",
        "导入帖子、转发或互动（JSONL、CSV、RSS）",
        "Feed posts, shares or interactions (JSONL, CSV, RSS)",
        "koubei ingest posts.jsonl --wait",
    ),
    Command(
        "simulate",
        "streams.cli.simulate:simulate",
        "模拟一次新品发布和随后的投诉危机",
        "Simulate a product launch and a complaint crisis",
        "koubei simulate --duration 60",
    ),
    Command(
        "sql",
        "streams.cli.sql:sql",
        "用只读账号查询",
        "Query with the read-only account",
        'koubei sql "SELECT platform, count() FROM posts_latest GROUP BY platform"',
    ),
    Command(
        "analyze",
        "streams.cli.analyze:analyze",
        "分析文本：分词、品牌、情感和依据、方面、消费阶段",
        "Analyse texts: words, brands, sentiment with its evidence, aspects, stage",
        'koubei analyze "星曜X1拍照真不错，云岭的太糊了"',
    ),
    Command(
        "duplicates",
        "streams.cli.duplicates:duplicates",
        "把近似重复的文本分到同一组（标准输入 JSON 行）",
        "Group near-duplicate texts (JSON lines on stdin)",
        "koubei duplicates < posts.jsonl",
    ),
    Command(
        "reanalyze",
        "streams.cli.reanalyze:reanalyze",
        "用现在的词典和规则重新分析存下的帖子",
        "Judge stored posts anew with the lexicons and rules of today",
        "koubei reanalyze --since 7d",
    ),
    Command(
        "doctor",
        "streams.cli.doctor:doctor",
        "检查这台机器和各项依赖，每个问题附一条命令",
        "Check this machine and every dependency; each finding comes with a command",
        "koubei doctor",
    ),
    Command(
        "dead-letters",
        "streams.cli.dead_letters:app",
        "查看、重放或丢弃处理不了的记录",
        "List, replay or drop the records that could not be processed",
        "koubei dead-letters list --limit 20",
    ),
    Command(
        "correct",
        "streams.cli.correct:correct",
        "更正一处品牌提及的情感，或撤销更正",
        "Correct the sentiment of one brand mention, or withdraw that",
        "koubei correct 微博 5012345678901234 星曜 负 --note 反话",
    ),
    Command(
        "corrections",
        "streams.cli.correct:app",
        "查看、导出人的更正",
        "List and export what people have corrected",
        "koubei corrections export > labels.csv",
    ),
    Command(
        "rules",
        "streams.cli.rules:app",
        "检查规则文件，拿文本试查询",
        "Check rule files, try queries on texts",
        "koubei rules check",
    ),
    Command(
        "spike",
        "streams.cli.spike:spike",
        "这一小时是不是突增（标准输入 JSON 行），与规则所用的算法相同",
        "Whether an hour is a spike (JSON lines on stdin), by the formula of the rules",
        "koubei spike < hours.jsonl",
    ),
    Command(
        "alerts",
        "streams.cli.alerts:app",
        "告警：列出、查看、认领、指派、静默、解除、调校",
        "Alerts: list, look, claim, assign, silence, resolve, tune",
        "koubei alerts list",
    ),
    Command(
        "cases",
        "streams.cli.cases:app",
        "处置单：从发现到结案，时限、结果、报告",
        "Cases: from found to closed, clocks, outcomes, report",
        "koubei cases list",
    ),
    Command(
        "notify",
        "streams.cli.notify:app",
        "通知渠道（钉钉、企业微信、飞书、webhook、邮件等）：列出、试发",
        "Channels of notifications (chat robots, webhook, mail ...): list them, send a trial",
        "koubei notify test oncall",
    ),
    Command(
        "oncall",
        "streams.cli.oncall:app",
        "值班：现在是谁、接下来是谁、交班单",
        "On call: who is, who comes next, the hand-over note",
        "koubei oncall now",
    ),
    Command(
        "words",
        "streams.cli.words:app",
        "热词，和词典里还没有的新词",
        "Hot words, and new words that no dictionary has",
        "koubei words hot --brand 星曜 --window 24h",
    ),
    Command(
        "cascade",
        "streams.cli.cascade:cascade",
        "一次传播的转发树、各层、关键传播者；导出到 Gephi",
        "How a post spread: tree, levels, key spreaders; export for Gephi",
        "koubei cascade 5012345678901234",
    ),
    Command(
        "measures",
        "streams.cli.measures:measures",
        "各项指标的算法和出处",
        "What is measured: formula, source and SQL",
        "koubei measures nsr",
    ),
    Command(
        "sentiment",
        "streams.cli.sentiment:app",
        "训练、校准、评估情感判断",
        "Train, calibrate and evaluate the sentiment engine",
        "koubei sentiment evaluate labels.csv",
    ),
    Command(
        "demo",
        "streams.cli.demo:app",
        "管理演示数据",
        "Manage the demo data",
        "koubei demo clear --yes",
    ),
    Command(
        "topics",
        "streams.cli.topics:app",
        "创建、列出 Kafka 主题，查看积压",
        "Create and list Kafka topics, show lag",
        "koubei topics list",
    ),
    Command(
        "migrate",
        "streams.cli.migrate:migrate",
        "把数据库升级到这个版本",
        "Bring the database to this version",
        "koubei migrate",
    ),
    Command(
        "worker",
        "streams.cli.worker:app",
        "运行一个处理进程",
        "Run one worker",
        "koubei worker --kafka 127.0.0.1:9092",
    ),
    Command(
        "notifier",
        "streams.cli.notifier:notifier",
        "运行通知进程：告警的状态和发送",
        "Run the notifier: keeps the alerts and sends them",
        "koubei notifier --kafka 127.0.0.1:9092",
    ),
    Command(
        "dashboards",
        "streams.cli.dashboards:app",
        "把看板推送到 Grafana 或导出",
        "Push the dashboards to Grafana, or export them",
        "koubei dashboards push --url http://127.0.0.1:3000",
    ),
    Command("web", "streams.cli.web:web", "运行页面和 HTTP 接口", "Run the page and the API", "koubei web"),
    Command(
        "config",
        "streams.cli.config:app",
        "查看、检查设置",
        "Show and check the settings",
        "koubei config show --origin",
    ),
    Command(
        "bench",
        "streams.cli.bench:bench",
        "在这台机器上实测性能",
        "Measure this machine",
        "koubei bench --quick",
    ),
)


def build() -> "App":
    """The cyclopts App over `COMMANDS`; importing it imports no command."""
    from cyclopts import App, Group

    from streams.cli.layout import DEFAULTS, Layout, prologue

    app = App(
        name="koubei",
        version=__version__,
        help=t(
            "口碑监测：Kafka → Faust → ClickHouse → 页面和 Grafana。\n\n每个命令都有 --help。",
            "Word-of-mouth monitoring: Kafka → Faust → ClickHouse → a page and Grafana.\n\n"
            "Every command has --help.",
        ),
        help_prologue=prologue("koubei up --demo"),
        help_formatter=Layout(),
        help_format="plaintext",
        default_parameter=DEFAULTS,
        group_commands=Group(t("命令", "Commands"), sort_key=0),
        group_parameters=Group(t("选项", "Options")),
        group_arguments=Group(t("参数", "Arguments")),
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
    )
    for position, command in enumerate(COMMANDS):
        app.command(command.target, name=command.name, help=t(command.zh, command.en), sort_key=position)
    for flags, zh, en in (
        (app.help_flags, "显示说明", "Show this help."),
        (app.version_flags, "显示版本", "Show the version."),
    ):
        for flag in flags:
            app[flag].help = t(zh, en)
    return app


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; prints errors, raises nothing."""
    from cyclopts import CycloptsError

    from streams.cli.mistakes import explain

    try:
        return _dispatch(arguments)
    except CycloptsError as error:
        message, code = explain(error), USAGE
    except Retryable as error:
        message, code = _unavailable(error, arguments), error.exit_code
    except KoubeiError as error:
        message, code = str(error), error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from streams.cli.bug import report

        message, code = report(error, arguments), BUG
    print(message, file=sys.stderr)
    return code


def _dispatch(arguments: list[str]) -> int:
    from streams.cli.layout import prologue

    # Libraries log what they also raise; without a handler Python would print it all on stderr.
    logging.getLogger().addHandler(logging.NullHandler())
    _use_configured_language()
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    names = [command.name for command in COMMANDS]
    if arguments and not arguments[0].startswith("-") and arguments[0] not in names:
        print(_unknown_command(arguments[0], names), file=sys.stderr)
        return USAGE
    app = build()
    for command in COMMANDS:
        if command.name in arguments[:1]:
            app[command.name].help_prologue = prologue(command.example)
    outcome = app(arguments or ["--help"])
    sys.stdout.flush()
    return outcome if isinstance(outcome, int) else 0


def _unavailable(error: Retryable, arguments: list[str]) -> str:
    from streams.cli.bug import flag
    from streams.cli.common import unavailable

    if flag(arguments, "--kafka") or flag(arguments, "--clickhouse"):
        return str(error)
    return unavailable(error, flag(arguments, "--data"))


def main() -> NoReturn:
    """Entry point of `koubei`."""
    sys.exit(run(sys.argv[1:]))


def _unknown_command(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return t(
            f"没有 {name} 这个命令，是不是想写 koubei {near[0]}？",
            f"There is no command {name}; did you mean koubei {near[0]}?",
        )
    return t(
        f"没有 {name} 这个命令。全部命令：koubei --help", f"There is no command {name}. See koubei --help"
    )


def _use_configured_language() -> None:
    """Help texts are made at import, before the settings are read, so the language comes first."""
    if os.environ.get("KOUBEI_LANGUAGE"):
        return
    try:
        chosen = tomllib.loads(Path("koubei.toml").read_text("utf-8")).get("language")
    except (OSError, ValueError):
        return
    if chosen in language.LANGUAGES:
        language.use(chosen)
