"""The two READMEs say the same, and everything that they name exists."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

import streams
from streams.cli import build

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md"))
    if "target" not in page.parts
)
READMES = ("README.md", "README.zh-CN.md")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
KOUBEI = re.compile(r"(?:^|[\s`(|$])(?:\.venv/bin/)?koubei (?!up\b.*\bNAME\b)([^\n`|)#]+)")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(text: str) -> list[str]:
    return FENCE.findall(text)


def prose(text: str) -> str:
    return FENCE.sub("", text)


def commands(text: str) -> Iterator[list[str]]:
    """Each `koubei …` in blocks and in `code`, as words."""
    inline = " \n".join(re.findall(r"`([^`\n]+)`", prose(text)))
    for line in "\n".join([*blocks(text), inline]).splitlines():
        for found in KOUBEI.findall(line):
            words = found.replace('"', " ").split("  ")[0].strip()
            if re.match(r"[a-z-]", words):
                yield [word.strip(",.;:") for word in words.split()]


def test_both_readmes_have_the_same_shape() -> None:
    def shape(name: str) -> tuple[list[int], list[str], list[str]]:
        text = read(name)
        headings = [len(mark) for mark in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]
        links = [link for link in LINK.findall(text) if not link.startswith("README")]
        code = [re.sub(r"\s*#.*|<[^>]+>", "", line) for block in blocks(text) for line in block.splitlines()]
        return headings, sorted(links), code

    english, chinese = map(shape, READMES)
    assert english[0] == chinese[0]
    assert english[1] == chinese[1]
    assert english[2] == chinese[2]


def test_the_first_screen_has_a_picture_two_commands_and_the_needs() -> None:
    for name in READMES:
        text = read(name)
        picture, block = re.search(r"!\[.+?\]\((.+?)\)", text), FENCE.search(text)
        assert picture, name
        assert (ROOT / picture[1]).is_file()
        assert block, name
        assert len(block[1].splitlines()) == 2
        assert text.index("Python 3.11") < block.start()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_exists(page: Path) -> None:
    for words in commands(page.read_text("utf-8")):
        _check(build(), words)


def _check(app: App, words: list[str]) -> None:
    """The command, its subcommand and its options are known to the command line."""
    said = "koubei " + " ".join(words)
    rest = list(words)
    while rest and not rest[0].startswith("-"):
        names = [name for name in app if not name.startswith("-")]
        if rest[0] not in names:
            break
        app = app[rest.pop(0)]
    assert len(rest) < len(words) or words[0] in ("--help", "--version"), said
    subcommands = [name for name in app if not name.startswith("-")]
    if subcommands and app.default_command is None:
        assert not rest or rest[0].startswith("-"), said
        known: set[str] = set()
    else:
        known = {name for argument in app.assemble_argument_collection() for name in argument.names}
    for word in rest:
        if re.match(r"--[a-z]", word):
            assert word.split("=")[0] in known | {"--help"}, said


def test_the_parser_of_this_test_sees_the_commands() -> None:
    found = [words[0] for words in commands(read("README.md"))]
    assert {"up", "ingest", "sql", "status", "doctor", "demo", "topics", "migrate", "dashboards"} <= set(
        found
    )
    with pytest.raises(AssertionError):
        _check(build(), ["up", "--dmeo"])
    with pytest.raises(AssertionError):
        _check(build(), ["dead-letters", "lst"])


@pytest.mark.parametrize("name", READMES)
def test_every_make_verb_exists(name: str) -> None:
    verbs = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", read(name), re.MULTILINE))
    assert "demo" in named
    assert named <= verbs


@pytest.mark.parametrize("name", READMES)
def test_paths_in_commands_exist(name: str) -> None:
    for line in re.findall(r"python -m pytest ([^`\n]+)", read(name)):
        assert all((ROOT / path).exists() for path in shlex.split(line)), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in _anchors(target.read_text("utf-8")), link


def _anchors(text: str) -> set[str]:
    """Headings as GitHub makes them addresses."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_index() -> None:
    reached = {link.partition("#")[0] for link in LINK.findall(read("docs/index.md"))}
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name in reached | {"index.md"}, page.name


def test_the_versions_of_python_are_those_of_the_project() -> None:
    needed = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    found = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", needed)
    assert found
    spoken = f"Python 3.{found[1]}–3.{int(found[2]) - 1}"  # noqa: RUF001
    assert all(spoken in read(name) for name in READMES)


def test_the_changelog_tells_of_this_version() -> None:
    text = read("CHANGELOG.md")
    assert re.search(rf"^## {re.escape(streams.__version__)}\b", text, re.MULTILINE)
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        assert "### 升级须知" in section, section.splitlines()[0]
