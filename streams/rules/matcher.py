"""Many rules over a batch of posts: each rule waits for its rarest needed part and costs nothing until then."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.rules.compile import Post, compile_tree
from streams.rules.evaluate import Span, spans
from streams.rules.glance import glance
from streams.rules.lookout import SAMPLE, Batch, Lookout, count
from streams.rules.needed import guess
from streams.rules.rule import Rule
from streams.rules.tree import Node, terms
from streams.text.finder import Finder, Found
from streams.text.segment import Segmenter
from streams.text.track import BETWEEN, squeeze

__all__ = ["SHARD", "Batch", "Hit", "Matcher"]


class Hit(NamedTuple):
    """A rule that matches a post.

    Attributes:
        rule: index of the rule.
        spans: the wanted terms that took part, in order; empty where fields alone decided.
    """

    rule: int
    spans: tuple[Span, ...]

    @property
    def first(self) -> Span:
        """The first span; 0, 0 and "" where there is none."""
        return self.spans[0] if self.spans else Span(0, 0, "")


SHARD = 32
"""Rules whose terms are found together: a candidate is searched for few terms besides its own."""


class Matcher:
    """Rules, compiled once for many batches.

    Each rule waits for those of its parts that are rarest, by a guess at first and by count once a batch of
    some size has come. Where they turn up, a quick look at the rest of the rule follows; only what is left is
    searched properly and decided. None of this changes what matches.

    Args:
        rules: in the order that the indices of hits count them; one that is not enabled, or has no query,
            never matches.
        segmenter: the one that cuts the texts.

    Attributes:
        rules: the rules.

    Raises:
        QueryError: a query has a mistake.
    """

    def __init__(self, rules: Sequence[Rule], segmenter: Segmenter) -> None:
        self.rules = tuple(rules)
        self._segmenter = segmenter
        self._trees = {
            index: tree
            for index, rule in enumerate(self.rules)
            if rule.enabled and (tree := rule.tree()) is not None
        }
        self._glances = {index: glance(tree) for index, tree in self._trees.items()}
        indices = list(self._trees)
        self._shards = [
            _Shard({index: self._trees[index] for index in indices[start : start + SHARD]}, segmenter)
            for start in range(0, len(indices), SHARD)
        ]
        self._shard_of = {index: shard for shard in self._shards for index in shard.checks}
        self._counted = False
        self._lookout = Lookout(self._trees, segmenter, guess)

    def match(self, batch: Batch) -> dict[int, list[Hit]]:
        """Number of each post that a rule matches → its hits, by rule. How a batch is cut changes nothing."""
        if not self._trees or not batch.texts:
            return {}
        if not self._counted and len(batch.texts) >= SAMPLE:
            self._counted = True
            self._lookout = Lookout(self._trees, self._segmenter, count(self._trees.values(), batch))
        squeezed = squeeze(batch.folded).squeezed.split(BETWEEN)
        posts: dict[int, Post] = {}
        work: defaultdict[_Shard, dict[Post, list[int]]] = defaultdict(dict)
        for row, rules in self._lookout.candidates(batch, squeezed).items():
            post = Post(row, batch.texts[row], batch.folded[row], squeezed[row], batch.columns)
            for rule in rules:
                look = self._glances[rule]
                if look is None or look(post):
                    posts[row] = post
                    work[self._shard_of[rule]].setdefault(post, []).append(rule)
        hits: defaultdict[int, list[Hit]] = defaultdict(list)
        for shard, candidates in work.items():
            for post, hit in shard.decide(candidates, batch):
                hits[post.row].append(hit)
        return {row: sorted(hits[row]) for row in sorted(hits)}


class _Shard:
    """Some rules, and the finder of their terms."""

    def __init__(self, trees: Mapping[int, Node], segmenter: Segmenter) -> None:
        every = list(dict.fromkeys(term for tree in trees.values() for term in terms(tree)))
        numbers = {term: number for number, term in enumerate(every)}
        self.checks = {index: compile_tree(tree, numbers) for index, tree in trees.items()}
        self._finder = Finder(every, segmenter) if every else None

    def decide(self, candidates: Mapping[Post, list[int]], batch: Batch) -> Iterator[tuple[Post, Hit]]:
        """The hits among posts and the rules that may match them."""
        found: dict[int, list[Found]] = {}
        if self._finder is not None:
            rows = [post.row for post in candidates]
            found = self._finder.find(
                [batch.texts[row] for row in rows],
                [batch.folded[row] for row in rows],
                [batch.cuts[row] for row in rows],
            )
        for number, (post, rules) in enumerate(candidates.items()):
            occurrences: dict[int, list[Found]] = {}
            for hit in found.get(number, ()):
                occurrences.setdefault(hit.term, []).append(hit)
            post.found = occurrences
            for rule in rules:
                part = self.checks[rule](post)
                if part is not None:
                    yield post, Hit(rule, spans(part))
