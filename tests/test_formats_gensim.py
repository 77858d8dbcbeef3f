"""The files that gensim carries are read as gensim reads them, and the files it writes too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from embviz.errors import EmbvizError
from embviz.formats import read_vectors

FILES = {
    "test_glove.txt": {"no_header": True},
    "word2vec_pre_kv_c": {},
    "lee_fasttext.vec": {},
    "crime-and-punishment.vec": {},
    "toy-model.vec": {},
    "high_precision.kv.txt": {},
    "euclidean_vectors.bin": {"binary": True},
    "high_precision.kv.bin": {"binary": True},
    "poincare_vectors.bin": {"binary": True},
}


def check(path: str, **options) -> None:
    ours, theirs = read_vectors(path), KeyedVectors.load_word2vec_format(path, **options)
    assert ours.words() == theirs.index_to_key
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)


@pytest.mark.parametrize("name", FILES)
def test_files_that_gensim_carries(name):
    check(datapath(name), **FILES[name])


@pytest.mark.parametrize("options", [{}, {"binary": True}, {"write_header": False}])
def test_files_that_gensim_writes(tmp_path, options):
    vectors = KeyedVectors(4)
    words = ["king", "女王", "Ёж", "1", "e\u0301", "a\u00a0b"]
    vectors.add_vectors(words, np.random.default_rng(5).standard_normal((6, 4)).astype(np.float32))
    vectors.save_word2vec_format(str(tmp_path / "v.txt"), **options)
    space = read_vectors(tmp_path / "v.txt")
    assert space.words() == words
    np.testing.assert_array_equal(space.vectors, vectors.vectors)


@pytest.mark.parametrize("name", ["word2vec_pre_kv_py3", "lee_fasttext_new.bin", "lee_fasttext"])
def test_native_models_are_refused_in_a_sentence(name):
    with pytest.raises(EmbvizError, match=r"is a pickle|is a fastText model"):
        read_vectors(datapath(name))


def test_a_header_that_gensim_believes_is_not_believed():
    with pytest.raises(EmbvizError, match="promises 3 words, and the file holds 1"):
        read_vectors(datapath("pretrained.vec"))


def test_every_file_that_gensim_carries_is_read_or_refused_in_a_sentence():
    """No file, however strange, ends in anything but a Space or an EmbvizError."""
    for path in Path(datapath("")).iterdir():
        if path.is_file() and path.stat().st_size < 300_000:
            try:
                assert len(read_vectors(path))
            except EmbvizError as error:
                assert path.name in str(error)
