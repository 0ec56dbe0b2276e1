"""A table of results, and its three forms of text."""

import html
from dataclasses import dataclass
from dataclasses import field

LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
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


@dataclass(frozen=True)
class Entry:
    """One cell of a table.

    Args:
        text: String. Defaults to `""`.
        rank: Integer. 1 is shown in bold, 2 underlined; 0 for neither.
            Defaults to `0`.
        muted: Boolean. Whether it is set back, as the paper's values are.
            Defaults to `False`.
    """

    text: str = ""
    rank: int = 0
    muted: bool = False


@dataclass(frozen=True)
class Table:
    """A table of results.

    Args:
        name: String. Stem of its files.
        title: String.
        header: List of strings.
        rows: List of lists of `Entry`, each as long as the header.
        notes: List of strings, shown below. Defaults to an empty one.
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
        text = entry.text.replace("|", "\\|")
        wraps = {1: "**{}**", 2: "<u>{}</u>"}
        return wraps.get(entry.rank, "{}").format(text) if text else ""

    lines = [f"### {table.title}", ""]
    lines.append("| " + " | ".join(table.header) + " |")
    align = [":--"] * table.num_keys
    align += ["--:"] * (len(table.header) - table.num_keys)
    lines.append("| " + " | ".join(align) + " |")
    for row in _without_repeats(table):
        lines.append("| " + " | ".join(map(show, row)) + " |")
    lines += ["", *(f"- {note}" for note in table.notes)]
    return "\n".join(lines).rstrip() + "\n"


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
        return wraps[entry.rank] % text if entry.rank in wraps else text

    columns = "l" * table.num_keys
    columns += "r" * (len(table.header) - table.num_keys)
    lines = [
        r"\begin{table*}[t]",
        r"\centering\small",
        rf"\caption{{{_escape_latex(table.title)}}}",
        rf"\label{{tab:{table.name}}}",
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

    def show(entry, tag, key):
        text = html.escape(entry.text)
        wraps = {1: "<b>{}</b>", 2: "<u>{}</u>"}
        text = wraps.get(entry.rank, "{}").format(text)
        names = [n for n, on in (("key", key), ("muted", entry.muted)) if on]
        kind = f' class="{" ".join(names)}"' if names else ""
        return f"<{tag}{kind}>{text}</{tag}>"

    def line(row, tag="td"):
        cells = "".join(
            show(entry, tag, place < table.num_keys)
            for place, entry in enumerate(row)
        )
        start = ' class="start"' if row[0].text and tag == "td" else ""
        return f"<tr{start}>{cells}</tr>"

    body = "\n".join(map(line, _without_repeats(table)))
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
    return (
        f'<figure class="table" id="{html.escape(table.name)}">\n'
        f"<h3>{html.escape(table.title)}</h3>\n<table>\n<thead>"
        f"{line([Entry(text) for text in table.header], 'th')}</thead>\n"
        f"<tbody>{body}</tbody>\n</table>\n<ul>{notes}</ul>\n</figure>"
    )


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
    return "".join(LATEX_SPECIAL.get(letter, letter) for letter in text)
