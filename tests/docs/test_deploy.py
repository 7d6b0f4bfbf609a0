"""The container files, as far as they can be checked without an engine: nothing that they name is missing."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from streams import config

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]


def environment() -> dict[str, str]:
    lines = (DEPLOY / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_variable_has_a_value_and_every_value_is_used() -> None:
    assert set(re.findall(r"\$\{(\w+)}", COMPOSE)) == set(environment())


@pytest.mark.parametrize("name", SERVICES)
def test_every_file_that_is_mounted_exists(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert not source.startswith(".") or (DEPLOY / source).exists(), source


@pytest.mark.parametrize("name", ["setup", "worker", "notifier", "web"])
def test_every_setting_exists(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "koubei.toml").write_bytes((DEPLOY / "koubei.toml").read_bytes())
    for key, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(key, re.sub(r"\$\{(\w+)}", lambda match: environment()[match[1]], value))
    loaded = config.load()
    assert loaded.kafka.bootstrap == "kafka:9092"
    assert not loaded.web.exposed or loaded.web.token is not None


def test_every_image_is_named_in_the_environment_only() -> None:
    for service in SERVICES.values():
        assert service["image"].startswith("${") or "build" in service
    assert "FROM ${PYTHON_IMAGE}" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_only_this_host_reaches_the_published_ports() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_accounts_of_clickhouse_read_as_xml_and_the_reader_may_only_read() -> None:
    root = ElementTree.parse(DEPLOY / "clickhouse" / "users.xml").getroot()
    assert root.findtext("profiles/koubei_reader/readonly") == "2"
    grants = [grant.text for grant in root.findall("users/koubei_reader/grants/query")]
    assert all(grant is not None and grant.startswith("GRANT SELECT ON ") for grant in grants)


def test_the_reader_may_ask_for_less_than_its_limits_and_never_for_more() -> None:
    profile = ElementTree.parse(DEPLOY / "clickhouse" / "users.xml").getroot().find("profiles/koubei_reader")
    assert profile is not None
    limits = {limit.tag: limit for limit in profile.findall("constraints/*")}
    assert set(limits) == {"max_execution_time", "max_memory_usage", "max_result_rows"}
    for name, limit in limits.items():
        assert limit.findtext("max") == profile.findtext(name)
        assert float(limit.findtext("min") or 0) > 0, "0 would be no limit at all"


@pytest.mark.parametrize("path", sorted((DEPLOY / "grafana").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_provisioning_of_grafana_reads_as_yaml(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["apiVersion"] == 1
