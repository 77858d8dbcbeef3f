"""Fine-tuning: it learns, what was learned before helps, it goes on where it was stopped, and it says what is wrong."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import embviz as ev
from embviz.apps.explorer.attention.picture import picture
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import attend, change
from embviz.errors import EmbvizError
from embviz.labelling import classify, tag
from embviz.models import AttentionModel
from embviz.models.labelled import cut_texts, first_tokens
from embviz.runs import Run
from embviz.stages import after, before, evaluation, fine_tune, identity, labelled
from embviz.text import Corpus
from embviz.text.pairs import Pairs
from embviz.text.tagged import Tagged
from embviz.train import Classifier, Tagger
from embviz.train.evaluation import Evaluation, entities
from embviz.train.examples import covering, stratified

BIRDS = [
    "robin",
    "raven",
    "heron",
    "finch",
    "eagle",
    "crane",
    "falcon",
    "swallow",
    "sparrow",
    "thrush",
    "magpie",
    "pigeon",
]
FISH = ["trout", "salmon", "perch", "herring", "cod", "eel", "tuna", "carp", "pike", "mackerel", "halibut", "sardine"]
QUICK = {"steps": 60, "batch": 8, "rate": 3e-3}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Models this small are slower with two, and much slower beside other work."""
    was = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(was)


def sentence(random: np.random.Generator, kind: int) -> str:
    """Birds are in the air and fish in the water; nothing else tells them apart."""
    name = random.choice((BIRDS, FISH)[kind])
    verb, place = random.choice((["flies", "sings"], ["swims", "dives"])[kind]), ("sky", "sea")[kind]
    return f"the {name} {verb} in the {place}"


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An encoder that has read where birds and fish are; it was told of no label."""
    random = np.random.default_rng(0)
    text = Corpus.of([sentence(random, int(random.integers(2))) for _ in range(500)], "nature")
    trainer = ev.AttentionTrainer(
        layers=1, heads=2, dims=32, context=16, tokens="words", steps=400, batch=16, rate=1e-2
    )
    return ev.make_run(trainer, text, tmp_path_factory.mktemp("stages") / "runs" / "pretrained")


def named() -> Pairs:
    """A name and what it is."""
    rows = [(f"the {name}", kind) for names, kind in ((BIRDS, "bird"), (FISH, "fish")) for name in names]
    return Pairs.of(rows, "names")


def moods(size: int = 80) -> Pairs:
    random = np.random.default_rng(1)
    return Pairs.of(
        [(sentence(random, kind), ("air", "water")[kind]) for kind in random.integers(2, size=size)], "moods"
    )


@pytest.fixture(scope="module")
def taught(pretrained: Run) -> Run:
    return fine_tune(Classifier(**QUICK), moods(), pretrained, pretrained.path.parent / "taught")


def test_a_classifier_learns_far_more_than_the_commonest_label(taught: Run) -> None:
    kept = evaluation(taught)
    assert (kept["learned"], kept["validated"], kept["evaluated"]) == (64, 8, 8)
    assert kept["fine_tuned"]["accuracy"] == 1 > kept["majority"]["accuracy"] + 0.3
    for figures in (kept["fine_tuned"], kept["scratch"], kept["majority"]):
        assert np.sum(figures["confusion"]) == kept["evaluated"]
    found = classify(labelled(taught), ["a raven sings", "the eel swims in the sea", "the cod dives in the sea"])
    assert [each.label for each in found] == ["air", "water", "water"]
    assert all(each.probabilities.sum() == pytest.approx(1) and each.whole for each in found)
    assert not classify(labelled(taught), ["the sea " * 20])[0].whole


def test_what_was_learned_before_helps_where_few_are_labelled(pretrained: Run, tmp_path: Path) -> None:
    """It is told of a third of the names; what the others are it can only know by the company that they kept."""
    right: dict[str, list[float]] = {"fine_tuned": [], "scratch": []}
    for seed in range(2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        trainer = Classifier(steps=40, batch=8, rate=3e-3, held=0.66, slower=0.2, seed=seed)
        trainer.fit(named(), pretrained.model, folder=folder)
        kept = json.loads((folder / "evaluation.json").read_text())
        for stage, found in right.items():
            found.append(kept[stage]["accuracy"])
    assert np.mean(right["fine_tuned"]) > 0.85 > np.mean(right["scratch"]) + 0.15, right


def test_the_run_is_one_like_any_other_and_linked_to_the_one_before(pretrained: Run, taught: Run) -> None:
    assert taught.space.words() == pretrained.space.words()
    assert not np.array_equal(taught.space.vectors, pretrained.space.vectors)
    assert taught.space.count(0) == pretrained.space.count(0)
    assert taught.meta["from"] == identity(pretrained)
    others = [pretrained, taught]
    assert before(taught, others) is pretrained and before(pretrained, others) is None
    assert after(pretrained, others) == [taught] and after(taught, others) == []
    moved = change(attend(taught.model, "the robin flies"), attend(pretrained.model, "the robin flies"))
    assert moved.shape == (1, 2) and (moved > 0).all() and (moved < 1).all()
    assert not (change(*[attend(taught.model, "the robin")] * 2)).any()


def test_the_page_leads_from_a_head_to_the_same_head_of_the_other_stage(pretrained: Run, taught: Run) -> None:
    library = Library(taught.path.parent)
    here = Selection(view="attention", model="taught", sentence="the robin flies", head=1)
    for language, said in (("en", "The same head before fine-tuning:"), ("zh", "微调前的同一个头：")):
        about = str(picture(library, here, "light", language)["stages"])
        assert said in about and here.but(model="pretrained").url in about
    back = str(picture(library, here.but(model="pretrained"), "light", "en")["stages"])
    assert "The same head after fine-tuning:" in back and here.url in back


def test_the_model_before_is_left_as_it_is(pretrained: Run, taught: Run) -> None:
    back = AttentionModel.load(pretrained.path)
    for one, other in zip(back.module.parameters(), pretrained.model.module.parameters(), strict=True):
        assert torch.equal(one, other)


class Stopping:
    """A listener that stops in a stage at a step."""

    def __init__(self, stage: str, share: float) -> None:
        self.stage, self.share = stage, share

    def __call__(self, stage: str, done: float, note: str = "") -> None:
        if stage == self.stage and done >= self.share:
            raise KeyboardInterrupt


@pytest.mark.parametrize("stage", ["fine-tuning", "from scratch"])
def test_stopped_and_taken_up_again_it_is_the_same(pretrained: Run, tmp_path: Path, stage: str) -> None:
    trainer, whole = Classifier(steps=12, batch=4), tmp_path / "whole"
    fine_tune(trainer, moods(), pretrained, whole)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(trainer, moods(), pretrained, tmp_path / "stopped", Stopping(stage, 0.5))
    assert not (tmp_path / "stopped").exists()
    again = fine_tune(trainer, moods(), pretrained, tmp_path / "stopped")
    for name in ("weights.safetensors", "head.safetensors", "evaluation.json"):
        assert (again.path / name).read_bytes() == (whole / name).read_bytes()
    assert not list(again.path.rglob("*checkpoints*"))


def spoken(random: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who and what they do are an entity; where they do it is none."""
    words: list[str] = []
    labels: list[str] = []
    for kind in random.integers(2, size=3):
        words += [random.choice((BIRDS, FISH)[kind]), ("sings", "dives")[kind], "in", "the", ("sky", "sea")[kind]]
        labels += [f"B-{('BIRD', 'FISH')[kind]}", f"I-{('BIRD', 'FISH')[kind]}", "O", "O", "O"]
    return tuple(words[:14]), tuple(labels[:14])


def test_a_tagger_learns_whole_entities(pretrained: Run) -> None:
    random = np.random.default_rng(4)
    data = Tagged.of([spoken(random) for _ in range(80)], "spoken")
    made = fine_tune(
        Tagger(steps=150, scratch=False, batch=8, rate=1e-2), data, pretrained, pretrained.path.parent / "tagger"
    )
    kept = evaluation(made)
    assert kept["fine_tuned"]["entity_f1"] > 0.9 and kept["majority"]["entity_f1"] == 0
    assert kept["fine_tuned"]["accuracy"] > kept["majority"]["accuracy"] + 0.3
    found = tag(labelled(made), "eel dives in the sea robin sings in the sky")
    assert found.labels == ("B-FISH", "I-FISH", "O", "O", "O", "B-BIRD", "I-BIRD", "O", "O", "O")
    long = tag(labelled(made), "sea " * 40)
    assert len(long.words) == 40 and long.labels[0] is not None and long.labels[-1] is None
    with pytest.raises(EmbvizError, match="is a tagger, and no classifier: ask it with `embviz tag`"):
        classify(labelled(made), ["the raven"])


@pytest.mark.parametrize("family", ["decoder", "seq2seq"])
def test_a_decoder_is_taught_by_its_last_token_and_a_seq2seq_model_not_at_all(family: str) -> None:
    random = np.random.default_rng(0)
    text = Corpus.of([sentence(random, int(random.integers(2))) for _ in range(100)], "nature")
    model = ev.AttentionTrainer(family=family, layers=1, heads=2, dims=16, context=8, steps=20).fit(text)
    if family == "seq2seq":
        with pytest.raises(EmbvizError, match="is a seq2seq that cannot be taught labels"):
            Classifier().fit(moods(), model)
        return
    made = Classifier(scratch=False, **QUICK).fit(moods(), model)
    one, padded = classify(made, ["the robin flies"]), classify(made, ["the robin flies", "the eel swims in the sea"])
    assert np.allclose(one[0].probabilities, padded[0].probabilities, atol=1e-6)


def test_a_long_text_is_cut_before_its_last_mark(pretrained: Run) -> None:
    (short, long) = cut_texts(pretrained.model.tokenizer, ["the sea", "the sea " * 20], 16)
    assert short.whole and not long.whole
    assert len(long.ids) == 16 and long.ids[0] == short.ids[0] and long.ids[-1] == short.ids[-1]


def test_a_word_has_the_label_of_its_first_token() -> None:
    offsets = [(0, 0), (0, 2), (2, 5), (6, 7), (10, 12), (0, 0)]  # [CLS] re cor a ab [SEP]; one is dropped
    assert first_tokens(["recor", "a", "\u200b", "ab", "cut"], offsets) == [1, 3, None, 4, None]
    assert first_tokens(["recor", "a", "b", "abc"], [(0, 2), (2, 5), (5, 7), (7, 9), (9, 13)]) == [0, 2, 3, 4]


def test_figures_against_known_answers() -> None:
    found = Evaluation.of(["a", "b", "c"], [[0], [0], [1], [1], [1]], [[0], [1], [1], [1], [0]])
    assert found.confusion.tolist() == [[1, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert found.accuracy == 0.6 and found.entity_f1 is None
    assert found.f1 == pytest.approx([0.5, 2 / 3, 0])
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3) / 2)  # nothing is c, and nothing was said to be
    labels = ["B-X", "B-Y", "I-X", "I-Y", "O"]
    found = Evaluation.of(labels, [[0, 2, 4, 1]], [[0, 2, 4, 0]])
    assert found.entities == (2, 2, 1) and found.entity_f1 == 0.5
    assert list(entities(["I-X", "I-X", "I-Y", "B-Y", "O", "B-X"])) == [
        ("X", 0, 2),
        ("Y", 2, 3),
        ("Y", 3, 4),
        ("X", 5, 6),
    ]


def test_the_seed_shares_out_and_no_text_is_in_two_parts() -> None:
    labels = [0] * 10 + [1] * 40
    parts = stratified(labels, 0.1, 2, seed=3)
    assert sorted(number for part in parts for number in part) == list(range(50))
    assert [[sum(labels[n] == label for n in part) for label in (0, 1)] for part in parts] == [[8, 32], [1, 4], [1, 4]]
    assert parts == stratified(labels, 0.1, 2, seed=3) != stratified(labels, 0.1, 2, seed=4)
    rare = [{0}] * 9 + [{0, 1}]
    for seed in range(5):
        first, *held = covering(rare, 0.2, 2, seed)
        assert 9 in first and [len(part) for part in held] == [2, 2]


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        (
            "Paris B-LOC\nis O\n\n\n-DOCSTART- -X- O\n\nI O\n",
            (1, -1),
            [(("Paris", "is"), ("B-LOC", "O")), (("I",), ("O",))],
        ),
        ("New York\tLOC\r\n\r\n巴黎\tLOC", (1, -1), [(("New York",), ("LOC",)), (("巴黎",), ("LOC",))]),
        ("1 dogs NOUN _\n2 run VERB _\n", (2, 3), [(("dogs", "run"), ("NOUN", "VERB"))]),
    ],
)
def test_tagged_words_of_several_kinds_of_files(text, columns, said, tmp_path: Path) -> None:
    from embviz.text.files import Files

    (tmp_path / "words.conll").write_bytes(text.encode())
    assert list(Tagged("words", Files.at(tmp_path / "words.conll"), columns).read()) == said


@pytest.mark.parametrize(
    ("trainer", "data", "said"),
    [
        (Classifier(), Pairs.of([("a", "x"), ("b", "x")]), "'pairs' has only the label 'x': there must be two"),
        (
            Classifier(),
            Pairs.of([("a", "x")] * 9 + [("b", "y")] * 2),
            "'pairs' has 2 of the label 'y', and 3 are needed",
        ),
        (Classifier(held=0.0), moods(), "held is 0.0 and must lie between 0 and 1: some is needed to validate with."),
        (Classifier(slower=0.0), moods(), "slower is 0.0 and must lie above 0, up to 1."),
        (Tagger(), Tagged.of([(("a", "b"), ("x", "y"))] * 2), "'tagged' has 2 sentences, and once every label"),
        (Tagger(), Tagged.of([(("a",), ("x",))] * 9), "'tagged' has only the label 'x'"),
    ],
)
def test_too_little_and_what_makes_no_sense_is_refused(pretrained: Run, tmp_path: Path, trainer, data, said) -> None:
    with pytest.raises(EmbvizError, match=re.escape(said)):
        fine_tune(trainer, data, pretrained, tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def damaged(taught: Run, folder: Path, name: str, content: bytes) -> Run:
    shutil.copytree(taught.path, folder)
    (folder / name).write_bytes(content)
    meta = json.loads((folder / "meta.json").read_text())
    meta["files"][name] = len(content)
    (folder / "meta.json").write_text(json.dumps(meta))
    return ev.open_run(folder)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "head.json",
            b'{"task": "classifier", "labels": ["a", "b", "c"]}',
            "'weight' is (2, 32) and should be (3, 32)",
        ),
        ("head.json", b'{"task": "classifier"}', "head.json cannot be used"),
        ("head.safetensors", b"PK", "head.safetensors cannot be used"),
    ],
)
def test_a_head_that_does_not_fit_says_so(taught: Run, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(EmbvizError, match=re.escape(said)):
        labelled(damaged(taught, tmp_path / "damaged", name, content))


def test_a_run_that_was_not_taught_says_how(pretrained: Run) -> None:
    with pytest.raises(EmbvizError, match="'pretrained' has not been taught to label"):
        labelled(pretrained)
    with pytest.raises(EmbvizError, match="nothing was evaluated"):
        evaluation(pretrained)


def test_attention_of_other_tokens_is_not_compared(pretrained: Run) -> None:
    text = Corpus.of(["a b c d e f g h"] * 60, "letters")
    other = ev.AttentionTrainer(layers=1, heads=2, dims=16, context=16, steps=2, tokens="characters").fit(text)
    with pytest.raises(EmbvizError, match="cut the sentence into other tokens"):
        change(attend(pretrained.model, "the sea"), attend(other, "the sea"))
