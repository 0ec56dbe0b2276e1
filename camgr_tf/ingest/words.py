"""Splits texts of any script into words."""

import functools
import re
import sys
import unicodedata

from icu4py.breakers import WordBreaker

_ASCII_WORD = re.compile("[a-z0-9]+")
# Scripts that put no spaces between words, in the order of their numbers:
# Thai and Lao, Burmese, Khmer, Tai Le to Khmer symbols, Tai Tham, Balinese,
# Chinese radicals, Kana and Chinese, Yi, Javanese and Burmese, Tai Viet,
# compatibility forms, halfwidth Kana, and further Chinese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf"
    "\u1b00-\u1b7f\u2e80-\u2fdf\u3005-\u3007\u3040-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua980-\ua9ff\uaa60-\uaadf"
    "\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)


def split_words(text) -> list[str]:
    """Splits a text into lower-cased words, its runs of letters and digits.

    Marks belong to the letter before them. Forms of one character, such as a
    letter with its accent in one or in two code points, are one. Runs in
    scripts that put no spaces between words (Chinese, Japanese, Thai, Khmer,
    ...) are split at the word boundaries of Unicode's annex 29, with ICU's
    dictionaries.

    Args:
        text: String; `None` counts as empty.

    Returns:
        List of strings.
    """
    if text is None:
        return []
    text = str(text).lower()
    if text.isascii():
        words = _ASCII_WORD.findall(text)
    else:
        words = [
            word
            for run in _word().findall(unicodedata.normalize("NFC", text))
            for word in _split_run(_one_form(run))
        ]
    # One string object per word and not per occurrence.
    return [sys.intern(word) for word in words]


@functools.cache
def _word():
    """The pattern of a run: a letter or digit, then these and marks."""
    marks = "".join(
        character
        for character in map(chr, range(0x300, sys.maxunicode + 1))
        if unicodedata.category(character).startswith("M")
    )
    return re.compile(rf"[^\W_](?:[^\W_]|[{marks}])*")


def _one_form(run):
    # NFKC takes the vowel am of Thai and of Lao apart, which no dictionary
    # does.
    run = unicodedata.normalize("NFKC", run)
    run = run.replace("\u0e4d\u0e32", "\u0e33")
    return run.replace("\u0ecd\u0eb2", "\u0eb3")


def _split_run(run):
    if not _UNSPACED.search(run):
        return [run]
    segments = map(str, WordBreaker(run, "root"))
    return [s for s in segments if any(map(str.isalnum, s))]
