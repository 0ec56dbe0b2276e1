import collections
import os

import keras
import numpy as np
import pytest
from PIL import Image

from camgr_tf.ingest import keras_image_features as module
from camgr_tf.ingest.keras_image_features import keras_image_features


def _pictures(folder, size, num):
    """Random pictures of just the network's size, so nothing is resized."""
    rng = np.random.default_rng(0)
    arrays = rng.integers(0, 256, (num, size, size, 3)).astype(np.uint8)
    paths = [folder / f"{row}.png" for row in range(num)]
    for path, pixels in zip(paths, arrays):
        Image.fromarray(pixels).save(path)
    return paths, arrays


class TestKerasImageFeatures:
    def test_vgg16_fc2_equals_a_direct_call(self, tmp_path):
        paths, arrays = _pictures(tmp_path, 224, 1)
        keras.utils.set_random_seed(0)
        features, present = keras_image_features(
            paths, weights=None, progress=False
        )
        assert features.shape == (1, 4096) and features.dtype == np.float32
        assert present.tolist() == [True]
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        model = keras.applications.VGG16(weights=None)
        # "Caffe" preprocessing: blue first, minus ImageNet's mean color.
        inputs = arrays[..., ::-1] - np.array([103.939, 116.779, 123.68])
        fc2 = keras.Model(model.input, model.get_layer("fc2").output)
        want = np.asarray(fc2(inputs.astype(np.float32)))
        assert want.std() > 0.0
        np.testing.assert_allclose(features, want, rtol=1e-4, atol=1e-5)

    def test_other_application_from_a_weights_file(self, tmp_path):
        model = keras.applications.MobileNet(weights=None)
        weights = tmp_path / "mobile.weights.h5"
        model.save_weights(weights)
        paths, arrays = _pictures(tmp_path, 224, 4)
        bad = tmp_path / "bad.png"
        bad.write_bytes(b"no picture")
        counts = collections.Counter()
        with pytest.warns(UserWarning, match=r"1 unreadable \(row 1: "):
            features, present = keras_image_features(
                [paths[0], bad, paths[1], None, *paths[2:]],
                application="MobileNet",
                weights=weights,
                batch_size=3,
                counts=counts,
                progress=False,
            )
        assert present.tolist() == [True, False, True, False, True, True]
        assert counts == {"read": 4, "unreadable": 1, "no path": 1}
        np.testing.assert_array_equal(features[~present], 0.0)
        # MobileNet expects -1..1; its pooling is of shape (1, 1, 1024).
        last = model.get_layer("conv_pw_13_relu").output
        convolved = keras.Model(model.input, last)
        want = np.asarray(convolved(arrays.astype(np.float32) / 127.5 - 1.0))
        want = want.mean(axis=(1, 2))
        assert want.shape == (4, 1024)
        np.testing.assert_allclose(features[present], want, atol=1e-5)

    def test_named_layer_is_flattened(self, tmp_path):
        paths, _ = _pictures(tmp_path, 224, 1)
        features, _ = keras_image_features(
            paths,
            application="MobileNet",
            weights=None,
            layer="conv_pw_13_relu",
            progress=False,
        )
        assert features.shape == (1, 7 * 7 * 1024)

    def test_unknown_application_names_similar_ones(self):
        with pytest.raises(ValueError, match="VGG17'. Similar names: VGG1[69]"):
            keras_image_features([], application="VGG17")

    def test_missing_weights_file(self, tmp_path):
        path = tmp_path / "none.h5"
        with pytest.raises(FileNotFoundError, match="no weights file .*none"):
            keras_image_features([], weights=path)

    def test_offline_says_what_to_fetch_and_where_to_put_it(
        self, monkeypatch, tmp_path
    ):
        def offline(weights):
            raise Exception(
                "URL fetch failure on https://example.org/vgg16/w_tf.h5: "
                "None -- Name or service not known"
            )

        monkeypatch.setattr(keras.applications.vgg16, "VGG16", offline)
        monkeypatch.setattr(module, "_cache_path", lambda url: f"/c{url[-8:]}")
        with pytest.raises(FileNotFoundError) as error:
            keras_image_features([])
        assert (
            "Fetch https://example.org/vgg16/w_tf.h5 on a machine that is "
            "online and put it at /c/w_tf.h5, or pass its path as `weights`"
        ) in str(error.value)

    def test_cache_path_is_where_keras_looks(self, monkeypatch):
        url = "https://example.org/a/w.h5"
        assert os.path.dirname(module._cache_path(url)) == os.path.join(
            keras.src.backend.config.keras_home(), "models"
        )
        monkeypatch.setenv("KERAS_HOME", "/somewhere")
        assert module._cache_path(url) == "/somewhere/models/w.h5"
