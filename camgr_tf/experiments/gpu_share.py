"""The memory of one GPU, shared by the trials that run at one time."""

import json
import os
import shutil
import subprocess

BOUND = "CAMGR_GPU_MEMORY_MB"
# What CUDA and its libraries take for each process, besides its tensors.
CONTEXT_MB = 1000


class GpuShare:
    """A bound for each trial, and how many of them would fit.

    Trials may take an equal share each; a bound that the user has set stays.
    Without a GPU, or with one trial at a time, nothing is bounded and nothing
    said.

    Args:
        jobs: Integer. Trials that run at one time.
        total_mb: Integer. Memory of the GPU; `None` without one.
        say: Function of a line of text.

    Attributes:
        environment: Dictionary. What bounds a trial's process.

    Raises:
        ValueError: If so many trials do not fit.
    """

    def __init__(self, jobs, total_mb, say):
        self.total_mb = total_mb
        self.say = say
        self.peak_mb = 0.0
        self.environment = {}
        if total_mb is None or jobs == 1 or BOUND in os.environ:
            return
        share = total_mb // jobs - CONTEXT_MB
        if share < 1:
            raise ValueError(
                f"{jobs} trials at one time do not fit a GPU of "
                f"{total_mb} MB: each needs {CONTEXT_MB} MB for CUDA "
                f"alone. Received: jobs={jobs}"
            )
        self.environment = {BOUND: str(share)}
        say(
            f"GPU of {total_mb} MB: {jobs} trials at one time, each "
            f"with at most {share} MB and {CONTEXT_MB} MB for CUDA"
        )

    def finished(self, folder):
        """Says how many would fit, when a run has taken more than all before.

        Args:
            folder: Path of `outputs/<run_id>`.
        """
        path = folder / "metrics.json"
        if self.total_mb is None or not path.is_file():
            return
        metrics = json.loads(path.read_text(encoding="utf-8"))
        peak = metrics.get("peak_gpu_memory_mb") or 0.0
        # A tenth more tells nobody anything new.
        if peak > 1.1 * self.peak_mb:
            self.peak_mb = peak
            fit = int(self.total_mb // (peak + CONTEXT_MB))
            self.say(
                f"a trial took {peak:.0f} MB of the GPU: {fit} such fit at "
                "one time"
            )


def share_environment(gpus):
    """What bounds the memory of a process that Ray gives GPUs to.

    Args:
        gpus: Float. A part of one GPU, of whose memory it then gets that
            part; whole ones are not bounded.

    Returns:
        Dictionary of environment variables.
    """
    if not gpus:
        return {}
    jobs = max(1, runs_of_gpus(1, gpus))
    return GpuShare(jobs, gpu_memory_mb(), lambda line: None).environment


def runs_of_gpus(num_gpus, gpus_per_run):
    """How many runs fit so many GPUs.

    Args:
        num_gpus: Integer.
        gpus_per_run: Float. A part of one GPU, or several whole ones.

    Returns:
        Integer.
    """
    if gpus_per_run < 1:
        return int(num_gpus) * int(1 / gpus_per_run + 1e-9)
    return int(num_gpus // gpus_per_run)


def gpu_memory_mb():
    """Memory of the first GPU, as NVIDIA's driver tells; `None` without one.

    TensorFlow is not asked: it would take part of it for this process.
    """
    command = shutil.which("nvidia-smi")
    if command is None or os.environ.get("CUDA_VISIBLE_DEVICES") == "-1":
        return None
    try:
        shown = subprocess.run(
            [
                command,
                "--query-gpu=memory.total",
                "--format=csv,noheader,nounits",
            ],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return None
    return int(shown[0]) if shown and shown[0].isdigit() else None
