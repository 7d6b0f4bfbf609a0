"""Many rules over a batch of posts: each rule waits for its rarest needed part and costs nothing until then."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.rules.compile import compile_tree
from streams.rules.evaluate import Span, spans
from streams.rules.lookout import SAMPLE, Lookout, count
from streams.rules.needed import Cost, guess
from streams.rules.posts import Batch, Post
from streams.rules.rule import Rule
from streams.rules.tree import chains, terms
from streams.text.finder import Finder, Found, Literals, Term
from streams.text.segment import Segmenter
from streams.text.track import squeeze
from streams.text.view import Texts

__all__ = ["Batch", "Hit", "Matcher"]


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
        trees = self._trees.values()
        every = list(dict.fromkeys(term for tree in trees for term in terms(tree)))
        self._numbers = {term: number for number, term in enumerate(every)}
        self._checks = {index: compile_tree(tree, self._numbers) for index, tree in self._trees.items()}
        self._near = {term for tree in trees for near in chains(tree) for term in terms(near)}
        self._literals = Literals(every, segmenter, self._near)
        self._counted = False
        self._wait(guess)

    def _wait(self, cost: Cost) -> None:
        """Have each rule wait for what is rarest, and find other terms with evasions in candidates alone."""
        self._lookout = Lookout(self._trees, self._finder, cost)
        awaited = set(self._lookout.evading)
        self._others = [term for term in self._numbers if term.evasions and term not in awaited]
        self._other_finder = self._finder(self._others)
        others = {term: number for number, term in enumerate(self._others)}
        asked = {
            index: {others[term] for term in terms(tree) if term in others}
            for index, tree in self._trees.items()
        }
        self._asked = {index: numbers for index, numbers in asked.items() if numbers}

    def _finder(self, wanted: Sequence[Term]) -> Finder:
        return Finder(wanted, self._segmenter, self._near)

    def match(self, batch: Batch) -> dict[int, list[Hit]]:
        """Number of each post that a rule matches → its hits, by rule. How a batch is cut changes nothing."""
        if not self._trees or not batch.texts:
            return {}
        if not self._counted and len(batch.texts) >= SAMPLE:
            self._counted = True
            self._wait(count(self._trees.values(), batch))
        track = squeeze(batch.folded)
        texts = Texts(batch.texts, batch.folded, batch.cuts, track, self._segmenter)
        posts: list[tuple[Post, list[int]]] = []
        for row, rules, evasions in self._lookout.candidates(batch, track):
            post = Post(texts, row, batch.columns, self._literals)
            self._note(post, self._lookout.evading, evasions)
            posts.append((post, rules))
        self._find_others(posts, batch)
        hits: dict[int, list[Hit]] = {}
        for post, rules in posts:
            made = [
                Hit(rule, spans(part)) for rule in rules if (part := self._checks[rule](post)) is not None
            ]
            if made:
                hits[post.row] = sorted(made)
        return dict(sorted(hits.items()))

    def _find_others(self, candidates: Iterable[tuple[Post, Sequence[int]]], batch: Batch) -> None:
        """Look for terms with evasions that nothing waits for, in all posts at once whose rules ask for any."""
        asked = self._asked
        posts: list[Post] = []
        wanted: list[set[int]] = []
        for post, rules in candidates:
            if numbers := {number for rule in rules if rule in asked for number in asked[rule]}:
                posts.append(post)
                wanted.append(numbers)
        if not posts:
            return
        rows = [post.row for post in posts]
        found = self._other_finder.find(
            [batch.texts[row] for row in rows],
            [batch.folded[row] for row in rows],
            [batch.cuts[row] for row in rows],
            wanted=wanted,
        )
        for index, hits in found.items():
            self._note(posts[index], self._others, hits)

    def _note(self, post: Post, terms: Sequence[Term], hits: Iterable[Found]) -> None:
        for hit in hits:
            post.found.setdefault(self._numbers[terms[hit.term]], []).append(hit)
