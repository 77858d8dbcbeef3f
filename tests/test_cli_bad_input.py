"""What the shell says to bad input: one sentence on standard error, no traceback, a status, and nothing lost."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import embviz as ev
from embviz import cli
from embviz.cli.look import _listed
from embviz.cli.terminal import choose_progress
from embviz.errors import EmbvizError
from embviz.projection import Projection
from embviz.text.decoding import check_encoding
from embviz.train.loop import _undisturbed

EMBVIZ = [sys.executable, "-m", "embviz", "--progress", "json"]
WORD2VEC = ["--epochs", "1", "--dims", "16"]
ATTENTION = ["--layers", "1", "--heads", "2", "--dims", "16", "--steps", "2", "--context", "16", "--batch", "2"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, two runs and files that are no texts; tests may not change it."""
    folder = tmp_path_factory.mktemp("bad")
    random = np.random.default_rng(0)
    subjects, verbs = ["king", "queen", "prince", "crown", "castle"], ["rules", "governs", "leads", "guards"]
    lines = [f"the {random.choice(subjects)} {random.choice(verbs)} the {random.choice(subjects)}." for _ in range(800)]
    (folder / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    corpus = ev.open_corpus(str(folder / "text.txt"))
    ev.make_run(ev.Word2Vec(dims=16, epochs=1), corpus, folder / "runs" / "words")
    ev.make_run(ev.AttentionTrainer(layers=1, heads=2, dims=16, context=16, steps=2), corpus, folder / "runs" / "model")
    (folder / "empty.txt").touch()
    (folder / "white.txt").write_text(" \n\n \t")
    (folder / "one.txt").write_text("word")
    (folder / "latin.txt").write_bytes(b"a line\nand caf\xe9\n")
    (folder / "binary.txt").write_bytes(random.bytes(4_000) + b"\0")
    (folder / "table.jsonl").write_text('{"text": "a b"}\n{"text": 3')
    return folder


def said(command: list[str], where: Path, status: int = 1, **options: object) -> str:
    """The one sentence that a command complains with."""
    result = subprocess.run(
        [*EMBVIZ, *command], cwd=where, capture_output=True, text=True, timeout=100, check=False, **options
    )
    assert result.returncode == status, result
    assert "Traceback" not in result.stderr and "Exception ignored" not in result.stderr, result.stderr
    told = [json.loads(line) for line in result.stderr.splitlines()]
    sentences = [line["error"] for line in told if "error" in line]
    assert len(sentences) == 1 and "\n" not in sentences[0], result.stderr
    return sentences[0]


@pytest.fixture
def said_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    """The same without a process of its own, and so without loading torch each time."""

    def ask(command: list[str], where: Path) -> str:
        monkeypatch.chdir(where)
        monkeypatch.setattr(sys, "argv", ["embviz", "--progress", "json", *command])
        assert cli.status() == 1
        told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        (sentence,) = (line["error"] for line in told if "error" in line)
        assert "\n" not in sentence
        return sentence

    yield ask
    choose_progress("bar")


def everything(folder: Path) -> dict[str, int]:
    """Every file of a folder, hidden ones too, and when it was changed."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


TRAINING = {
    "empty": (["word2vec", "empty.txt"], "'empty.txt' is empty"),
    "white": (["attention", "white.txt"], "'white' holds no text"),
    "binary": (["word2vec", "binary.txt"], r"'binary.txt' is no(t in| text).* byte"),
    "latin": (["attention", "latin.txt"], r"not in utf-8: line 2, byte 15 \(e9\).*--encoding"),
    "no encoding": (["word2vec", "text.txt", "--encoding", "undefined"], "no text encoding 'undefined'"),
    "one word": (["word2vec", "one.txt"], "'one' has 0 words that occur 5 times or more, of 1"),
    "one token": (["attention", "one.txt"], "'one' has .* tokens, and .* are needed"),
    "vocab": (["word2vec", "text.txt", "--vocab", "99"], r"99 words were asked for, and 'text' has 10 "),
    "subwords": (["attention", "text.txt", "--vocab", "9999"], "9,999 subwords were asked for, and 'text' yields"),
    "missing": (["word2vec", "gone/text.txt"], "no file 'gone/text.txt'"),
    "misspelt": (["attention", "wikipdia"], "no corpus and no file 'wikipdia'. Did you mean: wikipedia"),
    "table": (["word2vec", "table.jsonl"], "say --column with one of 'text'"),
    "bad table": (["word2vec", "table.jsonl", "--column", "text"], "Line 2 .* is not JSON"),
    "no number": (["word2vec", "text.txt", "--sample", "nan"], "sample is nan"),
    "uneven": (["attention", "text.txt", "--dims", "17"], "17 dims"),
    "no memory": (["word2vec", "text.txt", "--dims", "999999999999"], "not enough memory"),
}


@pytest.mark.parametrize(("command", "sentence"), TRAINING.values(), ids=TRAINING)
def test_training_on_bad_input_makes_nothing(
    place: Path, said_here: Callable[..., str], command: list[str], sentence: str
) -> None:
    before = everything(place)
    told = said_here(["train", *command, "--out", "runs/new"], place)
    assert re.search(sentence, told), told
    assert everything(place) == before and not list(place.glob("runs/.*"))


LOOKING = {
    "no run": (["near", "runs/gone", "king"], r"no run 'runs/gone'. Runs in 'runs': (words, model|model, words)"),
    "a file": (["near", "text.txt", "king"], "no run 'text.txt'"),
    "a folder": (["project", "runs"], "no complete run: it has no meta.json"),
    "no word": (["near", "runs/words", "qeen"], r"'qeen' is not in 'words' \(10 words\). Did you mean: queen"),
    "long word": (["near", "runs/words", "x" * 100_000], "^'x{60}…' is not in 'words'"),
    "nothing": (["near", "runs/words", " "], "Nothing was typed"),
    "none": (["near", "runs/words", "king", "-k", "0"], "0 neighbours were asked for"),
    "4 dimensions": (["project", "runs/words", "--dims", "4"], "4 dimensions were asked for; a map has 2 or 3"),
    "method": (["project", "runs/words", "--method", "foo"], "'foo' is unknown: there are pca, tsne, umap"),
    "too many": (["project", "runs/words", "--words", "99"], "99 words was asked for, and 'words' has 10"),
    "seed": (["project", "runs/words", "--seed", "-1"], "seed is -1"),
    "fit 0": (["project", "runs/words", "--fit", "0"], "fit is 0 and must be at least 3"),
    "words -1": (["project", "runs/words", "--words", "-1"], "words is -1 and must be at least 3"),
    "one axis": (["project", "runs/words", "--axis", "a <-> b", "--axis", "king"], "'a' is not in 'words'"),
    "two ways": (["project", "runs/words", "--axis", "a", "--fit", "3"], "--axis and --fit cannot go together"),
    "no coordinates": (["project", "runs/words", "--from", "text.txt"], "'text.txt' is no file of coordinates"),
    "onto no run": (["project", "runs/words", "--onto", "gone"], "There is no run 'gone'"),
    "no attention": (["attend", "runs/words", "hi"], "holds word vectors and no attention model"),
    "no sentence": (["attend", "runs/model", ""], "sentence is empty"),
    "long sentence": (["attend", "runs/model", "king " * 20_000], "20,002 tokens and 'model' reads at most 16"),
    "layer": (["attend", "runs/model", "king", "--layer", "99"], "Layer 99 was asked for, and 'model' has layers 0 to"),
    "head": (["attend", "runs/model", "king", "--head", "-1"], "Head -1 was asked for, and 'model' has heads 0 to 1"),
    "no folder": (["list", "gone"], "no folder 'gone'"),
    "not a folder": (["serve", "text.txt"], "'text.txt' is a file, and no folder of runs"),
    "serve one": (["serve", "runs/words"], "is one run; serve the folder that holds it: embviz serve runs"),
    "port": (["serve", "runs", "--port", "99999"], "Port 99999 .* Choose another with --port"),
    "host": (["serve", "runs", "--host", "no.such.host.invalid"], "address 'no.such.host.invalid' is unknown"),
    "corpus": (["corpora", "fetch", "lea"], "'lea'. Did you mean: lee"),
    "vectors": (["import", "text.txt", "--out", "runs/new"], "'text.txt' is not a file of word vectors"),
    "no vectors": (["import", "empty.txt", "--out", "runs/new"], "'empty.txt' is empty"),
    "gone vectors": (["import", "gone.vec", "--out", "runs/new"], "no file 'gone.vec'"),
    "out": (["import", "text.txt", "--out", "runs/words"], "'runs/words' exists, and runs are never overwritten"),
    "out file": (["train", "word2vec", "text.txt", "--out", "text.txt"], "'text.txt' exists"),
    "in a file": (["train", "word2vec", "text.txt", "--out", "text.txt/run"], "Not a directory"),
    "no utf-8": (["attend", "runs/model", "caf\udce9"], "'caf.*' is not text in utf-8"),
}


@pytest.mark.parametrize(("command", "sentence"), LOOKING.values(), ids=LOOKING)
def test_a_question_that_cannot_be_answered(
    place: Path, said_here: Callable[..., str], command: list[str], sentence: str
) -> None:
    before = everything(place)
    told = said_here(command, place)
    assert re.search(sentence, told), told
    assert everything(place) == before


def test_the_same_in_a_process_of_its_own(place: Path, tmp_path: Path) -> None:
    new = ["--out", str(tmp_path / "new")]
    for command, sentence in [TRAINING["one word"], TRAINING["latin"]]:
        assert re.search(sentence, said(["train", *command, *new], place))
    for command, sentence in [LOOKING["no word"], LOOKING["no attention"], LOOKING["no utf-8"]]:
        assert re.search(sentence, said(command, place))
    for close in (None, lambda: os.close(0)):
        told = said(["train", "word2vec", "-", *new], place, stdin=subprocess.DEVNULL, preexec_fn=close)
        assert "Standard input is empty" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", [["foo"], ["near"], ["near", "r", "w", "--k", "0"], ["project", "r", "--dims", "x"]]
)
def test_a_command_that_does_not_exist_so_has_status_2(place: Path, command: list[str]) -> None:
    result = subprocess.run([*EMBVIZ, *command], cwd=place, capture_output=True, text=True, check=False)
    assert result.returncode == 2 and not result.stdout
    assert "Error" in result.stderr and "Traceback" not in result.stderr


def test_figures_and_arrays_that_cannot_be_written(place: Path, tmp_path: Path, said_here: Callable[..., str]) -> None:
    run = str(place / "runs" / "words")
    model = str(place / "runs" / "model")
    full = "'/dev/full' cannot be written: No space left on device"
    for command in (["project", run, "--npz"], ["attend", model, "king", "--html"]):
        assert full in said_here([*command, "/dev/full"], tmp_path)
    told = said_here(["project", run, "--npz", "gone/a.npz"], tmp_path)
    assert "'gone/a.npz' cannot be written: No such file" in told
    (tmp_path / "folder").mkdir()
    assert "'folder' cannot be written: Is a directory" in said_here(["project", run, "--html", "folder"], tmp_path)
    (tmp_path / "old.html").write_text("what was there")
    told = said(["project", run, "--html", "old.html"], tmp_path, preexec_fn=small_files)
    assert "'old.html' cannot be written: File too large" in told
    assert (tmp_path / "old.html").read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old.html"]


def test_standard_output_on_a_full_disk(place: Path) -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for command in (["near", "runs/words", "king", "--json"], ["list", "runs"]):
        with Path("/dev/full").open("w") as full:
            result = subprocess.run(
                [*EMBVIZ, *command], cwd=place, stdout=full, stderr=-1, text=True, env=buffered, check=False
            )
        assert result.returncode == 1
        assert json.loads(result.stderr)["error"].startswith("The disk is full (No space left on device)")


def small_files() -> None:
    """In the child: no file may grow beyond 40 kB, and a write beyond fails as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


FULL = {
    "the spool": ["word2vec", "long.txt", *WORD2VEC],
    "vectors": ["word2vec", "text.txt", "--epochs", "1", "--dims", "4000"],
    "checkpoint": ["attention", "text.txt", *ATTENTION, "--dims", "64", "--checkpoint-every", "1"],
}


@pytest.mark.parametrize("command", FULL.values(), ids=FULL)
def test_training_on_a_full_disk_leaves_nothing_half_made(place: Path, tmp_path: Path, command: list[str]) -> None:
    text = (place / "text.txt").read_text()
    (tmp_path / "text.txt").write_text(text)
    (tmp_path / "long.txt").write_text(text * 2)
    shutil.copytree(place / "runs" / "words", tmp_path / "runs" / "words")
    before = everything(tmp_path)
    told = said(["train", *command, "--out", "runs/new"], tmp_path, preexec_fn=small_files)
    assert told.startswith("The disk is full (") and "Make room" in told
    assert everything(tmp_path) == before
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["words"]


def test_a_projection_on_a_full_disk_is_no_damaged_one(place: Path, tmp_path: Path) -> None:
    words = [f"word{i}" for i in range(6_000)]
    space = ev.Space.of(words, np.random.default_rng(0).normal(size=(6_000, 3)))
    (tmp_path / "vectors.vec").write_text(
        "\n".join(f"{word} {' '.join(map(str, vector))}" for word, vector in zip(words, space.vectors, strict=True))
    )
    ev.import_vectors(tmp_path / "vectors.vec", tmp_path / "run")
    assert said(["project", "run"], tmp_path, preexec_fn=small_files).startswith("The disk is full (")
    assert not list((tmp_path / "run").glob("projections/*"))
    assert len(ev.open_run(tmp_path / "run").projection().words) == 6_000


def tmpfs(folder: Path, size: str) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_is_really_full(place: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    if not tmpfs(disk, "100k"):
        pytest.skip("no file system can be mounted here")
    try:
        shutil.copytree(place / "runs" / "words", disk / "words")
        before = everything(disk)
        command = ["train", "attention", *ATTENTION, "--dims", "128", "text.txt", "--out", str(disk / "new")]
        told = said(command, place)
        assert told.startswith("The disk is full (") and "Make room" in told
        assert everything(disk) == before and not list(disk.glob(".*"))
        assert ev.open_run(disk / "words").space.row("king") is not None
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_permission_denied(place: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("a text")
    (tmp_path / "text.txt").chmod(0)
    assert "may not be read" in said(["train", "word2vec", "text.txt", "--out", "run"], tmp_path)
    (tmp_path / "locked").mkdir(mode=0o500)
    text = str(place / "text.txt")
    assert "Permission denied" in said(["train", "word2vec", text, "--out", "locked/run"], tmp_path)
    run = shutil.copytree(place / "runs" / "words", tmp_path / "run")
    (run / "meta.json").chmod(0)
    assert "'run' may not be read" in said(["near", "run", "king"], tmp_path)


def damage(run: Path, what: str) -> None:
    meta = run / "meta.json"
    facts = json.loads(meta.read_text())
    if what == "half-written":
        meta.unlink()
    elif what == "newer":
        meta.write_text(json.dumps({"format": 99, "all": "different"}))
    elif what == "no json":
        meta.write_text(meta.read_text()[:-20])
    elif what == "no object":
        meta.write_text("[1]")
    elif what == "no dims":
        meta.write_text(json.dumps({name: fact for name, fact in facts.items() if name != "dims"}))
    elif what == "odd numbers":
        meta.write_text(json.dumps({**facts, "created": "today", "files": {"vectors.npy": "big"}}))
    elif what == "cut":
        os.truncate(run / "vectors.npy", 200)
    elif what == "gone":
        (run / "words.arrow").unlink()
    elif what == "words":
        spoilt(run / "words.arrow", b"king", b"\xff\xff\xff\xff")
    elif what == "header":
        spoilt(run / "vectors.npy", b"{'descr'", b"((((((((")


def spoilt(path: Path, old: bytes, new: bytes) -> None:
    """Change a file and not its size."""
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new))


DAMAGES = {
    "half-written": "no complete run: it has no meta.json",
    "newer": "has the format 99, and this embviz reads up to 1. Update embviz",
    "no json": "damaged: its meta.json",
    "no object": "damaged: its meta.json",
    "no dims": "damaged: its meta.json",
    "odd numbers": "damaged: its meta.json",
    "cut": "vectors.npy has 200 bytes and should have",
    "gone": "words.arrow is missing",
    "words": "cannot be read",
    "header": "cannot be read",
}


@pytest.mark.parametrize(("what", "sentence"), DAMAGES.items(), ids=DAMAGES)
def test_a_damaged_run_is_named_and_the_others_are_listed(
    place: Path, tmp_path: Path, what: str, sentence: str
) -> None:
    run = shutil.copytree(place / "runs" / "words", tmp_path / "run")
    shutil.copytree(place / "runs" / "words", tmp_path / "good")
    damage(run, what)
    with pytest.raises(EmbvizError, match=sentence):
        ev.near(ev.open_run(run).space, "king")
    listed = {entry.name: _listed(entry) for entry in ev.list_runs(tmp_path)}
    assert listed["good"]["words"] == 10
    assert "problem" in listed["run"] or what in ("words", "header")  # found when they are read


def test_damaged_runs_in_the_shell(place: Path, tmp_path: Path) -> None:
    for what in ("newer", "cut"):
        damage(shutil.copytree(place / "runs" / "words", tmp_path / what), what)
    assert DAMAGES["newer"] in said(["near", "newer", "king"], tmp_path)
    assert DAMAGES["cut"] in said(["attend", "cut", "king"], tmp_path)
    result = subprocess.run([*EMBVIZ, "list", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and DAMAGES["newer"] in result.stdout and DAMAGES["cut"] in result.stdout


def test_a_damaged_projection_says_what_to_do(place: Path, tmp_path: Path) -> None:
    run = ev.open_run(shutil.copytree(place / "runs" / "words", tmp_path / "run"))
    made = run.projection()
    path = run.projection_path("pca")
    np.testing.assert_array_equal(Projection.load(path, run.space).coords, made.coords)
    facts = {"params": json.dumps(dict(made.params)), "facts": "{}"}
    for coords, meta in (
        (made.coords, facts),
        (made.coords[:5], {**facts, "method": "pca"}),
        (made.coords * np.nan, {**facts, "method": "pca"}),
    ):
        save_file({"coords": np.ascontiguousarray(coords)}, path, meta)
        with pytest.raises(EmbvizError, match="is damaged: remove it"):
            Projection.load(path, run.space)


def test_no_encoding_of_python_is_a_surprise() -> None:
    for name in ("undefined", "hex", "rot13", "nonsense", ""):
        with pytest.raises(EmbvizError, match="no text encoding"):
            check_encoding(name)


def test_half_an_emoji_is_read_as_a_question_mark(place: Path) -> None:
    model = ev.open_run(place / "runs" / "model").model
    assert ev.attend(model, "king \ud83d").tokens == ev.attend(model, "king ?").tokens


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_signal_comes_between_half_updated_weights(number: signal.Signals) -> None:
    def cancel(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, cancel)
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), _undisturbed():
            signal.raise_signal(number)
            done.append("the rest of the step")
        assert done and signal.getsignal(number) is cancel
    finally:
        signal.signal(number, before)


def test_torch_without_memory_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def greedy() -> int:
        torch.empty(1 << 60)
        return 0

    monkeypatch.setattr(cli, "_run", greedy)
    monkeypatch.setattr(sys, "argv", ["embviz"])
    assert cli.status() == 1
    assert "not enough memory" in capsys.readouterr().err
