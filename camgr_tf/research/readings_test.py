import inspect
import re

import numpy as np
import pytest

from camgr_tf.experiments.definition import load_definition
from camgr_tf.models import CAmgr
from camgr_tf.models import CAmgrAttention
from camgr_tf.registry import find_model
from camgr_tf.research import readings
from camgr_tf.research.readings import PairwiseRanking
from camgr_tf.testing import tiny_batch
from camgr_tf.testing import tiny_dataset

READINGS = [
    found
    for found in vars(readings).values()
    if isinstance(found, type) and found.__module__ == readings.__name__
]
SIZES = {"embedding_dim": 8, "num_neighbors": 4, "edge_dropout": 0.0}
every_reading = pytest.mark.parametrize(
    "reading", READINGS, ids=lambda c: c.__name__
)


def random_weights(model):
    rng = np.random.default_rng(3)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(0.1, 0.4, size=weight.shape))
    return model


def basis(reading):
    return CAmgrAttention if reading is PairwiseRanking else PairwiseRanking


@every_reading
def test_a_reading_differs_from_its_basis_and_has_a_finite_loss(reading):
    heavy = {**SIZES, "l2_weight": 1.0, "batch_size": 1}
    default = basis(reading)(tiny_dataset(), **heavy)
    model = reading(tiny_dataset(), **heavy)
    start = [np.concatenate(m.embed()) for m in (default, model)]
    for m in (default, model):
        random_weights(m)
    batch = tiny_batch()
    embeddings = [np.concatenate(m.embed()) for m in (default, model)]
    terms = [
        {name: float(term) for name, term in m.loss_terms(**batch).items()}
        for m in (default, model)
    ]
    assert all(np.isfinite(list(terms[1].values())))
    if reading is not PairwiseRanking:
        assert list(terms[0]) == list(terms[1])
    differs = embeddings[0].shape != embeddings[1].shape or (
        np.abs(embeddings[0] - embeddings[1]).max() > 1e-4
        or np.abs(start[0] - start[1]).max() > 1e-4
        or any(abs(terms[0].get(n, 0) - terms[1][n]) > 1e-5 for n in terms[1])
    )
    # These differ in how they start alone.
    assert differs or reading in (readings.EvenGates, readings.DrawnStart)


@every_reading
def test_a_reading_answers_for_new_users_and_one_modality(reading):
    model = reading(tiny_dataset((("image", 5),)), **SIZES)
    assert np.isfinite(np.concatenate(model.embed())).all()


@every_reading
def test_a_reading_says_its_equation_and_what_it_measured(reading):
    text = inspect.getdoc(reading)
    assert re.match(r"(Eq\. \d|Training:)", text)
    assert re.search(r"Measured: \.\d{4}", text)
    body = inspect.getsource(reading).split('"""')[2]
    code = [line for line in body.splitlines() if line.strip()]
    assert len(code) <= 15


EXPERIMENTS = ["readings", "ablations", "sensitivity", "table3", "figure2"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_variant_is_a_model_that_can_be_built(name):
    definition = load_definition(name)
    for variant in definition.variants:
        values = {**definition.parameters, **variant}
        assert issubclass(find_model(values["model"]), CAmgr)


def test_every_reading_is_run_by_an_experiment():
    models = set()
    for name in EXPERIMENTS:
        definition = load_definition(name)
        for variant in definition.variants:
            values = {**definition.parameters, **variant}
            models.add(find_model(values["model"]))
    assert set(READINGS) <= models
