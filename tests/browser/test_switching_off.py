"""The evidence in a real browser: measures, a head switched off, a token masked, comparisons, what is inside."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from test_attending import runs as runs
from test_attending import view as view

TITLES = "(document.querySelector('#attention-graph .js-plotly-plot')?.layout?.annotations ?? []).map((a) => a.text)"


def titles(page: Page) -> list[str]:
    """What stands over the pictures of a comparison, and beside them."""
    return page.evaluate(TITLES)


def title(page: Page) -> str:
    return page.evaluate("document.querySelector('#attention-graph .js-plotly-plot').layout.title?.text ?? ''")


def until_title(page: Page, part: str) -> None:
    told = "document.querySelector('#attention-graph .js-plotly-plot')?.layout?.title?.text ?? ''"
    page.wait_for_function(f"(part) => ({told}).includes(part)", arg=part)


def until_compared(page: Page, part: str) -> None:
    page.wait_for_function(f"(part) => {TITLES}.some((text) => text.includes(part))", arg=part)


def test_another_measure_is_the_picture_and_the_url_brings_it_back(view: Callable[..., Page]) -> None:
    page = view()
    expect(page.locator(".strip img")).to_have_count(4)
    page.locator(".small", has_text="value norms").click()
    until_title(page, "weights × value norms")
    assert "measure=norms" in page.url
    page.reload()
    until_title(page, "weights × value norms")
    expect(page.locator(".small.current")).to_contain_text("value norms")
    page.locator(".small", has_text="flow").click()
    until_title(page, "attention flow")
    expect(page.locator(".strip img")).to_have_count(5)
    page.go_back()
    until_title(page, "weights × value norms")


def test_a_head_is_switched_off_beside_the_model_as_it_is_and_on_again(view: Callable[..., Page]) -> None:
    page = view(layer=1, head=0)
    expect(page.locator(".evidence")).to_contain_text("without this head")
    page.get_by_text("Switch this head off").click()
    until_compared(page, "layer 1, head 0 switched off")
    assert titles(page)[1] == "the first" and "off=1.0" in page.url
    assert title(page).startswith("encoder: layer 1, head 0")
    page.get_by_text("Switch this head on again").click()
    expect(page).not_to_have_url(re.compile("off="))
    page.wait_for_function(f"({TITLES}).length === 2")
    assert titles(page) == ["query (looks)", "key (is looked at)"]


def test_a_token_is_masked_and_the_difference_is_seen(view: Callable[..., Page]) -> None:
    page = view()
    page.locator(".token", has_text="king").first.click()
    expect(page.locator(".token.current")).to_have_text("king")
    page.locator(".evidence .chip", has_text="masked").click()
    until_compared(page, "the other sentence")
    expect(page.get_by_label("Another text")).to_have_value("The unbelievable [MASK] rules.")
    page.get_by_role("link", name="Stop comparing").click()
    until_title(page, "encoder: layer 1, head 1")


def test_a_head_is_compared_with_that_of_another_layer(view: Callable[..., Page]) -> None:
    page = view()
    page.locator("#evidence-compare summary").click()
    page.locator("#evidence-layer").click()
    page.get_by_role("option", name="0").click()
    until_compared(page, "layer 0, head 1")
    assert titles(page)[3] == "the second minus the first"


def test_what_is_inside_is_shown_for_every_family(view: Callable[..., Page]) -> None:
    for model in ("encoder", "decoder"):
        page = view(model=model, token=1)
        for name, said in (("q · k", "from queries and keys"), ("predictions", "would predict"), ("paths", "by PCA")):
            page.locator("#attention-show").get_by_text(name, exact=True).click()
            until_title(page, said)
        expect(page.locator(".evidence")).to_contain_text("among the model's tokens")


def test_sentences_of_every_kind_have_their_evidence_to_the_letter(view: Callable[..., Page]) -> None:
    for sentence in ("天气很好，国王来了。", "مرحبا بكم", "hi 😀!", "<img src=x onerror=alert(1)> &amp;"):
        page = view(sentence=sentence)
        expect(page.locator(".strip img")).to_have_count(4)
        pieces = "".join(page.locator(".evidence .tokens").first.locator(".token").all_text_contents())
        assert pieces.replace("[CLS]", "").replace("[SEP]", "") == sentence.replace(" ", "")
