import json

import pandas as pd

from camgr_tf.benchmarks.table import fit_growth
from camgr_tf.benchmarks.table import machine
from camgr_tf.benchmarks.table import write_tables


def row(label, interactions, seconds, kind="training"):
    return {
        "kind": kind,
        "label": label,
        "interactions": interactions,
        "step_seconds": seconds,
    }


ROWS = [
    row("mf", 10, 1.0),
    row("mf", 20, 2.0),
    row("mf", 40, 4.0),
    row("mgcn", 10, 1.0),
    {"kind": "training", "label": "mgcn", "error": "exit code -9: "},
]


def test_growth_of_what_has_several_sizes():
    growth = fit_growth(ROWS)
    assert list(growth) == ["training mf"]
    assert round(growth["training mf"], 9) == 1
    assert fit_growth([ROWS[-1]]) == {}


def test_growth_of_time_and_memory_of_a_scale():
    rows = [
        {
            "kind": "scale",
            "label": "mf",
            "users": users,
            "step_cpu_seconds": 3.0,
            "peak_memory_mb": users**0.5,
        }
        for users in (1e6, 4e6)
    ]
    growth = fit_growth([*rows, {"kind": "scale", "label": "catalogue"}])
    assert list(growth) == ["scale mf", "scale mf, memory"]
    assert abs(growth["scale mf"]) < 1e-9
    assert round(growth["scale mf, memory"], 9) == 0.5


def test_files(tmp_path):
    path = write_tables(tmp_path / "new", ROWS, {"threads": 2})
    contents = json.loads(path.read_text())
    assert contents["threads"] == 2
    assert contents["rows"] == ROWS
    table = pd.read_csv(path.with_suffix(".csv"))
    assert table["label"].tolist() == ["mf"] * 3 + ["mgcn"] * 2
    assert {p.name for p in path.parent.iterdir()} == {
        "benchmarks.json",
        "benchmarks.csv",
    }


def test_machine_is_plain():
    description = machine(3)
    assert description["threads"] == 3
    assert description["tensorflow"].startswith("2.")
    assert json.loads(json.dumps(description)) == description
