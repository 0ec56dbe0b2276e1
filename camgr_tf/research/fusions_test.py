import numpy as np
import pytest

from camgr_tf.experiments.definition import load_definition
from camgr_tf.models import CAmgr
from camgr_tf.models import CAmgrAttention
from camgr_tf.registry import find_model
from camgr_tf.research import fusions
from camgr_tf.research import readings
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

FUSIONS = [
    found
    for found in vars(fusions).values()
    if isinstance(found, type)
    and issubclass(found, CAmgr)
    and found.__module__ == fusions.__name__
]
every_fusion = pytest.mark.parametrize(
    "fusion", FUSIONS, ids=lambda c: c.__name__
)
FUSION_NAMES = ("fusion", "modality_mean")
SIZES = {"embedding_dim": 8, "num_neighbors": 4, "edge_dropout": 0.0}


@every_fusion
def test_all_but_the_fusion_is_the_default(fusion):
    model, default = (m(tiny_dataset(), **SIZES) for m in (fusion, CAmgr))
    names = ("contrastive_weight", "l2_weight", "temperature", "num_layers")
    for name in names:
        assert getattr(model, name) == getattr(default, name)
    assert fusion.training_defaults == CAmgr.training_defaults
    own, others = (
        [
            w.path.removeprefix(f"{m.name}/")
            for w in m.weights
            if w.path.split("/")[0] not in FUSION_NAMES
        ]
        for m in (model, default)
    )
    assert own == others


@every_fusion
def test_it_ranks_by_the_softmax_of_all_negatives_in_numpy(fusion):
    model, batch = fusion(tiny_dataset(), **SIZES), tiny_batch()
    graphs = model.training_graphs(
        batch["user_ids"], batch["positive_item_ids"]
    )
    nodes, fused = model.states(graphs)
    states = np.asarray(nodes + fused, "float64")
    users, own, others = (
        states[batch["user_ids"]],
        states[model.num_users + batch["positive_item_ids"]],
        states[model.num_users + batch["negative_item_ids"]],
    )
    logits = np.concatenate(
        [(users * own).sum(1, keepdims=True), users @ others.T], axis=1
    )
    shares = np.exp(logits)[:, 0] / np.exp(logits).sum(axis=1)
    terms = model.loss_terms(**batch)
    assert list(terms) == ["softmax", "info_nce", "l2"]
    np.testing.assert_allclose(
        terms["softmax"], -np.log(shares).mean(), rtol=1e-5
    )


@pytest.mark.parametrize("fusion", [CAmgr, *FUSIONS])
def test_its_fusion_is_that_of_the_reading_of_its_name(fusion):
    reading = readings.LearnedMean
    if fusion is not CAmgr:
        reading = getattr(readings, fusion.__name__)
    weights = [
        [(w.path, w.numpy().tolist()) for w in m.fusion.weights]
        for m in (f(tiny_dataset(), **SIZES) for f in (fusion, reading))
    ]
    assert weights[0] == weights[1]
    assert fusion.make_fusion is reading.make_fusion


def test_each_is_a_variant_of_the_experiment():
    variants = load_definition("fusions").variants
    models = {find_model(variant["model"]) for variant in variants}
    assert models == {*FUSIONS, CAmgr, CAmgrAttention}
