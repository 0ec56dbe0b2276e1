import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import pandas as pd
import psutil

from camgr_tf.benchmarks.growth import growth_exponent
from camgr_tf.device import describe_device
from camgr_tf.device import processor_name
from camgr_tf.staged_file import staged_file

PACKAGES = ("tensorflow", "keras", "numpy", "scipy")
# What grows, by the kind of measurement, and what it is fitted over.
GROWTH = {
    "training": ("step_seconds", "interactions"),
    "operations": ("operation_seconds", "interactions"),
    "evaluation": ("evaluation_seconds", "interactions"),
    "semantic_graph": ("graph_seconds", "items"),
    "scale": ("step_cpu_seconds", "users"),
}
# Added to the name of what grows in memory: that of a scale.
MEMORY = ", memory"


def fit_growth(rows):
    """Growth exponents of all that was measured at several sizes.

    Args:
        rows: List of dictionaries with `kind` and `label`; those with an
            `error` are left out.

    Returns:
        Dictionary from `"<kind> <label>"` to a float; with `MEMORY` behind
        it the exponent of the peak memory.
    """
    table = pd.DataFrame([row for row in rows if "error" not in row])
    if table.empty:
        return {}
    exponents = {}
    for (kind, label), part in table.groupby(["kind", "label"], sort=False):
        if kind not in GROWTH:
            continue
        value, size = GROWTH[kind]
        if part[size].nunique() > 1 and part[value].notna().all():
            name = f"{kind} {label}"
            exponents[name] = growth_exponent(part[size], part[value])
            if kind == "scale":
                exponents[name + MEMORY] = growth_exponent(
                    part[size], part["peak_memory_mb"]
                )
    return exponents


def machine(threads):
    """What the figures depend on, besides the code.

    Args:
        threads: Integer. Threads of the measurements.

    Returns:
        Dictionary of plain values.
    """
    return {
        "processor": processor_name(),
        "cores": psutil.cpu_count(),
        "load_before": psutil.getloadavg()[0],
        "memory_mb": psutil.virtual_memory().total / 2**20,
        "threads": threads,
        **{f"device_{k}": v for k, v in describe_device().items()},
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def write_tables(folder, rows, description):
    """Writes `benchmarks.csv` and `benchmarks.json`.

    Args:
        folder: Path.
        rows: List of dictionaries.
        description: Dictionary that the JSON file begins with.

    Returns:
        Path of the JSON file.
    """
    path = Path(folder) / "benchmarks.json"
    contents = {**description, "growth": fit_growth(rows), "rows": rows}
    with staged_file(path) as staging:
        staging.write_text(json.dumps(contents, indent=2) + "\n")
    with staged_file(path.with_suffix(".csv")) as staging:
        pd.DataFrame(rows).to_csv(staging, index=False)
    return path


def _commit():
    """The commit of the code, marked if files differ from it."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
