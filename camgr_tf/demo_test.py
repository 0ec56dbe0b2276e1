import pytest

from camgr_tf import demo


def test_a_folder_without_a_run_is_named(tmp_path, capsys):
    pytest.importorskip("gradio", reason="needs the extra `demo`")
    with pytest.raises(SystemExit):
        demo.main([str(tmp_path)])
    assert f"{tmp_path} is no finished run" in capsys.readouterr().err


def test_the_page_is_for_this_machine_unless_asked(capsys):
    with pytest.raises(SystemExit):
        demo.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "the default is for this machine only" in text
