"""Every committed dashboard is within what page and Grafana both draw; everything else is refused by name."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.boards.board import Board, Panel, load, load_all, translations
from streams.boards.measured import made, write
from streams.config import shipped
from streams.errors import BadConfig

FOLDER = shipped("dashboards")
BOARDS = [board for _, board in load_all(FOLDER)]
FILES = sorted(FOLDER.glob("*/*.json"))
SAFE = re.compile(
    r"\$__(timeFilter|timeInterval)(_ms)?\(|\$__(fromTime|toTime)(_ms)?\b|\$__interval_s\b|\$__conditionalAll\(|"
    r"\$\{\w+:(singlequote|raw)\}|(?<=, )\$\w+(?=\))"
)


def _overrides(panel: Panel) -> list[dict[str, Any]]:
    return [{p.id: p.value for p in override.properties} for override in panel.field_config.overrides]


def panels() -> list[tuple[Board, int]]:
    return [(board, panel.id) for board in BOARDS for panel in board.panels]


def test_uids_are_the_promised_ones() -> None:
    assert {board.uid: board.title for board in BOARDS}.items() >= {
        "koubei-overview": "口碑总览",
        "koubei-understanding": "口碑理解",
        "koubei-pipeline": "管道运行",
    }.items()


@pytest.mark.parametrize("board", BOARDS, ids=lambda b: b.uid)
def test_only_safe_macros(board: Board) -> None:
    for panel in board.panels:
        for target in panel.targets:
            assert "$" not in SAFE.sub("", target.raw_sql), panel.title
            # Reads go through the views that hide FINAL; landings and the ledger have one row a batch anyway.
            assert not re.search(r"FROM (posts|shares|interactions|dead_letters)\b", target.raw_sql), (
                panel.title
            )


@pytest.mark.parametrize("board", BOARDS, ids=lambda b: b.uid)
def test_panels_do_not_overlap(board: Board) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in board.panels:
        place = panel.grid_pos
        assert place.x + place.w <= 24
        for x in range(place.x, place.x + place.w):
            for y in range(place.y, place.y + place.h):
                assert (x, y) not in taken, f"{panel.title} lies on {taken.get((x, y))}"
                taken[x, y] = panel.title


@pytest.mark.parametrize("board", BOARDS, ids=lambda b: b.uid)
def test_everything_has_an_english_name(board: Board) -> None:
    words = translations(FOLDER)
    wanted = {board.title, board.description}
    for variable in board.templating.variables:
        if not variable.hide:
            wanted |= {variable.label, variable.description, *variable.choices.values()} - {variable.query}
    for panel in board.panels:
        wanted |= {panel.title, panel.description, panel.no_value}
        for target in panel.targets:
            wanted |= set(re.findall(r"AS `([^`]+)`", target.raw_sql))
            wanted |= set(re.findall(r"'([\u4e00-\u9fff]+)'", target.raw_sql))
        for config in (panel.field_config.defaults, *_overrides(panel)):
            for mapping in config.get("mappings", []):
                wanted |= {shown["text"] for shown in mapping["options"].values()}
    missing = {text for text in wanted if re.search(r"[\u4e00-\u9fff]", text)} - set(words)
    assert not missing


def test_stop_words_are_those_of_the_lexicon() -> None:
    lexicon = shipped("lexicons") / "stopwords" / "words.tsv"
    lines = lexicon.read_text(encoding="utf-8").splitlines()[1:]
    wanted = [word for line in lines if len(word := line.split("\t")[0].strip()) >= 2]
    variables = [variable for board in BOARDS if (variable := board.variable("stop_words"))]
    assert variables
    for variable in variables:
        assert variable.listed == wanted, "copy lexicons/stopwords into the variables stop_words"


@pytest.mark.parametrize(("uid", "panel", "query"), made())
def test_measures_and_hot_words_are_asked_as_they_are_defined_today(uid: str, panel: int, query: str) -> None:
    (board,) = (board for board in BOARDS if board.uid == uid)
    shown = board.panel(panel)
    assert shown is not None
    assert shown.targets[0].raw_sql == query, "run python -m streams.boards.measured"


def test_a_changed_definition_is_written_into_the_files(tmp_path: Path) -> None:
    for file in FILES:
        copy = tmp_path / file.relative_to(FOLDER)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    assert write(tmp_path) == []
    overview = tmp_path / "口碑" / "overview.json"
    text = overview.read_text(encoding="utf-8")
    overview.write_text(text.replace("countIf(sentiment IN ('pos', 'neg')) >= 30", "1"), encoding="utf-8")
    assert write(tmp_path) == [overview]
    assert overview.read_text(encoding="utf-8") == text


def test_both_views_are_one_query_but_for_the_relations() -> None:
    """Every panel that counts authors follows the variable `view`, or says that it does not."""
    for board in BOARDS:
        if board.uid not in {"koubei-overview", "koubei-understanding"}:
            continue
        for panel in board.panels:
            follows = all("${view:raw}" in target.raw_sql for target in panel.targets)
            assert follows != ("不受口径" in panel.description or "和口径影响" in panel.description), (
                panel.title
            )


def test_a_variable_offers_texts_and_values() -> None:
    variable = BOARDS[0].variable("view")
    assert variable is not None
    assert variable.choices == {"latest": "全部", "organic": "去水军"}
    assert variable.default == "latest"
    assert variable.options == [
        {"selected": value == variable.default, "text": text, "value": value}
        for value, text in variable.choices.items()
    ]


def test_files_are_formatted() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n", file


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    document = json.loads(FILES[0].read_text(encoding="utf-8"))
    change(document)
    file = tmp_path / "口碑" / "overview.json"
    file.parent.mkdir()
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        node: Any = document
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("panels", 0, "type", value="heatmap"), "heatmap"),
        (_set("panels", 0, "transformations", value=[]), "transformations"),
        (_set("panels", 0, "repeat", value="brand"), "repeat"),
        (_set("panels", 0, "options", "orientationX", value=1), "orientationX"),
        (_set("panels", 0, "fieldConfig", "defaults", "unit", value="bytes"), "bytes"),
        (_set("panels", 0, "fieldConfig", "defaults", "noValue", value=""), "noValue"),
        (_set("panels", 0, "targets", value=[]), "no query"),
        (_set("panels", 0, "datasource", "uid", value="other"), "other"),
        (_set("panels", 1, "id", value=1), "same id"),
        (_set("schemaVersion", value=39), "39"),
        (_set("annotations", value={}), "annotations"),
        (_set("panels", 0, value=3), "3"),
    ],
)
def test_what_the_page_cannot_draw_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    with pytest.raises(BadConfig) as caught:
        load(changed(tmp_path, change))
    message = str(caught.value)
    assert "口碑/overview.json" in message
    assert said in message


@pytest.mark.parametrize("names", [["nodes"], ["edges", "nodes"], ["A", "B"]])
def test_a_node_graph_has_a_query_for_nodes_and_one_for_edges(tmp_path: Path, names: list[str]) -> None:
    spread = json.loads((FOLDER / "口碑" / "spread.json").read_text(encoding="utf-8"))
    (graph,) = (panel for panel in spread["panels"] if panel["type"] == "nodeGraph")
    target = graph["targets"][0]
    graph["targets"] = [{**target, "refId": name} for name in names]
    with pytest.raises(BadConfig, match="expected nodes, edges"):
        load(changed(tmp_path, _set("panels", value=[graph])))


def test_the_panel_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="负面占比"):
        load(changed(tmp_path, _set("panels", 1, "repeat", value="x")))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig):
        load_all(tmp_path)
