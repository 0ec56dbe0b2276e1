import hypothesis
import keras
import pytest
import tensorflow as tf

from camgr_tf.device import has_gpu

# On a GPU as on a processor: TF32 has errors of 1e-3.
tf.config.experimental.enable_tensor_float_32_execution(False)
# The same few examples on every machine, however slow it is.
hypothesis.settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
)
hypothesis.settings.load_profile("fixed")


def pytest_runtest_setup(item):
    """What only a GPU can show is skipped elsewhere, saying so."""
    if item.get_closest_marker("gpu") and not has_gpu():
        pytest.skip("needs a GPU, and TensorFlow sees none")


@pytest.fixture(autouse=True)
def fixed_seed():
    """Every test starts from the same random state."""
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Tests neither read nor fill the user's cache of item graphs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAMGR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def ray_workers():
    """A Ray with two workers, started once for the tests that leave it be."""
    pytest.importorskip("ray", reason="needs the extra `cluster`")
    from camgr_tf.ranking.execution import OBJECT_STORE_BYTES
    from camgr_tf.ranking.execution import Execution
    from camgr_tf.ranking.execution import ray_session

    with ray_session(Execution("ray"), 2, OBJECT_STORE_BYTES):
        yield
