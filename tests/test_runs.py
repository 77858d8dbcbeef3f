"""Runs are whole or not there: drafts that fail, are killed or meet, and folders that are damaged or too new."""

import builtins
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from embviz import runs
from embviz.drafts import draft
from embviz.errors import EmbvizError
from embviz.making import import_vectors, make_run
from embviz.runs import list_runs, open_run
from embviz.space import Space
from embviz.text import Corpus
from embviz.train.word2vec import Word2Vec

RECIPE = {"trainer": "told", "params": {"seed": 0}}
CORPUS = Corpus.of("a b c a b a", "text", language="en", licence="CC0", source="here")


@dataclass(frozen=True)
class Told:
    """A trainer that gives the space it was told to, or raises."""

    kind: ClassVar[str] = "told"

    seed: int = 0
    raises: str = ""
    checkpoint: bool = False

    def fit(self, corpus: Corpus, report: object, folder: Path) -> Space:
        (folder / "history.tsv").write_text("epoch\n1\n")
        if self.checkpoint:
            (folder / "checkpoints").mkdir(exist_ok=True)
            (folder / "checkpoints" / "1.safetensors").write_bytes(b"weights")
        if self.raises:
            raise getattr(builtins, self.raises, EmbvizError)("told to")
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        rng = np.random.default_rng(self.seed)
        return Space.of([f"w{i}" for i in range(12)], rng.normal(size=(12, 4)), range(12, 0, -1))


@pytest.fixture
def run(tmp_path: Path) -> runs.Run:
    return make_run(Told(), CORPUS, tmp_path / "runs" / "told")


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_says_where_it_comes_from(run: runs.Run) -> None:
    assert {name: run.meta[name] for name in ("format", "trainer", "words", "dims")} == {
        "format": 1, "trainer": "told", "words": 12, "dims": 4,
    }  # fmt: skip
    assert run.meta["params"] == {"seed": 0, "raises": "", "checkpoint": False}
    assert run.meta["corpus"] == CORPUS.facts() and len(run.meta["corpus"]["sha256"]) == 64
    assert run.meta["versions"]["numpy"] == np.__version__
    assert run.meta["files"] == {
        path.name: path.stat().st_size for path in run.path.iterdir() if path.name != "meta.json"
    }
    assert sorted(everything(run.path)) == ["history.tsv", "meta.json", "vectors.npy", "words.arrow"]
    assert (run.name, run.has_attention) == ("told", False)


def test_the_space_comes_back_with_its_name_and_meta(run: runs.Run) -> None:
    again = open_run(str(run.path)).space
    assert again.words() == [f"w{i}" for i in range(12)] and again.name == "told"
    np.testing.assert_array_equal(again.vectors, Told().fit(CORPUS, None, run.path).vectors)
    assert again.meta["trainer"] == "told"


def test_nothing_else_is_left_beside_a_run(run: runs.Run) -> None:
    assert [path.name for path in run.path.parent.iterdir()] == ["told"]


def test_word_vectors_have_no_model(run: runs.Run) -> None:
    with pytest.raises(EmbvizError, match="'told' holds word vectors and no attention model"):
        run.model  # noqa: B018


def test_a_real_training_becomes_a_run(tmp_path: Path) -> None:
    trainer = Word2Vec(dims=4, min_count=1, epochs=2)
    made = make_run(trainer, CORPUS, tmp_path / "a")
    assert made.space.words() == ["a", "b", "c"] and made.meta["params"]["dims"] == 4
    assert make_run(trainer, CORPUS, tmp_path / "b").space.vectors.tobytes() == made.space.vectors.tobytes()


def test_imported_vectors_become_a_run(tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_text("猫 1 2\ndog 3 4\n", encoding="utf-8")
    made = import_vectors(tmp_path / "v.vec", tmp_path / "runs" / "v")
    assert made.space.words() == ["猫", "dog"] and made.space.vectors.tolist() == [[1, 2], [3, 4]]
    assert (made.meta["trainer"], made.meta["params"]["file"]) == ("import", "v.vec")
    assert made.space.count(0) is None


def test_a_failed_import_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_text("dog 1 2\ncat 1\n")
    with pytest.raises(EmbvizError):
        import_vectors(tmp_path / "v.vec", tmp_path / "runs" / "v")
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize("error", [EmbvizError, KeyboardInterrupt, ValueError, SystemExit])
def test_what_fails_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error, match="told to"):
        make_run(Told(raises=error.__name__), CORPUS, tmp_path / "runs" / "told")
    assert not list((tmp_path / "runs").iterdir())
    assert make_run(Told(), CORPUS, tmp_path / "runs" / "told").space


def test_there_is_no_run_before_it_is_finished(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), draft(tmp_path / "a", RECIPE) as folder:
        assert not (tmp_path / "a").exists()
        assert folder.parent == tmp_path and folder.name.startswith(".")
        assert list_runs(tmp_path) == []
        (folder / "meta.json").read_text()  # not written yet


def test_a_draft_without_meta_is_not_renamed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no meta\.json"), draft(tmp_path / "a", RECIPE) as folder:
        (folder / "vectors.npy").write_bytes(b"half")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("there", ["run", "empty folder", "file", "dangling link"])
def test_what_exists_is_never_touched(tmp_path: Path, there: str) -> None:
    out = tmp_path / "out"
    if there == "run":
        make_run(Told(), CORPUS, out)
    elif there == "empty folder":
        out.mkdir()
    elif there == "file":
        out.write_text("mine")
    else:
        out.symlink_to(tmp_path / "nowhere")
    before = everything(tmp_path)
    with pytest.raises(EmbvizError, match="exists, and runs are never overwritten"):
        make_run(Told(seed=1), CORPUS, out)
    assert everything(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_run_that_appears_during_the_training_is_never_touched(tmp_path: Path) -> None:
    with pytest.raises((EmbvizError, OSError)), draft(tmp_path / "a", RECIPE) as folder:
        (folder / "meta.json").write_text("{}")
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "mine").write_text("mine")
    assert everything(tmp_path) == {"a/mine": b"mine"}


HOLD = (
    "import sys, time; from embviz.drafts import draft\n"
    "with draft(sys.argv[1], {'trainer': 'told', 'params': {'seed': 0}}) as folder:\n"
    "    (folder / 'checkpoints').mkdir(); (folder / 'checkpoints' / '1.safetensors').write_bytes(b'w')\n"
    "    (folder / 'half').write_text('half')\n"
    "    sys.argv[2:] or (folder / 'checkpoints' / '1.safetensors').unlink()\n"
    "    print('here', flush=True); time.sleep(60)\n"
)


def hold(out: Path, *more: str) -> subprocess.Popen[bytes]:
    """Another process that is writing a run."""
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(out), *more], stdout=subprocess.PIPE)
    assert other.stdout and other.stdout.readline() == b"here\n"
    return other


def test_two_processes_do_not_write_one_run(tmp_path: Path) -> None:
    with hold(tmp_path / "a") as other:
        try:
            with pytest.raises(EmbvizError, match=r"Another process is writing '.*a'"):
                make_run(Told(), CORPUS, tmp_path / "a")
            assert (tmp_path / ".a.partial" / "half").is_file()
            assert make_run(Told(), CORPUS, tmp_path / "b").space
        finally:
            other.kill()


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    with hold(tmp_path / "a") as other:
        other.kill()
    assert (tmp_path / ".a.partial" / "half").is_file()
    made = make_run(Told(), CORPUS, tmp_path / "a")
    assert "half" not in made.meta["files"] and not (made.path / "half").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_checkpoints_of_a_killed_process_are_found_again(tmp_path: Path) -> None:
    with hold(tmp_path / "a", "keep") as other:
        other.kill()
    with pytest.raises(RuntimeError), draft(tmp_path / "a", RECIPE) as folder:
        assert (folder / "checkpoints" / "1.safetensors").read_bytes() == b"w"
        raise RuntimeError


def test_sigint_leaves_nothing(tmp_path: Path) -> None:
    with hold(tmp_path / "a") as other:
        other.send_signal(signal.SIGINT)
    assert other.returncode != 0 and not list(tmp_path.iterdir())


def test_checkpoints_outlive_a_failure_and_the_same_recipe_goes_on(tmp_path: Path) -> None:
    stopped = Told(raises="KeyboardInterrupt", checkpoint=True)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            make_run(stopped, CORPUS, tmp_path / "a")
        assert (tmp_path / ".a.partial" / "checkpoints" / "1.safetensors").is_file()
        assert not (tmp_path / "a").exists() and list_runs(tmp_path) == []


@pytest.mark.parametrize("other", ["params", "corpus"])
def test_checkpoints_of_another_recipe_are_refused_and_kept(tmp_path: Path, other: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_run(Told(raises="KeyboardInterrupt", checkpoint=True), CORPUS, tmp_path / "a")
    trainer = Told(seed=int(other == "params"), raises="KeyboardInterrupt", checkpoint=True)
    corpus = Corpus.of("other words", "text") if other == "corpus" else CORPUS
    before = everything(tmp_path)
    with pytest.raises(
        EmbvizError, match=r"holds an unfinished training for .* with other parameters or another corpus"
    ):
        make_run(trainer, corpus, tmp_path / "a")
    assert everything(tmp_path) == before


def test_a_folder_of_its_own_is_made_for_a_run(tmp_path: Path) -> None:
    assert make_run(Told(), CORPUS, tmp_path / "new" / "deep" / "a").name == "a"


def change(run: runs.Run, **facts: object) -> None:
    path = run.path / "meta.json"
    meta = json.loads(path.read_text()) | facts
    path.write_text(json.dumps({name: value for name, value in meta.items() if value is not ...}))


def damage(run: runs.Run, what: str) -> None:
    path = run.path
    if what == "no meta.json":
        (path / "meta.json").unlink()
    elif what == "half a meta.json":
        (path / "meta.json").write_text((path / "meta.json").read_text()[:-20])
    elif what == "a list as meta.json":
        (path / "meta.json").write_text("[1, 2]")
    elif what == "a meta.json that is not UTF-8":
        (path / "meta.json").write_bytes(b"\xff\xfe{}")
    elif what == "a meta.json of nested lists":
        (path / "meta.json").write_text("[" * 100_000)
    elif what == "no format":
        change(run, format=...)
    elif what == "no files":
        change(run, files=...)
    elif what == "files as numbers":
        change(run, files=7)
    elif what == "newer format":
        change(run, format=2)
    elif what == "newer format without files":
        change(run, format=2, files=..., words=...)
    elif what == "missing file":
        (path / "vectors.npy").unlink()
    elif what == "cut short":
        (path / "vectors.npy").write_bytes((path / "vectors.npy").read_bytes()[:-16])
    elif what == "a folder instead":
        (path / "vectors.npy").unlink()
        (path / "vectors.npy").mkdir()


DAMAGES = {
    "no meta.json": "is no complete run: it has no meta.json, which is written last",
    "half a meta.json": "is damaged: its meta.json cannot be read",
    "a list as meta.json": "is damaged: its meta.json cannot be read",
    "a meta.json that is not UTF-8": "is damaged: its meta.json cannot be read",
    "a meta.json of nested lists": "is damaged: its meta.json cannot be read",
    "no format": "is damaged: its meta.json cannot be read",
    "no files": "is damaged: its meta.json cannot be read",
    "files as numbers": "is damaged: its meta.json cannot be read",
    "newer format": "has the format 2, and this embviz reads up to 1. Update embviz.",
    "newer format without files": "has the format 2, and this embviz reads up to 1. Update embviz.",
    "missing file": "is damaged: vectors.npy is missing",
    "cut short": "is damaged: vectors.npy has 304 bytes and should have 320",
    "a folder instead": "is damaged: vectors.npy is missing",
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_run_is_refused_in_a_sentence(run: runs.Run, what: str) -> None:
    damage(run, what)
    with pytest.raises(EmbvizError) as raised:
        open_run(run.path)
    assert str(raised.value).startswith(f"'{run.path}' {DAMAGES[what]}")


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_run_among_good_ones_is_listed_with_its_sentence(run: runs.Run, what: str) -> None:
    others = [make_run(Told(seed=i), CORPUS, run.path.parent / f"other{i}") for i in range(2)]
    change(others[0], created=5)
    damage(run, what)
    listed = list_runs(run.path.parent)
    good = [entry.name for entry in listed if entry.run]
    assert good == ["other1", "other0"] and len(listed) == 3
    bad = next(entry for entry in listed if not entry.run)
    assert bad.name == "told" and DAMAGES[what] in str(bad.problem)


def test_a_pickle_is_never_read(run: runs.Run) -> None:
    evil = run.path / "evil"

    class Evil:
        def __reduce__(self) -> tuple:
            return (os.mkdir, (str(evil),))

    np.save(run.path / "vectors.npy", np.array([[Evil()]], object), allow_pickle=True)
    change(run, files={"vectors.npy": (run.path / "vectors.npy").stat().st_size})
    with pytest.raises(EmbvizError, match="cannot be read"):
        open_run(run.path).space  # noqa: B018
    assert not evil.exists()


def test_what_there_is_is_said_where_a_run_is_not(run: runs.Run, tmp_path: Path) -> None:
    with pytest.raises(EmbvizError, match=r"There is no run '.*nope'\. Runs in '.*runs': told\."):
        open_run(run.path.parent / "nope")
    with pytest.raises(EmbvizError, match=r"There is no run '.*'\. `embviz train` and `embviz import` make runs\."):
        open_run(tmp_path / "nowhere" / "nope")


def test_a_folder_of_runs_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EmbvizError, match="There is no folder"):
        list_runs(tmp_path / "runs")
    assert list_runs(tmp_path) == []


def test_files_and_hidden_folders_are_no_runs(run: runs.Run) -> None:
    (run.path.parent / "notes.txt").write_text("mine")
    (run.path.parent / ".git").mkdir()
    assert [entry.name for entry in list_runs(run.path.parent)] == ["told"]


def test_a_map_is_computed_once(run: runs.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run.projection("pca")

    def project(*arguments: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(runs, "project", project)
    again = open_run(run.path).projection("pca")
    np.testing.assert_array_equal(again.coords, first.coords)
    assert (again.params, again.facts, again.words) == (first.params, first.facts, first.words)
    with pytest.raises(AssertionError, match="computed again"):
        run.projection("pca", seed=1)


def test_a_kept_map_does_not_make_a_run_look_damaged(run: runs.Run) -> None:
    run.projection("pca")
    assert open_run(run.path).projection("pca").coords.shape == (12, 2)
    assert [path.parent.name for path in run.path.rglob("*.safetensors")] == ["projections"]


def test_maps_of_other_settings_have_other_names(run: runs.Run) -> None:
    asked = [("pca", 2, None, 0), ("pca", 3, None, 0), ("pca", 2, 10, 0), ("tsne", 2, None, 0), ("tsne", 2, 11, 0)]
    asked += [("umap", 2, None, seed) for seed in (0, 1, 123_456_788, 123_456_789)]
    paths = [run.projection_path(*settings) for settings in asked]
    assert len(set(paths)) == len(asked)
    assert paths[0].name == "pca-2d-words12-fit12-seed0.safetensors"
    assert run.projection_path("pca", 2, 12) == paths[0]


def test_a_cancelled_map_leaves_nothing(run: runs.Run) -> None:
    def report(stage: str, done: float, note: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.projection("tsne", report=report)
    assert not list(run.path.rglob("*.safetensors"))
