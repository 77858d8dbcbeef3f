"""Axes that are chosen: cosines known in the head, what is kept, and the sentences for axes that are none."""

from pathlib import Path

import numpy as np
import pytest

from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.projection.axes import axes
from embviz.similarity import direction
from embviz.space import Space

WORDS = ["man", "woman", "poor", "rich", "king", "nothing", "well-known"]
VECTORS = np.array([[-2, 0, 1], [2, 0, 1], [0, -1, 1], [0, 1, 1], [-3, 4, 0], [0, 0, 0], [0, 0, 5]], float)
NAMES = ("man <-> woman", "poor <-> rich")


@pytest.fixture
def space() -> Space:
    return Space.of(WORDS, VECTORS, name="court")


def both(space: Space, *names: str) -> np.ndarray:
    return np.array([direction(space, name) for name in names])


def test_places_by_hand(space: Space) -> None:
    """The axes are the first two numbers; the king at (-3, 4) of length 5 lies at -3/5 and 4/5."""
    found = axes(space, both(space, *NAMES), NAMES)
    expected = [[-2 / 5**0.5, 0], [2 / 5**0.5, 0], [0, -(0.5**0.5)], [0, 0.5**0.5], [-0.6, 0.8], [0, 0], [0, 0]]
    np.testing.assert_allclose(found.coords, expected, atol=1e-6)
    assert found.coords.dtype == np.float32 and (found.method, found.dims, found.space) == ("axes", 2, "court")
    assert found.params == {"dims": 2, "words": 7, "axes": [*NAMES]}
    assert found.facts["degrees"] == [90.0] and found.facts["seconds"] >= 0
    assert found.words == WORDS


def test_three_axes_and_fewer_words(space: Space) -> None:
    found = axes(space, np.array([[7, 0, 0], [0, 0.1, 0], [1, 1, 0]]), ["x", "y", "both"], words=5)
    np.testing.assert_allclose(found.coords[4], [-0.6, 0.8, 0.2 / 2**0.5], atol=1e-6)
    assert found.coords.shape == (5, 3) and found.facts["degrees"] == [90.0, 45.0, 45.0] and found.sheet is None


def test_a_pole_is_an_expression_and_counts_as_one(space: Space) -> None:
    """Poles of one word and of two have the same length before they are subtracted."""
    np.testing.assert_allclose(direction(space, "man <-> woman"), [4 / 5**0.5, 0, 0], atol=1e-6)
    left = np.array([-2, 0, 1]) / 5**0.5 + np.array([0, -1, 1]) / 2**0.5
    expected = np.array([0, 0, 1]) - left / np.linalg.norm(left)
    np.testing.assert_allclose(direction(space, "man + poor <-> well-known"), expected, atol=1e-6)
    np.testing.assert_array_equal(direction(space, "man<->woman"), direction(space, " man ↔ woman "))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("man woman", "'man woman' has no <->"),
        ("", "'' has no <->"),
        ("man <-> woman <-> king", "'man <-> woman <-> king' has more than one <->"),
        ("man <-> ", "'man <-> ' has a pole without a word"),
        ("<->", "'<->' has a pole without a word"),
        ("man <-> man", "The poles of 'man <-> man' point the same way"),
        ("man <-> mam", "'mam' is not in 'court' .* Did you mean: man"),
        ("man <-> nothing", "The words of 'nothing' cancel out"),
    ],
)
def test_what_is_no_axis(space: Space, text: str, says: str) -> None:
    with pytest.raises(EmbvizError, match=says):
        direction(space, text)


@pytest.mark.parametrize(
    ("directions", "names", "says"),
    [
        (np.eye(3)[:1], ["x"], "A map has 2 or 3 axes"),
        (np.eye(3), ["x", "y"], "there are 2 names and an array of shape"),
        (np.eye(4)[:2], ["x", "y"], "The axes have 4 dimensions and the words of 'court' 3"),
        (np.zeros((2, 3)), ["x", "y"], "The axis 'x' has no direction"),
        (np.full((2, 3), np.nan), ["x", "y"], "The axis 'x' has no direction"),
        (np.array([[1, 0, 0], [-2, 0, 0]]), ["x", "y"], "The axes 'x' and 'y' lie along one line"),
    ],
)
def test_what_is_no_map(space: Space, directions: np.ndarray, names: list[str], says: str) -> None:
    with pytest.raises(EmbvizError, match=says):
        axes(space, directions, names)


def test_more_words_than_there_are(space: Space) -> None:
    with pytest.raises(EmbvizError, match="A map of 8 words was asked for, and 'court' has 7"):
        axes(space, np.eye(3)[:2], NAMES, words=8)


def test_kept_and_read_back(space: Space, tmp_path: Path) -> None:
    for directions, names in ((np.eye(3)[:2], NAMES), (np.eye(3), ("x", "y", "z"))):
        found = axes(space, directions, names)
        found.save(tmp_path / "map.safetensors")
        again = Projection.load(tmp_path / "map.safetensors", space)
        np.testing.assert_array_equal(again.coords, found.coords)
        assert (again.method, again.params, again.facts) == (found.method, found.params, found.facts)
