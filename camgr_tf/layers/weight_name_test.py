import pytest
from hypothesis import given
from hypothesis import strategies as st

from camgr_tf.layers.weight_name import weight_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("image_features", "image_features"),
        ("clip.v2", "clip.v2"),
        ("front view_features", "front.20.view_features"),
        ("a:b", "a.3a.b"),
        ("é_x", ".e9._x"),
        ("_x", ".5f.x"),
        ("图", ".56fe."),
        # Plain, but what another name becomes.
        (".e9._x", ".2e.e9.2e._x"),
        ("", ""),
    ],
)
def test_known_names(name, expected):
    assert weight_name(name) == expected


_NAMES = st.text(st.sampled_from(".e9a_-é :"), max_size=6)


@given(_NAMES, _NAMES)
def test_different_names_stay_different(one, other):
    assert (weight_name(one) == weight_name(other)) == (one == other)
