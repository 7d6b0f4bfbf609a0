import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.normalise import normalise
from streams.text.segment import LONGEST, Segmenter, UserWord
from streams.text.toolkit import Toolkit
from tests.unit.text.sample import SAMPLE

PLAIN = Segmenter()


@given(st.text())
def test_tokens_rejoin_to_the_text(text: str) -> None:
    [folded] = normalise([text])
    [tokens] = PLAIN.cut([folded])
    assert "".join(tokens) == folded
    assert all(0 < len(token) <= LONGEST for token in tokens)


def test_a_long_run_is_cut_and_nothing_is_lost() -> None:
    text = "看" + "x" * 200 + "看"
    [tokens] = PLAIN.cut([text])
    assert "".join(tokens) == text
    assert max(map(len, tokens)) == LONGEST


def test_user_words_stay_whole() -> None:
    assert PLAIN.cut(["又断连了"]) == [["又", "断", "连", "了"]]
    taught = Segmenter([UserWord("断连"), UserWord("好", None)])
    assert taught.cut(["又断连了"]) == [["又", "断连", "了"]]
    assert [word.word for word in taught.words] == ["断连"]
    assert not PLAIN.knows("断连")


def test_user_words_that_jieba_knows_and_cuts_apart_stay_whole() -> None:
    assert PLAIN.knows("无语")
    assert PLAIN.cut(["无语，", "功能"]) == [["无", "语", "，"], ["功能"]]
    taught = Segmenter([UserWord("无语"), UserWord("功能")])
    assert taught.cut(["无语，", "功能"]) == [["无语", "，"], ["功能"]]
    assert [word.word for word in taught.words] == ["无语"]


def test_no_word_of_the_lexicons_is_cut_apart(toolkit: Toolkit) -> None:
    words = [word.word for word in toolkit.lexicons.user_words if word.word.isalnum()]
    assert len(words) > 5_000
    assert toolkit.segmenter.cut(words) == [[word] for word in words]


def test_a_guessed_word_can_be_split_into_known_ones() -> None:
    assert not PLAIN.knows("强太多")
    assert PLAIN.split("强太多") == ["强", "太", "多"]
    assert PLAIN.split("北京") == ["北京"]


@pytest.mark.parametrize("text", ["t.cn", "2015-11-25", "4.5mb", "v2.0.1版", "be_happy", "50%off", "a&b"])
def test_latin_runs_are_cut_as_jieba_cuts_them(text: str, jieba_cut: Callable[[str], list[str]]) -> None:
    assert PLAIN.cut([text]) == [jieba_cut(text)]


@pytest.fixture(scope="session")
def jieba_cut(tmp_path_factory: pytest.TempPathFactory, toolkit: Toolkit) -> Callable[[str], list[str]]:
    """jieba itself with the same user dictionary, read from a file in its own format."""
    import jieba

    jieba.setLogLevel(logging.ERROR)
    folder: Path = tmp_path_factory.mktemp("jieba")
    dictionary = folder / "user.txt"
    dictionary.write_text("\n".join(map(str, toolkit.segmenter.words)), encoding="utf-8")
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(folder)
    with dictionary.open("rb") as file:
        tokenizer.load_userdict(file)
    cut: Callable[[str], list[str]] = tokenizer.lcut
    return cut


def test_equals_jieba_on_our_sample(jieba_cut: Callable[[str], list[str]], toolkit: Toolkit) -> None:
    assert len(SAMPLE) >= 60
    folded = normalise(SAMPLE)
    assert toolkit.segmenter.cut(folded) == [jieba_cut(text) for text in folded]


def test_equals_jieba_on_real_texts(
    jieba_cut: Callable[[str], list[str]], toolkit: Toolkit, real_texts: list[str]
) -> None:
    folded = normalise(real_texts[::9])
    assert len(folded) >= 5_000
    cuts = toolkit.segmenter.cut(folded)
    differ = sum(tokens != jieba_cut(text) for tokens, text in zip(cuts, folded, strict=True))
    # what is left are ties between equally likely cuts of repeated characters (啊啊啊啊)
    assert differ / len(folded) < 0.003
