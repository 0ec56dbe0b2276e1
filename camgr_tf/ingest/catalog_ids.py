"""Ids of users and items as texts: which are none, and which look alike."""

import re
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from camgr_tf.data.text_table import refuse_rows

_WHOLE = re.compile(r"0*([0-9]+)(?:\.0*)?")
_ROUNDED = r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+"


def check_ids(path: Path, ids: pd.Series) -> None:
    """Refuses what is no id, and warns of ids that may be one.

    Args:
        path: The file, for the messages.
        ids: Categorical Series of strings whose index is named `row`.

    Raises:
        ValueError: If an id is empty or has a line break.
    """
    texts, codes = pd.Series(ids.cat.categories), ids.cat.codes.to_numpy()
    empty = (texts.str.strip() == "").to_numpy()
    refuse_rows(path, ids, empty[codes], "a non-empty id")
    broken = texts.str.contains("[\r\n]").to_numpy()
    refuse_rows(
        path,
        ids,
        broken[codes],
        "an id on one line (is a quotation mark not closed?)",
    )
    rounded = texts.str.fullmatch(_ROUNDED).to_numpy()
    if rounded.any():
        row = np.flatnonzero(rounded[codes])[0]
        warnings.warn(
            f"{path}: {rounded.sum()} values of `{ids.name}` look as if a "
            f"spreadsheet had rounded them, the first is {ids.iloc[row]!r} "
            f"on row {ids.index[row]}. Then several ids became one.",
            stacklevel=3,
        )
    alike = texts.map(plain_id).duplicated(keep=False).to_numpy()
    if alike.any():
        different = ids[alike[codes]].drop_duplicates().astype(str)
        plain = different.map(plain_id)
        again = plain.duplicated()
        row = again.idxmax()
        first = different[plain == plain[row]].iloc[0]
        warnings.warn(
            f"{path}: {again.sum()} values of `{ids.name}` differ from another "
            "only in spaces, in their Unicode form, in leading zeros or in a "
            f"trailing .0, the first is {ids[row]!r} on row {row}, beside "
            f"{first!r}. They are kept as different ids.",
            stacklevel=3,
        )


def plain_id(text: str) -> str:
    """What is left of an id without what the eye does not see.

    Args:
        text: String.

    Returns:
        String: without spaces around it and invisible characters, in Unicode's
        form NFKC; a number without leading zeros and a trailing `.0`.
    """
    if text.isascii() and text.isalnum() and not text.startswith("0"):
        return text
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
    number = _WHOLE.fullmatch(text)
    return number[1] if number else text
