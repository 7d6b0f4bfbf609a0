"""A cascade as people get it: by command, as a file for Gephi, on the page."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import networkx as nx
import pytest

from streams.cli import run
from streams.derived.cascades import Cascades
from streams.store.client import Connection
from tests import servers
from tests.embedded.test_cascades import NOON, WORKED, finish, land, land_posts, numbered
from tests.rows import HOSTILE
from tests.unit.cascades.oracle import Row
from tests.webpage import Page, serving

pytestmark = pytest.mark.embedded

ESCAPED = "\x1b[2Jgone"
"""Clears the screen of a terminal that is given it."""

WIDE = 700
"""Shares of the live cascade: more than can be drawn."""


def land_circles(connection: Connection) -> None:
    """Two circles of people who share one another, x between them, a of them 水军."""
    pairs = [(one, other) for circle in ("abcd", "mnop") for one in circle for other in circle if one < other]
    rows = [
        Row("circles", f"c{n}{who}", parent, who, NOON + n, followers=70 if who == "x" else 0, score=0.5)
        for n, (one, other) in enumerate([*pairs, *pairs, ("x", "a"), ("x", "m")])
        for who, parent in ((other, "circles"), (one, f"c{n}{other}"))
    ]
    brands: dict[str, list[Any]] = {
        "mentions.brand": ["星曜"],
        "mentions.sentiment": ["pos"],
        "mentions.score": [0.5],
        "mentions.start": [0],
        "mentions.stop": [2],
    }
    land(
        connection,
        numbered(rows),
        partition=1,
        **{name: [value] * len(rows) for name, value in brands.items()},
    )
    # Somebody whose two posts were shared in both circles.
    posts = [
        Row(post, f"{post}{user}", post, f"{circle}{user}", NOON + 9, order=1000 + n)
        for post, circle in (("left", "l"), ("right", "r"))
        for n, user in enumerate("1234")
    ]
    pairs = [(one, other) for one in "1234" for other in "1234" if one != other]
    talk = [
        Row(post, f"{post}{one}{other}", f"{post}{other}", f"{circle}{one}", NOON + 10)
        for post, circle in (("left", "l"), ("right", "r"))
        for one, other in pairs
    ]
    about_posts = [*posts, *talk]
    brands["mentions.brand"] = ["极光"]
    land(
        connection,
        numbered(about_posts),
        partition=2,
        **{name: [value] * len(about_posts) for name, value in brands.items()},
    )
    rated = {"platform": ["微博"], "author_id": ["a"], "label": ["heavy"]}
    connection.insert("accounts", {**rated, "posts": [9], "copies": [9], "score": [12]})
    connection.insert("flagged_accounts", rated)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.ClickHouse]:
    with servers.clickhouse(tmp_path_factory.mktemp("views")) as store:
        connection = Connection(store.url)
        now, chance = int(time.time() * 1000), random.Random(1)
        wide = [
            Row(
                "wide", f"w{n}", f"w{chance.randrange(n)}" if n > 20 else "wide", f"u{n % 50}", now - 1000 + n
            )
            for n in range(WIDE)
        ]
        hostile = [Row(HOSTILE, "h1", HOSTILE, user=HOSTILE), Row(HOSTILE, "h2", "h1", user="x")]
        escaped = [Row(ESCAPED, "e1", ESCAPED, user=ESCAPED), Row(ESCAPED, "e2", "e1", user=ESCAPED)]
        land(connection, numbered(WORKED, wide, hostile, escaped))
        land_circles(connection)
        land_posts(
            connection,
            [
                ("left", "bridge", 5_000),
                ("right", "bridge", 5_000),
                ("tree", "author", 1000),
                (HOSTILE, HOSTILE, 1),
            ],
        )
        finish(connection, Cascades())
        connection.close()
        yield store


@pytest.fixture(scope="module")
def page(store: servers.ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with serving(tmp_path_factory.mktemp("page"), "127.0.0.1:1", store.url) as page:
        yield page


def koubei(store: servers.ClickHouse, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code = run(["cascade", *arguments, "--clickhouse", store.url])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_draws_the_tree(store: servers.ClickHouse, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = koubei(store, capsys, "tree")
    assert code == 0
    assert "规模 7 · 深度 3 · 最宽 3 · ν 2.19" in out
    assert "各层 1 → 3 → 2 → 1" in out
    assert out[out.index("tree · ") :].splitlines() == [
        "tree · 树内转发 6 次",
        "├─ t1  直接 2 · 以下 3",
        "│  ├─ t4  直接 1 · 以下 1",
        "│  │  └─ t6",
        "│  └─ t5",
        "├─ t2",
        "└─ t3",
    ]


def test_the_command_says_everything_as_json(
    store: servers.ClickHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = koubei(store, capsys, "tree", "--json")
    said = json.loads(out)
    assert code == 0
    assert (said["size"], said["depth"], said["max_breadth"]) == (7, 3, 3)
    assert said["virality"] == pytest.approx(2.1905, abs=1e-4)
    assert [level["nodes"] for level in said["levels"]] == [1, 3, 2, 1]
    assert [(one["user_id"], one["subtree"]) for one in said["spreaders"]] == [
        ("author", 6),
        ("t1", 3),
        ("t4", 1),
    ]
    assert {node["share_id"]: node["parent"] for node in said["nodes"]} == {
        "tree": None, "t1": "tree", "t2": "tree", "t3": "tree", "t4": "t1", "t5": "t1", "t6": "t4",
    }  # fmt: skip


def test_the_files_for_gephi_hold_the_whole_tree(
    store: servers.ClickHouse, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    graphml, gexf = tmp_path / "wide.graphml", tmp_path / "wide.gexf"
    code, out, err = koubei(store, capsys, "wide", "--graphml", str(graphml), "--gexf", str(gexf))
    assert (code, out) == (0, "")
    assert str(WIDE + 1) in err
    tree = nx.read_graphml(graphml)
    assert nx.is_arborescence(tree)
    assert len(tree) == WIDE + 1
    assert gexf.read_text("utf-8").count("<edge ") == WIDE


def test_without_a_root_the_live_ones_are_listed(
    store: servers.ClickHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = koubei(store, capsys, "--json")
    assert code == 0
    assert [row["root_id"] for row in json.loads(out)] == ["wide"]
    code, out, err = koubei(store, capsys)
    assert "wide" in out
    assert "tree" not in out
    assert "koubei cascade wide" in err


def test_an_unknown_root_and_an_export_of_none_are_refused(
    store: servers.ClickHouse, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = koubei(store, capsys, "nosuch")
    assert code == 78
    assert "nosuch" in err[:100]
    assert koubei(store, capsys, "--gexf", str(tmp_path / "x"))[0] == 78
    code, _, err = koubei(store, capsys, "tree", "--gexf", str(tmp_path / "no" / "x"))
    assert code == 78
    assert str(tmp_path / "no" / "x") in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["tree", "--width", "0"],
        ["tree", "--width", "-1"],
        ["tree", "--depth", "0"],
        ["tree", "--bridges"],
        ["tree", "--organic"],
        ["tree", "--since", "30d"],
        ["--brand", "星曜"],
    ],
)
def test_options_that_would_do_nothing_are_refused(
    store: servers.ClickHouse, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, out, err = koubei(store, capsys, *arguments)
    assert (code, out) == (78, "")
    assert next(name for name in arguments if name.startswith("--")) in err[:100]


def test_nothing_that_people_wrote_steers_the_terminal(
    store: servers.ClickHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = koubei(store, capsys, ESCAPED)
    assert code == 0
    assert out.replace("\n", "").isprintable()
    assert out.count("�[2J") == 4, "a spreader, the root and two shares"


def test_who_links_communities(store: servers.ClickHouse, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--bridges", "--since", "2010-01-01", "--brand", "星曜")
    code, out, _ = koubei(store, capsys, *asked, "--json")
    first, *others = json.loads(out)
    assert code == 0
    assert first == {
        "user": "x", "across": 1, "communities": 2, "participation": 0.5, "followers": 70, "tone": 0.5, "label": "none",
    }  # fmt: skip
    assert [(one["user"], one["label"]) for one in others] in ([("a", "heavy")], [("m", "none")])
    assert "x" in koubei(store, capsys, *asked)[1]
    # Without a, x is of one community.
    assert json.loads(koubei(store, capsys, *asked, "--organic", "--json")[1]) == []
    assert json.loads(koubei(store, capsys, *asked[:-1], "云岭", "--json")[1]) == []


def test_an_author_who_links_has_the_followers_of_the_post(
    store: servers.ClickHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = koubei(store, capsys, "--bridges", "--since", "2010-01-01", "--brand", "极光", "--json")
    assert code == 0
    assert {one["user"]: one["followers"] for one in json.loads(out)}["bridge"] == 5_000


def test_the_page_tells_who_links_communities(page: Page) -> None:
    text = page.get("/cascades/circles")[1]
    section = text.partition("连接不同人群的人")[2].partition("</section>")[0]
    assert section.index("<td>x") < section.index("70")
    assert "+0.50" in section
    assert "Between communities" in page.get("/cascades/circles?lang=en")[1]


def test_the_page_lists_and_draws_what_it_can_and_says_what_it_hides(page: Page) -> None:
    status, listed = page.get("/cascades")
    assert status == 200
    live, _, largest = listed.partition("规模最大")
    assert "/cascades/wide" in live
    assert "/cascades/tree" not in live
    assert "/cascades/tree" in largest
    status, text = page.get("/cascades/wide")
    boot = json.loads(text.partition('id="boot">')[2].partition("</script>")[0])
    assert (status, len(boot["nodes"]), boot["live"]) == (200, 400, True)
    assert f"只画出下游最多的 400 个节点，另有 {WIDE + 1 - 400} 个未画出" in text
    assert sum(level[0] for level in boot["levels"]) == WIDE + 1
    assert page.get("/cascades/nosuch")[0] == 404


def test_the_page_is_english_where_asked(page: Page) -> None:
    text = page.get("/cascades/tree?lang=en")[1]
    assert "Key spreaders" in text
    assert "关键" not in text


def test_a_hostile_root_stays_text(page: Page) -> None:
    status, text = page.get(f"/cascades/{quote(HOSTILE, safe='')}")
    assert status == 200
    assert HOSTILE not in text
    assert "<img src=x" not in text
    assert "49" not in text.partition("<h1>")[2].partition("</h1>")[0]
