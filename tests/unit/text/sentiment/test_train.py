from pathlib import Path

import numpy as np
import pytest

from streams.config import shipped
from streams.errors import BadConfig
from streams.text.lexicons import Entry
from streams.text.normalise import fold
from streams.text.sentiment import material, weights
from streams.text.sentiment.ngrams import BUCKETS, Ngrams
from streams.text.sentiment.train import LABELS, Material, sentences, train
from tests.unit.text.conftest import labelled
from tests.unit.text.sample import SAMPLE

REMEDY = "run `koubei sentiment train --out lexicons` and review what changed"


def test_the_shipped_weights_follow_from_their_inputs() -> None:
    folder = shipped("lexicons")
    known = weights.manifest(folder)
    assert known is not None
    assert known.inputs == material.inputs(folder), REMEDY
    assert weights.digest(weights.load([folder])) == known.sha256
    assert weights.digest(train(material.read(folder))) == known.sha256, REMEDY


def test_nothing_learnt_or_probed_copies_the_probes_of_others() -> None:
    challenge, _ = labelled("challenge")
    runs = {run for text in challenge for run in _runs(text)}
    assert len(runs) > 300
    shipped_texts = material.read(shipped("lexicons"))
    made = [text for label in LABELS for text in sentences(shipped_texts.sentences, label)]
    probes = (Path(__file__).parent / "probes.tsv").read_text(encoding="utf-8").splitlines()
    for text in (*made, *shipped_texts.lexicon, *(line.split("\t")[2] for line in probes), *SAMPLE):
        assert runs.isdisjoint(_runs(text)), text


def _runs(text: str) -> list[str]:
    """All six letters in a row, whatever stands between them."""
    letters = "".join(filter(str.isalnum, fold(text)))
    return [letters[start : start + 6] for start in range(len(letters) - 5)]


def test_the_shipped_weights_are_small() -> None:
    assert (shipped("lexicons") / weights.FOLDER / weights.FILE).stat().st_size <= 600_000


SMALL = Material(
    positive=["又快又好", "很好用", "都是好的", "两边都有"],
    negative=["又慢又差", "很差劲", "都是差的", "两边都有"],
    news=["本市今日召开会议研究工作"] * 8,
    lexicon={"好": Entry("pos", 1), "差": Entry("neg", 1), "很": Entry("degree", 1.5)},
    sentences={
        "pos": ["{thing}好"],
        "neg": ["{thing}差"],
        "fact": ["{thing}多少钱"],
        "thing": ["手机", "车"],
    },
)


def test_what_is_learnt() -> None:
    made = train(SMALL)
    polarity, subjectivity = Ngrams(made).read(["手机好", "手机差", "手机多少钱"])
    assert polarity[0] > 0 > polarity[1]
    assert subjectivity[2] < min(subjectivity[:2])


def test_neither_order_nor_repeats_of_the_texts_change_a_weight() -> None:
    turned = SMALL._replace(
        positive=[*SMALL.positive[::-1], *SMALL.positive],
        negative=SMALL.negative[::-1],
        lexicon=dict(reversed(list(SMALL.lexicon.items()))),
    )
    assert weights.digest(train(turned)) == weights.digest(train(SMALL))


def test_weights_of_the_users_own_folder_win(tmp_path: Path) -> None:
    own = np.ones((2, BUCKETS), np.int8)
    weights.save(tmp_path, own, weights.Manifest(weights.digest(own), "0", {}))
    assert weights.load([shipped("lexicons"), tmp_path]).tolist() == own.tolist()
    assert weights.manifest(tmp_path) == weights.Manifest(weights.digest(own), "0", {})


def test_a_spoilt_file_of_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="没有情感权重"):
        weights.load([tmp_path])
    file = tmp_path / weights.FOLDER / weights.FILE
    file.parent.mkdir()
    file.write_bytes(b"half")
    with pytest.raises(BadConfig, match=r"ngrams\.npy 读不了"):
        weights.load([tmp_path])
    np.save(file, np.zeros(3))
    with pytest.raises(BadConfig, match="int8"):
        weights.load([tmp_path])
