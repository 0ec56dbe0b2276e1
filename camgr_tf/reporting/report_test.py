import re

import pandas as pd

from camgr_tf.reporting.report import write_report


def test_the_report_of_a_sweep(make_results, tmp_path):
    recalls = {"CAmgr": 0.1, "w/o IUD": 0.05, "w/o CAFF": 0.09}
    make_results("table3", recalls)
    make_results("figure2", {"text": 0.1, "image": 0.2})
    folder = tmp_path / "report"
    page = write_report(tmp_path, folder).read_text()
    names = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    assert names >= {
        "report.html",
        "results.csv",
        "results.parquet",
        "significance.csv",
        "tables/table3.md",
        "tables/table3.tex",
        "tables/table3-significance.md",
        "tables/figure2.md",
        "tables/plausibility.md",
        "figures/figure2.png",
    }
    # Self-contained: pictures are in the page, and nothing is fetched.
    assert "data:image/png;base64," in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.index("Table 3.") < page.index("Figure 2.")
    assert "<b>0.1000</b>" in page and "5 finished runs" in page
    tests = pd.read_csv(folder / "significance.csv")
    assert set(tests["label"]) == {"w/o IUD", "w/o CAFF"}


def test_a_report_of_one_experiment(make_results, tmp_path):
    make_results("table3", {"CAmgr": 0.1})
    make_results("figure2", {"text": 0.1})
    folder = tmp_path / "report"
    page = write_report(tmp_path, folder, ["figure2"]).read_text()
    assert "Figure 2." in page and "Table 3." not in page


def test_a_report_without_finished_runs(make_results, tmp_path):
    for name in ("table2", "table3", "table4", "figure2", "figure4", "sweep"):
        make_results(name)
    page = write_report(tmp_path, tmp_path / "report").read_text()
    assert "0 finished runs" in page


def test_experiments_of_another_report_are_added(make_results, tmp_path):
    recalls = {"CAmgr": 0.1, "w/o IUD": 0.05}
    make_results("table3", recalls)
    write_report(tmp_path, tmp_path / "theirs")
    make_results("figure2", {"text": 0.2, "image": 0.3})
    folder = tmp_path / "report"
    page = write_report(
        tmp_path, folder, ["figure2"], other=tmp_path / "theirs"
    ).read_text()
    assert "Figure 2." in page and "Table 3." not in page
    rows = pd.read_csv(folder / "results.csv").set_index("label")
    recalls = rows["test_recall@20"].to_dict()
    expected = {"text": 0.2, "image": 0.3, "CAmgr": 0.1, "w/o IUD": 0.05}
    assert {name: recalls[name] for name in expected} == expected
    assert rows.loc["w/o IUD", "experiment"] == "table3"
    tests = pd.read_csv(folder / "significance.csv")
    assert set(tests["experiment"]) == {"table3"}
