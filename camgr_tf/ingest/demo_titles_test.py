import numpy as np

from camgr_tf.ingest.demo_titles import make_titles

_CATEGORIES = np.repeat([0, 3], 200)
_MATERIALS = np.tile([1, 4], 200)


def _words(seed=0):
    rng = np.random.default_rng(seed)
    titles = make_titles(rng, _CATEGORIES, _MATERIALS)
    return [set(title.lower().split()) for title in titles]


def _mean_shared(words, group, rows):
    return np.mean([len(words[row] & group) for row in rows])


def test_titles_name_category_and_material():
    words = _words()
    mugs = {"mug", "cup", "coffee", "tea", "drinking"}
    metals = {"steel", "metal", "chrome", "brass", "iron"}
    is_mug, is_metal = _CATEGORIES == 0, _MATERIALS == 1
    # Two words, of which 15 % are drawn anew: 1.7 and a little.
    assert 1.6 < _mean_shared(words, mugs, np.flatnonzero(is_mug)) < 1.9
    assert 1.6 < _mean_shared(words, metals, np.flatnonzero(is_metal)) < 1.9
    # The others have them by error only: 2 * .15 / 6 and 2 * .15 / 5.
    assert 0 < _mean_shared(words, mugs, np.flatnonzero(~is_mug)) < 0.12
    assert 0 < _mean_shared(words, metals, np.flatnonzero(~is_metal)) < 0.12


def test_a_third_to_a_half_is_filler():
    # Four words that mean something, and two to five that do not.
    lengths = np.array([len(words) for words in _words()])
    assert set(lengths) <= {5, 6, 7, 8, 9}
    assert abs(lengths.mean() - 7.5) < 0.2


def test_same_titles_for_the_same_seed():
    assert _words() == _words()
    assert _words() != _words(1)
