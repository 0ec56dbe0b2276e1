import socket

import pytest

from camgr_tf.serving.address import check_address


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
        check_address(host, port)


def test_a_taken_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"listen on 127.0.0.1:{port}"):
            check_address("127.0.0.1", port)
