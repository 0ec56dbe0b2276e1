"""What the demo page's panels answer, without a browser."""

from types import SimpleNamespace

import pytest

pytest.importorskip("gradio", reason="needs the extra `demo`")

import gradio as gr

from camgr_tf.serving.model_panel import ModelPanel
from camgr_tf.serving.model_panel import plain
from camgr_tf.serving.page import build_page
from camgr_tf.serving.page_content import PageContent
from camgr_tf.serving.recommender import load


@pytest.fixture(scope="module")
def panel(small_camgr):
    with gr.Blocks():
        return ModelPanel(PageContent(small_camgr), 0)


@pytest.mark.parametrize("user, basket", [("user03", []), (None, ["item02"])])
@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9])
def test_a_card_and_its_reason_have_one_score(panel, user, basket, weight):
    answered, _, gallery, *_ = panel.listing((user, basket, weight, {}))
    captions = [card["caption"] for card in gallery.value]
    for place, caption in enumerate(captions):
        click = SimpleNamespace(index=place)
        text, _, parts, *_ = panel.explain(click, answered)
        # The card has three digits, the table four after the point.
        score = float(caption.split(" · ")[0])
        assert score == pytest.approx(parts["score"][0], rel=6e-3, abs=6e-5)
        assert text.startswith("**Title ")


def test_words_come_first_and_are_the_recommenders(panel, small_camgr):
    answered, *_ = panel.listing(("user03", [], 0.5, {}))
    item = answered[1][0]
    text, *_ = panel.explain(SimpleNamespace(index=0), answered)
    sentence = small_camgr.explain("user03", item).sentence
    assert text.splitlines()[-1] == plain(sentence)
    assert not any(word in text for word in ("score", "0."))


def test_nothing_known_is_said_to_be_popular(panel):
    answered, *_ = panel.listing((None, [], 0.5, {}))
    text, *rest = panel.explain(SimpleNamespace(index=0), answered)
    assert "popular" in text and rest == [gr.skip()] * 6


def test_nothing_left_is_said(panel, monkeypatch):
    catalog = panel.content.recommender.catalog
    monkeypatch.setattr(catalog, "columns", catalog.columns.assign(color="red"))
    asked = (None, [], 0.5, {"color": "blue"})
    answered, note, gallery, *_ = panel.listing(asked)
    assert answered[1] == [] and "No item is left" in note
    # Nobody asked anything that can be answered: no list and no note.
    assert panel.listing(None)[:2] == [(None, []), ""]


def test_pages_of_two_models_are_of_one_data_set(small_run, small_camgr):
    other = PageContent(load(small_run("mf")))
    page = build_page([PageContent(small_camgr), other])
    ids = {block.elem_id for block in page.blocks.values()}
    assert {"recommended", "recommended-2", "reason", "reason-2"} <= ids
    with pytest.raises(ValueError, match="one or two models. Received: 0"):
        build_page([])
    dataset = SimpleNamespace(name="x", content_hash="other")
    fake = SimpleNamespace(
        recommender=SimpleNamespace(run=SimpleNamespace(dataset=dataset))
    )
    with pytest.raises(ValueError, match="Received: small and x, whose"):
        build_page([other, fake])
