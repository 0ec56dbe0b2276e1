import pytest

from camgr_tf.experiments import dataset_facts


@pytest.fixture(autouse=True)
def forget_datasets():
    """No test sees a dataset that another one has read."""
    yield
    dataset_facts._describe.cache_clear()
