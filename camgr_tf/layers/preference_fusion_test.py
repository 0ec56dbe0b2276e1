import numpy as np

from camgr_tf.layers import PreferenceFusion

# `camgr_tf/research/attentions_test.py` holds it to the equations, together
# with the other fusions; here is how it starts.
UNITS = 8
OPENED = 1 / (1 + np.exp(-2.0))


def states(seed, rows=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, UNITS)).astype("float32")


def test_starts_as_the_mean_of_the_modalities():
    # An ID state of zero prefers none: Q, V and CA are all that mean, and so
    # CR is twice and DR once the mean.
    layer = PreferenceFusion(UNITS)
    modal = [states(1), states(2)]
    nodes = np.zeros((5, UNITS), "float32")
    layer(nodes, modal)
    mean = (modal[0] + modal[1]) / 2
    parts = layer.parts(nodes, modal)
    np.testing.assert_allclose(parts["common"], OPENED * mean, 1e-4, 1e-6)
    expected = 0.5 * (1 - OPENED) * mean
    np.testing.assert_allclose(parts["distinct"], expected, 1e-4, 1e-6)


def test_starts_with_plain_cosines():
    # Node 0 is like the first modality (cosine 1), not like the second (0).
    axes = np.eye(UNITS, dtype="float32")
    layer = PreferenceFusion(UNITS, gate_start=0.0)
    modal = [2 * axes[:1], 3 * axes[1:2]]
    layer(5 * axes[:1], modal)
    layer.mean.logits.assign(np.log([0.7, 0.3]))
    common = layer.parts(5 * axes[:1], modal)["common"]
    first = 0.7 * np.e / (0.7 * np.e + 0.3)
    attended = first * 2 * axes[0] + (1 - first) * 3 * axes[1]
    query = 0.7 * 2 * axes[0] + 0.3 * 3 * axes[1]
    np.testing.assert_allclose(common[0], 0.25 * (attended + query), 1e-4)


def test_gates_start_apart_and_the_same_for_every_node():
    modal = [states(1), states(2)]
    for start in (2.0, 0.5):
        layer = PreferenceFusion(UNITS, gate_start=start)
        layer(states(0), modal)
        opened = 1 / (1 + np.exp(-start))
        for name, share in (("common", opened), ("distinct", 1 - opened)):
            gate = layer.gates[name](states(3))
            np.testing.assert_allclose(gate, np.full((5, UNITS), share), 1e-5)


def test_the_seed_decides_what_dropout_drops():
    rng = np.random.default_rng(0)
    nodes, image, text = rng.normal(size=(3, 40, 4)).astype("float32")
    drawn = [
        np.asarray(
            PreferenceFusion(4, dropout=0.5, seed=seed)(
                nodes, [image, text], training=True
            )
        )
        for seed in (3, 3, 4)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    # Equal weights would differ by what is dropped alone: here the start is
    # the same for all seeds but for matrices behind a layer of zeros.
    assert np.mean(np.abs(drawn[0] - drawn[2]) > 1e-6) > 0.3
