import pytest

from camgr_tf.cli.run_folder import find_run


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Three runs, the working directory beside them."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "outputs"
    for name in ("demo-mf-seed0-aa", "demo-mf-seed0-ab", "demo-vbpr-seed0-cc"):
        (root / name).mkdir(parents=True)
        (root / name / "config.json").write_text("{}")
    (root / "figures").mkdir()
    return root


@pytest.mark.parametrize(
    "text",
    [
        "outputs/demo-vbpr-seed0-cc",
        "./outputs/demo-vbpr-seed0-cc/",
        "demo-vbpr-seed0-cc",
        "demo-vbpr",
        "demo-v",
        "demo-v/",
    ],
)
def test_ways_to_name_a_run(root, text):
    assert find_run(text, root) == root / "demo-vbpr-seed0-cc"


def test_a_whole_name_wins_over_a_longer_one(root):
    (root / "demo-mf-seed0-aab").mkdir()
    (root / "demo-mf-seed0-aab" / "config.json").write_text("{}")
    found = find_run("demo-mf-seed0-aa", root)
    assert found == root / "demo-mf-seed0-aa"


def test_the_home_folder(root, monkeypatch):
    monkeypatch.setenv("HOME", str(root))
    found = find_run("~/demo-mf-seed0-ab")
    assert found == root / "demo-mf-seed0-ab"


@pytest.mark.parametrize(
    "text, message",
    [
        ("demo-vbrp-seed0-cc", "did you mean 'demo-vbpr-seed0-cc'"),
        ("zzz", "it has demo-mf-seed0-aa, demo-mf-seed0-ab, demo-vbpr"),
        ("figures", "There is no run 'figures'"),
        ("./outputs", "outputs is no run: it has the runs demo-mf-seed0-aa"),
        ("outputs/figures", "figures is no run: it has no config.json"),
        (
            "outputs/demo-vbpr-seed0-cc/config.json",
            "config.json is a file; a run is a folder",
        ),
        ("nowhere/demo", "There is no folder .*nowhere/demo"),
        ("", "There is no run ''"),
    ],
)
def test_no_run_is_meant(root, text, message):
    with pytest.raises(FileNotFoundError, match=message):
        find_run(text, root)


def test_several_runs_are_meant(root):
    message = "beginning of 2 runs .*demo-mf-seed0-aa, demo-mf-seed0-ab"
    with pytest.raises(ValueError, match=message):
        find_run("demo-mf", root)


def test_no_run_at_all(tmp_path):
    with pytest.raises(FileNotFoundError, match="has none. Train one with"):
        find_run("demo", tmp_path / "outputs")
