"""What a run keeps of its model on the way: the weights of then, as runs that are called `run@400`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pages import said
from safetensors.torch import load_file

import embviz as ev
from embviz import cli
from embviz.apps.explorer import stages
from embviz.apps.explorer.attention import compared
from embviz.apps.explorer.attention.notebook import as_python
from embviz.apps.explorer.frame import run_choices
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.steps import kept_at
from embviz.text import Corpus

CORPUS = Corpus.of(["the king rules the land", "the queen guards the king", "a prince leads the duke"] * 60, "court")
SMALL = {"layers": 2, "heads": 2, "dims": 16, "context": 16, "batch": 2, "steps": 12, "tokens": "words", "seed": 3}
SENTENCE = "the king rules"
END = "figure.update_layout(width=None, height=None)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run, which keeps the weights of steps 4, 8 and 12."""
    made = tmp_path_factory.mktemp("steps") / "runs"
    ev.make_run(ev.AttentionTrainer(family="decoder", keep=3, **SMALL), CORPUS, made / "court")  # type: ignore[arg-type]
    return made


def test_they_are_at_equal_distances_and_end_with_the_last() -> None:
    assert kept_at(1_600, 4) == {400, 800, 1_200, 1_600}
    assert kept_at(10, 3) == {3, 7, 10} and kept_at(2, 9) == {1, 2} and kept_at(5, 0) == set()


@pytest.mark.parametrize("family", ["encoder", "decoder", "seq2seq"])
def test_what_is_kept_is_what_the_training_had_then(tmp_path: Path, family: str) -> None:
    trainer = ev.AttentionTrainer(family=family, keep=3, **SMALL)  # type: ignore[arg-type]

    def stop(stage: str, done: float, note: str = "") -> None:
        if stage == "training" and done >= 8 / 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ev.make_run(trainer, CORPUS, tmp_path / "run", stop)
    then = load_file(tmp_path / ".run.partial/checkpoints/step-000008.safetensors")
    made = ev.make_run(trainer, CORPUS, tmp_path / "run")  # goes on; what was kept before it stopped is there
    assert made.on_the_way == ["run@4", "run@8", "run@12"]
    kept, last = ev.open_run(tmp_path / "run@8").model, ev.open_run(tmp_path / "run@12").model
    for name, parameter in kept.module.named_parameters():
        assert torch.equal(parameter, then[f"weights.{name}"])
    assert not torch.equal(kept.module.embedding, last.module.embedding)


def test_each_is_a_run_of_its_own(folder: Path) -> None:
    run, early = ev.open_run(folder / "court"), ev.open_run(f"{folder}/court@4")
    assert (early.name, early.model.name, early.space.name) == ("court@4",) * 3
    assert early.meta["step"] == 4 and early.meta["params"] == run.meta["params"]
    words = [early.space.word(row) for row in range(len(early.space))]
    ids = [early.model.tokenizer.token_to_id(word) for word in words]
    np.testing.assert_array_equal(early.space.vectors, early.model.module.embedding.detach()[ids].numpy())
    assert words[:3] == [run.space.word(row) for row in range(3)] and not np.array_equal(
        early.space.vectors, run.space.vectors
    )
    early.projection("pca")
    assert (folder / "court/steps/4/projections").is_dir() and not (folder / "court/projections").exists()
    assert [entry.name for entry in ev.list_runs(folder)] == ["court"], "the list of runs stays short"
    seen, other = ev.attend(early.model, SENTENCE), ev.attend(run.model, SENTENCE)
    assert seen.model == "court@4" and np.abs(seen.weights - other.weights).max() > 1e-4


def test_what_was_not_kept_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ev.EmbvizError, match=r"'court' keeps no weights of step 5. It keeps those of 4, 8, 12."):
        ev.open_run(folder / "court@5")
    for name in ("nobody@4", "court@x", "@4"):
        with pytest.raises(ev.EmbvizError, match=f"There is no run '.*{name}'"):
            ev.open_run(folder / name)
    bare = ev.make_run(ev.AttentionTrainer(keep=0, **{**SMALL, "steps": 1}), CORPUS, tmp_path / "bare")  # type: ignore[arg-type]
    assert bare.on_the_way == [] and not (tmp_path / "bare/steps").exists()
    with pytest.raises(ev.EmbvizError, match=r"'bare' keeps no weights of its way\. .* with --keep"):
        ev.open_run(tmp_path / "bare@1")
    with pytest.raises(ev.EmbvizError, match="keep is -1 and must be at least 0"):
        ev.AttentionTrainer(keep=-1).fit(CORPUS)
    (tmp_path / "bare@1").mkdir()
    with pytest.raises(ev.EmbvizError, match="no complete run"):
        ev.open_run(tmp_path / "bare@1")  # a folder that has such a name itself is that folder


def test_the_shell_compares_them(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["embviz", "attend", str(folder / "court"), SENTENCE, "--compare", str(folder / "court@4"), "--json"]
    monkeypatch.setattr(sys, "argv", command)
    assert cli.status() == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["model"], found["other"], len(found["heads"])) == ("court", "court@4", 4)


def test_the_explorer_offers_them_of_the_chosen_run(folder: Path) -> None:
    library, here = Library(folder), Selection("attention", model="court", sentence=SENTENCE)
    assert library.open("court@8").name == "court@8"
    names = ["court", "court@4", "court@8", "court@12"]
    for chosen in ("court", "court@4"):
        assert [each["value"] for each in run_choices(library, "attention", "en", chosen)] == names
    assert [each["value"] for each in run_choices(library, "attention", "en", None)] == ["court"]
    assert [each["value"] for each in compared.choices(library, here, "en")["models"]] == names
    line = stages.links(library, here.but(model="court@8"), "zh")[0].children
    assert [said(each) for each in line] == ["训练途中的同一个头（@ 后为步数）：", *names[1:], "court"]
    assert [getattr(each, "href", None) is None for each in line[1:]] == [False, True, False, False], "one is here"
    missing = compared.choices(library, here.but(other_model="court@5"), "en")
    assert missing["shown"] == {} and missing["stop"], "of a comparison that cannot be there is a way out"
    with pytest.raises(ev.EmbvizError, match="There is no run"):
        library.open("court@4/../../court@4")


def test_two_of_them_are_set_side_by_side_in_figure_and_notebook(folder: Path) -> None:
    library = Library(folder)
    asked = Selection(
        "attention", model="court", sentence=SENTENCE, layer=1, head=0, other_model="court@4", marks="hide", step=2
    )
    figure = compared.picture(library, asked, "light", "en", 96)
    lines = as_python(library, asked, "light", "en", 96).removesuffix(END)
    drawn: dict[str, object] = {}
    exec(lines, drawn)
    assert figure.to_json() == drawn["figure"].to_json()  # type: ignore[attr-defined]
    titles = [each.text for each in figure.layout.annotations]
    over = ["the first: court", "the second: court@4", "the second minus the first"]
    assert titles[1:] == [*over, "key (is looked at)"]
    assert [None not in row for row in figure.data[1].z][2:] == [False], "the step has reached two rows"
