"""What a reply is to be about, read from the posts of a case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.alerts.replies import Facts, drafts, load
from streams.read.facts import facts
from streams.store.client import Connection
from streams.topics.alert import Ref
from tests import servers

pytestmark = pytest.mark.embedded

NOW = 1_795_312_920.0
SHIPPED = Path(__file__).parents[2] / "lexicons"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with servers.clickhouse(tmp_path_factory.mktemp("facts")) as server:
        connection = Connection(server.url)
        aspects = [["续航", "客服"], ["客服", "客服"], ["屏幕"]]
        others = ("score", "confidence", "start", "stop", "evidence_start", "evidence_stop")
        nothing = {f"mentions.{name}": [[0]] * 3 for name in others}
        nothing |= {
            f"aspects.{name}": [[0] * len(one) for one in aspects] for name in ("score", "start", "stop")
        }
        connection.insert(
            "posts",
            {
                "platform": ["微博"] * 3, "post_id": ["1", "2", "3"], "published": [round(NOW * 1000)] * 3,
                "text": ["又断连", "客服不理", "屏幕不错"], "sentiment": ["pos", "neu", "pos"],
                "intent": ["complaint", "complaint", ""], "aspects.aspect": aspects,
                "aspects.brand": [["星曜"] * len(one) for one in aspects],
                "aspects.sentiment": [["neg"] * len(one) for one in aspects],
                "mentions.brand": [["星曜"]] * 3, "mentions.sentiment": [["neg"], ["neg"], ["pos"]],
                "src_offset": [1, 2, 3], **nothing,
            },
        )  # fmt: skip
        yield connection
        connection.close()


def ref(ident: str) -> Ref:
    return Ref(platform="微博", id=ident, at=NOW)


def test_what_most_posts_say_counts(connection: Connection) -> None:
    found = facts(connection, [ref("1"), ref("2"), ref("3"), ref("gone")], brand="星曜", severity="orange")
    assert found == Facts("", "星曜", ("客服", "续航", "屏幕"), "complaint", "neg", "orange")
    assert "售后的负责同事" in "\n".join(drafts(found, load([SHIPPED])))


def test_without_a_brand_the_tone_is_that_of_the_whole(connection: Connection) -> None:
    assert facts(connection, [ref("1"), ref("3")], brand="", severity="blue").sentiment == "pos"


def test_of_no_posts_nothing_is_known(connection: Connection) -> None:
    nothing = Facts("", "星曜", (), "", "", "blue")
    assert facts(connection, [], brand="星曜", severity="blue") == nothing
    assert facts(connection, [ref("gone")], brand="星曜", severity="blue") == nothing
