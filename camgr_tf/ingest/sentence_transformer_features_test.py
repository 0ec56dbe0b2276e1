import sys
import types

import numpy as np
import pytest

from camgr_tf.ingest.sentence_transformer_features import (
    sentence_transformer_features,
)


class _FakeTransformer:
    """Stands for the optional package, which tests do not install."""

    def __init__(self, name):
        if name == "missing":
            raise OSError("couldn't connect")
        self.name = name

    def encode(
        self, sentences, batch_size, show_progress_bar, convert_to_numpy
    ):
        assert convert_to_numpy and not show_progress_bar
        return np.array([[len(s), batch_size] for s in sentences], np.float64)


@pytest.fixture
def fake_package(monkeypatch):
    package = types.ModuleType("sentence_transformers")
    package.SentenceTransformer = _FakeTransformer
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)


class TestSentenceTransformerFeatures:
    def test_rows_of_empty_texts_are_zero(self, fake_package):
        features, present = sentence_transformer_features(
            ["red mug", " ", None, "a"], batch_size=7, progress=False
        )
        assert features.dtype == np.float32
        assert features.tolist() == [[7, 7], [0, 0], [0, 0], [1, 7]]
        assert present.tolist() == [True, False, False, True]

    def test_both_forms_of_an_accent_are_one_text(self, fake_package):
        # The fake's features are the numbers of code points.
        features, _ = sentence_transformer_features(
            ["caf\xe9", "cafe\u0301"], batch_size=7, progress=False
        )
        assert features.tolist() == [[4, 7], [4, 7]]

    def test_all_empty(self, fake_package):
        with pytest.raises(ValueError, match="All 2 texts are empty"):
            sentence_transformer_features(["", None])

    def test_model_that_is_not_here(self, fake_package):
        with pytest.raises(FileNotFoundError, match="'missing' is not here"):
            sentence_transformer_features(["a"], model="missing")

    def test_package_that_is_not_installed(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sentence_transformers", None)
        with pytest.raises(ImportError, match="pip install sentence-transf"):
            sentence_transformer_features(["a"])
