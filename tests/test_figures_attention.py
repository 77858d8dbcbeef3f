"""Pictures of attention: the cells, lines and colours say what the weights say, and titles what was done to them."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from embviz.attention import Attention, read
from embviz.errors import EmbvizError
from embviz.figures.attention import (
    head_figure,
    lines_figure,
    overview,
    overview_figure,
    overview_tile,
    text_figure,
)  # fmt: skip
from embviz.figures.attention.heatmap import detail
from embviz.figures.theme import PALETTES


def attention(
    weights: np.ndarray, tokens: tuple[str, ...] | None = None, family: str = "encoder", **rest: Any
) -> Attention:
    layers, heads, count = weights.shape[:3]
    tokens = tokens or tuple(f"t{i}" for i in range(count))
    numbers = {"layers": tuple(range(layers)), "heads": tuple(range(heads)), **rest}
    named = {"keys": tokens, "family": family, "kind": family, "model": "small", **numbers}
    return Attention(" ".join(tokens), tokens, weights=weights.astype(np.float32), **named)


def one_weight(shape: tuple[int, ...], *place: int) -> np.ndarray:
    weights = np.zeros(shape, np.float32)
    weights[place] = 1
    return weights


def even(count: int) -> np.ndarray:
    return np.full((1, 1, count, count), 1 / count, np.float32)


def cells(figure: go.Figure, name: str = "z") -> np.ndarray:
    return np.array(getattr(figure.data[0], name), float)


def said(figure: go.Figure) -> str:
    return re.sub("<[^>]*>", "|", figure.layout.title.text)


def test_cross_attention_has_what_is_read_across_and_what_is_written_down() -> None:
    seen = replace(attention(np.full((1, 1, 2, 2), 0.5)), kind="cross", tokens=("a", "b"), keys=("x", "y", "z"))
    seen = replace(seen, weights=np.full((1, 1, 2, 3), 1 / 3, np.float32))
    drawn = head_figure(seen, 0, 0)
    assert drawn.layout.xaxis.ticktext == ("x", "y", "z")
    assert drawn.layout.yaxis.ticktext == ("a", "b")
    assert np.isfinite(cells(drawn)).all()


def test_heatmaps_travel_rounded_and_the_overview_as_bytes() -> None:
    weights = np.random.default_rng(0).random((2, 3, 6, 6))
    head = head_figure(attention(weights), 1, 2).data[0].z
    np.testing.assert_allclose(np.array(head, float), weights[1, 2], atol=5e-4)
    assert max(len(str(value)) for row in head for value in row) <= 5
    small = cells(head_figure(attention(weights / 200), 1, 2))
    np.testing.assert_allclose(small, weights[1, 2] / 200, atol=5e-6)
    assert len(np.unique(small)) > 30, "small weights have shades too"
    assert overview_figure(attention(weights)).to_plotly_json()["data"][0]["z"]["dtype"] == "u1"


def test_an_encoders_head_is_whole_and_queries_go_down() -> None:
    drawn = head_figure(attention(one_weight((1, 1, 4, 4), 0, 0, 2, 3)), 0, 0)
    z = cells(drawn)
    assert np.argwhere(z == 1).tolist() == [[2, 3]] and np.isfinite(z).all()
    assert drawn.layout.yaxis.range == (3.5, -0.5)
    assert [each.text for each in drawn.layout.annotations] == ["query (looks)", "key (is looked at)"]
    assert drawn.layout.xaxis.ticktext == drawn.layout.yaxis.ticktext == ("t0", "t1", "t2", "t3")


def test_a_decoders_later_tokens_are_absent_not_zero() -> None:
    weights = np.tril(np.ones((5, 5)))
    weights[4, 0] = 0
    z = cells(head_figure(attention((weights / weights.sum(1, keepdims=True))[None, None], family="decoder"), 0, 0))
    np.testing.assert_array_equal(np.isnan(z), np.triu(np.ones((5, 5), bool), 1))
    assert z[4, 0] == 0 and z[0, 0] == 1


def test_a_head_is_named_by_its_number_in_the_model() -> None:
    record = attention(one_weight((2, 2, 3, 3), 1, 0, 2, 1), layers=(3, 5), heads=(1, 4))
    assert cells(head_figure(record, 5, 1))[2, 1] == 1
    assert cells(head_figure(record, 5, 4)).max() == 0


def test_tokens_that_are_the_same_have_a_place_each() -> None:
    drawn = head_figure(attention(even(4), ("the", "cat", "the", "cat")), 0, 0)
    assert drawn.layout.xaxis.ticktext == ("the", "cat", "the", "cat")
    np.testing.assert_array_equal(drawn.layout.xaxis.tickvals, [0, 1, 2, 3])


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (1, 2, 3, 4), (2, 0, 4, 0), (0, 3, 1, 2)])
def test_the_overview_has_a_line_of_tiles_a_layer_and_a_tile_a_head(place: tuple[int, ...]) -> None:
    layer, head, query, key = place
    image = overview(attention(one_weight((3, 4, 5, 5), *place)))
    assert image.shape == (15, 20) and image.dtype == np.uint8
    assert np.argwhere(image).tolist() == [[layer * 5 + query, head * 5 + key]]
    assert image.max() == 255


def test_each_head_is_scaled_to_its_own_largest_weight() -> None:
    weights = np.zeros((1, 2, 2, 2))
    weights[0, 0] = [[0.2, 0.1], [0, 0.05]]
    weights[0, 1] = [[1, 0.5], [0, 0.25]]
    np.testing.assert_array_equal(overview(attention(weights)), [[255, 128, 255, 128], [0, 64, 0, 64]])


@pytest.mark.parametrize(("tokens", "side"), [(1, 1), (32, 32), (33, 17), (64, 32), (65, 22), (100, 25), (512, 32)])
def test_long_sentences_are_pooled_and_single_strong_links_stay(tokens: int, side: int) -> None:
    record = attention(one_weight((1, 2, tokens, tokens), 0, 1, tokens - 1, tokens // 3))
    assert overview_tile(record) == (side, side)
    image, block = overview(record), -(-tokens // 32)
    assert image.shape == (side, 2 * side)
    assert np.argwhere(image).tolist() == [[(tokens - 1) // block, side + tokens // 3 // block]]


def test_tiles_have_the_form_of_cross_attention() -> None:
    record = attention(one_weight((2, 3, 4, 40), 1, 2, 3, 38))
    assert overview_tile(record) == (2, 20)
    image = overview(record)
    assert image.shape == (4, 60) and np.argwhere(image).tolist() == [[2 + 1, 40 + 19]]
    [frame] = [shape for shape in overview_figure(record, [(1, 2)]).layout.shapes if shape.type == "rect"]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (39.5, 59.5, 1.5, 3.5)


def test_the_overview_says_its_layers_and_heads_and_frames_one() -> None:
    record = attention(one_weight((2, 3, 4, 4), 0, 0, 0, 0), layers=(1, 5), heads=(0, 2, 7))
    drawn = overview_figure(record, [(5, 2)])
    assert [int(text) for text in drawn.layout.xaxis.ticktext] == [0, 2, 7]
    assert [int(text) for text in drawn.layout.yaxis.ticktext] == [1, 5]
    np.testing.assert_array_equal(drawn.layout.xaxis.tickvals, [1.5, 5.5, 9.5])
    np.testing.assert_array_equal(drawn.layout.yaxis.tickvals, [1.5, 5.5])
    assert drawn.layout.yaxis.autorange == "reversed"
    [frame] = [shape for shape in drawn.layout.shapes if shape.type == "rect"]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (3.5, 7.5, 3.5, 7.5)
    assert not [shape for shape in overview_figure(record).layout.shapes if shape.type == "rect"]


RANDOM = np.random.default_rng(1).dirichlet(np.full(6, 0.3), (2, 2, 6))


def test_scales_are_0_to_1_each_rows_largest_or_the_heads() -> None:
    seen, weights = attention(RANDOM), RANDOM[1, 0]
    one, row, head = (head_figure(seen, 1, 0, scale=scale) for scale in ("one", "row", "head"))
    assert (one.data[0].zmax, row.data[0].zmax) == (1, 1)
    assert head.data[0].zmax == pytest.approx(weights.max())
    np.testing.assert_allclose(cells(row), weights / weights.max(1, keepdims=True), atol=6e-3)
    np.testing.assert_allclose(cells(row, "customdata"), weights, atol=5e-4)
    assert "customdata" in row.data[0].hovertemplate and "%{z:.3f}" in one.data[0].hovertemplate
    assert "colours from 0 to 1" in said(one) and "each row to its own largest" in said(row)
    assert f"colours from 0 to {weights.max():.3f}" in said(head)
    with pytest.raises(EmbvizError, match="'log' was asked for: there are one, row, head"):
        head_figure(seen, 1, 0, scale="log")


def test_a_title_says_all_that_was_done_in_both_languages() -> None:
    seen = Attention.of(RANDOM, ("[CLS]", "play", "##ing", "<b>", "well", "[SEP]"))
    every = read(seen, True, "hide", "zero", 0.9, True, 2, "to")
    for figure in (
        head_figure(every, 1, 0), lines_figure(every, [(1, 0)]), text_figure(every, 1, 0), overview_figure(every)
    ):  # fmt: skip
        title = said(figure)
        for part in ("pieces merged into words", "special tokens hidden", "set to 0", "largest 90% of each row",
                     "rows renormalised", "rows up to 2 / 3", "by whom a token is looked at"):  # fmt: skip
            assert part in title
    chinese = said(head_figure(every, 1, 0, language="zh"))
    assert "子词合并为词" in chinese and "第 1 层，第 0 头" in chinese and "谁在看该词元" in chinese
    assert "layer 1, head 0" in said(head_figure(every, 1, 0))


def test_titles_break_where_the_picture_ends() -> None:
    every = read(attention(RANDOM), False, None, "hide", 0.9, True, 2, "to")
    wide, narrow = (said(head_figure(every, 0, 0, columns=columns)).count("||") for columns in (90, 30))
    assert wide < narrow


def test_rows_that_are_not_yet_written_are_absent_and_scales_stay() -> None:
    seen = read(attention(RANDOM, family="decoder"), rows=2)
    drawn = head_figure(seen, 0, 1)
    np.testing.assert_array_equal(np.isnan(cells(drawn)), ~seen.seen)
    assert drawn.data[0].zmax == pytest.approx(RANDOM[0, 1].max())


def test_many_tokens_are_pooled_and_what_is_in_sight_is_not() -> None:
    weights = one_weight((1, 1, 700, 700), 0, 0, 698, 300)
    whole = head_figure(attention(weights), 0, 0)
    z, trace = cells(whole), whole.data[0]
    assert z.shape == (234, 234) and np.argwhere(z == 1).tolist() == [[698 // 3, 100]]
    assert (trace.x0, trace.dx) == (1, 3) and "the largest of 3 × 3" in said(whole)
    part = detail(attention(weights), 0, 0, area=(690, 699, 250, 349))
    assert part["block"] == 1 and part["trace"]["x0"] == 250 and part["trace"]["y0"] == 690
    assert np.argwhere(np.array(part["trace"]["z"], float) == 1).tolist() == [[8, 50]]
    assert part["across"]["ticktext"][50] == "t300" and part["across"]["range"] == [-0.5, 699.5]


def ends(figure: go.Figure) -> set[tuple[int, int]]:
    """Query and key of each line that is drawn."""
    found = set()
    for trace in figure.data:
        if trace.mode == "lines":
            y = np.array(trace.y, float).reshape(-1, 10)
            found |= {(round(a), round(b)) for a, b in y[:, [0, 8]]}
    return found


def test_a_line_for_each_link_the_stronger_the_thicker() -> None:
    weights = np.array([[[[0.9, 0.1, 0], [0.5, 0.5, 0], [0, 0.02, 0.98]]]])
    drawn = lines_figure(attention(weights, ("a", "b", "c")), [(0, 0)])
    assert ends(drawn) == {(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2)}
    traces = [trace for trace in drawn.data if trace.mode == "lines"]
    by_text = {text: trace for trace in traces for text in trace.text if text}
    thick, thin = by_text["c → c: 0.980 (layer 0, head 0)"], by_text["c → b: 0.020 (layer 0, head 0)"]
    assert thick.line.width > thin.line.width and thick.opacity > 3 * thin.opacity
    assert ends(lines_figure(attention(weights), [(0, 0)], chosen=[2, 99])) == {(2, 1), (2, 2)}


def test_heads_have_colours_and_the_title_says_which() -> None:
    drawn = lines_figure(attention(RANDOM), [(0, 1), (1, 0)])
    colors = {trace.name: trace.line.color for trace in drawn.data if trace.mode == "lines"}
    assert len(set(colors.values())) == len(colors) == 2
    for name, color in colors.items():
        assert f'<span style="color:{color}">●</span> {name}' in drawn.layout.title.text


def test_only_the_strongest_lines_are_drawn_and_the_title_says_of_how_many() -> None:
    drawn = lines_figure(attention(RANDOM), [(0, 0)], strongest=5)
    top = np.sort(RANDOM[0, 0], axis=None)[-5:]
    texts = {text for trace in drawn.data if trace.mode == "lines" for text in trace.text if text}
    shown = sorted(float(text.split(": ")[1].split()[0]) for text in texts)
    np.testing.assert_allclose(shown, top, atol=5e-4)
    assert "the strongest 5 of 36 lines" in said(drawn)
    assert "strongest" not in said(lines_figure(attention(RANDOM), [(0, 0)]))


def colors_of(figure: go.Figure) -> dict[str, float]:
    """What each cell of the text says it has."""
    found: dict[str, float] = {}
    for line, row in enumerate(figure.data[0].text):
        for column, text in enumerate(row):
            name, parted, value = text.rpartition(": ")
            if parted:
                found[name] = float(value)
                assert figure.data[0].z[line][column] == pytest.approx(float(value), abs=6e-4)
    return found


def test_the_text_has_the_colours_of_what_the_chosen_look_at_summed() -> None:
    tokens = ("a", "bb", "巴黎", "d", "e", "f")
    seen, weights = attention(RANDOM, tokens), RANDOM[1, 1]
    for chosen, wanted in (([], weights.mean(0)), ([2], weights[2]), ([2, 4, 2], weights[2] + weights[4])):
        drawn = text_figure(seen, 1, 1, chosen=chosen)
        np.testing.assert_allclose(list(colors_of(drawn).values()), wanted, atol=1e-3)
        assert len(drawn.layout.shapes) == len(set(chosen))
    assert "what “巴黎”, “e” look at, summed" in said(drawn)
    assert list(drawn.data[1].text) == list(tokens)
    turned = text_figure(read(seen, direction="to"), 1, 1, chosen=[2])
    np.testing.assert_allclose(list(colors_of(turned).values()), weights[:, 2], atol=1e-3)
    assert "who looks at “巴黎”" in said(turned)


def test_tokens_are_set_as_running_text_and_chinese_takes_two_columns() -> None:
    drawn = text_figure(attention(RANDOM, ("abcd", "巴黎", "c", "dd", "e", "f" * 60)), 0, 0, columns=12)
    assert list(drawn.data[1].y) == [0, 0, 0, 1, 1, 2]
    assert list(drawn.data[1].x) == [1.5, 6.5, 10, 0.5, 3, 5.5]
    assert drawn.layout.height > text_figure(attention(RANDOM), 0, 0, columns=64).layout.height


def test_as_a_decoder_writes_the_last_row_is_shown_and_later_tokens_are_absent() -> None:
    weights = np.tril(RANDOM + 0.01)
    seen = read(attention(weights, tuple("abcdef"), family="decoder"), rows=3)
    drawn = text_figure(seen, 0, 0)
    assert list(colors_of(drawn)) == ["a", "b", "c"] and "what “c” looks at" in said(drawn)
    assert drawn.data[1].textfont.color[4] == PALETTES["light"].quiet


def test_of_two_texts_the_upper_looks_and_the_lower_is_looked_at() -> None:
    seen = Attention.of(np.array([[0.25, 0.75], [1, 0], [0, 1]]), ("x", "y", "z"), ("q", "r"))
    drawn = text_figure(seen, 0, 0, chosen=[0], live=True)
    assert colors_of(drawn) == {"q": 0.25, "r": 0.75}
    assert list(drawn.data[1].text) == ["x", "y", "z", "q", "r"]
    assert [note.text for note in drawn.layout.annotations] == ["target (looks)", "sentence (is looked at)"]
    assert drawn.layout.meta["attention"]["before"] == 3


def test_arabic_runs_from_right_to_left() -> None:
    arabic, english = (text_figure(Attention.of(np.eye(2), words), 0, 0) for words in (("مرحبا", "بكم"), ("a", "b")))
    assert arabic.layout.xaxis.range[0] > arabic.layout.xaxis.range[1]
    assert english.layout.xaxis.range[0] < english.layout.xaxis.range[1]
