"""What the shell says to bad input: one sentence on standard error, no traceback, a status, and nothing lost."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from shell import EMBVIZ, everything, said

import embviz as ev
from embviz import cli
from embviz.errors import EmbvizError
from embviz.text.decoding import check_encoding
from embviz.train.loop import _undisturbed

WORD2VEC = ["--epochs", "1", "--dims", "16"]


TRAINING = {
    "empty": (["word2vec", "empty.txt"], "'empty.txt' is empty"),
    "white": (["attention", "white.txt"], "'white' holds no text"),
    "binary": (["word2vec", "binary.txt"], r"'binary.txt' is no(t in| text).* byte"),
    "latin": (["attention", "latin.txt"], r"not in utf-8: line 2, byte 15 \(e9\).*--encoding"),
    "no encoding": (["word2vec", "text.txt", "--encoding", "undefined"], "no text encoding 'undefined'"),
    "one word": (["word2vec", "one.txt"], "'one' has 0 words that occur 5 times or more, of 1"),
    "one token": (["attention", "one.txt"], "'one' has .* tokens, and .* are needed"),
    "vocab": (["word2vec", "text.txt", "--vocab", "99"], r"99 words were asked for, and 'text' has 10 "),
    "subwords": (["attention", "text.txt", "--vocab", "9999"], "9,999 tokens were asked for, and 'text' yields"),
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
    "only one axis": (["project", "runs/words", "--axis", "king <-> queen"], "2 or 3 axes, not 1. Give --axis two or"),
    "maps of runs": (
        ["list", "runs", "--maps"],
        "'runs' is a folder of runs, .*: embviz list runs/(words|model) --maps",
    ),
    "onto no map": (["project", "runs/model", "--onto", "runs/words"], "project runs/words --method tsne"),
    "annotate nothing": (["annotate", "runs/words"], "Name either a FILE"),
    "annotate both": (["annotate", "runs/words", "one.txt", "--remove", "a"], "Name either a FILE"),
    "nameless list": (["annotate", "runs/words", "one.txt", "--name", ""], "'' cannot name a column"),
    "no column": (["annotate", "runs/words", "--remove", "../words"], "'words' has no columns"),
    "two ways": (["project", "runs/words", "--axis", "a", "--fit", "3"], "--axis and --fit cannot go together"),
    "no coordinates": (["project", "runs/words", "--from", "text.txt"], "'text.txt' is no file of coordinates"),
    "onto no run": (["project", "runs/words", "--onto", "gone"], "There is no run 'gone'"),
    "no attention": (["attend", "runs/words", "hi"], "holds word vectors and no attention model"),
    "no sentence": (["attend", "runs/model", ""], "sentence is empty"),
    "long sentence": (["attend", "runs/model", "king " * 20_000], "20,002 tokens and 'model' reads at most 16"),
    "layer": (["attend", "runs/model", "king", "--layer", "99"], "Layer 99 was asked for, and 'model' has layers 0 to"),
    "head": (["attend", "runs/model", "king", "--head", "-1"], "Head -1 was asked for, and 'model' has heads 0 to 1"),
    "marks": (["attend", "runs/model", "king", "--marks", "no"], "'no' was asked for: there are hide and zero"),
    "share": (["attend", "runs/model", "king", "--top-share", "2"], "A share of 2 was asked for: it must lie above 0"),
    "direction": (["attend", "runs/model", "king", "--direction", "up"], "'up' was asked for: there are from and to"),
    "picture": (
        ["attend", "runs/model", "king", "--show", "pie", "--html", "new.html"],
        "'pie' was asked for: there are",
    ),
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


def test_cancelled_while_the_commands_are_loaded() -> None:
    """Ctrl-C in the first moment, at a known place: when typer is looked for."""
    early = (
        "import os, runpy, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(name, *rest):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder)\n"
        "runpy.run_module('embviz', run_name='__main__')\n"
    )
    result = subprocess.run([sys.executable, "-c", early], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "Cancelled.\n")
