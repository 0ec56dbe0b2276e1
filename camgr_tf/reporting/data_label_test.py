from camgr_tf.reporting.data_label import label_data

MMREC_BABY = {
    "provenance": {},
    "split": "file",
    "split_seed": None,
    "feature_widths": {"image": 4096, "text": 384},
    "statistics": {
        "users": 19445,
        "items": 7050,
        "interactions": 160792,
        "train": 118551,
        "validation": 20559,
        "test": 21682,
    },
}


def with_counts(**counts):
    return {**MMREC_BABY, "statistics": {**MMREC_BABY["statistics"], **counts}}


def test_the_original_data_need_no_label():
    assert label_data("baby", MMREC_BABY) == {}


def test_stand_in_features_are_found_by_their_width():
    facts = {**MMREC_BABY, "feature_widths": {"image": 384, "text": 384}}
    (label,) = label_data("baby", facts).items()
    assert label == (
        "stand-in features",
        "baby is measured on stand-in features, not on the original ones: "
        "image features are 384 wide, the original 4096.",
    )


def test_another_split_is_found_by_the_sizes_of_its_parts():
    labels = label_data("baby", with_counts(validation=21682, test=20559))
    assert list(labels) == ["other split"]
    assert "test 20,559 instead of 21,682" in labels["other split"]


def test_other_data_are_found_by_their_sizes():
    labels = label_data("baby", with_counts(users=19000))
    assert list(labels) == ["other data"]
    assert "users 19,000 instead of 19,445" in labels["other data"]


def test_a_split_by_rule_is_named():
    facts = {**MMREC_BABY, "split": "temporal_user", "split_seed": 3}
    labels = label_data("baby", facts)
    assert list(labels) == ["split: temporal_user"]
    assert "'temporal_user', seed 3" in labels["split: temporal_user"]


def test_made_up_data_are_named():
    sources = [{"made": "Made up from random draws."}]
    facts = {**MMREC_BABY, "provenance": {"sources": sources}}
    assert list(label_data("demo", facts)) == ["made-up data"]
    assert label_data("mine", MMREC_BABY) == {}
