"""Reads dashboards/<Folder>/*.json: classic Grafana JSON, of which the page draws exactly the subset below.

An unknown key is an error, so a dashboard that Grafana would draw and the page would not is found when the
file is read, not when somebody misses a panel.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from streams.boards.macros import ALL
from streams.errors import BadConfig
from streams.language import t

SCHEMA_VERSION = 42
DATASOURCE_UID = "koubei-clickhouse"
DATASOURCE_TYPE = "grafana-clickhouse-datasource"
TRANSLATIONS = "english.toml"

PanelType = Literal["stat", "timeseries", "barchart", "piechart", "table", "nodeGraph"]


class GridPosition(Struct, frozen=True, forbid_unknown_fields=True):
    """Place on a grid of 24 columns; a row is about 38 pixels high."""

    x: int
    y: int
    w: int
    h: int


class Datasource(Struct, frozen=True, forbid_unknown_fields=True):
    """Which data source a panel reads, by uid."""

    type: str
    uid: str


class Target(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One query of a panel. `format` 0 asks Grafana for time series, 1 for a table."""

    ref_id: str
    raw_sql: str
    format: int
    datasource: Datasource
    editor_type: Literal["sql"] = "sql"
    query_type: Literal["timeseries", "table"] = "table"


class Matcher(Struct, frozen=True, forbid_unknown_fields=True):
    """Which fields an override is for."""

    id: Literal["byName"]
    options: str


class Property(Struct, frozen=True, forbid_unknown_fields=True):
    """One setting that an override changes."""

    id: str
    value: Any = None


class Override(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of one field of a panel."""

    matcher: Matcher
    properties: list[Property]


class FieldConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Units, colours and links of a panel's fields."""

    defaults: dict[str, Any]
    overrides: list[Override] = []


class Panel(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One panel."""

    id: int
    type: PanelType
    title: str
    description: str
    grid_pos: GridPosition
    datasource: Datasource
    targets: list[Target]
    field_config: FieldConfig
    options: dict[str, Any] = {}
    max_data_points: int = 100
    interval: Annotated[str, Meta(pattern=r"^(\d+s)?\Z")] = ""
    transparent: bool = False

    @property
    def least_interval(self) -> int:
        """Narrowest bucket in seconds."""
        return int(self.interval.removesuffix("s") or 1)

    @property
    def no_value(self) -> str:
        """What the panel says when it has nothing to show."""
        return str(self.field_config.defaults.get("noValue", ""))


class Variable(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A choice that the reader makes, listed by SQL (`query`) or here (`custom`), or a hidden list of the queries."""

    name: str
    type: Literal["query", "custom"]
    query: str
    current: dict[str, Any]
    label: str = ""
    description: str = ""
    datasource: Datasource | None = None
    hide: int = 0
    include_all: bool = False
    multi: bool = False
    refresh: int = 0
    sort: int = 0
    options: list[dict[str, Any]] = []
    regex: Literal[""] = ""

    @property
    def choices(self) -> dict[str, str]:
        """What a `custom` variable offers, value → text; written `value` or `text : value`, with commas between."""
        written = [part.strip() for part in self.query.split(",") if part.strip()]
        pairs = [part.rsplit(" : ", 1) for part in written]
        return {pair[-1].strip(): pair[0].strip() for pair in pairs}

    @property
    def listed(self) -> list[str]:
        """The values of a `custom` variable."""
        return list(self.choices)

    @property
    def default(self) -> str:
        """What holds until the reader chooses: everything, or else the value that the file names."""
        return ALL if self.include_all else str(self.current.get("value", ""))


class Templating(Struct, frozen=True, forbid_unknown_fields=True):
    """The variables of a dashboard."""

    variables: list[Variable] = field(default_factory=list, name="list")


class TimeRange(Struct, frozen=True, forbid_unknown_fields=True):
    """The range that a dashboard opens with."""

    to: str = "now"
    start: str = field(default="now-1h", name="from")


class Board(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One dashboard."""

    uid: str
    title: str
    panels: list[Panel]
    schema_version: int
    templating: Templating = Templating()
    time: TimeRange = TimeRange()
    id: None = None
    description: str = ""
    tags: list[str] = []
    refresh: str = ""
    timezone: str = "Asia/Shanghai"
    editable: bool = False
    graph_tooltip: int = 1
    week_start: str = "monday"
    version: int = 1

    def panel(self, panel_id: int) -> Panel | None:
        """The panel with this id."""
        return next((panel for panel in self.panels if panel.id == panel_id), None)

    def variable(self, name: str) -> Variable | None:
        """The variable with this name."""
        return next((variable for variable in self.templating.variables if variable.name == name), None)


# What the page draws of each panel type; Grafana knows many more.
_OPTIONS: dict[str, frozenset[str]] = {
    "stat": frozenset(
        {"reduceOptions", "colorMode", "graphMode", "textMode", "justifyMode", "orientation", "wideLayout"}
    ),
    "timeseries": frozenset({"legend", "tooltip"}),
    "barchart": frozenset(
        {"orientation", "xField", "stacking", "legend", "tooltip", "showValue", "barWidth", "groupWidth"}
    ),
    "piechart": frozenset({"pieType", "reduceOptions", "legend", "displayLabels", "tooltip"}),
    "table": frozenset({"showHeader", "cellHeight"}),
    "nodeGraph": frozenset({"nodes", "layoutAlgorithm"}),
}
_GRAPH = ("nodes", "edges")
_DEFAULTS = frozenset(
    {"unit", "decimals", "noValue", "color", "custom", "min", "max", "thresholds", "mappings", "links"}
)
_PROPERTIES = frozenset(
    {
        "unit", "decimals", "color", "links", "mappings", "displayName",
        "custom.width", "custom.hidden", "custom.cellOptions", "custom.align",
    }
)  # fmt: skip
_UNITS = frozenset({"", "none", "short", "percent", "s", "ms", "dateTimeFromNow", "time: MM-DD HH:mm"})


def load(file: Path) -> Board:
    """Read one dashboard.

    Raises:
        BadConfig: the file cannot be read or holds what the page cannot draw; names file and panel.
    """
    try:
        raw = msgspec.json.decode(file.read_bytes())
        panels = raw.pop("panels", []) if isinstance(raw, dict) else []
        board = msgspec.convert({**raw, "panels": []}, Board)
    except (OSError, msgspec.MsgspecError, TypeError) as error:
        raise _bad(file, "", str(error)) from error
    drawn = []
    for item in panels:
        name = str(item.get("title", item.get("id"))) if isinstance(item, dict) else str(item)
        try:
            panel = msgspec.convert(item, Panel)
        except msgspec.ValidationError as error:
            raise _bad(file, name, str(error)) from error
        _check(file, panel)
        drawn.append(panel)
    board = msgspec.structs.replace(board, panels=drawn)
    if board.schema_version != SCHEMA_VERSION:
        raise _bad(file, "", f"schemaVersion {board.schema_version}, expected {SCHEMA_VERSION}")
    for variable in board.templating.variables:
        if not variable.include_all and variable.default not in variable.listed:
            raise _bad(file, "", f"variable {variable.name}: {variable.default!r} is not one of its values")
    ids = [panel.id for panel in board.panels]
    if len(set(ids)) < len(ids):
        raise _bad(file, "", "two panels have the same id")
    return board


def load_all(folder: Path) -> list[tuple[str, Board]]:
    """All dashboards below `folder` with the name of their Grafana folder, in the order of their files.

    Raises:
        BadConfig: as `load`; or there is none; or two have the same uid.
    """
    found = [(file.parent.name, load(file)) for file in sorted(folder.glob("*/*.json"))]
    if not found:
        raise _bad(folder, "", "no dashboard in it")
    uids = [board.uid for _, board in found]
    if len(set(uids)) < len(uids):
        raise _bad(folder, "", "two dashboards have the same uid")
    return found


def translations(folder: Path) -> dict[str, str]:
    """Chinese → English of every title, description and column name, from english.toml."""
    try:
        return dict(tomllib.loads((folder / TRANSLATIONS).read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise _bad(folder / TRANSLATIONS, "", str(error)) from error


def _check(file: Path, panel: Panel) -> None:
    unknown: Iterable[tuple[str, str]] = [
        *(("options", key) for key in panel.options if key not in _OPTIONS[panel.type]),
        *(("fieldConfig.defaults", key) for key in panel.field_config.defaults if key not in _DEFAULTS),
        *(
            ("overrides", prop.id)
            for override in panel.field_config.overrides
            for prop in override.properties
            if prop.id not in _PROPERTIES
        ),
        *(("unit", unit) for unit in _units(panel) if unit not in _UNITS),
    ]
    for place, key in unknown:
        raise _bad(file, panel.title, f"{place}: {key}")
    for source in (panel.datasource, *(target.datasource for target in panel.targets)):
        if source != Datasource(DATASOURCE_TYPE, DATASOURCE_UID):
            raise _bad(file, panel.title, f"datasource {source.uid}, expected {DATASOURCE_UID}")
    if not panel.description or not panel.no_value:
        raise _bad(file, panel.title, "description and noValue are required")
    if not panel.targets:
        raise _bad(file, panel.title, "no query")
    names = tuple(target.ref_id for target in panel.targets)
    if panel.type == "nodeGraph" and names != _GRAPH:
        raise _bad(file, panel.title, f"queries {', '.join(names)}, expected {', '.join(_GRAPH)}")


def _units(panel: Panel) -> list[str]:
    config = panel.field_config
    return [
        str(config.defaults.get("unit", "")),
        *(str(p.value) for o in config.overrides for p in o.properties if p.id == "unit"),
    ]


def _bad(file: Path, panel: str, what: str) -> BadConfig:
    where = f"{file.parent.name}/{file.name}"
    zh = f"看板 {where}" + (f" 的面板“{panel}”" if panel else "")
    en = f"Dashboard {where}" + (f", panel “{panel}”" if panel else "")
    return BadConfig(
        t(
            f"{zh} 用了页面画不了的内容：{what}。支持的子集见 docs/dashboards.md",
            f"{en} uses what the page cannot draw: {what}. The supported subset is in docs/dashboards.md",
        )
    )
