"""What tests and examples share: tiny data, oracles in NumPy, layer checks.

`fake_run` is imported by its own name, since it needs the experiments.
"""

from camgr_tf.testing.layer_checks import directional_slopes
from camgr_tf.testing.layer_checks import run_layer_test
from camgr_tf.testing.tiny_data import COSINE_ROWS
from camgr_tf.testing.tiny_data import TINY_TEST
from camgr_tf.testing.tiny_data import TINY_TRAIN
from camgr_tf.testing.tiny_data import TINY_VALIDATION
from camgr_tf.testing.tiny_data import tied_features
from camgr_tf.testing.tiny_data import tiny_batch
from camgr_tf.testing.tiny_data import tiny_dataset
from camgr_tf.testing.tiny_folder import write_tiny_folder

__all__ = [
    "COSINE_ROWS",
    "TINY_TEST",
    "TINY_TRAIN",
    "TINY_VALIDATION",
    "directional_slopes",
    "run_layer_test",
    "tied_features",
    "tiny_batch",
    "tiny_dataset",
    "write_tiny_folder",
]
