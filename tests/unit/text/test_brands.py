from pathlib import Path

import pytest

from streams.config import shipped
from streams.text.analyse import analyse
from streams.text.toolkit import Toolkit, build


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory, weights_cache: Path) -> Toolkit:
    folder = tmp_path_factory.mktemp("own")
    (folder / "brands").mkdir()
    for name in ("三星", "华光"):
        (folder / "brands" / f"{name}.toml").write_text(
            f'name = "{name}"\nversion = 1\nlicence = "MIT"\n', encoding="utf-8"
        )
    return build(sentiment="bayes", lexicons=[shipped("lexicons"), folder], cache=weights_cache)


@pytest.mark.parametrize(
    ("text", "toward"),
    [
        ("三星好，别家都烂", {"三星": "pos"}),
        ("星曜X1拍照真不错，云岭的太糊了", {"星曜": "pos", "云岭": "neg"}),
        ("星曜比云岭好用", {"星曜": "pos", "云岭": "neg"}),
        ("星曜比云岭卡", {"星曜": "neg", "云岭": "pos"}),
        ("星曜不如云岭", {"星曜": "neg", "云岭": "pos"}),
        ("星曜没有云岭好用", {"星曜": "neg", "云岭": "pos"}),
        ("比起云岭星曜更流畅", {"云岭": "neg", "星曜": "pos"}),
        ("星曜吊打云岭", {"星曜": "pos", "云岭": "neg"}),
        ("星曜和云岭都很流畅", {"星曜": "pos", "云岭": "pos"}),
        ("星曜外观漂亮但云岭发热严重", {"星曜": "pos", "云岭": "neg"}),
        ("发热严重，握着烫手。就是这台星曜X1", {"星曜": "neg"}),
        ("老板天天骂人烦死了，还好星曜X1续航不错", {"星曜": "pos"}),
        ("云岭 S9 Plus用着很流畅，推荐", {"云岭": "pos"}),
        ("三星和华光选哪个", {"三星": "neu", "华光": "neu"}),
        ("星曜将于9月12日举行新品发布会", {"星曜": "neu"}),
        ("周末去看北极光，真美", {}),
    ],
)
def test_tone_toward_each_brand(text: str, toward: dict[str, str], tools: Toolkit) -> None:
    result = analyse([text], tools)
    assert dict(zip(result.brands[0], result.brand_sentiments[0], strict=True)) == toward


def test_the_whole_text_and_the_brand_may_differ(tools: Toolkit) -> None:
    result = analyse(["三星好，别家都烂，又卡又丑，后悔死了"], tools)
    assert result.sentiment == ["neg"]
    assert result.brand_sentiments == [["pos"]]


@pytest.mark.parametrize(
    "text",
    [
        "云岭和星曜X1",
        "\u200b\u200b㎡ Ｙｕｎｌｉｎｇ，再说星曜　Ｘ１",
        "İİ yunling❤️星 曜不是，星曜是",
    ],
)
def test_places_are_those_of_the_original(text: str, tools: Toolkit) -> None:
    result = analyse([text], tools)
    assert result.brands == [["云岭", "星曜"]]
    found = [text[a:b] for a, b in zip(result.brand_starts[0], result.brand_stops[0], strict=True)]
    assert found[0] in ("云岭", "Ｙｕｎｌｉｎｇ", "yunling")
    assert found[1] in ("星曜X1", "星曜　Ｘ１", "星曜")


def test_a_brand_is_listed_once_at_its_first_mention(tools: Toolkit) -> None:
    result = analyse(["云岭好，星曜好，云岭真好"], tools)
    assert result.brands == [["云岭", "星曜"]]
    assert result.brand_starts == [[0, 4]]
