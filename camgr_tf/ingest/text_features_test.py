import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from gensim.models import KeyedVectors

from camgr_tf.ingest import text_features
from camgr_tf.ingest.text_features import sentence2vec_features

_VECTORS = {
    "red": [1.0, 0.0, 2.0],
    "blue": [0.0, 1.0, -1.0],
    "mug": [3.0, 1.0, 0.0],
}


@pytest.fixture
def vector_file(tmp_path):
    path = tmp_path / "vectors.txt"
    rows = [f"{w} {' '.join(map(str, v))}" for w, v in _VECTORS.items()]
    path.write_text("3 3\n" + "\n".join(rows) + "\n")
    return path


def _catalog():
    """400 short titles, every second a near duplicate of the one before."""
    rng = np.random.default_rng(0)
    places = [
        ["ocean", "coral", "shell", "tide"],
        ["pine", "moss", "fern", "cedar"],
        ["neon", "brick", "avenue", "tower"],
        ["dune", "cactus", "canyon", "mesa"],
    ]
    things = ["mug", "lamp", "poster", "bag", "scarf", "clock", "vase", "towel"]
    titles = []
    labels = []
    for row in range(200):
        label = rng.integers(4)
        first, second = rng.permutation(places[label])[:2]
        title = f"{first} {second} {things[rng.integers(8)]} {row}"
        titles += [title, f"{title}, boxed!"]
        labels += [label, label]
    return titles, np.array(labels)


class TestSentence2VecFeatures:
    def test_against_a_numpy_oracle(self, vector_file):
        texts = ["Red mug", "blue mug", "RED, red unknown"]
        features, present = sentence2vec_features(
            texts, word_vectors=vector_file, smoothing=0.1
        )
        # Seven words: red 3, mug 2, blue 1, unknown 1.
        red = 0.1 / (0.1 + 3 / 7) * np.array(_VECTORS["red"])
        mug = 0.1 / (0.1 + 2 / 7) * np.array(_VECTORS["mug"])
        blue = 0.1 / (0.1 + 1 / 7) * np.array(_VECTORS["blue"])
        want = np.stack([(red + mug) / 2, (blue + mug) / 2, (red + red) / 2])
        component = np.linalg.svd(want)[2][0]
        want -= np.outer(want @ component, component)
        np.testing.assert_allclose(features, want, atol=1e-6)
        assert features.dtype == np.float32
        assert present.all()

    def test_near_duplicates_are_nearest_and_topics_cluster(self):
        titles, labels = _catalog()
        features, present = sentence2vec_features(titles, dimension=48)
        assert features.shape == (400, 48) and present.all()
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        similarity = unit @ unit.T
        np.fill_diagonal(similarity, -1.0)
        nearest = similarity.argmax(axis=1)
        assert (nearest == np.arange(400) ^ 1).mean() > 0.95
        # Chance is one in four.
        ten = np.argsort(-similarity, axis=1)[:, :10]
        assert (labels[ten] == labels[:, None]).mean() > 0.9

    def test_same_seed_same_features_whatever_the_hash_seed(self, tmp_path):
        # By the file's path, since importing the package takes seconds.
        code = (
            "import runpy, sys, numpy as np\n"
            "module = runpy.run_path(sys.argv[1])\n"
            "texts = ['red mug', 'blue mug', 'green tea cup', 'red cup']\n"
            "features, _ = module['sentence2vec_features'](texts, 8, seed=3)\n"
            "np.save(sys.argv[2], features)\n"
        )
        results = []
        for hash_seed in ("1", "2"):
            path = tmp_path / f"{hash_seed}.npy"
            subprocess.run(
                [sys.executable, "-c", code, text_features.__file__, path],
                env={**os.environ, "PYTHONHASHSEED": hash_seed},
                check=True,
            )
            results.append(np.load(path))
        np.testing.assert_array_equal(*results)

    def test_another_seed_gives_other_features(self):
        texts = ["red mug", "blue mug", "green cup"]
        one, _ = sentence2vec_features(texts, dimension=8, seed=1)
        two, _ = sentence2vec_features(texts, dimension=8, seed=2)
        assert np.abs(one - two).max() > 1e-4

    def test_texts_without_known_words_are_absent(self, vector_file):
        texts = ["red mug", "", None, "unknown", " - ", "blue mug"]
        with pytest.warns(UserWarning) as caught:
            features, present = sentence2vec_features(
                texts, word_vectors=vector_file
            )
        assert present.tolist() == [True, False, False, False, False, True]
        np.testing.assert_array_equal(features[1:5], 0.0)
        assert len(caught) == 1
        assert "4 of 6 texts have no embedding" in str(caught[0].message)
        assert "the first is row 1" in str(caught[0].message)

    def test_equal_texts_leave_nothing_and_are_absent(self, vector_file):
        with pytest.warns(UserWarning, match="2 of 2 texts"):
            features, present = sentence2vec_features(
                ["red mug", "red mug"], word_vectors=vector_file
            )
        assert not present.any()
        np.testing.assert_array_equal(features, 0.0)

    def test_one_text_keeps_its_mean(self, vector_file):
        features, _ = sentence2vec_features(
            ["red"], word_vectors=vector_file, smoothing=1.0
        )
        # The word's share is 1: half of its vector.
        np.testing.assert_allclose(features, [[0.5, 0.0, 1.0]])

    @pytest.mark.parametrize("dimension", [0, -3, 2.5, "64"])
    def test_wrong_dimension(self, dimension):
        with pytest.raises(ValueError, match="`dimension` must be a positive"):
            sentence2vec_features(["a"], dimension=dimension)

    def test_wrong_smoothing(self):
        with pytest.raises(ValueError, match="`smoothing` must be positive"):
            sentence2vec_features(["a"], smoothing=0.0)

    def test_titles_without_spaces_are_as_near_as_with_them(self):
        # Ten colors by ten things: the nearest other title shares a word with
        # each; 18 of 99 do by chance.
        colors = "红色 蓝色 绿色 黄色 黑色 白色 紫色 灰色 粉色 棕色".split()
        things = "杯子 台灯 雨伞 书包 围巾 毛巾 花瓶 枕头 手套 帽子".split()
        titles = [c + t for t in things for c in colors]
        features, present = sentence2vec_features(titles, dimension=16)
        spaced, _ = sentence2vec_features(
            [f"{c} {t}" for t in things for c in colors], dimension=16
        )
        assert present.all()
        np.testing.assert_array_equal(features, spaced)
        rows = features / np.linalg.norm(features, axis=1, keepdims=True)
        cosines = rows @ rows.T
        np.fill_diagonal(cosines, -2.0)
        places = np.arange(100)
        nearest = cosines.argmax(axis=1)
        shares = (nearest // 10 == places // 10) | (nearest % 10 == places % 10)
        assert shares.mean() > 0.9

    def test_both_forms_of_an_accent_are_one_text(self):
        titles = ["café crème", "cafe\u0301 cre\u0300me", "thé vert", "tasse"]
        features, _ = sentence2vec_features(titles, dimension=8)
        np.testing.assert_array_equal(features[0], features[1])

    def test_what_could_not_be_split_is_counted(self):
        texts = ["red mug", "x" * 31, "blue mug " + "y" * 40, "z" * 30]
        message = "2 of 4 texts hold a word of more than 30 .* is row 1: 'xxx"
        with pytest.warns(UserWarning, match=message):
            sentence2vec_features(texts, dimension=4)

    def test_no_words_at_all(self):
        with pytest.raises(ValueError, match="None of the 2 texts has a word"):
            sentence2vec_features(["", "..."])


class TestLoadWordVectors:
    def test_binary(self, tmp_path):
        vectors = KeyedVectors(3)
        vectors.add_vectors(list(_VECTORS), np.array(list(_VECTORS.values())))
        path = tmp_path / "vectors.bin"
        vectors.save_word2vec_format(str(path), binary=True)
        loaded = text_features.load_word_vectors(path)
        np.testing.assert_allclose(loaded["mug"], [3.0, 1.0, 0.0])

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="there is no file"):
            text_features.load_word_vectors(tmp_path / "none.txt")

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.txt", b"red 1 2 3\nblue 2 3 4\n"),
            ("b.bin", b"3 300\nred 12"),
            ("c.txt", b""),
            ("d.txt", b"2 3\nred 1 2\n"),
        ],
    )
    def test_other_content(self, tmp_path, name, content):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} does not hold word vec"):
            text_features.load_word_vectors(path)

    def test_not_finite(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("1 2\nred nan 1\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(ValueError, match="not finite"):
                text_features.load_word_vectors(path)
