"""What training and lists cost at a size, measured where it can be."""

import time
from pathlib import Path

import numpy as np
import psutil

from camgr_tf.benchmarks.catalogue import make_catalogue
from camgr_tf.benchmarks.catalogue import open_catalogue

WIDTHS = {"image": 64, "text": 64}
# Beyond, a step on the whole graph takes longer than anyone would wait.
MOST_USERS_ON_WHOLE_GRAPH = 500_000
# Neighbors at each hop that are measured; those of a step of CAmgr, which
# goes eight hops, are most nodes of a million users with more.
FANOUTS = {"camgr": ("5,1", "3,1"), "lightgcn": ("10,5", "5,2")}


def plan_scale(sizes, modes, folder, repeats, embedding_dim=64):
    """The measurements at some sizes, in the order in which they build up.

    Args:
        sizes: List of integers, numbers of users.
        modes: List of strings, some of `"full"`, `"sampled"`, `"lists"`.
        folder: Path of a folder for the catalogues.
        repeats: Integer. Timed steps of a measurement.
        embedding_dim: Integer. Defaults to `64`.

    Returns:
        List of tasks, as `run_task` takes them. The first of each size makes
        its catalogue, which the others read.
    """
    tasks = []
    for num_users in sizes:
        wanted = [("catalogue", {"mode": "catalogue"})]
        if "full" in modes and num_users <= MOST_USERS_ON_WHOLE_GRAPH:
            wanted += [
                (f"{model}, full", {"mode": "training", "model": model})
                for model in FANOUTS
            ]
        if "sampled" in modes:
            wanted += [
                (
                    f"{model}, sampled {fanouts}",
                    {
                        "mode": "training",
                        "model": model,
                        "sampling": "neighbors",
                        "fanouts": fanouts,
                    },
                )
                for model, all_fanouts in FANOUTS.items()
                for fanouts in all_fanouts
            ]
        if "lists" in modes:
            wanted.append(("lists", {"mode": "lists"}))
        for label, arguments in wanted:
            if arguments["mode"] != "catalogue":
                arguments["repeats"] = repeats
                arguments["embedding_dim"] = embedding_dim
            tasks.append(
                {
                    "kind": "scale",
                    "label": label,
                    "problem": num_users,
                    "arguments": {
                        **arguments,
                        "folder": str(Path(folder) / str(num_users)),
                    },
                }
            )
    return tasks


def measure_scale(num_users, mode, folder, **arguments):
    """One measurement at a size.

    Args:
        num_users: Integer.
        mode: String, `"catalogue"`, `"training"` or `"lists"`.
        folder: Path of the catalogue's folder.
        **arguments: Of `measure_scale_training` or `measure_list_block`.

    Returns:
        Dictionary of plain values, one row of the table.
    """
    folder = Path(folder)
    if mode == "catalogue":
        folder.mkdir()
        started = time.perf_counter()
        make_catalogue(num_users, WIDTHS, folder)
        measured = {"build_seconds": time.perf_counter() - started}
    dataset = open_catalogue(folder)
    interactions = dataset.interactions
    if mode == "training":
        from camgr_tf.benchmarks.scale_training import measure_scale_training

        measured = measure_scale_training(dataset, **arguments)
    elif mode == "lists":
        measured = measure_list_block(interactions, **arguments)
    return {
        "users": interactions.num_users,
        "million_users": interactions.num_users / 1e6,
        "items": interactions.num_items,
        "interactions": interactions.num_interactions,
        **measured,
        "load": psutil.getloadavg()[0],
    }


def measure_list_block(
    interactions, embedding_dim=64, num_ranked=256, k=50, repeats=5, seed=0
):
    """Times the lists of some users among all items, with normal vectors.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        embedding_dim: Integer. Defaults to `64`.
        num_ranked: Integer. Users that are ranked at one time. Defaults to
            `256`.
        k: Integer. Defaults to `50`.
        repeats: Integer. Timed blocks after one of warm-up. Defaults to `5`.
        seed: Integer. Defaults to `0`.

    Returns:
        Dictionary of plain values: seconds of a block as `step_seconds`, of
        all users, on as many threads, as `epoch_seconds`.
    """
    from camgr_tf.data.user_items import UserItems
    from camgr_tf.ranking.block import Vectors
    from camgr_tf.ranking.block import rank_block

    rng = np.random.default_rng(seed)
    users, items = (
        rng.standard_normal((size, embedding_dim), "float32")
        for size in (interactions.num_users, interactions.num_items)
    )
    seen = UserItems(
        interactions.train, interactions.num_users, interactions.num_items
    )
    vectors = Vectors(users, items, np.zeros(len(items)))
    rows = []
    for block in range(1 + repeats):
        start = block * num_ranked
        clocks = [(time.perf_counter(), time.process_time())]
        rank_block(vectors, seen, start, start + num_ranked, k)
        clocks.append((time.perf_counter(), time.process_time()))
        rows.append(np.subtract(clocks[1], clocks[0]))
    seconds, cpu_seconds = np.median(rows[1:], axis=0)
    return {
        "embedding_dim": embedding_dim,
        "step_seconds": float(seconds),
        "step_cpu_seconds": float(cpu_seconds),
        "epoch_seconds": float(seconds * len(users) / num_ranked),
    }
