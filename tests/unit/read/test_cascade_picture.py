"""What is drawn of a tree, and what is not."""

from hypothesis import given
from hypothesis import strategies as st

from streams.cascades.tree import Tree, build
from streams.read.cascade import picture, still_growing
from tests.unit.cascades.oracle import Row, columns

NAN = float("nan")


def grown(parents: list[int]) -> Tree:
    """Share n hangs below share `parents[n]`, or below the root for -1."""
    rows = [
        Row(
            "r",
            f"s{at}",
            f"s{up}" if up >= 0 else "r",
            user=f"u{at}",
            shared=at * 600_000,
            order=at,
            score=-0.5 if at % 2 else NAN,
        )
        for at, up in enumerate(parents)
    ]
    return build("r", columns(rows))


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    count = draw(st.integers(0, 40))
    return grown([draw(st.integers(-1, at - 1)) for at in range(count)])


@given(trees(), st.integers(1, 50))
def test_what_is_drawn_hangs_together_and_has_the_most_below(tree: Tree, most: int) -> None:
    drawn = picture(tree, most)
    assert len(drawn.nodes) == min(most, len(tree.ids))
    assert len(drawn.nodes) + drawn.hidden == len(tree.ids)
    assert drawn.nodes[0].share_id == "r"
    for at, node in enumerate(drawn.nodes[1:], 1):
        assert 0 <= node.parent < at
        above = drawn.nodes[node.parent]
        place = tree.ids.index(node.share_id)
        assert tree.ids[tree.layout.parent[place]] == above.share_id
        assert above.below > node.below
    whole = sorted((node.below for node in picture(tree, 1000).nodes), reverse=True)
    assert sorted((node.below for node in drawn.nodes), reverse=True) == whole[:most]


def test_the_tone_of_a_node_is_that_of_its_words() -> None:
    drawn = picture(grown([-1, 0, 1]), 10)
    assert [node.user for node in drawn.nodes] == ["", "u0", "u1", "u2"]
    assert drawn.tones == [None, None, -0.5, None]


def test_where_a_cascade_grows_is_seen_from_its_last_share() -> None:
    # Shares come every ten minutes; the last hour before the last of them holds the last seven.
    found = still_growing(grown([-1, 0, 0, 0, 0, 0, 0, 0, 0, 8]))
    assert [(one.share, one.recent, one.below) for one in found] == [("s0", 7, 9), ("s8", 1, 1)]
    assert still_growing(grown([])) == []
