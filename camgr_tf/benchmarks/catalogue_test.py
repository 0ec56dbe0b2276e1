import numpy as np
import pytest

from camgr_tf.benchmarks import catalogue
from camgr_tf.benchmarks.catalogue import catalogue_size
from camgr_tf.benchmarks.catalogue import make_catalogue
from camgr_tf.benchmarks.catalogue import open_catalogue
from camgr_tf.benchmarks.synthetic_features import clustered_features


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogue")
    with pytest.MonkeyPatch.context() as patch:
        # Five blocks, the last one short.
        patch.setattr(catalogue, "BLOCK_USERS", 4_000)
        make_catalogue(19_445, {"image": 6, "text": 4}, folder)
    return open_catalogue(folder)


def test_sizes_are_in_the_ratio_of_baby():
    assert catalogue_size(19_445) == (7_050, 160_792)
    # 10 million times 7050 / 19445 and 160792 / 19445.
    assert catalogue_size(10_000_000) == (3_625_611, 82_690_666)


def test_blocks_are_one_catalogue(small):
    interactions = small.interactions
    assert (interactions.num_users, interactions.num_items) == (19_445, 7_050)
    keys = [
        pairs[:, 0].astype(int) * 7_050 + pairs[:, 1]
        for pairs in interactions.parts.values()
    ]
    assert len(np.unique(np.concatenate(keys))) == 160_792
    for pairs in interactions.parts.values():
        assert len(np.unique(pairs[:, 0])) == 19_445


def test_degrees_are_spread_as_those_of_baby(small):
    train = small.interactions.train
    users = np.bincount(train[:, 0])
    items = np.bincount(train[:, 1], minlength=7_050)
    # Measured on Baby at .5, .9 and .99: users 4, 11, 25; items 8, 36, 136.
    np.testing.assert_allclose(
        np.quantile(users, [0.5, 0.9, 0.99]), [4, 11, 25], rtol=0.25
    )
    np.testing.assert_allclose(
        np.quantile(items, [0.5, 0.9, 0.99]), [8, 36, 136], rtol=0.25
    )


def test_features_are_mapped_and_those_of_memory(small):
    assert list(small.features) == ["image", "text"]
    assert isinstance(small.features["image"], np.memmap)
    for modality, width in (("image", 6), ("text", 4)):
        np.testing.assert_array_equal(
            small.features[modality], clustered_features(7_050, width)
        )
