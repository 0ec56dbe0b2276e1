import numpy as np
import pytest

from camgr_tf.data.imputation import impute_features


def _data():
    features = {
        "image": np.array([[2, 0], [4, 2], [0, 0], [0, 0]], np.float32),
        "text": np.array([[1, 0], [0, 1], [0, 3], [0, 0]], np.float32),
    }
    masks = {
        "image": np.array([True, True, False, False]),
        "text": np.array([True, True, True, False]),
    }
    return features, masks


class TestImputeFeatures:
    def test_mean(self):
        features, masks = _data()
        counts = impute_features(features, masks, "mean")
        assert counts == {"image": 2, "text": 1}
        # (2 + 4) / 2 and (0 + 2) / 2.
        np.testing.assert_allclose(features["image"][2:], [[3, 1], [3, 1]])
        np.testing.assert_allclose(features["image"][:2], [[2, 0], [4, 2]])
        np.testing.assert_allclose(features["text"][3], [1 / 3, 4 / 3])
        assert masks["image"].tolist() == [True, True, False, False]

    def test_neighbors(self):
        features, masks = _data()
        impute_features(features, masks, "neighbors", num_neighbors=1)
        # Item 2 has the text direction of item 1, so its image; item 3 has
        # no other modality, so the mean.
        np.testing.assert_allclose(features["image"][2:], [[4, 2], [3, 1]])

    def test_more_neighbors_than_candidates(self):
        features, masks = _data()
        impute_features(features, masks, "neighbors", num_neighbors=10)
        np.testing.assert_allclose(features["image"][2], [3, 1])

    def test_equal_neighbors_go_to_the_lower_id(self):
        features, masks = _data()
        features["text"][:] = 1.0
        impute_features(features, masks, "neighbors", num_neighbors=1)
        np.testing.assert_allclose(features["image"][2], [2, 0])

    def test_many_equal_neighbors_go_to_the_lowest_ids(self):
        # More than the 16 that every sort of NumPy leaves in their order;
        # every second item has the text of item 299.
        images = np.arange(300, dtype=np.float32)[:, None]
        text = np.eye(2, dtype=np.float32)[np.arange(300) % 2]
        features = {"image": images, "text": text}
        masks = {"image": np.arange(300) != 299, "text": np.ones(300, bool)}
        impute_features(features, masks, "neighbors", num_neighbors=3)
        assert features["image"][299] == (1 + 3 + 5) / 3

    def test_first_other_modality_decides(self):
        features, masks = _data()
        features["sound"] = np.array([[1], [-1], [1], [-1]], np.float32)
        masks["sound"] = np.array([True, True, True, True])
        impute_features(features, masks, "neighbors", num_neighbors=1)
        # Item 2 by its text (item 1), item 3 by its sound (item 1).
        np.testing.assert_allclose(features["image"][2:], [[4, 2], [4, 2]])

    def test_modality_without_items(self):
        features, masks = _data()
        masks["text"][:] = False
        with pytest.raises(ValueError, match="No item has the modality 'text'"):
            impute_features(features, masks)

    def test_unknown_rule(self):
        with pytest.raises(ValueError, match="mean, neighbors. Received: rule"):
            impute_features({}, {}, "median")

    @pytest.mark.parametrize("num_neighbors", [0, -1, 2.0])
    def test_wrong_num_neighbors(self, num_neighbors):
        with pytest.raises(ValueError, match="must be a positive integer"):
            impute_features({}, {}, "neighbors", num_neighbors)
