"""What the browser is served comes from this package alone, unmodified where it is somebody else's."""

import hashlib
import re

from streams.web.app import STATIC
from streams.web.pages import HERE

VENDOR = STATIC / "vendor"
ECHARTS = VENDOR / "echarts-6.1.0"
OWN = [
    *sorted((STATIC / "js").glob("*.js")),
    *sorted(STATIC.glob("*.css")),
    *sorted(STATIC.glob("*.svg")),
    *sorted((HERE / "templates").glob("*.html")),
]


def test_echarts_is_the_file_of_its_release() -> None:
    content = (ECHARTS / "dist" / "echarts.min.js").read_bytes()
    assert len(content) == 1_121_883
    assert (
        hashlib.sha256(content).hexdigest()
        == "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0"
    )


def test_the_licences_of_what_is_inside_come_along() -> None:
    for name in (
        "LICENSE",
        "NOTICE",
        "licenses/LICENSE-d3",
        "licenses/LICENSE-zrender",
        "licenses/LICENSE-tslib",
    ):
        assert (ECHARTS / name).read_text(encoding="utf-8").strip(), name


def test_nothing_is_loaded_from_outside() -> None:
    for file in OWN:
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}|@import|url\((?!data:)", text), file


def test_no_markup_is_made_from_text() -> None:
    for file in (STATIC / "js").glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text
        ), file
    for file in (HERE / "templates").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", ""), file
        # The policy forbids them, so the page would silently lose them.
        assert not re.search(r"\son\w+=|\sstyle=|<style|<script>(?!\s*<)", text), file


def test_files_stay_readable() -> None:
    for file in OWN:
        if file.suffix == ".js":
            assert len(file.read_text(encoding="utf-8").splitlines()) <= 400, file


def test_both_languages_everywhere() -> None:
    """Chinese on the page stands in t("中文", "English"), or is a name that a dashboard gives."""
    for file in (STATIC / "js").glob("*.js"):
        code = re.sub(r"//.*|/\*.*?\*/", "", file.read_text(encoding="utf-8"))
        bare = re.sub(r"t\((\"[^\"\n]*\"|`[^`]*`),", "", code)
        found = set(re.findall(r"\"([^\"\n]*[\u4e00-\u9fff][^\"\n]*)\"", bare))
        # Columns of a node graph begin with arc__, detail__ and the like.
        assert {name for name in found if "__" not in name} <= {
            "环比",
            "较上期",
            "样本",
            "平台",
            "周日",
            "周一",
            "周二",
            "周三",
            "周四",
            "周五",
            "周六",
        }, file
