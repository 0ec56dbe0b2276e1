import json
import os
import subprocess
import sys

import pytest

# In a process of its own: determinism cannot be switched off again.
TRAIN_TWICE = """
import hashlib, json, sys
import numpy as np
from camgr_tf.benchmarks.synthetic_dataset import synthetic_dataset
from camgr_tf.config import resolve_config
from camgr_tf.device import prepare_device
prepare_device()
from camgr_tf.training.runs import compile_model
from camgr_tf.training.sampling import TrainingBatches
from camgr_tf.training.saved_runs import build_model

model_name, num_steps = sys.argv[1], int(sys.argv[2])
dataset = synthetic_dataset("baby", widths={"image": 8, "text": 8})
config = resolve_config(dataset="demo", model=model_name, batch_size=2048)
digests = []
for _ in range(2):
    model = build_model(config, dataset)
    compile_model(model, config)
    batches = TrainingBatches(dataset.interactions, 2048)
    model.track_losses(model.loss_terms(**batches[0]))
    model.begin_epoch(0)
    batches.__class__.__len__ = lambda self: num_steps
    model.fit(batches, verbose=0, shuffle=False)
    weights = [np.asarray(v).tobytes() for v in model.weights]
    digests.append(hashlib.sha256(b"".join(weights)).hexdigest())
print(json.dumps(digests))
"""


@pytest.mark.gpu
@pytest.mark.parametrize("model", ["camgr", "lightgcn", "mgcn"])
def test_two_trainings_give_the_same_bits(model):
    result = subprocess.run(
        [sys.executable, "-c", TRAIN_TWICE, model, "10"],
        capture_output=True,
        text=True,
        env={**os.environ, "CAMGR_DETERMINISTIC": "1"},
    )
    assert result.returncode == 0, result.stderr[-2000:]
    first, second = json.loads(result.stdout.splitlines()[-1])
    assert first == second
