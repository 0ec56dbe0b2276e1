import hypothesis
import keras
import pytest

# The same few examples on every machine, however slow it is.
hypothesis.settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
)
hypothesis.settings.load_profile("fixed")


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
