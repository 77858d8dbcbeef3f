"""The shell as a person uses it: each command as a process of its own, over runs that are trained once."""

import dataclasses
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import embviz as ev
from embviz.attention import read
from embviz.train import TRAINERS

EMBVIZ = [sys.executable, "-m", "embviz"]
WORD2VEC = ["--epochs", "1", "--dims", "16"]
ATTENTION = ["--layers", "1", "--heads", "2", "--dims", "16", "--steps", "5", "--context", "16", "--batch", "4"]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """For the children: models this small are slower with two, and much slower beside other work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


def run(*command: str, where: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """A command that ends well."""
    result = subprocess.run([*EMBVIZ, *command], cwd=where, capture_output=True, text=True, timeout=100, **options)
    assert result.returncode == 0, result.stderr
    return result


def english(lines: int = 2_500) -> str:
    random = np.random.default_rng(1)
    topics = [
        (["king", "queen", "prince", "crown"], ["rules", "governs", "leads"]),
        (["apple", "pear", "plum", "fruit"], ["grows", "ripens", "falls"]),
        (["river", "lake", "sea", "water"], ["flows", "freezes", "shines"]),
    ]
    chosen = [topics[i] for i in random.integers(3, size=lines)]
    return "".join(f"The {random.choice(n)} {random.choice(v)} near the {random.choice(n)}.\n" for n, v in chosen)


def chinese(lines: int = 1_500) -> str:
    random = np.random.default_rng(2)
    told = ["国王统治国家。", "苹果在树上成熟。", "河流流向大海。", "我们用电脑写程序。"]
    return "".join(f"{random.choice(told)}{random.choice(told)}\n" for _ in range(lines))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with texts and two runs; the processes work at the same time."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "english.txt").write_text(english(), encoding="utf-8")
    (folder / "mixed.txt").write_text(english(800) + chinese(800), encoding="utf-8")
    commands = [
        ["train", "word2vec", "english.txt", "--out", "runs/words", *WORD2VEC, "--epochs", "3"],
        ["train", "attention", "mixed.txt", "--out", "runs/model", *ATTENTION],
    ]
    with ThreadPoolExecutor() as pool:
        for result in pool.map(lambda command: run(*command, where=folder), commands):
            assert "Explore it: embviz serve runs" in result.stdout
    return folder


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = """
import sys
from embviz import cli
sys.argv = ["embviz", "--help"]
assert cli.status() == 0
print(*sorted(sys.modules), file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for command in ("train", "import", "list", "near", "project", "attend", "generate", "fill", "serve", "corpora"):
        assert re.search(rf"^\W+{command} ", result.stdout, re.MULTILINE), command
    heavy = {"torch", "gensim", "numba", "dash", "plotly", "sklearn", "scipy", "pyarrow", "numpy", "tokenizers", "umap"}
    assert heavy & {*result.stderr.split()} == set()


def test_version(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", run("--version", where=tmp_path).stdout)


@pytest.mark.parametrize("kind", TRAINERS)
def test_the_options_of_train_are_the_fields_of_the_trainer(kind: str, tmp_path: Path) -> None:
    told = run("train", kind, "--help", where=tmp_path, env={**os.environ, "COLUMNS": "200"}).stdout
    options = set(re.findall(r"^\W+--([a-z-]+)", told, re.MULTILINE)) - {"help", "out", "column", "target", "encoding"}
    own = {"workers"} if kind == "attention" else set()  # where it is trained, which no trainer has to know
    assert options == own | {field.name.replace("_", "-") for field in dataclasses.fields(TRAINERS[kind])}
    for field in dataclasses.fields(TRAINERS[kind]):
        default = field.default
        if isinstance(default, bool):  # --tied and --no-tied
            default = field.name if default else f"no-{field.name}"
        assert default is None or f"[default: {default}]" in told


def test_near_and_list_in_json(place: Path) -> None:
    near = json.loads(run("near", "runs/words", "king - queen + apple", "-k", "3", "--json", where=place).stdout)
    assert list(near) == ["query", "metric", "exact", "over", "neighbors"]
    assert (near["query"], near["metric"], near["exact"], near["over"]) == ("king - queen + apple", "cosine", True, 23)
    assert [list(one) for one in near["neighbors"]] == [["word", "score"]] * 3
    expected = ev.near(ev.open_run(place / "runs" / "words").space, "king - queen + apple", 3)
    assert [one["word"] for one in near["neighbors"]] == list(expected.words)
    assert [one["score"] for one in near["neighbors"]] == pytest.approx(expected.scores.tolist(), abs=1e-6)
    listed = {one["name"]: one for one in json.loads(run("list", "--json", where=place).stdout)}
    assert listed["words"]["trainer"] == "word2vec" and listed["words"]["words"] == 23
    assert listed["model"]["attention"] and not listed["words"]["attention"]
    table = run("near", "runs/words", "king", where=place).stdout
    assert re.search(r"^\w+ +0\.\d{4}$", table, re.MULTILINE) and "exact, over all 23 words" in table


def test_project_as_json_a_page_and_arrays(place: Path) -> None:
    told = run("project", "runs/words", "--dims", "3", "--json", "--npz", "map.npz", "--html", "map.html", where=place)
    made = json.loads(told.stdout)
    with np.load(place / "map.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {"words", "coords"}
        assert arrays["words"].tolist() == made["words"] and arrays["coords"].shape == (23, 3)
        np.testing.assert_allclose(arrays["coords"], made["coords"], atol=1e-5)
    assert_works_offline(place / "map.html")
    assert not [path for path in place.iterdir() if path.name.startswith(".")]
    told = run("project", "runs/words", "--method", "tsne", "--words", "20", where=place)
    assert "20 words by tsne in 2 dimensions" in told.stdout


def test_maps_by_axes_from_a_file_and_onto_another_run(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "runs", tmp_path / "runs")
    axes = ["--axis", "king <-> queen", "--axis", "apple <-> river"]
    told = run("project", "runs/words", *axes, "--npz", "places.npz", "--html", "map.html", where=tmp_path)
    assert (
        "not kept: it is quickly made" in told.stdout and "king <-> queen and apple <-> river stand at" in told.stdout
    )
    assert not list((tmp_path / "runs" / "words").glob("projections/axes*"))
    assert "king" in (tmp_path / "map.html").read_text()
    told = run("project", "runs/words", "--from", "places.npz", "--no-measure", where=tmp_path)
    assert "by file:places.npz in 2 dimensions" in told.stdout and "kept in the run" in told.stdout
    ev.open_run(tmp_path / "runs" / "words").projection("pca")
    told = run("project", "runs/model", "--onto", "runs/words", "--method", "pca", "--json", where=tmp_path)
    made, words = json.loads(told.stdout), ev.open_run(tmp_path / "runs" / "words")
    old = dict(zip(words.space.words(), words.projection("pca").coords.tolist(), strict=True))
    shared = [(at, old[word]) for word, at in zip(made["words"], made["coords"], strict=True) if word in old]
    assert len(shared) == made["facts"]["given"] >= 10
    np.testing.assert_allclose(*map(list, zip(*shared, strict=True)), atol=1e-5)
    listed = json.loads(run("list", "runs/words", "--maps", "--json", where=tmp_path).stdout)
    assert {"file:places.npz", "pca"} <= {kept["method"] for kept in listed}
    assert all(kept["facts"]["seconds"] >= 0 and kept["params"]["words"] for kept in listed)


def test_attend_as_json_a_page_and_arrays(place: Path) -> None:
    sentence = "The king rules 国家"
    told = run("attend", "runs/model", sentence, "--json", "--npz", "all.npz", "--html", "all.html", where=place)
    seen = json.loads(told.stdout)
    with np.load(place / "all.npz", allow_pickle=False) as arrays:
        tokens, weights = arrays["tokens"].tolist(), arrays["weights"]
    assert tokens == seen["tokens"] == ["[CLS]", "The", "king", "rules", "国", "家", "[SEP]"]
    assert weights.shape == (1, 2, 7, 7)  # layers, heads, queries, keys
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(weights, seen["weights"], atol=1e-6)
    assert_works_offline(place / "all.html")
    one = ["--layer", "0", "--head", "1", "--npz", "one.npz", "--html", "one.html"]
    table = run("attend", "runs/model", sentence, *one, where=place).stdout
    assert "layer 0, head 1 of model" in table and re.search(r"^king +\S+ 0\.\d\d", table, re.MULTILINE)
    with np.load(place / "one.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["weights"], weights[:, 1:])
    assert_works_offline(place / "one.html")


def test_attend_reads_as_one_asks_and_draws_what_is_shown(place: Path) -> None:
    reading = ["--words", "--marks", "hide", "--sink", "zero", "--top-share", "0.5", "--renormalise"]
    made = ["--show", "lines", "--html", "read.html", "--npz", "read.npz", "--json"]
    told = run("attend", "runs/model", "The king rules 国家", *reading, "--direction", "to", *made, where=place)
    seen = json.loads(told.stdout)
    model = ev.open_run(place / "runs" / "model").model
    wanted = read(ev.attend(model, "The king rules 国家"), True, "hide", "zero", 0.5, True, direction="to")
    assert tuple(seen["tokens"]) == wanted.tokens == ("The", "king", "rules", "国家")
    assert tuple(seen["changes"]) == wanted.changes and wanted.changes[-1] == "direction to"
    with np.load(place / "read.npz", allow_pickle=False) as arrays:
        np.testing.assert_allclose(arrays["weights"], wanted.weights, atol=1e-6)
        assert arrays["changes"].tolist() == list(wanted.changes)
    assert_works_offline(place / "read.html")
    assert "layer 0, head 1" in (place / "read.html").read_text(encoding="utf-8")


def assert_works_offline(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tags = re.findall(
        r"<(?:script|link|img|iframe)\b[^>]*>", text[: text.index("/**")] + text[text.rindex("</script>") :]
    )
    assert "<html" in text and "Plotly.newPlot" in text
    assert not re.search(r"<script[^>]+src\s*=", text) and not re.search(r"<link[^>]+href\s*=", text)
    assert not any("http" in tag for tag in tags)


STRANGE = ["<b>bold</b>", "=1+1", "[bold]", "[/bold]", "\x1b[31mred", "\x1b]0;title\x07", "back\rward", "\u202edrawer"]


def test_words_that_look_like_markup_or_codes_are_plain_text(tmp_path: Path) -> None:
    words = [*STRANGE, "می‌خواهم", "👩‍💻", "\x9b2Jclear"]
    lines = [f"{word} {' '.join(map(str, np.random.default_rng(i).normal(size=4)))}" for i, word in enumerate(words)]
    (tmp_path / "strange.vec").write_bytes("\n".join([f"{len(words)} 4", *lines]).encode())
    run("import", "strange.vec", "--out", "runs/strange [bold]", where=tmp_path)
    told = run("near", "runs/strange [bold]", "=1+1", where=tmp_path).stdout
    assert {"<b>bold</b>", "[bold]", "[/bold]", "می‌خواهم", "👩‍💻", "�[31mred", "�drawer"} <= {*told.split()}
    told += run("list", where=tmp_path).stdout
    missing = subprocess.run(
        [*EMBVIZ, "near", "runs/strange [bold]", "\x1b[31m[red]"], cwd=tmp_path, capture_output=True
    )
    told += missing.stderr.decode()
    assert missing.returncode == 1 and "'�[31m[red]' is not in 'strange [bold]'" in told
    found = run("near", "runs/strange [bold]", "=1+1", "--json", where=tmp_path).stdout
    assert {one["word"] for one in json.loads(found)["neighbors"]} == {*words} - {"=1+1"}
    for text in (told, found):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


def test_a_terminal_that_knows_no_chinese(place: Path) -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert "\\u" in run("near", "runs/model", "国", where=place, env=ascii_only).stdout
    found = json.loads(run("near", "runs/model", "国", "--json", where=place, env=ascii_only).stdout)
    assert found["query"] == "国" and any(one["word"] > "一" for one in found["neighbors"])


def test_texts_of_every_kind(tmp_path: Path) -> None:
    """From standard input, packed, in a column, in a folder; the same text is the same words."""
    text = chinese() + english(800)
    with gzip.open(tmp_path / "text.txt.gz", "wt", encoding="utf-8") as packed:
        packed.write(text)
    rows = [json.dumps({"id": i, "said": line}) for i, line in enumerate(text.splitlines())]
    (tmp_path / "text.jsonl").write_text("\n".join(rows))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "1.txt").write_text(chinese(), encoding="utf-8")
    (tmp_path / "folder" / "2.txt").write_text(english(800), encoding="utf-8")
    sources = {
        "packed": ["text.txt.gz"],
        "table": ["text.jsonl", "--column", "said"],
        "folder": ["folder"],
        "stdin": ["-"],
    }

    def train(name: str) -> list[tuple[str, int | None]]:
        run("train", "word2vec", *sources[name], "--out", f"runs/{name}", *WORD2VEC, where=tmp_path, input=text)
        space = ev.open_run(tmp_path / "runs" / name).space
        return [(word, space.count(row)) for row, word in enumerate(space.words())]

    with ThreadPoolExecutor(2) as pool:
        first, *others = pool.map(train, sources)
    assert others == [first] * 3
    assert {"苹果", "国王", "电脑", "king", "river"} <= {word for word, _ in first}


def test_import_then_ask(tmp_path: Path) -> None:
    (tmp_path / "small.vec").write_text("3 2\none 1 0\ntwo 1 0.1\none 5 5\n")
    told = run("import", "small.vec", "--out", "runs/small", where=tmp_path).stdout
    assert "runs/small: 2 words, 2 dimensions" in told and "1 line that repeated a word" in told
    assert (
        json.loads(run("near", "runs/small", "one", "--json", where=tmp_path).stdout)["neighbors"][0]["word"] == "two"
    )


def test_corpora(tmp_path: Path) -> None:
    listed = json.loads(run("corpora", "--json", where=tmp_path).stdout)
    assert listed[0]["name"] == "wikipedia" and all(one["licence"] for one in listed)
    assert "embviz train word2vec wikipedia" in run("corpora", where=tmp_path).stdout
    assert run("corpora", "fetch", "lee", where=tmp_path).stdout.startswith("lee: /")


def test_a_reader_that_goes_away_is_no_error(place: Path) -> None:
    command = f"{sys.executable} -m embviz project runs/words --json | head -c 1; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], cwd=place, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("{") and "Traceback" not in result.stderr and "ignored" not in result.stderr


@contextmanager
def started(*command: str, where: Path) -> Iterator[subprocess.Popen[str]]:
    """A command under way, killed if it still is at the end."""
    process = subprocess.Popen([*EMBVIZ, *command], cwd=where, stdout=-1, stderr=-1, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def cancelled(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    told, complaint = process.communicate(timeout=30)
    # by the signal itself where it came while a library defined a class by exec: CPython then sees to that
    assert process.returncode in (130, -signal.SIGINT) and not told, complaint
    lines = [line for line in complaint.splitlines() if not re.match(r"[a-z ]+ \d+%", line)]  # but progress
    assert len(lines) == 1 and lines[0].startswith("error: Cancelled."), complaint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_training_leaves_nothing(place: Path, tmp_path: Path, number: int) -> None:
    text = str(place / "english.txt")
    with started("train", "word2vec", text, "--out", "runs/new", "--epochs", "100000", where=tmp_path) as process:
        wait_until(lambda: (tmp_path / "runs" / ".new.partial" / "sentences.txt").is_file())
        time.sleep(0.3 if number == signal.SIGINT else 1.5)  # in the reading or the training
        cancelled(process, number)
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_attention_training_goes_on(place: Path, tmp_path: Path, number: int) -> None:
    steps = 400
    command = ["train", "attention", str(place / "mixed.txt"), "--out", "runs/new", *ATTENTION]
    command += ["--steps", str(steps), "--checkpoint-every", "5"]
    checkpoints = tmp_path / "runs" / ".new.partial" / "checkpoints"
    with started(*command, where=tmp_path) as process:
        wait_until(lambda: any(checkpoints.glob("step-*.safetensors")))
        cancelled(process, number)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [".new.partial"]
    (kept,) = (path.stem for path in checkpoints.glob("step-*"))
    assert 0 < int(kept.removeprefix("step-")) < steps
    if number == signal.SIGTERM:
        run(*command, where=tmp_path)
        assert [path.name for path in (tmp_path / "runs").iterdir()] == ["new"]
        rows = (tmp_path / "runs" / "new" / "history.tsv").read_text().splitlines()[1:]
        assert [int(row.split("\t")[0]) for row in rows] == list(range(1, steps + 1))


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    return found[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_and_stops(place: Path, number: int) -> None:
    with started("serve", "runs", "--port", "0", where=place) as process:
        url = address(process)
        with urllib.request.urlopen(url, timeout=20) as answer:  # follows the redirect to the map
            assert answer.status == 200 and answer.url.startswith(f"{url}map")
            assert answer.headers.get_content_type() == "text/html" and b"<html" in answer.read()
        if number == signal.SIGINT:
            port = url.rstrip("/").rpartition(":")[2]
            second = subprocess.run(
                [*EMBVIZ, "serve", "runs", "--port", port], cwd=place, capture_output=True, text=True
            )
            assert second.returncode == 1 and not second.stdout
            assert second.stderr == (
                f"error: Port {port} of 127.0.0.1 cannot be had (Address already in use). Choose another with --port.\n"
            )
        process.send_signal(number)
        told, complaint = process.communicate(timeout=30)
        assert process.returncode in (0, 130) and "Traceback" not in complaint and not told


def test_two_servers_that_start_at_once_never_share_a_port() -> None:
    """Bound and not yet listening, a socket with SO_REUSEADDR would let another one in."""
    from embviz.cli.serve import _listen
    from embviz.errors import EmbvizError

    listener = _listen("127.0.0.1", 0)
    refused: list[str] = []

    def second() -> None:
        try:
            _listen("127.0.0.1", listener.getsockname()[1]).close()
        except EmbvizError as error:
            refused.append(str(error))

    with listener:
        other = threading.Thread(target=second)
        other.start()
        other.join()
    assert refused and "Address already in use" in refused[0]
