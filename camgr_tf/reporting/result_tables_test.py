import dataclasses

from camgr_tf.experiments.definition import Definition
from camgr_tf.experiments.plan import Plan
from camgr_tf.reporting.result_frame import DatasetResults
from camgr_tf.reporting.result_tables import build_intervals_table
from camgr_tf.reporting.result_tables import build_results_table
from camgr_tf.reporting.result_tables import build_statistics_table


def texts(table):
    return [[entry.text + entry.mark for entry in row] for row in table.rows]


def as_baby(result):
    """The same results, as if they were Baby's."""
    plan = dataclasses.replace(result.plan, dataset="baby")
    return dataclasses.replace(result, plan=plan)


def test_table_3_by_hand(make_results):
    recalls = {"CAmgr": 0.1, "w/o IUD": 0.05, "w/o CAFF": 0.09}
    result = as_baby(make_results("table3", recalls))
    marks = {("baby", "w/o IUD", "recall@20"): "†"}
    table = build_results_table([result], marks)
    assert table.header[1:5] == ["Variant", "Recall@20", "paper", "difference"]
    name = "baby (stand-in features, other data)"
    # The paper's CAmgr has 0.1056, so 0.1000 - 0.1056 = -0.0056.
    assert texts(table)[0][:5] == [name, "CAmgr", "0.1000", "0.1056", "−0.0056"]
    assert texts(table)[1][1:5] == ["w/o IUD", "0.0500†", "0.0563", "−0.0063"]
    assert texts(table)[3][1:5] == ["with cross-attention", "–", "–", "–"]
    ranks = [row[2].rank for row in table.rows]
    assert ranks == [1, 0, 2, 0]
    assert "baby: 1 of 4 runs are not finished." in table.notes


def test_deviations_stand_in_the_cell(make_results):
    result = make_results("table3", {"CAmgr": 0.1}, seeds=3)
    table = build_results_table([result], {})
    # 0.1, 0.101, 0.102: mean 0.101, deviation 0.001.
    assert texts(table)[0][2] == "0.1010 ± 0.0010"
    assert "tiny: mean ± standard deviation over 3 seeds." in table.notes


def test_table_2_has_a_line_each_for_ours_and_the_papers(make_results):
    result = as_baby(make_results("table2", {"MF": 0.05, "CAmgr": 0.1}))
    table = build_results_table([result])
    assert table.header[3:7] == ["popularity", "item-kNN", "MF", "LightGCN"]
    lines = texts(table)
    assert [[*line[1:3], line[5]] for line in lines[3:6]] == [
        ["Recall@20", "ours", "0.0500"],
        ["Recall@20", "paper", "0.0575"],
        ["Recall@20", "difference", "−0.0075"],
    ]
    assert len(lines) == 4 * 3
    # The paper's best is CAmgr, the second MGCN.
    assert [entry.rank for entry in table.rows[4][-2:]] == [2, 1]


def test_table_2_with_seeds_has_a_line_for_the_deviation(make_results):
    result = make_results("table2", {"MF": 0.05}, seeds=2)
    lines = texts(build_results_table([result]))
    assert [line[2] for line in lines] == ["ours", "±"] * 4


def test_table_4_is_one_row_a_dataset(make_results):
    recalls = {"contrastive_weight = 0.01": 0.1}
    result = as_baby(make_results("table4", recalls))
    table = build_results_table([result])
    assert table.header[1:3] == ["contrastive_weight =", "0.001, Recall@20"]
    ours, paper, difference = texts(table)
    place = table.header.index("0.01, NDCG@20")
    # Fake NDCG@20 is 0.4 of the recall.
    assert [line[place] for line in (ours, paper, difference)] == [
        "0.0400",
        "0.0437",
        "−0.0037",
    ]


def test_what_was_not_compared_is_said(make_results):
    definition = Definition("mine", "Mine", parameters={"model": "mf"})
    result = make_results(definition, {"mine": 0.1})
    rows = result.rows.assign(max_epochs=3, mask_validation=True, current=False)
    result = dataclasses.replace(result, rows=rows)
    notes = build_results_table([result]).notes
    assert notes == [
        "tiny: one seed, so without a deviation.",
        "tiny: 1 of 1 runs were ended by max_epochs, not by early stopping.",
        "tiny: validation items are left out of the test ranking.",
        "tiny: 1 of 1 runs were made with another or an unknown "
        "state of the code: mine.",
    ]


def test_a_search_shows_validation_alone(make_results):
    parameters = {"model": "mf"}
    definition = Definition("x", "X", parameters=parameters, part="validation")
    result = make_results(definition, {"x": 0.1})
    result.rows["validation_recall@20"] = 0.25
    assert texts(build_results_table([result]))[0][3] == "0.2500"


def test_a_users_note_is_shown(make_results):
    result = make_results("table3", {"CAmgr": 0.1})
    plan = dataclasses.replace(result.plan, notes=["Measured at night."])
    table = build_results_table([dataclasses.replace(result, plan=plan)])
    assert table.rows[0][0].text == "tiny (see note)"
    assert "Measured at night." in table.notes


def test_intervals_by_hand(make_results):
    result = make_results("table3", {"CAmgr": 0.1}, seeds=3)
    table = build_intervals_table([result])
    # 0.101 +- 4.302653 x 0.001 / sqrt(3) = 0.101 +- 0.002484.
    expected = ["0.1010", "0.0010", "0.0985", "0.1035", "3"]
    assert texts(table)[0] == ["tiny", "CAmgr", "Recall@20", *expected]


def test_table_1_by_hand():
    counts = {"users": 10, "items": 20, "interactions": 30, "density": 0.15}
    counts |= {"train": 20, "validation": 5, "test": 5}
    facts = {
        "statistics": counts,
        "provenance": {},
        "split": "file",
        "split_seed": None,
        "feature_widths": {},
    }
    definition = Definition("table1", "T", kind="statistics", paper="table1")
    results = [
        DatasetResults(Plan(definition, name, [], facts, {}), None)
        for name in ("tiny", "baby")
    ]
    lines = texts(build_statistics_table(results))
    ours = ["10", "20", "30", "15.000 %", "20", "5", "5"]
    assert lines[0] == ["tiny", "ours", *ours]
    assert lines[2][1:6] == ["paper", "19,445", "7,050", "160,792", "0.117 %"]
    assert lines[3][1:4] == ["difference", "-19,435", "-7,030"]
