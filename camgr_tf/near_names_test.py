import pytest

from camgr_tf.near_names import near_names

MODELS = ["camgr", "mgcn", "mmgcn", "lightgcn", "mf"]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("mgnc", " (did you mean 'mgcn' or 'mmgcn'?)"),
        ("LightGCN", " (did you mean 'lightgcn'?)"),
        ("gcn", " (did you mean 'mgcn' or 'mmgcn'?)"),
        ("tgc", " (did you mean 'lightgcn'?)"),
        ("lihgt", " (did you mean 'lightgcn'?)"),
        ("zzz", ""),
        ("", ""),
        (7, ""),
    ],
)
def test_names_that_are_near(name, expected):
    assert near_names(name, MODELS) == expected


def test_nothing_is_near_to_nothing():
    assert near_names("a", []) == ""


def test_names_keep_their_capitals():
    assert "'VGG16'" in near_names("vgg16", ["VGG19", "VGG16"])
