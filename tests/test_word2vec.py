"""word2vec: the same seed gives the same bytes, like contexts make near words, and it ends when it is told to."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from embviz.errors import EmbvizError
from embviz.similarity import cosine, near
from embviz.space import Space
from embviz.text import Corpus
from embviz.train.word2vec import Word2Vec

SMALL = {"dims": 12, "min_count": 1, "epochs": 3, "negative": 3}


@pytest.fixture(scope="module")
def planted() -> Corpus:
    """Two worlds that share no word but `the`: within each, any two words occur in the same contexts."""
    rng = np.random.default_rng(0)
    worlds = [["cat", "dog", "cow", "purrs", "eats", "sleeps"], ["巴黎", "北京", "伦敦", "地铁", "机场", "市长"]]
    told = [f"the {' '.join(rng.choice(worlds[i % 2], 5))}." for i in range(1_500)]
    return Corpus.of("\n".join(told).replace("。", "."), "planted")


def trained(corpus: Corpus, folder: Path | None = None, **params: object) -> Space:
    return Word2Vec(**{**SMALL, **params}).fit(corpus, folder=folder)


def test_counts_and_order_are_those_of_the_text() -> None:
    space = trained(Corpus.of("b a b.\nA c b a.\nb", "text"))
    assert space.words() == ["b", "a", "c"]
    assert [space.count(row) for row in range(3)] == [4, 3, 1]
    assert (space.dims, space.vectors.dtype, space.name) == (12, np.float32, "text")


def test_rare_words_are_left_out() -> None:
    assert trained(Corpus.of("b a b.\nA c b a.\nb"), min_count=2).words() == ["b", "a"]


def test_only_the_most_frequent_words_are_kept() -> None:
    corpus = Corpus.of("a a a a b b b c c d")
    assert trained(corpus, vocab=2).words() == ["a", "b"]
    assert trained(corpus, vocab=4).words() == ["a", "b", "c", "d"]


def test_of_words_that_are_as_frequent_as_many_are_kept_as_were_asked_for() -> None:
    text = "a a a " + "b c d e f " * 2
    assert len(trained(Corpus.of(text), vocab=3)) == 3


def test_the_same_seed_gives_the_same_bytes(planted: Corpus) -> None:
    one, again, other = (trained(planted, seed=seed) for seed in (1, 1, 2))
    assert one.vectors.tobytes() == again.vectors.tobytes()
    assert one.words() == again.words() == other.words()
    assert not np.allclose(one.vectors, other.vectors, atol=1e-3)


def test_the_same_bytes_from_another_process(planted: Corpus, tmp_path: Path) -> None:
    """Python's hashes differ from process to process; nothing may depend on them."""
    code = (
        "import sys; from embviz.train.word2vec import Word2Vec; from embviz.text import Corpus;"
        "text = 'cat dog cow sleeps the 巴黎 北京 ' * 40;"
        f"space = Word2Vec(**{SMALL!r}).fit(Corpus.of(text));"
        "sys.stdout.write(' '.join(space.words()) + space.vectors.tobytes().hex())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1 and len(found.pop()) > 100


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_words_that_share_contexts_are_near(planted: Corpus, architecture: str) -> None:
    space = trained(planted, architecture=architecture, epochs=20, sample=0, dims=20)
    for word, world in (("cat", "dog cow purrs eats sleeps"), ("巴黎", "北京 伦敦 地铁 机场 市长")):
        assert set(near(space, word, 5).words) == set(world.split())
    assert cosine(space, "cat", "dog") > cosine(space, "cat", "北京") + 0.2


def test_architectures_differ(planted: Corpus) -> None:
    one, other = (trained(planted, architecture=name).vectors for name in ("skip-gram", "cbow"))
    assert not np.allclose(one, other, atol=1e-3)


def test_several_workers_learn_it_too(planted: Corpus) -> None:
    space = trained(planted, workers=2, epochs=20, sample=0, dims=20)
    assert set(near(space, "cat", 5).words) == {"dog", "cow", "purrs", "eats", "sleeps"}


def test_the_history_counts_every_epoch_and_the_spool_is_removed(planted: Corpus, tmp_path: Path) -> None:
    trained(planted, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["history.tsv"]
    header, *rows = [line.split("\t") for line in (tmp_path / "history.tsv").read_text().splitlines()]
    assert header == ["epoch", "words", "seconds"]
    assert [(int(epoch), int(words)) for epoch, words, _ in rows] == [(1, 9_000), (2, 18_000), (3, 27_000)]
    seconds = [float(row[2]) for row in rows]
    assert seconds == sorted(seconds) and seconds[0] > 0


def test_progress_goes_from_none_to_all(planted: Corpus) -> None:
    said: list[tuple[str, float, str]] = []
    Word2Vec(**SMALL).fit(planted, lambda *what: said.append(what))
    for stage in ("reading the corpus", "training"):
        done = [share for name, share, _ in said if name == stage]
        assert done == sorted(done) and done[0] >= 0 and done[-1] <= 1
    assert said[-1][0] == "training" and said[-1][1] > 0.8


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"architecture": "glove"}, "The architecture 'glove' is unknown: there are skip-gram and cbow."),
        ({"dims": 0}, "dims is 0 and must be at least 1."),
        ({"min_count": 0}, "min-count is 0 and must be at least 1."),
        ({"epochs": -1}, "epochs is -1 and must be at least 1."),
        ({"workers": 0}, "workers is 0 and must be at least 1."),
        ({"negative": 0}, "negative is 0 and must be at least 1."),
        ({"window": 0}, "window is 0 and must be at least 1."),
        ({"vocab": 1}, "vocab is 1 and must be at least 2."),
        ({"rate": 0.0}, "rate is 0.0 and must lie above 0"),
        ({"rate": float("nan")}, "rate is nan and must lie above 0"),
        ({"sample": -1.0}, "sample is -1.0 and must be 0 or more"),
        ({"sample": float("nan")}, "sample is nan"),
        ({"seed": -1}, "seed is -1 and must lie between 0 and 4294967295."),
        ({"min_count": 4}, "'text' has 1 words that occur 4 times or more, of 3 different ones, and 2 are needed"),
        ({"min_count": 99}, "'text' has 0 words that occur 99 times or more"),
        ({"vocab": 4}, "4 words were asked for, and 'text' has 3 that occur at least 1 times"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(EmbvizError) as raised:
        trained(Corpus.of("b a b.\nA c b a.\nb", "text"), tmp_path, **params)
    assert sentence in str(raised.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", " \n ", "。。。 !!!"])
def test_a_text_without_words_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(EmbvizError):
        trained(Corpus.of(text, "text"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", ["reading the corpus", "training"])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_listener_cancels_within_seconds(stage: str, workers: int, tmp_path: Path) -> None:
    """What it raises comes out as it is, and gensim's threads end: they would keep the process from ending."""
    corpus = Corpus.of([f"a{i % 50} b{i % 30} c{i % 20} d e f g h i j. " * 20 for i in range(400)])
    before = threading.active_count()

    def report(name: str, done: float, note: str = "") -> None:
        if name == stage and done > 0:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Word2Vec(epochs=1_000, min_count=1, workers=workers).fit(corpus, report, tmp_path)
    while threading.active_count() > before and time.monotonic() < started + 20:
        time.sleep(0.05)
    assert threading.active_count() <= before
    assert time.monotonic() < started + 20
    assert not list(tmp_path.iterdir())


def test_ctrl_c_ends_the_process(tmp_path: Path) -> None:
    """A real SIGINT to a real process, in the middle of training."""
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from embviz.train.word2vec import Word2Vec; from embviz.text import Corpus;"
        "corpus = Corpus.of(['a b c d e f g h. ' * 20 for i in range(400)]);"
        "report = lambda stage, done, note: stage == 'training' and os.kill(os.getpid(), signal.SIGINT);"
        f"Word2Vec(epochs=100000, min_count=1).fit(corpus, report, Path({str(tmp_path)!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "KeyboardInterrupt" in ended.stderr and ended.returncode != 0
    assert not list(tmp_path.iterdir())
