"""One model's list on the demo page, and the reason of what is clicked."""

import gradio as gr

# What is tapped shows what it did, also where that is off the screen.
SHOW_REASON = (
    "() => document.getElementById('{id}')"
    ".scrollIntoView({{behavior: 'smooth', block: 'nearest'}})"
)


class ModelPanel:
    """A list of cards; a click on one gives its reason, words first.

    Made inside of a `gradio.Blocks`. The list keeps what it answers: user,
    basket, weight and filter, so that a reason is by the weights of the list
    that is on the screen, wherever the slider has gone since.

    Args:
        content: `PageContent`.
        number: Integer, `0` for the page's first panel.

    Attributes:
        drawn: List of the components that `listing` gives values for.
    """

    def __init__(self, content, number):
        self.content = content
        end = f"-{number + 1}" if number else ""
        with gr.Column(min_width=280):
            self.answered = gr.State(None)
            gr.Markdown(
                f"#### Recommended by {content.name}: click for the reason"
            )
            self.note = gr.Markdown(elem_id=f"note{end}")
            self.recommended = cards(f"recommended{end}")
            self.reason = gr.Markdown(elem_id=f"reason{end}")
            with gr.Column(visible=False) as self.likeness:
                gr.Markdown("Most like it among these:")
                self.nearest = cards(f"nearest{end}")
            with gr.Accordion(
                "The numbers",
                open=False,
                visible=False,
                elem_id=f"numbers{end}",
            ) as self.numbers:
                self.tables = [
                    gr.Dataframe(label=label, elem_id=f"{name}{end}")
                    for name, label in (
                        ("parts", "Parts of the score"),
                        ("changes", "Change of the score without a modality"),
                        ("similarities", "Likeness, 1 is the same"),
                    )
                ]
        self.drawn = [
            self.answered,
            self.note,
            self.recommended,
            self.reason,
            self.likeness,
            self.numbers,
        ]
        self.recommended.select(
            self.explain,
            self.answered,
            [self.reason, self.nearest, *self.tables, *self.drawn[-2:]],
            api_name=f"explain{end}",
        ).then(None, js=SHOW_REASON.format(id=f"reason{end}"))

    def listing(self, asked):
        """Values of `drawn` for what is asked.

        Args:
            asked: Tuple of user or `None`, basket, weight and filter; `None`
                for an empty list.

        Returns:
            List, one value a component.
        """
        items, scores, note = [], [], ""
        if asked is not None:
            user, basket, weight, where = asked
            table = self.content.recommend(user, basket, weight, where=where)
            items = table["item"].tolist()
            scores = [f"{score:.3g}" for score in table["score"]]
            if not items:
                note = "No item is left that fits the category and the price."
        gallery = self.content.gallery(items, scores)
        hidden = gr.update(visible=False)
        return [
            (asked, items),
            note,
            gr.Gallery(gallery, selected_index=None),
            "",
            hidden,
            hidden,
        ]

    def explain(self, event: gr.SelectData, answered):
        """The reason of the card that was clicked, and what it rests on."""
        (user, basket, weight, _), items = answered
        item = items[event.index]
        head = f"**{plain(self.content.title(item))}** ({plain(item)})"
        if not self.content.has_history(user, basket):
            words = "It is popular, and nothing else is known."
            return f"{head}\n\n{words}", *[gr.skip()] * 6
        words, gallery, *tables = self.content.explain(
            user, basket, item, weight
        )
        shown = gr.update(visible=True)
        return f"{head}\n\n{plain(words)}", gallery, *tables, shown, shown


def cards(elem_id):
    """A gallery of pictures of one size above their whole titles."""
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


def plain(text):
    """A title without what Markdown or HTML would read in it."""
    return "".join(c if c.isalnum() or c in " .,:;…-'" else " " for c in text)
