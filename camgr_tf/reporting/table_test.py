import re
from xml.etree import ElementTree

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from camgr_tf.reporting.table import Entry
from camgr_tf.reporting.table import Table
from camgr_tf.reporting.table import to_html
from camgr_tf.reporting.table import to_latex
from camgr_tf.reporting.table import to_markdown

TABLE = Table(
    "small",
    "A & B",
    ["Dataset", "Model", "Recall@20"],
    [
        [Entry("baby"), Entry("a_b"), Entry("0.10", rank=1)],
        [Entry("baby"), Entry("<c>"), Entry("0.09", rank=2, mark="†")],
        [Entry("demo"), Entry("a_b"), Entry("−0.1", muted=True)],
    ],
    notes=["50 % of it"],
    num_keys=2,
)


def test_markdown():
    assert to_markdown(TABLE) == (
        "### A & B\n"
        "\n"
        "| Dataset | Model | Recall@20 |\n"
        "| :-- | :-- | --: |\n"
        "| baby | a_b | **0.10** |\n"
        "|  | \\<c\\> | <u>0.09</u>† |\n"
        "| demo | a_b | −0.1 |\n"
        "\n"
        "- 50 % of it\n"
    )


def test_latex():
    text = to_latex(TABLE)
    assert r"\caption{A \& B}" in text
    assert r"\begin{tabular}{llr}" in text
    assert r"baby & a\_b & \textbf{0.10} \\" in text
    assert r" & $<$c$>$ & \underline{0.09}$^\dagger$ \\" in text
    assert r"demo & a\_b & $-$0.1 \\" in text
    assert r"50 \% of it" in text
    assert text.count(r"\midrule") == 2  # below the header, between datasets


def test_html():
    text = to_html(TABLE)
    assert '<td class="key" rowspan="2">baby</td>' in text
    assert '<td class="key">&lt;c&gt;</td><td><u>0.09</u>†</td>' in text
    assert "<td><b>0.10</b></td>" in text
    assert '<td class="muted">−0.1</td>' in text
    assert "<h3>A &amp; B</h3>" in text
    assert "<li>50 % of it</li>" in text


def test_html_shows_a_table_aside_only_when_asked():
    aside = Table("x", "Aside", ["A"], [[Entry("1")]], aside=True)
    assert "<details><summary>Aside</summary>" in to_html(aside)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="Row 1 of table 'x' must have 2"):
        Table("x", "X", ["a", "b"], [[Entry(), Entry()], [Entry()]])


ODD = "a|b^c~d\\e{f}_g_ *h* `i` [j](k) <l> & # % $m$ $n$"
# The letters that a formatter knows, ends of words and blanks between.
TEXTS = st.text("ab0 .-+_|^~\\{}[]()*`<>&#%$\"'!:=\n")


def odd_table(title, header, cell, note):
    return Table(
        "odd",
        title,
        ["Model", header],
        [[Entry("x"), Entry(cell)], [Entry("x"), Entry(cell, rank=1)]],
        [note],
    )


def in_one_line(text):
    return " ".join(text.split())


def shown_by_markdown(text):
    """Kind and plain text of each block, as a reader of GitHub sees it."""
    shown, kinds = [], []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        kinds.append(token.type)
        if token.type == "inline":
            parts = [
                t.content
                for t in token.children
                if t.type not in ("html_inline", "strong_open", "strong_close")
            ]
            shown.append("".join(parts))
    return shown, kinds


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@example(ODD, ODD, ODD, ODD)
@example("# a", "|", "\\|", "- a")
@example("1. a", "\\", "a\\", "--- 2) b")
@example("a #", "||", "__a__", "12. b")
def test_markdown_shows_every_text_unchanged(title, header, cell, note):
    table = odd_table(title, header, cell, note)
    shown, kinds = shown_by_markdown(to_markdown(table))
    title, header, cell, note = map(in_one_line, (title, header, cell, note))
    expected = [title, "Model", header, "x", cell, "x", cell, note]
    assert [t for t in shown if t] == [t for t in expected if t]
    assert kinds.count("table_open") == 1 and kinds.count("heading_open") == 1
    assert kinds.count("td_open") == 4
    assert kinds.count("bullet_list_open") == 1
    assert "ordered_list_open" not in kinds and "fence" not in kinds


# What each sequence of the LaTeX text prints.
PRINTED = {
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textbar{}": "|",
    **{"\\" + letter: letter for letter in "&%#_${}"},
    "{[}": "[",
    "{*}": "*",
    "$<$": "<",
    "$>$": ">",
}


def printed_by_latex(text):
    pattern = "|".join(map(re.escape, PRINTED)) + r"|[^\\&%#_${}^~|]"
    pieces = re.findall(pattern, text)
    assert "".join(pieces) == text, "a character that LaTeX acts upon"
    return "".join(PRINTED.get(piece, piece) for piece in pieces)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@example(ODD, ODD, ODD, ODD)
@example("\\", "^~", "[2pt] *", "\\textbackslash{}")
def test_latex_prints_every_text_unchanged(title, header, cell, note):
    lines = to_latex(odd_table(title, header, cell, note)).splitlines()
    title, header, cell, note = map(in_one_line, (title, header, cell, note))
    caption = lines[2].removeprefix(r"\caption{").removesuffix("}")
    assert printed_by_latex(caption) == title
    head = lines[6].removeprefix("Model & ").removesuffix(r" \\")
    assert printed_by_latex(head) == header
    plain = lines[8].removeprefix("x & ").removesuffix(r" \\")
    assert printed_by_latex(plain) == cell
    bold = lines[10].removeprefix(r"x & \textbf{").removesuffix(r"} \\")
    assert printed_by_latex(bold) == cell
    last = lines[13].removeprefix(r"\par\footnotesize ")
    assert printed_by_latex(last) == note


def test_the_name_of_a_latex_label_has_no_special_characters():
    table = Table("50%_a~{b}", "", ["A"], [])
    assert r"\label{tab:50-_a--b-}" in to_latex(table)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_html_shows_every_text_unchanged(title, header, cell, note):
    root = ElementTree.fromstring(to_html(odd_table(title, header, cell, note)))
    texts = ["".join(e.itertext()) for e in root.iter() if e.tag in SHOWN]
    assert texts == [title, "Model", header, "x", cell, "x", cell, note]


SHOWN = ("h3", "th", "td", "li")
