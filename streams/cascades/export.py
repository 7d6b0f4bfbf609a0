"""A cascade for other eyes: GraphML, GEXF (Gephi) and a tree in the terminal."""

import re
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from streams.cascades import shape
from streams.cascades.layout import children, sizes
from streams.cascades.tree import Tree
from streams.language import t

_UNWRITABLE = re.compile(r"[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").sub
_FIELDS = {
    "user": "string",
    "level": "int",
    "shared": "long",
    "tie": "string",
    "followers": "long",
    "direct": "int",
    "below": "int",
}


class Node(NamedTuple):
    """A node as it is exported; the root has no user, time or tie of its own here.

    Attributes:
        share_id: its id.
        parent: number of the node that it hangs below, -1 at the root.
        user: who shared.
        level: distance from the root.
        shared: when, Unix milliseconds.
        tie: one of `shape.TIES`.
        followers: how many follow the user.
        direct: how many nodes hang directly below it.
        below: how many nodes are below it in all.
    """

    share_id: str
    parent: int
    user: str
    level: int
    shared: int
    tie: str
    followers: int
    direct: int
    below: int


def nodes(tree: Tree) -> list[Node]:
    """All nodes of a tree, parents before children."""
    layout, shares = tree.layout, tree.shares
    return [
        Node(*row)
        for row in zip(
            tree.ids,
            layout.parent.tolist(),
            ["", *shares.user],
            layout.level.tolist(),
            [0, *shares.shared],
            ["", *(shape.TIES[tie] for tie in shares.tie)],
            [0, *shares.followers],
            children(layout).tolist(),
            (sizes(layout) - 1).tolist(),
            strict=True,
        )
    ]


def graphml(tree: Tree) -> Iterator[str]:
    """The tree as GraphML, line by line: a million nodes need not stand in memory as XML."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, kind in _FIELDS.items():
        yield f'<key id="{name}" for="node" attr.name="{name}" attr.type="{kind}"/>\n'
    yield f'<graph id="{_safe(tree.root)}" edgedefault="directed">\n'
    every = nodes(tree)
    for node in every:
        data = "".join(f'<data key="{name}">{_safe(str(getattr(node, name)))}</data>' for name in _FIELDS)
        yield f'<node id="{_safe(node.share_id)}">{data}</node>\n'
    for node in every[1:]:
        yield f'<edge source="{_safe(every[node.parent].share_id)}" target="{_safe(node.share_id)}"/>\n'
    yield "</graph>\n</graphml>\n"


def gexf(tree: Tree) -> Iterator[str]:
    """The tree as GEXF 1.3, line by line."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
    yield '<graph defaultedgetype="directed">\n<attributes class="node">\n'
    for name, kind in _FIELDS.items():
        yield f'<attribute id="{name}" title="{name}" type="{"integer" if kind == "int" else kind}"/>\n'
    yield "</attributes>\n<nodes>\n"
    every = nodes(tree)
    for node in every:
        values = "".join(
            f'<attvalue for="{name}" value="{_safe(str(getattr(node, name)))}"/>' for name in _FIELDS
        )
        label = _safe(node.user or node.share_id)
        yield f'<node id="{_safe(node.share_id)}" label="{label}"><attvalues>{values}</attvalues></node>\n'
    yield "</nodes>\n<edges>\n"
    for number, node in enumerate(every[1:]):
        ends = f'source="{_safe(every[node.parent].share_id)}" target="{_safe(node.share_id)}"'
        yield f'<edge id="{number}" {ends}/>\n'
    yield "</edges>\n</graph>\n</gexf>\n"


def drawn(tree: Tree, *, width: int = 5, depth: int = 6) -> Iterator[str]:
    """The tree for a terminal, line by line, the largest subtrees first.

    Args:
        tree: the cascade.
        width: children shown below a node; the others are counted.
        depth: levels shown; what is deeper is counted.
    """
    every = nodes(tree)
    offspring: dict[int, list[int]] = {}
    for number, node in enumerate(every[1:], 1):
        offspring.setdefault(node.parent, []).append(number)

    def branches(number: int, indent: str) -> list[tuple[str, int, str]]:
        """What is drawn below a node, last line first: (line, number of its node or 0, indent below it)."""
        below = sorted(offspring.get(number, ()), key=lambda child: (-every[child].below, child))
        shown = below[:width] if every[number].level < depth else []
        hidden = sum(every[child].below + 1 for child in below[len(shown) :])
        lines = []
        for child in shown:
            node, last = every[child], child == shown[-1] and not hidden
            counts = t(
                f"直接 {node.direct} · 以下 {node.below}", f"direct {node.direct} · below {node.below}"
            )
            line = f"{indent}{'└─' if last else '├─'} {node.user}" + (f"  {counts}" if node.direct else "")
            lines.append((line, child, indent + ("   " if last else "│  ")))
        if hidden:
            lines.append(
                (indent + "└─ " + t(f"… 另有 {hidden} 次未画出", f"… {hidden} more not drawn"), 0, "")
            )
        return lines[::-1]

    yield t(
        f"{tree.root} · 树内转发 {len(every) - 1} 次", f"{tree.root} · {len(every) - 1} shares in the tree"
    )
    stack = branches(0, "")
    while stack:
        line, number, indent = stack.pop()
        yield line
        if number:
            stack += branches(number, indent)


def _safe(text: str) -> str:
    r"""Text as XML takes it: escaped, and what XML cannot write, or a reader would make a space, spelt \u0007.

    Different ids stay different.
    """
    return escape(_UNWRITABLE(lambda found: f"\\u{ord(found[0]):04x}", text))
