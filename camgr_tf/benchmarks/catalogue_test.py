import numpy as np
import pytest

from camgr_tf.benchmarks import catalogue
from camgr_tf.benchmarks.catalogue import catalogue_size
from camgr_tf.benchmarks.catalogue import make_catalogue
from camgr_tf.benchmarks.catalogue import open_catalogue
from camgr_tf.benchmarks.synthetic_dataset_test import check_degrees
from camgr_tf.benchmarks.synthetic_dataset_test import check_parts
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
    check_parts(interactions)


def test_degrees_are_spread_as_those_of_baby(small):
    check_degrees(small.interactions)


def test_features_are_mapped_and_those_of_memory(small):
    assert list(small.features) == ["image", "text"]
    assert isinstance(small.features["image"], np.memmap)
    for modality, width in (("image", 6), ("text", 4)):
        np.testing.assert_array_equal(
            small.features[modality], clustered_features(7_050, width)
        )
