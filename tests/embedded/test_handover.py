"""The hand-over note against a real store: what is open, the worst first."""

import json
import os
import time
from pathlib import Path

import pytest

from streams.alerts.case import Case, CaseState
from streams.alerts.model import Alert, Entry, Event
from streams.cli import run
from streams.store import alerts
from streams.store.client import Connection
from tests.servers import clickhouse

pytestmark = pytest.mark.embedded

ROTA = """
[people.zhang]
name = "张三"

[people.li]
name = "李四"

[rotas.pr]
people = ["zhang", "li"]
every = "day"
"""


def opened(number: int, severity: str, state: str, owner: str = "") -> Entry:
    now = time.time()
    alert = Alert(
        alert_id=f"a{number}",
        dedup_key=f"规则{number}|星曜|",
        rule=f"规则{number}",
        rule_version=1,
        brand="星曜",
        severity=severity,  # type: ignore[arg-type]
        state=state,  # type: ignore[arg-type]
        first_fired=now,
        last_fired=now,
        count=number,
        window_start=now,
        window_end=now,
        owner=owner,
        seq=1,
        revision=1,
        last=Event(kind="fired", at=now),
    )
    return Entry("alert", alert.alert_id, alert)


def listed(case_id: str, state: CaseState) -> Entry:
    now = time.time()
    case = Case(
        case_id=case_id,
        alert_id="a8",
        dedup_key="规则8|星曜|",
        rule="规则8",
        brand="星曜",
        severity="orange",
        state=state,
        owner="李四",
        opened_at=now,
        respond_by=now + 3600,
        resolve_by=now + 14_400,
        seq=1,
        revision=1,
        last=Event(kind="opened", at=now),
    )
    return Entry("case", case_id, case)


def test_the_note_names_turns_and_what_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("KOUBEI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "koubei.toml").write_text(ROTA, "utf-8")
    with clickhouse(tmp_path / "server") as server:
        connection = Connection(server.url)
        try:
            alerts.append(
                connection,
                [
                    opened(3, "blue", "firing"),
                    opened(7, "red", "acknowledged", "张三"),
                    opened(5, "orange", "resolved"),
                    opened(6, "orange", "pending"),
                    listed("c1", "listening"),
                    listed("c2", "closed"),
                ],
            )
            asked = ["oncall", "handover", "--clickhouse", server.url]
            assert run([*asked, "--json"]) == 0
            told = json.loads(capsys.readouterr().out)
            assert run(asked) == 0
            shown = capsys.readouterr().out
            connection.query("DROP VIEW cases")
            assert run(asked) == 0
            without = capsys.readouterr().out
        finally:
            connection.close()
    assert [one["alert_id"] for one in told["alerts"]] == ["a7", "a3"]
    assert [one["case_id"] for one in told["cases"]] == ["c1"]
    (rota,) = told["rotas"]
    assert {rota["person"], rota["next"][0]["person"]} == {"张三", "李四"}
    assert "未了的告警 2 条\n  红色 · 星曜 · 规则7 · 7 条 · 张三 已认领 · " in shown
    assert "未结的处置单 1 张\n  橙色 · 星曜 · 规则8 · 李四 已认领 · " in shown
    assert "处置单：数据库里还没有这张视图" in without
