import asyncio

import pytest

from camgr_tf.serving.page_gate import PageGate


@pytest.fixture
def gate(tmp_path):
    folder = tmp_path / "page"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "image.webp").write_bytes(b"picture")
    (tmp_path / "key.pem").write_text("secret")
    (folder / "link.webp").symlink_to(tmp_path / "key.pem")
    return PageGate(None, folder)


def file(path):
    return f"/gradio_api/file={path}"


def test_pictures_of_the_page_are_open(gate):
    assert gate.is_open("GET", file(gate.folder / "a" / "image.webp"))
    assert gate.is_open("HEAD", file(gate.folder / "a" / "image.webp"))


@pytest.mark.parametrize(
    "name",
    [
        "../key.pem",
        "a/../../key.pem",
        "%2e%2e/key.pem",
        "link.webp",
        "a",
        "no-such.webp",
        "a/image.webp\0",
        "a/image.webp/../../../key.pem",
    ],
)
def test_no_other_file_is(gate, name):
    assert not gate.is_open("GET", file(f"{gate.folder}/{name}"))


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "key.pem", "https://example.org/x.png", ""]
)
def test_neither_absolute_paths_nor_addresses(gate, name):
    assert not gate.is_open("GET", file(name))


@pytest.mark.parametrize(
    "method, path, expected",
    [
        ("GET", "/", True),
        ("GET", "/assets/index.js", True),
        ("GET", "/gradio_api/queue/data", True),
        ("POST", "/gradio_api/queue/join", True),
        ("POST", "/", False),
        ("POST", "/gradio_api/upload", False),
        ("PUT", "/gradio_api/queue/join", False),
        ("GET", "/assets/../gradio_api/upload_progress", False),
        ("GET", "/gradio_api/proxy=https://example.org", False),
        ("GET", "/monitoring", False),
        ("GET", "//gradio_api/file=/etc/passwd", False),
        ("GET", "/gradio_api/file//etc/passwd", False),
    ],
)
def test_what_the_page_asks_for_and_no_more(gate, method, path, expected):
    assert gate.is_open(method, path) == expected


def test_a_refused_request_does_not_reach_the_application(gate):
    sent, reached = [], []

    async def application(scope, receive, send):
        reached.append(scope["path"])

    async def send(message):
        sent.append(message)

    gate.app = application
    for path in ("/monitoring", "/"):
        scope = {"type": "http", "method": "GET", "path": path}
        asyncio.run(gate(scope, None, send))
    assert reached == ["/"]
    assert [message.get("status") for message in sent] == [404, None]
