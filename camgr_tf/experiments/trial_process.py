"""The process of one trial: trains it, by its notebook or directly.

Started by the driver as `python -m camgr_tf.experiments.trial_process FILE`.
"""

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

from camgr_tf import paths
from camgr_tf.code_hash import code_hash
from camgr_tf.config import resolve_config
from camgr_tf.training.runs import train

NOTEBOOK = "05_training.ipynb"


def run_trial(run_id, parameters, output_root, notebook=True, code=None):
    """Trains one trial.

    Args:
        run_id: String. Name of the run, as it was planned.
        parameters: Dictionary. Parameters of the run.
        output_root: Path of the folder of all runs.
        notebook: Boolean. Whether it runs in the training notebook, whose
            executed copy is then kept in the run's folder. Defaults to
            `True`.
        code: String. `code_hash` of the model where the run was planned.
            Defaults to `None`: any.

    Raises:
        ValueError: If the parameters resolve to another run by now, the code
            is another one, or the notebook has trained another run.
    """
    config = resolve_config(**parameters)
    if config.run_id != run_id:
        raise ValueError(
            f"The code has changed since {run_id} was planned: a default is "
            f"another now, and the run would be {config.run_id}. Start the "
            "sweep again."
        )
    if code not in (None, code_hash(config.model)):
        raise ValueError(
            f"The code of {config.model} in {paths.python_path()} on "
            f"{socket.gethostname()} is another one than that which {run_id} "
            "was planned with. Have the same code on all machines, and start "
            "the sweep again."
        )
    if not notebook:
        train(config, output_root=output_root, progress=False)
        return
    from camgr_tf.notebook_runner import announced_runs
    from camgr_tf.notebook_runner import run_notebook

    executed = run_notebook(
        paths.notebooks_folder() / NOTEBOOK,
        Path(output_root) / config.run_id / NOTEBOOK,
        {**parameters, "output_root": str(output_root)},
        progress=False,
    )
    trained = [folder.name for folder in announced_runs(executed)]
    if run_id not in trained:
        raise ValueError(
            f"{NOTEBOOK} trained {', '.join(trained) or 'no run'}, planned "
            f"was {run_id}: the notebook sets a parameter that the plan does "
            "not know of."
        )


def exit_with_parent(parent, interval=1.0):
    """Ends this process soon after its driver has died.

    Args:
        parent: Integer. Process id of the driver.
        interval: Float. Seconds between two looks. Defaults to `1.0`.
    """

    def watch():
        while os.getppid() == parent:
            time.sleep(interval)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(arguments=None):
    """Command line: the path of a JSON file with the trial."""
    (path,) = sys.argv[1:] if arguments is None else arguments
    trial = json.loads(Path(path).read_text(encoding="utf-8"))
    exit_with_parent(trial["parent"])
    del trial["parent"]
    run_trial(**trial)


if __name__ == "__main__":
    main()
