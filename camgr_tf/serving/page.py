"""The demo page, by gradio (extra `demo`)."""

import tempfile

import gradio as gr
from starlette.middleware import Middleware

from camgr_tf.serving.page_gate import PageGate

KNOWN_USER = "a known user"
BASKET = "a basket of items"

# Whole titles below pictures of one size, in as many columns as fit.
CSS = """
.cards .grid-wrap { max-height: none; min-height: 0; overflow: visible; }
.cards .grid-container {
  grid-template-columns: repeat(auto-fill, minmax(108px, 1fr));
  padding-top: 0;
}
.cards .thumbnail-item {
  aspect-ratio: auto; height: 100%; width: 100%;
  display: flex; flex-direction: column;
}
.cards .thumbnail-item img { height: 96px; width: 100%; object-fit: contain; }
.cards .caption-label {
  position: static; max-width: none; width: 100%; border: 0;
  white-space: normal; text-align: left; font-size: 12px; line-height: 1.25;
}
#shelf .grid-wrap { max-height: 620px; overflow-y: auto; }
"""

# System fonts: the page asks no other machine for anything.
FONTS = ("system-ui", "sans-serif")


def build_page(content):
    """Lays the page out and connects it.

    Args:
        content: `PageContent`.

    Returns:
        `gradio.Blocks`.
    """
    run = content.recommender.run
    first, *others = content.modalities or ["content"]
    users = content.user_ids()
    with gr.Blocks(title="CAmgr", analytics_enabled=False) as page:
        catalog = gr.State(content.find_items())
        basket = gr.State([])
        listed = gr.State([])
        gr.Markdown(f"## {run.config.model} on {run.dataset.name}")
        with gr.Row():
            with gr.Column(scale=1):
                mode = gr.Radio(
                    [KNOWN_USER, BASKET],
                    value=KNOWN_USER,
                    label="Recommend for",
                    elem_id="mode",
                )
                user = gr.Dropdown(
                    users, value=users[0], label="User", elem_id="user"
                )
                weight = gr.Slider(
                    0.0,
                    1.0,
                    0.5,
                    step=0.05,
                    label=f"Weight of {first} against {', '.join(others)}",
                    info="0.5 is the model as it was trained",
                    visible=bool(others),
                    elem_id="weight",
                )
                words = gr.Textbox(
                    label="Find items", placeholder="words of a title"
                )
                shelf = _gallery("Items: click to put into the basket", "shelf")
                clear = gr.Button("Empty the basket", elem_id="clear")
            with gr.Column(scale=2):
                bought = _gallery("#### Bought, or in the basket", "bought")
                recommended = _gallery(
                    "#### Recommended (click an item for the reason)",
                    "recommended",
                )
                reason = gr.Markdown(elem_id="reason")
                with gr.Row(visible=False, elem_id="details") as details:
                    parts = gr.Dataframe(
                        label="Parts of the score", elem_id="parts"
                    )
                    changes = gr.Dataframe(
                        label="Change of the score without the modality",
                        elem_id="changes",
                    )
                with gr.Column(visible=False) as likeness:
                    nearest = _gallery(
                        "#### Most like it among these, by modality", "nearest"
                    )

        def show(mode, user, basket, weight):
            known = mode == KNOWN_USER
            own = content.bought(user) if known else basket
            table = content.recommend(user if known else None, basket, weight)
            items = table["item"].tolist()
            scores = [f"{score:.3g}" for score in table["score"]]
            note = "" if own else "No items yet: the most popular ones."
            return (
                content.gallery(own),
                gr.Gallery(content.gallery(items, scores), selected_index=None),
                items,
                note,
                gr.update(visible=False),
                gr.update(visible=False),
            )

        def find(words):
            found = content.find_items(words or "")
            return found, content.gallery(found)

        def add(event: gr.SelectData, catalog, basket):
            item = catalog[event.index]
            return BASKET, [*basket, *({item} - set(basket))]

        def explain(event: gr.SelectData, mode, user, basket, listed, weight):
            known = mode == KNOWN_USER
            item = listed[event.index]
            (_, title), *_ = content.gallery([item])
            if not known and not basket:
                text = "It is popular, and nothing else is known."
                return text, *[gr.skip()] * 5
            sentence, *tables = content.explain(
                user if known else None, basket, item, weight
            )
            return (
                f"**{item}** {_plain(title)}\n\n{_plain(sentence)}",
                *tables,
                gr.update(visible=True),
                gr.update(visible=True),
            )

        inputs = [mode, user, basket, weight]
        shown = [
            bought,
            recommended,
            listed,
            reason,
            details,
            likeness,
        ]
        page.load(find, words, [catalog, shelf]).then(
            show, inputs, shown, show_progress="hidden"
        )
        words.change(find, words, [catalog, shelf])
        gr.on(
            [mode.input, user.input, weight.change],
            show,
            inputs,
            shown,
            trigger_mode="always_last",
            show_progress="hidden",
        )
        shelf.select(add, [catalog, basket], [mode, basket]).then(
            show, inputs, shown, show_progress="hidden"
        )
        clear.click(lambda: [], None, basket).then(
            show, inputs, shown, show_progress="hidden"
        )
        recommended.select(
            explain,
            [mode, user, basket, listed, weight],
            [reason, parts, changes, nearest, details, likeness],
        )
    return page


def launch(content, host="127.0.0.1", port=7860, block=True):
    """Serves the page, and no file but the pictures that it draws.

    They are drawn anew, into a folder that goes with the page: neither the
    data nor anything beside them can be asked for.

    Args:
        content: `PageContent`.
        host: String. The address that is listened on. Defaults to
            `"127.0.0.1"`: this machine only.
        port: Integer. Defaults to `7860`.
        block: Boolean. Whether the call lasts as long as the page is served.
            Defaults to `True`.

    Returns:
        Tuple of the `gradio.Blocks` and its address.
    """
    page = build_page(content)
    page.pictures = tempfile.TemporaryDirectory(prefix="camgr-page-")
    folder = page.pictures.name
    for part in page.blocks.values():
        part.GRADIO_CACHE = folder
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        prevent_thread_lock=not block,
        allowed_paths=[folder],
        app_kwargs={"middleware": [Middleware(PageGate, folder=folder)]},
        theme=gr.themes.Default(font=FONTS, font_mono=("monospace",)),
        css=CSS,
        footer_links=[],
        ssr_mode=False,
    )
    return page, address


def _gallery(heading, elem_id):
    gr.Markdown(heading)
    return gr.Gallery(
        show_label=False,
        elem_id=elem_id,
        elem_classes="cards",
        columns=6,
        allow_preview=False,
        container=False,
        buttons=[],
        interactive=False,
    )


def _plain(text):
    """A title without what Markdown or HTML would read in it."""
    return "".join(c if c.isalnum() or c in " .,:;…" else " " for c in text)
