"""Maps that were given: places from a file or from the map of another run are kept exactly, the others placed."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import embviz as ev
from embviz import runs
from embviz.errors import EmbvizError
from embviz.projection import project
from embviz.projection.given import from_file, onto
from embviz.runs import open_run
from embviz.space import Space

RNG = np.random.default_rng(3)
WORDS = [*[f"w{i}" for i in range(27)], "国", 'a "quote', "=1+1"]
PLACES = RNG.normal(size=(30, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def space() -> Space:
    return Space.of(WORDS, RNG.normal(size=(30, 5)), name="small")


def table(words: list[str], places: np.ndarray, between: str = ",", quote: str = '"') -> str:
    cells = [quote + word.replace('"', '""' if quote else '"') + quote for word in words]
    lines = [between.join([cell, *map(repr, map(float, place))]) for cell, place in zip(cells, places, strict=True)]
    return "\n".join([between.join(["word", "x", "y", "z"][: 1 + places.shape[1]]), *lines]) + "\n"


def written(folder: Path, kind: str, words: list[str], places: np.ndarray) -> Path:
    path = folder / f"coords.{kind}"
    if kind == "csv":
        path.write_text(table(words, places), encoding="utf-8")
    elif kind == "tsv":
        path.write_text(table(words, places, "\t", ""), encoding="utf-8")
    elif kind == "parquet":
        pa.parquet.write_table(pa.table({"word": words, **dict(zip("xyz", places.T, strict=False))}), path)
    elif kind == "npz":
        np.savez(path, coords=places, words=np.array(words))
    else:
        np.save(path, places)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "npz", "npy"])
@pytest.mark.parametrize("dims", [2, 3])
def test_every_kind_of_file_keeps_its_places_exactly(space: Space, tmp_path: Path, kind: str, dims: int) -> None:
    places = RNG.normal(size=(30, dims)).astype(np.float32)
    order = np.arange(30) if kind == "npy" else RNG.permutation(30)
    found = from_file(space, written(tmp_path, kind, [WORDS[row] for row in order], places[order]))
    np.testing.assert_array_equal(found.coords, places)
    assert (found.method, found.dims, list(found.words)) == (f"file:coords.{kind}", dims, WORDS)
    assert found.params == {"dims": dims, "words": 30, "file": f"coords.{kind}"}
    assert (found.facts["given"], found.facts["placed"]) == (30, 0) and (found.sheet is None) == (dims == 3)


def test_words_that_a_file_lacks_are_placed_among_those_it_has(tmp_path: Path) -> None:
    """Two groups; of each, the words that have no place land in the group's own corner."""
    group = np.arange(40) % 2
    vectors = np.eye(2)[group] + RNG.normal(0, 0.01, (40, 2))
    space = Space.of([f"w{i}" for i in range(40)], vectors, name="two")
    given = RNG.permutation(40)[:25]
    corners = np.array([[0, 0], [100, 100]])[group] + RNG.normal(size=(40, 2))
    found = from_file(space, written(tmp_path, "csv", [f"w{i}" for i in given], corners[given]))
    np.testing.assert_array_equal(found.coords[given], corners[given].astype(np.float32))
    assert (np.linalg.norm(found.coords - corners, axis=1) < 10).all()
    assert (found.facts["given"], found.facts["placed"]) == (25, 15)
    assert from_file(space, tmp_path / "coords.csv", words=30).coords.shape == (30, 2)


def test_words_that_the_run_lacks_are_left_out_and_counted(space: Space, tmp_path: Path) -> None:
    words = ["queen", *WORDS[:12], "king"]
    found = from_file(space, written(tmp_path, "tsv", words, PLACES[:14]))
    np.testing.assert_array_equal(found.coords[:12], PLACES[1:13])
    assert [found.facts[name] for name in ("given", "placed", "unknown")] == [12, 18, 2]


def test_our_own_table_is_read_back(space: Space, tmp_path: Path) -> None:
    path = tmp_path / "taken.csv"
    path.write_text("\ufeffword,rank,x,y,kept\n'=1+1,30,1,2,0.5\n" + "".join(f"w{i},1,{i},0,\n" for i in range(12)))
    found = from_file(space, path)
    np.testing.assert_array_equal(found.coords[29], [1, 2])
    assert found.facts["given"] == 13


BAD = {
    "missing column": ("a.csv", "word,x\nw1,1\n", "'a.csv' has no column 'y': it should have word, x, y"),
    "no columns": ("a.tsv", "1\t2\n", "has no column 'word' and no 'x' and no 'y'"),
    "empty": ("a.csv", "", "'a.csv' cannot be read: Empty CSV file"),
    "text": ("a.csv", "word,x,y\nw1,1,2\nw2,left,2\n", "'a.csv' cannot be read: line 3 has 'left' in the column x"),
    "text in tabs": ("a.tsv", 'word\ty\tx\n"w1\tup\t2\n', "line 2 has 'up' in the column y, where a number should be"),
    "ragged": ("a.csv", "word,x,y\n\nw1,1\n", "line 3 has 2 cells, and the first line names 3"),
    "latin": ("a.csv", b"word,x,y\nw1,1,2\ncaf\xe9,1,2\n", "line 3 is not in UTF-8"),
    "not a number": ("a.csv", "word,x,y\nw1,1,2\nw2,nan,2\nw3,,1\n", "2 of the 3 places in 'a.csv' .* that of 'w2'"),
    "infinite": ("a.csv", "word,x,y\nw1,1e99,2\n", "1 of the 1 places in 'a.csv' are no finite numbers"),
    "unknown": ("a.csv", "word,x,y\nqueen,1,2\nking,1,2\n", "has 2 words, and none of them is in 'small', .* 'queen'"),
    "few known": ("a.csv", "word,x,y\nw1,1,2\nking,1,2\n", "without the 1 of its words .* has places for 1 of the 30"),
    "twice": ("a.csv", "word,x,y\nw1,1,2\nw1,1,2\n", "'a.csv' has the word 'w1' twice"),
    "few": ("a.csv", "word,x,y\nw1,1,2\n", "'a.csv' has places for 1 of the 30 words of the map"),
    "no file": ("a.csv", None, "There is no file"),
    "no kind": ("a.txt", "1 2", "'a.txt' is no file of coordinates: those end in .csv, .tsv"),
    "pickled": ("a.npy", np.array([{"a": 1}], object), "'a.npy' cannot be read: it is damaged, or holds no array"),
    "bare pickle": ("a.npy", pickle.dumps([1]), "'a.npy' cannot be read: .* Write it again with numpy.save"),
    "no array": ("a.npz", b"PK", "'a.npz' cannot be read: it is damaged"),
    "a parquet": ("a.parquet", b"PAR1", "'a.parquet' cannot be read"),
    "shape": ("a.npy", np.zeros((30, 4)), r"'a.npy' holds an array of shape \(30, 4\) of float64"),
    "words": ("a.npy", np.array([["a", "b"]]), "'a.npy' holds an array of shape"),
    "too long": ("a.npy", np.zeros((31, 2)), "'a.npy' has places for 31 words, and 'small' has 30"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_makes_no_sense_is_one_sentence(space: Space, tmp_path: Path, what: str) -> None:
    name, content, says = BAD[what]
    if isinstance(content, np.ndarray):
        np.save(tmp_path / name, content)
    elif content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(EmbvizError, match=says) as raised:
        from_file(space, tmp_path / name)
    assert "\n" not in str(raised.value) and "pickle" not in str(raised.value)


def test_words_in_two_spaces_keep_the_place_of_the_old_map(space: Space) -> None:
    old = project(space, "pca")
    words = [*[f"w{i}" for i in range(5, 20)], "new", "newer"]
    found = onto(Space.of(words, RNG.normal(size=(17, 9)), name="young"), old)
    np.testing.assert_array_equal(found.coords[:15], old.coords[5:20])
    assert np.isfinite(found.coords).all() and found.method == "onto:small:pca"
    assert found.params == {"dims": 2, "words": 17, "onto": "small", "method": "pca", "of": old.params}
    assert (found.facts["given"], found.facts["placed"]) == (15, 2)
    low, high = old.coords[5:20].min(0), old.coords[5:20].max(0)
    assert ((found.coords >= low) & (found.coords <= high)).all()  # a mean of places lies between them


@pytest.mark.parametrize("shared", [0, 9])
def test_too_few_words_in_common_are_refused(space: Space, shared: int) -> None:
    words = [*WORDS[:shared], *[f"x{i}" for i in range(20)]]
    young = Space.of(words, RNG.normal(size=(len(words), 3)), name="young")
    with pytest.raises(EmbvizError, match=f"'small' shares with 'young' {shared} of the {len(words)} words"):
        onto(young, project(space, "pca"))


@pytest.fixture
def run(tmp_path: Path) -> runs.Run:
    lines = [f"{word.replace(' ', '_')} {' '.join(map(str, RNG.normal(size=5)))}" for word in WORDS]
    (tmp_path / "a.vec").write_text("\n".join(lines), encoding="utf-8")
    return ev.import_vectors(tmp_path / "a.vec", tmp_path / "runs" / "told")


def test_a_given_map_is_kept_by_its_name_measured_and_replaced(run: runs.Run, tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", PLACES)
    run.map_from(tmp_path / "mine.npy")
    again = open_run(run.path).projection("file:mine.npy")
    np.testing.assert_array_equal(again.coords, PLACES)
    first = run.faithfulness("file:mine.npy")
    np.save(tmp_path / "mine.npy", -PLACES[::-1])
    run.map_from(tmp_path / "mine.npy")
    np.testing.assert_array_equal(run.projection("file:mine.npy").coords, -PLACES[::-1])
    assert run.faithfulness("file:mine.npy").map != first.map
    [kept] = run.maps()
    assert (kept.method, kept.own_params(), kept.problem) == ("file:mine.npy", {"file": "mine.npy"}, None)
    with pytest.raises(EmbvizError, match=r"'told' keeps no map 'file:mine\.npy' in 3 dimensions"):
        run.projection("file:mine.npy", 3)


def test_a_map_onto_another_run(run: runs.Run, tmp_path: Path) -> None:
    (tmp_path / "b.vec").write_text("\n".join(f"{word} {i} {i % 3} 1" for i, word in enumerate(WORDS[5:25])))
    young = ev.import_vectors(tmp_path / "b.vec", tmp_path / "runs" / "young")
    with pytest.raises(EmbvizError, match=f"'told' keeps no map by tsne .* embviz project {run.path} --method tsne$"):
        young.map_onto(run)
    assert not run.maps()
    run.projection("pca")
    made = young.map_onto(run, "pca")
    assert young.maps()[0].own_params() == {"its words": 30, "its seed": 0}
    np.testing.assert_array_equal(made.coords, run.projection("pca").coords[5:25])
    np.testing.assert_array_equal(open_run(young.path).projection("onto:told:pca").coords, made.coords)


@pytest.mark.parametrize("name", ["../../out", "a/b", "..", "国.csv", "x" * 50])
def test_no_name_of_a_map_leads_out_of_the_run(run: runs.Run, name: str) -> None:
    path = run.projection_path(f"file:{name}")
    assert path.resolve().parent == (run.path / "projections").resolve()
    with pytest.raises(EmbvizError, match="keeps no map"):
        run.projection(f"file:{name}")


def test_a_damaged_map_is_made_again_and_replaced(run: runs.Run) -> None:
    whole, path = run.projection("pca"), run.projection_path("pca")
    path.write_bytes(path.read_bytes()[:100])
    assert "is damaged" in str(run.maps()[0].problem)
    np.testing.assert_array_equal(run.projection("pca").coords, whole.coords)
    assert run.maps()[0].problem is None and run.maps()[0].params == whole.params


def test_axes_by_their_names(run: runs.Run) -> None:
    made = run.axes_map("w1 <-> w2", "w3 <-> w4", "w5 <-> w6", words=9)
    assert made.coords.shape == (9, 3) and made.params["axes"] == ["w1 <-> w2", "w3 <-> w4", "w5 <-> w6"]
    for names in ((), ("w1 <-> w2",)):
        with pytest.raises(
            EmbvizError, match=rf"A map has 2 or 3 axes, not {len(names)}\. Give --axis two or three times"
        ):
            run.axes_map(*names)
