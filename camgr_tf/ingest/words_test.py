import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.ingest.words import split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, []),
        ("", []),
        ("  _ -- ", []),
        ("Red MUG, 3.5mm_jack don't", "red mug 3 5mm jack don t".split()),
        ("Café Größe", ["café", "größe"]),
        ("红色陶瓷杯子", ["红色", "陶瓷", "杯子"]),
        ("USB充电器2个装", ["usb", "充电", "器", "2", "个", "装"]),
        ("東京タワーの赤いコップ", "東京タワー の 赤い コップ".split()),
        ("ﾀﾜｰ ＡＢＣ", ["タワー", "abc"]),
        ("แก้วน้ำสีแดง", ["แก้ว", "น้ำ", "สี", "แดง"]),
        ("แก้วน้\u0e4d\u0e32สีแดง", ["แก้ว", "น้ำ", "สี", "แดง"]),
        ("ກະຖາງດອກໄມ້", ["ກະຖາງ", "ດອກໄມ້"]),
        ("가나다 라마", ["가나다", "라마"]),
        # Vowel signs are marks, which belong to the letter before them.
        ("हिन्दी किताब", ["हिन्दी", "किताब"]),
        ("كتاب أحمر", ["كتاب", "أحمر"]),
        ("İstanbul", ["i\u0307stanbul"]),
        ("x² ﬁne", ["x2", "fine"]),
        ("\ud800a", ["a"]),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


_TEXTS = st.text(st.sampled_from("aé杯子の赤แก้ด1 ,가ひ" + "\u0301\u0307"))


@given(_TEXTS)
def test_two_forms_of_one_text_have_the_same_words(text):
    composed = unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", text)
    assert split_words(composed) == split_words(decomposed)


@given(_TEXTS)
def test_no_letter_is_lost(text):
    kept = sum(map(str.isalnum, unicodedata.normalize("NFKC", text)))
    words = "".join(split_words(text))
    assert sum(map(str.isalnum, unicodedata.normalize("NFKC", words))) == kept
