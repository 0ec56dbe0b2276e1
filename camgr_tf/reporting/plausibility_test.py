from camgr_tf.reporting.plausibility import build_plausibility_table


def test_the_papers_impossible_row_is_pointed_out(make_results):
    groups = {"table3": [make_results("table3", {"CAmgr": 0.1})]}
    table = build_plausibility_table(groups)
    (row,) = [[entry.text for entry in row] for row in table.rows]
    assert row[:6] == [
        "paper",
        "table2",
        "baby",
        "CAmgr",
        "ndcg@20 - ndcg@10",
        "0.0055",
    ]
    # 30 + 9 + 15 rows of Tables 2, 3 and 4.
    assert table.notes[0] == "Checked: 54 rows of the paper and 1 runs of ours."


def test_ours_are_checked_as_well(make_results):
    result = make_results("table3", {"CAmgr": 0.1})
    result.rows.loc[:, "test_ndcg@20"] = 0.0301  # NDCG@10 is 0.03
    table = build_plausibility_table({"table3": [result]})
    ours = [row for row in table.rows if row[0].text == "ours"]
    assert [row[3].text for row in ours] == ["CAmgr, seed 0"]
