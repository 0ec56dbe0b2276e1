import pytest

from camgr_tf.cli import main
from camgr_tf.experiments.definition import list_definitions


def test_lists_the_experiments(capsys):
    assert main(["sweep", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list_definitions()


@pytest.mark.parametrize(
    "words, message",
    [
        ("sweep", "Name an experiment: ablations"),
        ("sweep table3", "Name a dataset: --dataset"),
        ("sweep table9 --dataset demo", "no experiment 'table9' (did you"),
        ("sweep mine.toml --dataset demo", "There is no file"),
        ("sweep table3 --dataset nowhere", "No dataset 'nowhere'"),
        ("sweep table3 table3 --dataset demo", "given twice"),
        ("sweep table2 --dataset demo -p dropout 0.1", "parameter dropout"),
        (
            "sweep table3 --dataset demo -p patience 1 -p patience 2",
            "-p patience is given twice",
        ),
        ("sweep --status", "Start one with"),
        ("sweep --collect", "Start one with"),
        ("report", "Start one with"),
        ("report --to /dev/null", "/dev/null is a file, and no folder"),
        ("report table3 --dataset demo", "no sweep table3 of dataset 'demo';"),
        (
            "sweep table3 --dataset demo --address auto",
            "--address is an option of --executor ray.",
        ),
        (
            "search mf --dataset demo --cpus-per-run 2 --gpus-per-run 1",
            "--cpus-per-run is an option of --executor ray.",
        ),
        (
            "sweep table3 --dataset demo --executor ray --gpus-per-run 1.5",
            "Received: gpus_per_run=1.5",
        ),
        ("search camgrr --dataset demo", "`model` must be one of"),
        ("search mf --dataset nowhere", "No dataset 'nowhere'"),
        ("search mf --dataset demo --space num_layers [1]", "num_layers"),
        ("search mf --dataset demo --space l2_weight 3", "a list of values"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_runs(
    words, message, tmp_path, capsys
):
    root = ["--output-root", str(tmp_path / "out")]
    assert main([*words.split(), *root]) == 2
    shown = capsys.readouterr()
    # Before it the demo data may be made.
    line = shown.err.splitlines()[-1]
    assert line.startswith(f"camgr {words.split()[0]}: error: ")
    assert message in line
    assert not list(tmp_path.glob("out/*/metrics.json"))
