import numpy as np
import pytest
from PIL import Image

from camgr_tf.ingest.encoders import encode_pictures
from camgr_tf.ingest.encoders import encode_texts
from camgr_tf.ingest.image_features import color_shape_features
from camgr_tf.ingest.text_features import sentence2vec_features


class TestEncodePictures:
    def test_color_shape(self, tmp_path):
        path = tmp_path / "a.png"
        Image.new("RGB", (9, 9), "red").save(path)
        features, present, record = encode_pictures(
            [path, None], encoder="color_shape"
        )
        np.testing.assert_array_equal(
            features, color_shape_features([path, None])[0]
        )
        assert present.tolist() == [True, False]
        assert record == {
            "encoder": "color_shape",
            "width": 392,
            "pictures": {"read": 1, "no path": 1},
        }

    def test_unknown_encoder(self):
        with pytest.raises(ValueError, match="model in `keras.applications`"):
            encode_pictures([], encoder="colour")


class TestEncodeTexts:
    def test_sentence2vec(self):
        texts = ["red mug", "blue mug", "red cup"]
        features, present, record = encode_texts(texts, dimension=6, seed=2)
        want, _ = sentence2vec_features(texts, dimension=6, seed=2)
        np.testing.assert_array_equal(features, want)
        assert present.all()
        assert record == {
            "encoder": "sentence2vec",
            "word_vectors": "trained on these texts",
            "seed": 2,
            "width": 6,
        }

    def test_word_vectors_are_recorded_with_their_digest(self, tmp_path):
        path = tmp_path / "vectors.txt"
        path.write_text("2 2\nred 1 0\nmug 0 1\n")
        _, _, record = encode_texts(
            ["red", "red mug", "mug mug red"], word_vectors=path
        )
        assert record["width"] == 2
        assert record["word_vectors"]["file"] == "vectors.txt"
        assert len(record["word_vectors"]["sha256"]) == 64

    def test_unknown_encoder(self):
        with pytest.raises(ValueError, match="Received: encoder='bert'"):
            encode_texts(["a"], encoder="bert")
