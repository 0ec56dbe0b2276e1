import socket

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


def test_an_address_is_refused_before_anything_is_trained(capsys):
    pytest.importorskip("gradio", reason="needs the extra `demo`")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(SystemExit):
            demo.main(["--port", port])
    assert f"Nothing can listen on 127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "host, port, message",
    [
        ("127.0.0.1", 70000, "Received: port=70000"),
        ("127.0.0.1", 0, "Received: port=0"),
        ("203.0.113.7", 7860, "Nothing can listen on 203.0.113.7:7860"),
        ("no such host", 7860, "Choose another host or port"),
    ],
)
def test_what_is_no_address(host, port, message):
    with pytest.raises(ValueError, match=message):
        demo.check_address(host, port)
