"""A table of results, and its three forms of text."""

import html
import re
from dataclasses import dataclass
from dataclasses import field

LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "|": r"\textbar{}",
    # A row that begins with one of these would be read as an option of the
    # line break before it.
    "[": "{[}",
    "*": "{*}",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "±": r"$\pm$",
    "−": r"$-$",
    "–": "--",
    "†": r"$^\dagger$",
    "‡": r"$^\ddagger$",
    "×": r"$\times$",
    "<": r"$<$",
    ">": r"$>$",
}

# What Markdown reads as marks: an underscore at the end of a word, an
# ampersand before a name, and some only at the beginning, before a blank.
MARKDOWN_SPECIAL = re.compile(
    r"[\\|*`~\[\]<>#$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)"
    r"|^[-+](?=\s|$)|^-(?=-)"
)
NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")


@dataclass(frozen=True)
class Entry:
    """One cell of a table.

    Args:
        text: String. Defaults to `""`.
        rank: Integer. 1 is shown in bold, 2 underlined; 0 for neither.
            Defaults to `0`.
        muted: Boolean. Whether it is set back, as the paper's values are.
            Defaults to `False`.
        mark: String. A sign behind the text, such as `"†"`. Defaults to
            `""`.
    """

    text: str = ""
    rank: int = 0
    muted: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table of results.

    Args:
        name: String. Stem of its files.
        title: String.
        header: List of strings.
        rows: List of lists of `Entry`, each as long as the header.
        notes: List of strings, shown below. Defaults to an empty one.
        aside: Boolean. Whether the page shows it only when asked. Defaults
            to `False`.
        num_keys: Integer. Leading columns that name the row: left-aligned,
            and shown only where they change. Defaults to `1`.

    Raises:
        ValueError: If a row has another length than the header.
    """

    name: str
    title: str
    header: list
    rows: list
    notes: list = field(default_factory=list)
    num_keys: int = 1
    aside: bool = False

    def __post_init__(self):
        for number, row in enumerate(self.rows):
            if len(row) != len(self.header):
                raise ValueError(
                    f"Row {number} of table {self.name!r} must have "
                    f"{len(self.header)} entries. Received: {len(row)}"
                )


def to_markdown(table):
    """The table in GitHub's Markdown, underlining by `<u>`.

    Args:
        table: `Table`.

    Returns:
        String.
    """

    def show(entry):
        text = escape_markdown(entry.text)
        wraps = {1: "**{}**", 2: "<u>{}</u>"}
        if text and entry.rank in wraps:
            text = wraps[entry.rank].format(text)
        return text + escape_markdown(entry.mark)

    lines = [f"### {escape_markdown(table.title)}", ""]
    header = map(escape_markdown, table.header)
    lines.append("| " + " | ".join(header) + " |")
    align = [":--"] * table.num_keys
    align += ["--:"] * (len(table.header) - table.num_keys)
    lines.append("| " + " | ".join(align) + " |")
    for row in _without_repeats(table):
        lines.append("| " + " | ".join(map(show, row)) + " |")
    lines += ["", *(f"- {escape_markdown(note)}" for note in table.notes)]
    return "\n".join(lines).rstrip() + "\n"


def escape_markdown(text):
    """The text as Markdown shows it unchanged, in a table or beside one.

    Args:
        text: String.

    Returns:
        String of one line.
    """
    text = MARKDOWN_SPECIAL.sub(r"\\\g<0>", _one_line(text))
    return NUMBERED.sub(r"\1\\\2", text)


def to_latex(table):
    """The table as a LaTeX `table` for the package `booktabs`.

    Args:
        table: `Table`.

    Returns:
        String.
    """

    def show(entry):
        text = _escape_latex(entry.text)
        wraps = {1: r"\textbf{%s}", 2: r"\underline{%s}"}
        text = wraps[entry.rank] % text if entry.rank in wraps else text
        return text + _escape_latex(entry.mark)

    columns = "l" * table.num_keys
    columns += "r" * (len(table.header) - table.num_keys)
    lines = [
        r"\begin{table*}[t]",
        r"\centering\small",
        rf"\caption{{{_escape_latex(table.title)}}}",
        rf"\label{{tab:{re.sub('[^0-9A-Za-z:._-]', '-', table.name)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(map(_escape_latex, table.header)) + r" \\",
        r"\midrule",
    ]
    for number, row in enumerate(_without_repeats(table)):
        if number and row[0].text:
            lines.append(r"\midrule")
        lines.append(" & ".join(map(show, row)) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [
        rf"\par\footnotesize {_escape_latex(note)}" for note in table.notes
    ]
    return "\n".join([*lines, r"\end{table*}"]) + "\n"


def to_html(table):
    """The table as an HTML `figure`.

    Args:
        table: `Table`.

    Returns:
        String.
    """

    head = "".join(
        f'<th class="key">{html.escape(text)}</th>'
        if place < table.num_keys
        else f"<th>{html.escape(text)}</th>"
        for place, text in enumerate(table.header)
    )
    body = "\n".join(_html_rows(table))
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
    title = html.escape(table.title)
    content = (
        f"<table>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n<ul>{notes}</ul>\n"
    )
    if table.aside:
        content = f"<details><summary>{title}</summary>\n{content}</details>\n"
    else:
        content = f"<h3>{title}</h3>\n{content}"
    name = html.escape(table.name)
    return f'<figure class="table" id="{name}">\n{content}</figure>'


def _html_rows(table):
    """Rows in which a key spans the rows that repeat it."""
    rows = list(_without_repeats(table))
    for number, row in enumerate(rows):
        cells = []
        for place, entry in enumerate(row):
            if place < table.num_keys - 1:
                if not entry.text and number:
                    continue
                below = [later[place].text for later in rows[number + 1 :]]
                ends = [i for i, text in enumerate(below) if text]
                span = 1 + (ends[0] if ends else len(below))
                cells.append(_html_cell(entry, "key", span))
            else:
                key = "key" if place < table.num_keys else ""
                cells.append(_html_cell(entry, key))
        start = ' class="start"' if row[0].text else ""
        yield f"<tr{start}>{''.join(cells)}</tr>"


def _html_cell(entry, kind, span=1):
    text = html.escape(entry.text)
    text = {1: "<b>{}</b>", 2: "<u>{}</u>"}.get(entry.rank, "{}").format(text)
    text += html.escape(entry.mark)
    kind = " ".join(filter(None, [kind, "muted" if entry.muted else ""]))
    attributes = f' class="{kind}"' if kind else ""
    if span > 1:
        attributes += f' rowspan="{span}"'
    return f"<td{attributes}>{text}</td>"


def _without_repeats(table):
    """Rows whose key is blank where it repeats the row above."""
    above = [None] * table.num_keys
    for row in table.rows:
        keys = [entry.text for entry in row[: table.num_keys]]
        same = 0
        while same < table.num_keys - 1 and keys[same] == above[same]:
            same += 1
        above = keys
        yield [Entry()] * same + row[same:]


def _escape_latex(text):
    text = _one_line(text)
    return "".join(LATEX_SPECIAL.get(letter, letter) for letter in text)


def _one_line(text):
    return " ".join(text.split())
