"""The evidence in the attention view: measures as small pictures, heads switched off, a token changed, comparisons."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from pages import said
from test_explorer_attention import models as models

from embviz.apps.explorer.attention import compared
from embviz.apps.explorer.attention.changed import changes_of, edits, with_off, with_temperature
from embviz.apps.explorer.attention.evidence import panel
from embviz.apps.explorer.attention.measured import measured, place_of, switched
from embviz.apps.explorer.library import Library
from embviz.apps.explorer.selection import Selection
from embviz.attention import MEASURES, variation
from embviz.errors import EmbvizError
from embviz.figures.raster import heatmap_png
from embviz.models.changes import Changes

SENTENCE = "the king rules the land"


def here(model: str, **more: Any) -> Selection:
    return Selection("attention", model=model, sentence=SENTENCE, layer=1, **more)


def links(parts: Any) -> list[str]:
    return re.findall(r"href='([^']+)'", str(parts))


def cells(png: bytes) -> np.ndarray:
    """The numbers of the palette in a PNG, read as its standard says."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT")
    size = struct.unpack(">I", png[start - 4 : start])[0]
    rows = np.frombuffer(zlib.decompress(png[start + 4 : start + 4 + size]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


def test_a_small_picture_has_a_cell_for_each_number() -> None:
    found = cells(heatmap_png(np.array([[0.0, 0.5], [1.0, np.nan]]), "light"))
    assert found.tolist() == [[0, 127], [254, 255]]
    signed = cells(heatmap_png(np.array([[-2.0, 0.0], [2.0, np.nan]]), "dark", signed=True))
    assert signed.tolist() == [[0, 127], [254, 255]]
    assert cells(heatmap_png(np.zeros((1, 3)), "light")).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("family", ["encoder", "decoder", "seq2seq"])
def test_all_measures_and_what_the_model_predicts_without_the_head(models: Library, family: str) -> None:
    for language in ("en", "zh"):
        parts = panel(models, here(family), "light", language)
        pictures = re.findall(r"data:image/png;base64,([^']+)", str(parts))
        assert len(pictures) == 4, "all but the flow, which is computed when it is asked for"
        seen = measured(models, here(family))
        assert cells(base64.b64decode(pictures[0])).shape == (len(seen.tokens), len(seen.keys))
    text = said(panel(models, here(family), "light", "en"))
    assert "without this head" in text and "KL" in text and "Switch this head off" in text
    with_flow = panel(models, here(family, measure="flow"), "light", "en")
    assert len(re.findall("data:image/png", str(with_flow))) == 5


def test_a_head_is_switched_off_and_on_again_by_its_link(models: Library) -> None:
    off = with_off(here("encoder"), ("encoder", 1, 0), "encoder")
    assert off.off == "1.0" and with_off(off, ("encoder", 1, 0), "encoder").off is None
    assert off.url in links(panel(models, here("encoder"), "light", "en"))
    both = with_off(off, ("encoder", 0, 0), "encoder")
    assert both.off == "0.0\t1.0"
    assert changes_of(both, "encoder").off == {("encoder", 0, 0), ("encoder", 1, 0)}
    text = said(panel(models, both, "light", "en"))
    assert "as it is" in text and "with all changes" in text and "off: layer 0, head 0 ×" in text
    assert "Switch this head on again" in text


def test_a_temperature_is_in_the_url_until_it_is_one(models: Library) -> None:
    warm = with_temperature(here("decoder"), ("decoder", 1, 0), "decoder", 2)
    assert warm.temperature == "1.0=2" and Selection.of("/attention", warm.search) == warm
    assert with_temperature(warm, ("decoder", 1, 0), "decoder", 1).temperature is None
    assert changes_of(warm, "decoder").temperature == ((("decoder", 1, 0), 2.0),)
    with pytest.raises(EmbvizError, match="is no temperature of a head"):
        changes_of(here("decoder", temperature="1.0=hot"), "decoder")
    assert "is no temperature" in said(panel(models, here("decoder", temperature="1.0=hot"), "light", "en"))


def test_a_token_is_masked_deleted_or_typed_over(models: Library) -> None:
    encoder = models.open("encoder").model
    read = encoder.encode(SENTENCE)
    king = read.texts.index("king")
    assert edits(encoder, SENTENCE, read, king) == [
        ("mask", "the [MASK] rules the land"), ("delete", "the rules the land"), ("replace", SENTENCE),
    ]  # fmt: skip
    assert edits(encoder, SENTENCE, read, 0) == [], "a mark is no part of the sentence"
    assert edits(encoder, "king", encoder.encode("king"), 1)[-1] == ("replace", "king")
    first = read.texts.index("the")
    assert dict(edits(encoder, SENTENCE, read, first))["delete"] == "king rules the land"
    chosen = here("encoder", token=king)
    masked = chosen.but(other_sentence="the [MASK] rules the land").url
    assert masked in links(panel(models, chosen, "light", "en"))


def test_the_chosen_token_is_the_one_that_is_asked_about(models: Library) -> None:
    assert place_of(models, here("encoder", token=2)) == 2
    assert place_of(models, here("encoder", token=99)) == place_of(models, here("encoder"))
    assert place_of(models, here("seq2seq", target="le king", place=1, token=4)) == 1
    asked = measured(models, here("encoder", token=2, measure="gradient"))
    other = measured(models, here("encoder", token=3, measure="gradient"))
    assert not np.array_equal(asked.weights, other.weights)


def test_a_comparison_shows_both_and_the_difference(models: Library) -> None:
    assert not compared.comparing(here("encoder"))
    masked = here("encoder", other_sentence="the [MASK] rules the land")
    figure = compared.picture(models, masked, "light", "en", 96)
    one, two, less = (np.array(trace.z, float) for trace in figure.data)
    assert np.allclose(two - one, less, atol=2e-3) and abs(less).max() > 0
    titles = [annotation.text for annotation in figure.layout.annotations]
    over = ["the first", "the second: the other sentence", "the second minus the first"]
    assert titles[1:] == [*over, "key (is looked at)"]
    assert figure.layout.title.text.startswith("encoder: layer 1, head 0<br>")
    shorter = compared.picture(models, here("encoder", other_sentence="the king"), "dark", "zh", 96)
    assert len(shorter.data) == 2, "of other tokens there is no difference"


def test_heads_that_are_off_are_seen_beside_the_model_as_it_is(models: Library) -> None:
    changed = here("encoder", off="0.0")
    figure = compared.picture(models, changed, "light", "en", 96)
    assert "the second: layer 0, head 0 switched off" in [annotation.text for annotation in figure.layout.annotations]
    assert np.allclose(figure.data[0].z, measured(models, here("encoder")).head(1, 0), atol=6e-4)
    assert abs(np.array(figure.data[2].z, float)).max() > 0
    after = switched(models, changed, Changes(frozenset({("encoder", 0, 0)})))
    assert after.divergence.max() > 0


def test_both_of_a_comparison_are_read_alike(models: Library) -> None:
    asked = here("encoder", off="0.0", marks="hide", sink="zero", reading="renormalise", direction="to", scale="one")
    figure = compared.picture(models, asked, "light", "en", 96)
    one, two = compared.both(models, asked)
    assert one.tokens == two.tokens == ("the", "king", "rules", "the", "land") and one.changes == two.changes
    assert np.allclose(np.array(figure.data[1].z, float), two.head(1, 0), atol=1e-3)
    assert np.allclose(two.head(1, 0).sum(0)[one.head(1, 0).sum(0) > 0], 1, atol=1e-5)
    assert "special tokens hidden" in figure.layout.title.text


def test_the_heads_that_changed_most_are_named_and_lead_to_them(models: Library) -> None:
    changed = here("encoder", off="0.0")
    told = compared.moved(models, changed, "en")
    first, far = links(told)[0], variation(*compared.both(models, changed))
    assert f"layer={far.max(1).argmax()}" in first and "off=0.0" in first
    assert "changed most" in said(told)
    assert compared.moved(models, here("encoder", other_sentence="the king"), "zh") == [], "of other tokens"
    assert compared.moved(models, here("encoder", other_layer=0), "en") == []


def test_what_is_compared_can_be_another_layer_or_model(models: Library) -> None:
    other = compared.picture(models, here("encoder", other_layer=0), "light", "en", 96)
    assert np.allclose(other.data[1].z, measured(models, here("encoder")).head(0, 0), atol=6e-4)
    choices = compared.choices(models, here("encoder", other_model="decoder"), "en")
    assert (choices["layers"], choices["heads"]) == (["0", "1"], ["0"])
    assert "Stop comparing" in said(choices["stop"])
    assert compared.choices(models, here("encoder"), "en")["stop"] is None


def test_a_measure_that_is_none_is_refused(models: Library) -> None:
    assert set(MEASURES) == {"weights", "norms", "gradient", "rollout", "flow"}
    with pytest.raises(EmbvizError, match="There is no measure 'beauty': there are weights, norms"):
        measured(models, here("encoder", measure="beauty"))


def test_a_token_has_near_words_in_the_models_table_and_in_a_run_of_vectors(models: Library) -> None:
    chosen = here("encoder", token=2)
    text = said(panel(models, chosen, "light", "en"))
    assert "Near to “king”" in text and "among the model's tokens" in text and "among the words of" not in text
    assert "Near to" not in said(panel(models, here("encoder", token=0), "light", "en")), "a mark is no word"


def test_a_token_is_compared_layer_by_layer_with_tokens_of_the_corpus_when_that_is_asked_for(models: Library) -> None:
    chosen = here("encoder", token=2)
    (way,) = [url for url in links(panel(models, chosen, "light", "en")) if "contexts=yes" in url]
    asked = Selection.of(*way.split("?"))
    text = said(panel(models, asked, "light", "en"))
    assert all(name in text for name in ("embedding", "after layer 0", "after layer 1")) and "after layer 2" not in text
    assert re.search(r"Where tokens stand in \d+ sentences of \w+", text)
    beside = re.findall(r"B\('([^']*)'\)", str(panel(models, asked, "light", "zh")))
    assert len(beside) == 3 * 4
    assert "contexts=yes" not in str(panel(models, here("seq2seq", token=2), "light", "en")), "it reads and writes"
