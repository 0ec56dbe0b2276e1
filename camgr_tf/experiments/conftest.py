import pytest

from camgr_tf.experiments import dataset_facts
from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.plan import make_plan
from camgr_tf.testing import write_tiny_folder


@pytest.fixture(autouse=True)
def forget_datasets():
    """No test sees a dataset that another one has read."""
    yield
    dataset_facts._describe.cache_clear()


@pytest.fixture
def plan(tmp_path):
    """Two models with two seeds on a tiny dataset, nothing made yet."""
    write_tiny_folder(tmp_path / "data")
    variants = (
        {"label": "MF", "model": "mf", "l2_weight": 0},
        {"label": "LightGCN", "model": "lightgcn"},
    )
    definition = Definition("mine", "Mine", variants=variants)
    return make_plan(definition, "tiny", 2, data_root=tmp_path / "data")
