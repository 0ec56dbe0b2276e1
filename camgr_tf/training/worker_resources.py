"""What the workers of one run ask Ray for."""

import math

from ray.train import ScalingConfig


def scaling_config(
    num_workers, cpus_per_worker=1, gpus_per_worker=None, num_gpus=0
):
    """What Ray Train reserves for the workers.

    Args:
        num_workers: Integer.
        cpus_per_worker: Integer. Processors of each. Defaults to `1`.
        gpus_per_worker: Float. One GPU for each, or a part of one, which is
            also its part of the memory. Defaults to `None`: one where the
            cluster has GPUs, else none.
        num_gpus: Integer. GPUs of the cluster. Defaults to `0`.

    Returns:
        `ray.train.ScalingConfig`.

    Raises:
        ValueError: If a worker would have more than one GPU, or the cluster
            has GPUs, fewer than workers, and nobody has said what then.
    """
    if gpus_per_worker is None:
        if 0 < num_gpus < num_workers:
            # Whole workers share each GPU.
            share = 1 / math.ceil(num_workers / num_gpus)
            raise ValueError(
                f"{num_workers} workers cannot have one GPU each of a cluster "
                f"that has {num_gpus:g}: give `gpus_per_worker`, {share:.2g} "
                f"to share them or 0 for none. Received: num_workers="
                f"{num_workers}, gpus_per_worker=None"
            )
        gpus_per_worker = 1 if num_gpus else 0
    if not 0 <= gpus_per_worker <= 1:
        raise ValueError(
            "`gpus_per_worker` must be one GPU, a part of one, or 0; more "
            "GPUs are for more workers. Received: "
            f"gpus_per_worker={gpus_per_worker}"
        )
    return ScalingConfig(
        num_workers=num_workers,
        use_gpu=gpus_per_worker > 0,
        # The one that starts them needs none.
        resources_per_worker={"CPU": cpus_per_worker, "GPU": gpus_per_worker},
    )
