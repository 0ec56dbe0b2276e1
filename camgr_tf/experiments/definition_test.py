import pytest

from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.definition import list_definitions
from camgr_tf.experiments.definition import load_definition

TABLE = """
title = "My grid"
[parameters]
model = "camgr"
[[variants]]
label = "a"
fusion = "mean"
[grid]
num_neighbors = [5, 10]
"""


def write(tmp_path, text, name="mine.toml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_the_paper_is_complete():
    names = {"table1", "table2", "table3", "table4"}
    names |= {"figure2", "figure3", "figure4", "figure5"}
    assert names <= set(list_definitions())
    for name in list_definitions():
        assert load_definition(name).name == name


def test_a_users_file_is_read(tmp_path):
    definition = load_definition(write(tmp_path, TABLE))
    assert definition.name == "mine"
    assert definition.title == "My grid"
    assert definition.grid == {"num_neighbors": [5, 10]}
    assert definition.variants == ({"label": "a", "fusion": "mean"},)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("[5, 10]", "[]", r"'num_neighbors' needs a list of at least one"),
        ("[5, 10]", "5", r"Received: num_neighbors=5"),
        ("[5, 10]", "[5, 5]", r"has a value twice"),
        ("[grid]", "[greed]", r"unknown key greed. Known are dataset_presets"),
        ('label = "a"', "", r"every variant needs a `label`"),
        ('label = "a"', "label = 3", r"every variant needs a `label`"),
        ("num_neighbors =", "fusion =", r"sets 'fusion' in `grid` and in"),
        ("num_neighbors =", "model =", r"sets 'model' in `grid` and in"),
        ("num_neighbors =", "seed =", r"may not set 'seed'"),
        ('model = "camgr"', 'dataset = "x"', r"may not set 'dataset'"),
        ('title = "My grid"', 'layout = "x"', r"`layout` must be one of"),
        ('title = "My grid"', 'plot = "x"', r"`plot` must be one of"),
        ('title = "My grid"', 'part = "train"', r"`part` must be one of"),
        ('title = "My grid"', 'kind = "x"', r"`kind` must be one of"),
        ('title = "My grid"', 'reference = "b"', r"one of \['a'\]"),
        ('title = "My grid"', "title =", r"mine.toml is no TOML file"),
        ('title = "My grid"', 'kind = "statistics"', r"trains nothing"),
    ],
)
def test_errors(tmp_path, old, new, message):
    assert old in TABLE
    path = write(tmp_path, TABLE.replace(old, new))
    with pytest.raises(ValueError, match=message):
        load_definition(path)


def test_equal_labels_are_refused():
    with pytest.raises(ValueError, match="two variants with the label 'a'"):
        Definition("x", "x", variants=({"label": "a"}, {"label": "a"}))


def test_empty_experiments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'mine' is empty"):
        load_definition(write(tmp_path, 'title = "nothing"'))


def test_the_packages_names_are_taken(tmp_path):
    with pytest.raises(ValueError, match="'table3' is taken"):
        load_definition(write(tmp_path, TABLE, "table3.toml"))


def test_unknown_experiments_are_refused(tmp_path):
    with pytest.raises(
        FileNotFoundError, match="There are ablations, baby_results"
    ):
        load_definition("table9")
    with pytest.raises(FileNotFoundError, match="no file .*gone.toml"):
        load_definition(tmp_path / "gone.toml")
