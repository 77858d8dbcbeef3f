"""Figures of evidence: comparisons, the logit lens, queries and keys, paths; their numbers are those of the records."""

import html

import numpy as np
import pytest

from embviz.attention import Attention, read
from embviz.attention.predictions import Lens, Predictions
from embviz.attention.products import Products
from embviz.attention.states import States, path
from embviz.figures.attention.titles import across
from embviz.figures.comparison import comparison_figure
from embviz.figures.lens import lens_figure
from embviz.figures.products import products_figure
from embviz.figures.states import states_figure
from embviz.figures.theme import plain

TOKENS = ("<b>", "天气", "z" * 40)


def record(seed=0, tokens=TOKENS, **more):
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(tokens)), (2, 2, len(tokens)))
    return Attention.of(weights, tokens, **more)


def test_a_comparison_has_the_one_the_other_and_the_signed_difference():
    one, other = record(), record(1)
    figure = comparison_figure(one, other, (0, 1), (1, 0), "<i>a", "dark")
    shown = [np.array(trace.z, float) for trace in figure.data]
    assert np.allclose(shown[0], one.head(0, 1), atol=6e-4) and np.allclose(shown[1], other.head(1, 0), atol=6e-4)
    assert np.allclose(shown[2], other.head(1, 0) - one.head(0, 1), atol=6e-4)
    assert figure.data[0].zmax == figure.data[1].zmax, "on the same colours"
    assert figure.data[2].zmin == -figure.data[2].zmax
    titles = [each.text for each in figure.layout.annotations]
    over = ["the first", "the second: &lt;i&gt;a", "the second minus the first"]
    assert titles == ["query (looks)", *over, "key (is looked at)"]
    assert figure.layout.title.text.startswith("weights: layer 0, head 1<br>")
    assert list(figure.layout.xaxis.ticktext)[:2] == ["&lt;b&gt;", "天气"]


@pytest.mark.parametrize(("scale", "most"), [("one", 1.0), ("row", 1.0), ("head", None)])
def test_both_of_a_comparison_have_the_scale_that_the_title_names(scale, most):
    one, other = record(), record(1)
    figure = comparison_figure(one, other, (0, 0), (0, 0), language="zh", scale=scale, chosen=[1])
    both = np.array([np.array(trace.z, float) for trace in figure.data[:2]])
    assert figure.data[0].zmax == (most or pytest.approx(max(one.head(0, 0).max(), other.head(0, 0).max())))
    if scale == "row":
        np.testing.assert_array_equal(both.max(-1), 1)
        assert np.allclose(figure.data[1].customdata.astype(float), other.head(0, 0), atol=1e-3)
    titles = {"one": "颜色从 0 到 1", "row": "每行按各自最大值着色", "head": "颜色从 0 到 0."}
    assert titles[scale] in figure.layout.title.text
    assert [(shape.yref, shape.y0) for shape in figure.layout.shapes] == [("y", 0.5), ("y2", 0.5), ("y3", 0.5)]


def test_a_comparison_names_what_was_done_to_the_weights():
    one, other = (read(record(seed), sink="zero", direction="to") for seed in (0, 1))
    figure = comparison_figure(one, other, (0, 0), (0, 0))
    assert "set to 0" in figure.layout.title.text and "by whom a token is looked at" in figure.layout.title.text


def test_on_a_narrow_page_the_pictures_of_a_comparison_stand_under_each_other():
    wide, narrow = (comparison_figure(record(), record(1), (0, 0), (0, 0), columns=n) for n in (96, 28))
    assert wide.layout.height is None and wide.layout.xaxis.domain[1] < wide.layout.xaxis2.domain[0]
    tops = [narrow.layout[name].domain for name in ("yaxis", "yaxis2", "yaxis3")]
    assert tops[0][0] > tops[1][1] and tops[1][0] > tops[2][1] and narrow.layout.height > 600
    assert {tuple(narrow.layout[name].domain) for name in ("xaxis", "xaxis2", "xaxis3")} == {(0, 1)}
    assert all(narrow.layout[name].showticklabels for name in ("yaxis", "yaxis2", "yaxis3"))


def test_cells_that_cannot_be_looked_at_are_absent_in_a_comparison():
    figure = comparison_figure(record(causal=True), record(1, causal=True), (0, 0), (0, 0))
    assert np.isnan(np.array(figure.data[2].z, float)[0, 1:]).all()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_lens_writes_the_likeliest_token_of_each_layer(theme):
    chances = np.array([[0.5, 0.25]] * 3, np.float32)
    layers = tuple(
        Predictions(TOKENS, ((f"<{i}>", "b"), ("\n", "c"), (" ", "d")), chances / (i + 1), np.zeros((3, 2), int))
        for i in range(3)
    )
    figure = lens_figure(Lens(layers, np.zeros((3, 3)), np.zeros((3, 3))), "<t>", theme)
    (heatmap,) = figure.data
    assert [list(row) for row in heatmap.text] == [[f"&lt;{i}&gt;", "⏎", "␣"] for i in range(3)]
    assert np.allclose(np.array(heatmap.z, float)[1], 0.25, atol=1e-4)
    assert list(figure.layout.yaxis.ticktext) == ["embedding", "0", "1"]
    assert heatmap.customdata[0][0] == "&lt;0&gt;  0.500<br>b  0.250"


def test_queries_and_keys_are_multiplied_dimension_by_dimension():
    random = np.random.default_rng(0)
    queries, keys = random.normal(size=(3, 4)), random.normal(size=(3, 4))
    seen = record(causal=True)
    figure = products_figure(Products(seen, queries, keys), 1, "title")
    q, k, each, score, weight = (np.array(trace.z, float) for trace in figure.data)
    assert np.allclose(q, queries[1:2], atol=1e-4) and np.allclose(k, keys, atol=1e-4)
    assert np.allclose(each, queries[1] * keys, atol=1e-4)
    assert np.allclose(score[:, 0], queries[1] @ keys.T / 2, atol=1e-3)
    most = [f"{abs(values).max():.2g}" for values in (q, k, each, score)]
    said = [note.text for note in figure.layout.annotations]
    assert all(f"±{value}" in text for value, text in zip(most, said, strict=False)), "what the darkest colour means"
    assert said[4] == f"weight ≤{np.nanmax(weight):.2g}"
    assert np.allclose(weight[:2, 0], seen.head(0, 0)[1, :2], atol=1e-4) and np.isnan(weight[2, 0])


def test_a_path_for_each_token_through_the_layers():
    found = States("", TOKENS, np.random.default_rng(0).normal(size=(4, 3, 8)).astype(np.float32), "m")
    figure = states_figure(found, "title", chosen=1)
    assert len(figure.data) == 3
    places, shares = path(found)
    assert figure.layout.xaxis.title.text == f"component 1: {shares[0]:.0%} of variance"
    assert figure.layout.yaxis.title.text == f"component 2: {shares[1]:.0%} of variance"
    for token, trace in enumerate(figure.data):
        assert np.allclose(np.stack([trace.x, trace.y], -1), places[:, token])
        assert trace.text[-1] and not any(trace.text[:-1])
    assert figure.data[1].line.width > figure.data[0].line.width and figure.data[0].opacity < 1
    assert figure.data[0].customdata[0] == "&lt;b&gt;<br>embedding"


def test_a_title_is_in_lines_that_fit_across_the_picture():
    found = States("", TOKENS, np.random.default_rng(0).normal(size=(4, 3, 8)).astype(np.float32), "m")
    title = "模型：每个词元从嵌入（圆环）起经过各层的路径（方向的 PCA），and <b>words</b> after it"
    wide, narrow = (states_figure(found, title, columns=columns).layout for columns in (96, 26))
    assert wide.title.text == plain(title) and "<br>" not in plain(title)
    lines = [html.unescape(line) for line in narrow.title.text.split("<br>")]
    assert len(lines) == 3 and all(across(line) <= 1.45 * 26 for line in lines)
    assert "".join(lines).replace(" ", "") == title.replace(" ", ""), "and nothing is lost"
    assert narrow.margin.t == wide.margin.t + 40


def test_names_at_the_ends_of_paths_lie_over_none_of_the_others():
    tokens = ("queen", "king", "prince", ".")
    vectors = np.zeros((2, 4, 2), np.float32)
    vectors[0] = [[0, 0], [10, 0], [0, 10], [10, 10]]
    vectors[1] = [[5, 5], [5.4, 5], [5, 5.2], [5.2, 5.4]]  # all end beside each other
    figure = states_figure(States("", tokens, vectors, "m"), "title", "dark", chosen=0)
    assert len({trace.textposition for trace in figure.data}) == 4
    assert figure.data[3].text[-1] == "“.”", "a dot beside a dot would not be seen"
    alone = states_figure(States("", tokens[:1], vectors[:, :1], "m"), "title")
    assert alone.data[0].textposition == "top center"
