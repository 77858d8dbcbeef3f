"""What kind of head is it? Masks with known answers, models made to have a kind, all families, what is kept."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_models import TEXT, made
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.nn import functional as F

import embviz as ev
from embviz import heads
from embviz.attention import HeadScores, attend, head_scores
from embviz.attention.kinds import Side, asked, is_punctuation, masks, names, repeated
from embviz.attention.positional import Positional, sheared
from embviz.attention.scoring import _weights
from embviz.attention.texts import texts
from embviz.errors import EmbvizError
from embviz.models import AttentionModel, Shape
from embviz.models.architectures import module_of
from embviz.models.tokens import SPECIALS
from embviz.models.transformer import Transformer
from embviz.models.untrained import untrained
from embviz.text import Corpus
from embviz.text.pairs import Pairs
from embviz.train.vocabulary import dressed

CORPUS = Corpus.of(
    [*TEXT, *(f"The cat sat on the mat, and {word} sat." for word in "abcdefghijklmnopqrstuvwxyz")], "small"
)
OF_CHANCE = {None, "even", "position"}
PAIRS = Pairs.of([(text, text.lower()) for text in CORPUS.sentences()], "pairs")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """For matrices this small more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def of(ids: list[int], marks: set[int] = frozenset({0, 1}), points: set[int] = frozenset({9})) -> Side:
    """[CLS] is 0, [SEP] is 1, a comma is 9."""
    array = np.array(ids)
    return Side(array, ~np.isin(array, list(marks)), np.isin(array, list(points)))


def cells(mask: np.ndarray) -> set[tuple[int, int]]:
    return {(int(i), int(j)) for i, j in zip(*np.nonzero(mask), strict=True)}


def test_the_masks_of_an_encoder() -> None:
    found = masks(*[of([0, 5, 6, 9, 5, 6, 1])] * 2, "encoder")
    rows = range(1, 6)  # the text's own tokens
    assert cells(found["previous"]) == {(i, i - 1) for i in rows}
    assert cells(found["next"]) == {(i, i + 1) for i in rows}
    assert cells(found["same"]) == {(i, i) for i in rows}
    assert cells(found["first"]) == {(i, 0) for i in rows}
    assert cells(found["separator"]) == {(i, 6) for i in rows}
    assert cells(found["punctuation"]) == {(i, 3) for i in rows}
    assert cells(found["duplicate"]) == {(1, 4), (4, 1), (2, 5), (5, 2)}
    assert cells(found["induction_text"]) == {(4, 2), (5, 3)}
    assert cells(found["active"]) == {(i, j) for i in rows for j in rows if i != j}
    assert found["distance"][4, 1] == 3
    assert set(found) | {"induction", "position", "entropy", "entropy_share"} == set(names("encoder"))


def test_the_masks_of_a_decoder_see_nothing_that_comes_later() -> None:
    side = of([5, 6, 5, 5])
    found = masks(side, side, "decoder")
    assert all(not np.triu(mask, 1).any() for mask in found.values())
    assert cells(found["same"]) == {(1, 1), (2, 2), (3, 3)}  # the first can look at nothing else
    assert cells(found["duplicate"]) == {(2, 0), (3, 0), (3, 2)}
    assert cells(found["induction_text"]) == {(2, 1), (3, 1)}  # what follows the third is the query itself
    assert "next" not in found and not found["separator"].any()


def test_the_masks_of_cross_attention_are_about_what_is_written_next() -> None:
    source, target = of([0, 4, 5, 6, 7, 1]), of([0, 7, 6, 5, 4])
    found = masks(target, source, "cross")
    assert asked(target, "cross").tolist() == [True, True, True, True, False]
    assert cells(found["antidiagonal"]) == cells(found["copied"]) == {(0, 4), (1, 3), (2, 2), (3, 1)}
    assert cells(found["diagonal"]) == {(0, 1), (1, 2), (2, 3), (3, 4)}
    assert cells(found["separator"]) == {(i, 5) for i in range(4)}
    half = masks(of([0, 7, 6]), of([0, 4, 5, 6, 7, 1]), "cross")
    assert cells(half["diagonal"]) == {(0, 1), (1, 4)}
    longer = masks(of([0, 7, 6, 5]), of([0, 4, 5, 6, 7, 1]), "cross")
    assert cells(longer["diagonal"]) == {(0, 1), (1, 2), (1, 3), (2, 4)}  # 1.5 lies between two


def test_random_tokens_that_come_twice() -> None:
    assert cells(repeated(3, 1, 8)) == {(4, 2), (5, 3)}


@pytest.mark.parametrize(("text", "is_one"), [(",", True), ("。", True), ("...", True), (" —", True), ("s", False),
                                              ("a.", False), ("", False), ("$", False)])  # fmt: skip
def test_punctuation_is_what_unicode_says(text: str, is_one: bool) -> None:
    assert is_punctuation(text) == is_one


def test_sheared_rows_have_their_offsets_as_columns() -> None:
    rows = np.arange(24.0).reshape(2, 3, 4)
    found = sheared(rows)
    assert found.shape == (2, 3, 6)
    assert all(found[n, i, 2 + j - i] == rows[n, i, j] for n in range(2) for i in range(3) for j in range(4))
    assert found.sum() == rows.sum()


@pytest.mark.parametrize("causal", [False, True])
def test_position_explains_heads_by_offset_and_by_place_and_no_others(causal: bool) -> None:
    draw, learned = np.random.default_rng(0), Positional(4, 12)

    def text(length: int) -> tuple[np.ndarray, np.ndarray]:
        can = np.ones((length, length), bool)
        can = np.tril(can, 0) if causal else can
        can[0] = False
        i, j = np.arange(length)[:, None], np.arange(length)
        anywhere = draw.integers(1 << 30, size=(length, 1)) % (i + 1 if causal else length)
        weights = np.stack([(j == i - 1) + 0.0 * i, (j == 1) + 0.0 * i, np.ones_like(can), j == anywhere]) * can
        return weights / np.maximum(weights.sum(-1, keepdims=True), 1), can

    for _ in range(200):
        learned.learn(*text(int(draw.integers(6, 13))))
    weights, can = text(9)
    offset, place = learned.explained(weights, can) / can.any(1).sum()
    assert offset[0] == pytest.approx(1, abs=1e-5) and place[0] < 0.5
    assert place[1] == pytest.approx(1, abs=1e-5) and offset[1] < 0.7
    assert max(offset[2], place[2]) > 0.85
    assert max(offset[3], place[3]) < 0.5


def model_of(tmp_path: Path, family: str, architecture: str = "transformer") -> AttentionModel:
    model = made(tmp_path, family)
    if architecture == "transformer":
        return model
    shape = Shape(family, 1, 1, 16, 32, model.shape.vocab, architecture=architecture)
    return AttentionModel(model.tokenizer, module_of(shape, torch.Generator().manual_seed(0)).eval(), "lstm")


@pytest.mark.parametrize(("family", "kind", "architecture"), [
    ("encoder", "encoder", "transformer"), ("decoder", "decoder", "transformer"),
    ("seq2seq", "cross", "transformer"), ("seq2seq", "encoder", "transformer"), ("seq2seq", "decoder", "transformer"),
    ("seq2seq", "cross", "lstm"),
])  # fmt: skip
def test_every_family_has_scores_that_are_what_single_sentences_say(
    tmp_path: Path, family: str, kind: str, architecture: str
) -> None:
    model = model_of(tmp_path, family, architecture)
    corpus = PAIRS if family == "seq2seq" else CORPUS
    found = head_scores(model, corpus, 8, kind)
    assert found.shape == (model.shape.depth(kind), model.heads) and found.kind == kind and found.sentences == 8
    absent = {"separator"} if kind == "decoder" else set()
    assert set(found.scores) == set(names(kind)) - absent
    assert all(of.shape == (3, *found.shape) for of in found.chance.values())
    for share in set(found.scores) - {"distance", "entropy"}:
        assert 0 <= found.scores[share].min() <= found.scores[share].max() <= 1 + 1e-6
    total, rows = np.zeros(found.shape), 0
    for text in texts(model, corpus, 8, kind):
        seen = attend(model, text.sentence, target=text.target, kind=kind)
        keys = np.array([end > start for start, end in seen.key_spans or ()])
        mask = keys & np.ones((len(seen.tokens), 1), bool)
        if kind != "cross":
            mask &= ~np.eye(len(keys), dtype=bool) & (np.arange(len(keys)) > 0)
        mask &= text.can
        total, rows = total + (seen.weights * mask).sum((2, 3)), rows + mask.any(1).sum()
    assert found.scores["active"] == pytest.approx(total / rows, abs=1e-5)


def test_examples_are_the_sentences_with_the_largest_score(tmp_path: Path) -> None:
    model = made(tmp_path)
    found, chosen = head_scores(model, CORPUS, 10), texts(model, CORPUS, 10, "encoder")
    own = []
    for text in chosen:
        mask = text.masks[names("encoder").index("punctuation")].reshape(text.can.shape)
        if mask.any() and text.can.any(1).sum() >= 8:  # short ones are no examples, as there are enough of these
            weights = attend(model, text.sentence).head(1, 0)
            own.append(((weights * mask).sum() / mask.any(1).sum(), text.sentence))
    best = sorted(own, key=lambda one: -one[0])[: len(found.most(1, 0, "punctuation"))]
    assert [sentence for sentence, _, _ in found.most(1, 0, "punctuation")] == [sentence for _, sentence in best]
    assert [score for *_, score in found.most(1, 0, "punctuation")] == pytest.approx([score for score, _ in best])
    assert found.most(1, 0, "induction") == []  # its texts are no sentences


def test_texts_of_one_length_together_are_as_they_are_alone(tmp_path: Path) -> None:
    model = made(tmp_path, "seq2seq")
    chosen = texts(model, PAIRS, 20, "cross")
    alike = [text for text in chosen if text.can.shape == chosen[0].can.shape]
    both = _weights(model, alike, "cross")
    assert len(alike) > 1
    for text, weights in zip(alike, both, strict=True):
        assert weights == pytest.approx(_weights(model, [text], "cross")[0], abs=1e-6)


def test_an_untrained_model_is_of_the_same_shape_and_earns_no_label(tmp_path: Path) -> None:
    model = made(tmp_path)
    fresh = untrained(model, 5)
    assert fresh.shape == model.shape and torch.equal(fresh.module.embedding, untrained(model, 5).module.embedding)
    assert not torch.equal(fresh.module.embedding, untrained(model, 6).module.embedding)
    assert {label for row in head_scores(fresh, CORPUS, 20).labels for label in row} <= OF_CHANCE


def test_a_label_needs_more_than_chance_has(tmp_path: Path) -> None:
    plain = head_scores(made(tmp_path), CORPUS, 6)
    low, high = np.full(plain.shape, 0.1, np.float32), np.full((3, *plain.shape), 0.1, np.float32)
    nothing = replace(plain, scores=dict.fromkeys(plain.scores, low), chance=dict.fromkeys(plain.chance, high))
    assert nothing.label(0, 0) is None
    strong = low.copy()
    strong[0, 1] = 0.6
    found = replace(nothing, scores={**nothing.scores, "next": strong, "duplicate": strong - 0.1})
    assert found.labels == [[None, "next"], [None, None]]
    assert found.strongest(0, 1)[0] == ("next", pytest.approx(0.6), pytest.approx(0.1))
    lucky = high.copy()
    lucky[0, 0, 0] = 0.7
    assert replace(found, chance={**found.chance, "next": lucky}).label(0, 1) == "duplicate"
    assert replace(found, scores={**nothing.scores, "next": strong / 3}).label(0, 1) is None  # 0.2 is little
    for label, score in (("even", "entropy_share"), ("position", "position")):
        assert replace(nothing, scores={**nothing.scores, score: low + 0.85 + 0.0}).label(0, 0) == label


def test_bad_questions_have_one_sentence(tmp_path: Path) -> None:
    model = made(tmp_path)
    for more, said in (
        ({"kind": "cross"}, "'made' has no cross attention: it has encoder."),
        ({"sentences": 1}, "1 sentences and 3 random models were asked for"),
        ({"corpus": Corpus.of("a b", "tiny")}, "No sentence of 'tiny' can be used: each has fewer than 4 tokens"),
    ):
        with pytest.raises(EmbvizError, match=said):
            head_scores(model, **{"corpus": CORPUS, "sentences": 5, **more})
    found = head_scores(model, CORPUS, 4)
    with pytest.raises(EmbvizError, match=r"Layer 2, head 0 was asked for, and 'made' has layers 0 to 1"):
        found.label(2, 0)
    with pytest.raises(EmbvizError, match="There is no score 'diagonal'"):
        found.most(0, 0, "diagonal")
    convolution = model_of(tmp_path, "encoder", "convolution")
    with pytest.raises(EmbvizError, match="has no attention to show"):
        head_scores(convolution, CORPUS, 4)


@pytest.mark.parametrize(("kind", "attention"), [
    ("bert", "encoder"), ("modernbert", "encoder"), ("gpt2", "decoder"), ("t5", "cross"), ("t5", "decoder"),
    ("bart", "encoder"),
])  # fmt: skip
def test_models_from_elsewhere_are_scored_beside_fresh_ones_of_their_configuration(
    tmp_path: Path, kind: str, attention: str
) -> None:
    foreign = pytest.importorskip("foreign")
    cls, config, tokens = foreign.KINDS[kind]()
    cls(config).save_pretrained(tmp_path / "hf")
    tokens.save_pretrained(tmp_path / "hf")
    model = ev.import_model(tmp_path / "hf", tmp_path / "run").model
    few = ["the cat sat on the mat .", "the king sat on the cat .", "a b c . the mat ."]
    corpus = Pairs.of([(text, text) for text in few]) if kind in foreign.SEQ2SEQ else Corpus.of(few)
    found = head_scores(model, corpus, 3, attention, seeds=2)
    assert found.shape == (model.shape.depth(attention), 4) and found.chance["active"].shape == (2, *found.shape)
    assert all(np.isfinite(of).all() for of in found.scores.values())
    assert not np.array_equal(found.chance["active"][0], found.chance["active"][1])
    before = torch.random.get_rng_state()
    untrained(model, 3)
    assert torch.equal(before, torch.random.get_rng_state())


def words(count: int) -> Tokenizer:
    """A vocabulary of words w0, w1, …"""
    vocabulary = {token: i for i, token in enumerate([*SPECIALS, *(f"w{i}" for i in range(count))])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return dressed(tokenizer, "decoder", "words")


@pytest.mark.slow
def test_a_model_of_repeated_tokens_has_an_induction_head_and_a_random_one_has_none() -> None:
    half, vocab, draw = 16, 64, torch.Generator().manual_seed(0)
    module = Transformer(Shape("decoder", 2, 4, 64, 2 * half + 2, vocab), torch.Generator().manual_seed(0))
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3, betas=(0.9, 0.98))
    for _ in range(300):
        ids = torch.randint(len(SPECIALS), vocab, (32, half), generator=draw).repeat(1, 2)
        ids = torch.cat((torch.full((32, 1), 2), ids), 1)  # after the mark of a start
        loss = F.cross_entropy(module.logits(module(ids[:, :-1])).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model = AttentionModel(words(vocab - len(SPECIALS)), module.eval(), "repeats")
    pick = random.Random(0)
    corpus = Corpus.of([" ".join(f"w{pick.randrange(50)}" for _ in range(12)) for _ in range(60)], "words")
    found = head_scores(model, corpus, 40)
    assert found.scores["induction"].max() > 0.5 > 0.2 > found.chance["induction"].max()
    assert "induction" in found.labels[1]
    assert {label for row in head_scores(untrained(model, 7), corpus, 40).labels for label in row} <= OF_CHANCE


@pytest.mark.slow
def test_a_trained_reverser_has_a_cross_attention_head_on_the_antidiagonal(tmp_path: Path) -> None:
    draw = random.Random(0)
    strings = ["".join(draw.choice("0123456789") for _ in range(draw.randint(4, 7))) for _ in range(4_000)]
    trainer = ev.AttentionTrainer(
        family="seq2seq", tokens="characters", layers=1, heads=2, dims=48, context=12, batch=64, steps=600,
        positions="learned",
    )  # fmt: skip
    run = ev.make_run(trainer, Pairs.of([(text, text[::-1]) for text in strings], "reversed"), tmp_path / "reverser")
    found = head_scores(run.model, Pairs.of([(text, text[::-1]) for text in strings[:80]], "reversed"), 60)
    assert found.scores["antidiagonal"].max() > 0.6
    assert set(found.labels[0]) & {"antidiagonal", "copied"} and "diagonal" not in found.labels[0]
    assert found.chance["antidiagonal"].max() < 0.4


@pytest.fixture
def run(tmp_path: Path) -> ev.runs.Run:
    trainer = ev.AttentionTrainer(layers=1, heads=2, dims=16, context=16, steps=2, batch=2)
    return ev.make_run(trainer, CORPUS, tmp_path / "run")


def test_scores_are_kept_and_read_again(run: ev.runs.Run) -> None:
    found = heads.scored(run, CORPUS, 5)
    (kept,) = heads.kept_scores(run)
    assert (kept.kind, kept.corpus, kept.sentences, kept.problem) == ("encoder", "small", 5, None)
    before = kept.path.stat().st_mtime_ns
    again = heads.scored(run, CORPUS, 5)
    assert kept.path.stat().st_mtime_ns == before
    for name in found.scores:
        assert np.array_equal(found.scores[name], again.scores[name])
        assert np.array_equal(found.chance[name], again.chance[name])
        assert found.most(0, 1, name) == again.most(0, 1, name)
    assert again.labels == found.labels and again.sha256 == CORPUS.sha256()
    heads.scored(run, Corpus.of(list(CORPUS.sentences())[2:], "small"), 5)  # another text of the same name
    assert kept.path.stat().st_mtime_ns > before


def test_damaged_scores_say_so_and_are_made_again(run: ev.runs.Run) -> None:
    heads.scored(run, CORPUS, 4)
    path = heads.scores_path(run, "small", 4, "encoder")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EmbvizError, match="are damaged: asked for, they are made again"):
        HeadScores.load(path, run.model)
    assert "damaged" in str(heads.kept_scores(run)[0].problem)
    assert heads.scored(run, CORPUS, 4).sentences == 4 and path.read_bytes() == whole
    other = made(path.parent, layers=3)
    with pytest.raises(EmbvizError, match="are damaged"):
        HeadScores.load(path, other)


def test_cancelled_on_the_way_nothing_is_kept(run: ev.runs.Run) -> None:
    said = []

    def report(stage: str, done: float, note: str = "") -> None:
        said.append((stage, done))
        if stage == "scoring random heads" and done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        heads.scored(run, CORPUS, 5, report=report)
    assert heads.kept_scores(run) == [] and {stage for stage, _ in said} >= {"scoring heads", "choosing sentences"}


def test_the_corpus_of_a_run_is_found_again_while_it_is_as_it_was(tmp_path: Path) -> None:
    text = tmp_path / "own.txt"
    text.write_text("\n".join(CORPUS.sentences()), encoding="utf-8")
    trainer = ev.AttentionTrainer(layers=1, heads=2, dims=16, context=16, steps=1, batch=2)
    run = ev.make_run(trainer, ev.open_corpus(str(text)), tmp_path / "run")
    assert heads.own_corpus(run).name == "own"
    text.write_text("Something else.", encoding="utf-8")
    assert heads.own_corpus(run).name == "wikipedia"
    text.unlink()
    assert heads.own_corpus(run).name == "wikipedia"
    table = tmp_path / "told.csv"
    table.write_text("text,label\n" + "\n".join(f"der Käse {i},x" for i in range(200)), encoding="latin-1")
    run = ev.make_run(trainer, ev.open_corpus(str(table), "text", "latin-1"), tmp_path / "told")
    assert next(heads.own_corpus(run).sentences()) == "der Käse 0" and heads.own_corpus(run).name == "told"
    run.meta["corpus"].pop("column")
    assert heads.own_corpus(run).name == "wikipedia", "a run that does not know the column of its table"
    table = tmp_path / "pairs.csv"
    table.write_text("one,two\n" + "\n".join(f"a b c {i},c b a {i}" for i in range(60)), encoding="utf-8")
    seq2seq = ev.AttentionTrainer(family="seq2seq", layers=1, heads=2, dims=16, context=16, steps=1, batch=2)
    run = ev.make_run(seq2seq, ev.open_pairs(table, "one", "two"), tmp_path / "other")
    found = heads.own_corpus(run)
    assert isinstance(found, Pairs) and found.columns == ("one", "two")
    assert heads.scored(run, sentences=4).corpus == "pairs"
