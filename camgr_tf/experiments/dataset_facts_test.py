from camgr_tf.config import resolve_config
from camgr_tf.experiments.dataset_facts import describe_dataset
from camgr_tf.testing import write_tiny_folder


def test_facts_of_the_tiny_dataset_by_hand(tmp_path):
    write_tiny_folder(tmp_path)
    config = resolve_config(dataset="tiny", data_root=str(tmp_path))
    facts = describe_dataset(config)
    # 17 + 6 + 7 rows; of the six test users, one has two test items. User 6
    # occurs nowhere in the file, so there are six users.
    assert facts["statistics"]["interactions"] == 30
    assert facts["statistics"]["test"] == 7
    assert facts["test_items"] == {"1": 5, "2": 1}
    assert facts["feature_widths"] == {"image": 5, "text": 4}
    assert facts["split"] == "file" and facts["provenance"] == {}


def test_other_modalities_are_other_data(tmp_path):
    write_tiny_folder(tmp_path)
    hashes = {
        describe_dataset(
            resolve_config(
                dataset="tiny", data_root=str(tmp_path), modalities=modalities
            )
        )["content_hash"]
        for modalities in ("image", "text", "image,text")
    }
    assert len(hashes) == 3
