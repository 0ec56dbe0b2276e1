"""One measurement in a process of its own, whose peak memory is its own.

`python -m camgr_tf.benchmarks.task FILE RESULT` runs the measurement that
`FILE` describes as JSON and writes what came out to `RESULT`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from camgr_tf import paths
from camgr_tf.staged_file import staged_file


def run_task(task, threads):
    """Runs a measurement in a new process and returns its row.

    Args:
        task: Dictionary. `kind` is `"device"`, `"training"`,
            `"operations"`, `"evaluation"`, `"semantic_graph"`, `"lists"`,
            `"sampler"`, `"tables"`, `"scale"` or `"workers"`; `problem` what
            `problem_dataset` takes (an integer, the number of items, for a
            graph, of users, for a scale, of rows, for tables; the numbers of
            users and items for lists, of users and pairs for a sampler;
            nothing for a device); `arguments` those of the measurement.
        threads: Integer. Threads that libraries may use.

    Returns:
        Dictionary, the row; with `error` if the process failed.
    """
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": paths.python_path(),
    }
    with tempfile.TemporaryDirectory() as folder:
        description = Path(folder) / "task.json"
        result = Path(folder) / "result.json"
        description.write_text(json.dumps(task))
        process = subprocess.run(
            [
                sys.executable,
                "-m",
                "camgr_tf.benchmarks.task",
                description,
                result,
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if process.returncode:
            lines = process.stderr.strip().splitlines()
            last = lines[-1] if lines else ""
            return {"error": f"exit code {process.returncode}: {last}"}
        return json.loads(result.read_text())


def measure(task):
    """Runs a measurement in this process.

    Args:
        task: Dictionary as of `run_task`.

    Returns:
        Dictionary, the row.
    """
    # A process that only ranks or searches does not import the models.
    if task["kind"] == "semantic_graph":
        from camgr_tf.benchmarks.semantic_graph import measure_semantic_graph

        row = {"items": task["problem"]}
        row |= measure_semantic_graph(task["problem"], **task["arguments"])
    elif task["kind"] == "lists":
        from camgr_tf.benchmarks.lists import measure_lists

        row = measure_lists(*task["problem"], **task["arguments"])
    elif task["kind"] == "sampler":
        from camgr_tf.benchmarks.sampler import measure_sampler

        row = measure_sampler(*task["problem"], **task["arguments"])
    elif task["kind"] == "tables":
        from camgr_tf.benchmarks.tables import measure_tables

        row = measure_tables(task["problem"], **task["arguments"])
    elif task["kind"] == "scale":
        from camgr_tf.benchmarks.scale import measure_scale

        row = measure_scale(task["problem"], **task["arguments"])
    elif task["kind"] == "workers":
        from camgr_tf.benchmarks.workers import measure_workers

        row = measure_workers(**task["problem"], **task["arguments"])
    elif task["kind"] == "device":
        from camgr_tf.benchmarks.device import measure_device

        row = measure_device(**task["arguments"])
    else:
        dataset = problem_dataset(**task["problem"])
        interactions = dataset.interactions
        row = {
            "users": interactions.num_users,
            "items": interactions.num_items,
            "interactions": interactions.num_interactions,
        }
        if task["kind"] == "training":
            from camgr_tf.benchmarks.training import measure_training

            row |= measure_training(dataset, **task["arguments"])
        elif task["kind"] == "operations":
            from camgr_tf.benchmarks.operations import measure_operation

            row |= measure_operation(dataset, **task["arguments"])
        else:
            from camgr_tf.benchmarks.evaluation import measure_evaluation

            row |= measure_evaluation(dataset, **task["arguments"])
    # Kilobytes on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**row, "peak_memory_mb": peak / 1024}


def problem_dataset(
    size="baby", scale=1, widths=None, dataset=None, data_root=None
):
    """The data of a measurement.

    Args:
        size: String, key of `synthetic_dataset.SIZES`. Defaults to `"baby"`.
        scale: Integer. Defaults to `1`.
        widths: Dictionary from a modality to its width. Defaults to `None`:
            4096 and 384.
        dataset: String. A data folder to read in place of all this. Defaults
            to `None`.
        data_root: String. Folder that holds it. Defaults to `None`.

    Returns:
        `camgr_tf.data.Dataset`.
    """
    from camgr_tf.benchmarks.synthetic_dataset import synthetic_dataset
    from camgr_tf.data.dataset import load_dataset

    if dataset is not None:
        return load_dataset(dataset, data_root)
    return synthetic_dataset(size, scale, widths)


def main(arguments):
    from camgr_tf.device import prepare_device

    description, result = map(Path, arguments)
    prepare_device()
    row = measure(json.loads(description.read_text()))
    with staged_file(result) as staging:
        staging.write_text(json.dumps(row))


if __name__ == "__main__":
    main(sys.argv[1:])
