"""The demo page, by gradio (extra `demo`)."""

import functools
import os
import tempfile

import gradio as gr
from starlette.middleware import Middleware

from camgr_tf.serving.model_panel import ModelPanel
from camgr_tf.serving.model_panel import cards
from camgr_tf.serving.model_panel import plain
from camgr_tf.serving.page_content import BASKET
from camgr_tf.serving.page_content import KNOWN_USER
from camgr_tf.serving.page_gate import PageGate
from camgr_tf.serving.page_style import CSS
from camgr_tf.serving.page_style import FONTS

ANY = "any"
ABOUT = (
    "What a recommender that has seen what people bought, and what items look "
    "like and say, would show next, and why. Choose a customer or fill a "
    "basket, then click a recommendation for its reason."
)


def build_page(contents):
    """Lays the page out and connects it.

    Args:
        contents: List of one or two `PageContent` on the same data. The lists
            of two stand side by side.

    Returns:
        `gradio.Blocks`.

    Raises:
        ValueError: If there are not one or two, or their data differ.
    """
    first = _checked(contents)
    names = " and ".join(content.name for content in contents)
    data = first.recommender.run.dataset.name
    users = first.user_ids()
    with gr.Blocks(title="CAmgr", analytics_enabled=False) as page:
        catalog = gr.State(first.find_items())
        basket = gr.State([])
        gr.Markdown(f"## {names} on {data}\n{ABOUT}")
        with gr.Column(elem_id="layout"):
            with gr.Column(elem_id="who"):
                mode = gr.Radio(
                    [KNOWN_USER, BASKET],
                    value=KNOWN_USER,
                    label="Recommend for",
                    elem_id="mode",
                )
                user = gr.Dropdown(
                    users,
                    value=users[0],
                    label="Customer",
                    allow_custom_value=True,
                    elem_id="user",
                )
                weight = _weight_slider(first)
                category = gr.Dropdown(
                    [ANY, *first.categories()],
                    value=ANY,
                    label="Category",
                    visible=bool(first.categories()),
                    elem_id="category",
                )
                highest = first.highest_price()
                price = gr.Slider(
                    0,
                    highest or 1.0,
                    highest or 1.0,
                    label="Price at most",
                    visible=highest is not None,
                    elem_id="price",
                )
                with gr.Row(elem_id="examples"):
                    examples = [
                        (gr.Button(label, size="sm"), example)
                        for label, example in first.examples().items()
                    ]
            with gr.Column(elem_id="lists"):
                heading = gr.Markdown(elem_id="heading")
                bought = cards("bought")
                clear = gr.Button(
                    "Empty the basket",
                    size="sm",
                    visible=False,
                    elem_id="clear",
                )
                with gr.Row():
                    panels = [
                        ModelPanel(content, number)
                        for number, content in enumerate(contents)
                    ]
            with gr.Column(elem_id="find"):
                gr.Markdown("#### Items: click to put into the basket")
                words = gr.Textbox(
                    label="Find items",
                    placeholder="words of a title, or an id",
                    elem_id="words",
                )
                found_note = gr.Markdown(elem_id="found")
                shelf = cards("shelf")

        def show(mode, user, basket, weight, category, price):
            """What was asked, and the lists that answer it."""
            known = mode == KNOWN_USER
            text = first.unknown_user(user) if known else ""
            own = first.bought(user) if known and not text else basket
            asked = None
            if not text:
                who = f"Bought by {user}" if known else "In the basket"
                text = f"#### {plain(who)}"
                if not known and own:
                    text += ": click an item to take it out"
                if not own:
                    text += "\nNothing yet: the most popular items are shown."
                where = first.where(
                    None if category == ANY else category, price
                )
                asked = (user if known else None, basket, weight, where)
            lists = [v for panel in panels for v in panel.listing(asked)]
            return (
                text,
                gr.Gallery(first.gallery(own), selected_index=None),
                gr.update(visible=not known and bool(own)),
                *lists,
            )

        def find(words):
            found = first.find_items(words or "")
            note = ""
            if not found:
                note = f"No item has all of the words: {plain(words)}"
            return found, note, first.gallery(found)

        def add(event: gr.SelectData, catalog, basket):
            item = catalog[event.index]
            title = plain(first.title(item))
            if item in basket:
                gr.Info(f"{title} is in the basket already.")
                return BASKET, basket
            gr.Info(f"Into the basket, now {len(basket) + 1}: {title}")
            return BASKET, [*basket, item]

        def remove(event: gr.SelectData, mode, basket):
            if mode == KNOWN_USER:
                gr.Info("This customer's history stays; a basket can change.")
                return basket
            item = basket[event.index]
            gr.Info(f"Out of the basket: {plain(first.title(item))}")
            return [other for other in basket if other != item]

        inputs = [mode, user, basket, weight, category, price]
        shown = [heading, bought, clear]
        shown += [part for panel in panels for part in panel.drawn]
        drawn = dict(fn=show, inputs=inputs, outputs=shown)
        drawn["show_progress"] = "hidden"
        page.load(find, words, [catalog, found_note, shelf]).then(**drawn)
        words.change(find, words, [catalog, found_note, shelf])
        changed = [mode.input, user.input, weight.change]
        changed += [category.input, price.change]
        gr.on(changed, trigger_mode="always_last", **drawn)
        shelf.select(add, [catalog, basket], [mode, basket]).then(**drawn)
        bought.select(remove, [mode, basket], basket).then(**drawn)
        clear.click(lambda: [], None, basket).then(**drawn)
        for button, example in examples:
            button.click(
                lambda example=example: example, None, [mode, user, basket]
            ).then(**drawn)
    return page


def launch(contents, host="127.0.0.1", port=7860, block=True):
    """Serves the page, and no file but the pictures that it draws.

    They are drawn anew, into a folder that goes with the page: neither the
    data nor anything beside them can be asked for.

    Args:
        contents: List of `PageContent`, as of `build_page`.
        host: String. The address that is listened on. Defaults to
            `"127.0.0.1"`: this machine only.
        port: Integer. Defaults to `7860`.
        block: Boolean. Whether the call lasts as long as the page is served.
            Defaults to `True`.

    Returns:
        Tuple of the `gradio.Blocks` and its address.
    """
    page = build_page(contents)
    page.pictures = tempfile.TemporaryDirectory(dir=_gradio_folder())
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


@functools.cache
def _own_folder():
    return tempfile.TemporaryDirectory(prefix="camgr-page-")


def _gradio_folder():
    """Where gradio expects pictures: a click on any other is refused.

    Its default is one folder for all users of a machine, where the second
    may not write; this process has its own.
    """
    folder = os.environ.setdefault("GRADIO_TEMP_DIR", _own_folder().name)
    os.makedirs(folder, exist_ok=True)
    return folder


def _checked(contents):
    """The first of one or two that are of the same data."""
    if not 1 <= len(contents) <= 2:
        raise ValueError(
            f"The page shows one or two models. Received: {len(contents)}"
        )
    first, *others = contents
    for other in others:
        data, own = (c.recommender.run.dataset for c in (other, first))
        if data.content_hash != own.content_hash:
            raise ValueError(
                "Two models side by side must be of the same data and split. "
                f"Received: {own.name} and {data.name}, whose contents differ"
            )
    return first


def _weight_slider(content):
    modality, *others = content.modalities or ["content"]
    return gr.Slider(
        0.0,
        1.0,
        0.5,
        step=0.05,
        label=f"Weight of {modality} against {', '.join(others)}",
        info="0.5 is the model as it was trained",
        visible=bool(others),
        elem_id="weight",
    )
