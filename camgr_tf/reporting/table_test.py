import pytest

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
        "|  | <c> | <u>0.09</u>† |\n"
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
