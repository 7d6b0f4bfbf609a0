"""The wheel in an environment of its own, away from the checkout: what somebody who installs it gets."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRA = 'pip install "koubei[embedded]"'

pytestmark = [pytest.mark.embedded, pytest.mark.slow, pytest.mark.timeout(400)]


def uv(*arguments: object) -> str:
    """Run uv from the PATH, else the one that `make setup` made; its cache keeps this quick."""
    found = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    if not Path(found).exists():
        pytest.skip("uv is not there: run make setup")
    command = [found, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The versions of uv.lock: a release of somebody else's is no reason to fail here."""
    file = tmp_path_factory.mktemp("locked") / "constraints.txt"
    choice = ("--no-dev", "--extra", "embedded", "--no-emit-project", "--no-hashes", "--no-header")
    file.write_text(uv("export", "--quiet", "--locked", *choice), "utf-8")
    return file


class Installed:
    """A fresh environment and an empty folder to work in."""

    def __init__(self, place: Path, locked: Path) -> None:
        self.place, self.locked = place, locked
        self.folder = place / "empty"
        self.folder.mkdir()
        uv("venv", "--quiet", "--python", sys.executable, place / "venv")

    def add(self, wheel: Path, extra: str = "") -> None:
        what = f"koubei{extra} @ {wheel.as_uri()}"
        uv("pip", "install", "--quiet", "--python", self.place / "venv", "--constraint", self.locked, what)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the installed program; nothing of the checkout or of its settings reaches it."""
        clean = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [self.place / "venv" / "bin" / "koubei", *arguments], check=False, cwd=self.folder,
            capture_output=True, text=True, timeout=120, env={**clean, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip


@pytest.fixture(scope="module")
def installed(locked: Path) -> Iterator[Installed]:
    with tempfile.TemporaryDirectory(prefix="koubei-wheel-", ignore_cleanup_errors=True) as place:
        one = Installed(Path(place), locked)
        yield one
        one.run("down")


def test_everything_that_ships_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        "streams": _files("streams"),
        "streams/_shipped/lexicons": _files("lexicons"),
        "streams/_shipped/dashboards": _files("dashboards"),
    }
    # What .gitignore names by mistake is missing from the wheel, and from every clone.
    for target, files in shipped.items():
        source = ROOT / target.removeprefix("streams/_shipped/")
        missing = {f"{target}/{file.relative_to(source)}" for file in files} - inside
        assert not missing, missing
    for kind in (".sql", ".html", ".css", ".js", ".grammar", ".tsv", ".toml", ".json"):
        assert any(name.endswith(kind) for name in inside), kind
    assert not {name.split("/")[0] for name in inside if ".dist-info" not in name} - {"streams"}


def _files(folder: str) -> list[Path]:
    return [
        file
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc"
    ]


def test_the_plain_wheel_names_the_extra_and_with_it_the_demo_runs(installed: Installed, wheel: Path) -> None:
    installed.add(wheel)
    assert installed.run("--version").stdout.strip() == _version()
    refused = installed.run("up", "--detach", "--port", "0")
    assert refused.returncode == 78, refused.stderr
    assert EXTRA in refused.stderr[:120]
    assert "Traceback" not in refused.stderr

    installed.add(wheel, "[embedded]")  # what the message says
    up = installed.run("up", "--demo", "--detach", "--port", "0", "--json")
    assert up.returncode == 0, up.stderr
    assert set(json.loads(up.stdout)) >= {"kafka", "clickhouse", "web", "token"}
    assert _posts(installed) > 0
    assert "koubei" in installed.run("status").stdout
    down = installed.run("down")
    assert down.returncode == 0, down.stderr
    assert {file.name for file in installed.folder.iterdir()} == {"data"}


def _posts(installed: Installed) -> int:
    """Posts, once there are any."""
    deadline = time.monotonic() + 40
    while True:
        asked = installed.run("sql", "SELECT count() AS n FROM posts_latest", "--format", "json")
        assert asked.returncode == 0, asked.stderr
        count = int(json.loads(asked.stdout)[0]["n"])
        if count or time.monotonic() > deadline:
            return count
        time.sleep(0.5)


def _version() -> str:
    from streams import __version__

    return __version__
