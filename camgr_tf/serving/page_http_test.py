"""What a running demo page hands out, asked over HTTP on loopback."""

import json
import socket
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pandas as pd
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="needs the extra `demo`")

from camgr_tf.config import resolve_config
from camgr_tf.data.dataset_folder import write_dataset
from camgr_tf.serving.page_content import BASKET
from camgr_tf.serving.page_content import KNOWN_USER
from camgr_tf.serving.page_content import PageContent
from camgr_tf.serving.recommender import TrainedRecommender
from camgr_tf.training.runs import train

SECRET = b"do not hand this out"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data with four good pictures, and four that are no pictures of it."""
    root = tmp_path_factory.mktemp("root")
    folder = root / "data" / "shop"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("0", "1", "2", "3"):
        pixels = rng.integers(0, 255, (40, 20, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
    (folder / "images" / "key.pem").write_bytes(SECRET)
    (root / "secret.png").write_bytes(SECRET)
    Image.new("RGB", (40, 40), "red").save(root / "private.png")
    (folder / "images" / "link.png").symlink_to(root / "private.png")
    images = [f"images/{n}.png" for n in range(4)] + [
        "images/link.png",
        "../../private.png",
        str(root / "private.png"),
        "images/key.pem",
    ]
    write_dataset(
        folder,
        "shop",
        pd.DataFrame(
            [
                (user, (user + step) % 8, label)
                for user in range(6)
                for step, label in enumerate((0, 0, 0, 1, 2))
            ],
            columns=["userID", "itemID", "x_label"],
        ),
        {"image": rng.normal(size=(8, 4))},
        {},
        pd.DataFrame(
            {"original_id": [f"item{i}" for i in range(8)], "image": images}
        ),
        pd.DataFrame({"original_id": [f"user{u}" for u in range(6)]}),
    )
    return folder


@pytest.fixture(scope="module")
def content(folder, tmp_path_factory):
    config = resolve_config(
        dataset="shop",
        data_root=str(folder.parent),
        modalities=("image",),
        model="mf",
        max_epochs=1,
        embedding_dim=4,
    )
    outputs = tmp_path_factory.mktemp("outputs")
    run = train(config, output_root=outputs, progress=False)
    return PageContent(TrainedRecommender(run))


@pytest.fixture(scope="module")
def page(content):
    from camgr_tf.serving.page import launch

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # To everybody: what is closed must be closed then too.
    page, _ = launch([content], host="0.0.0.0", port=port, block=False)
    yield f"http://127.0.0.1:{port}"
    page.close()


def ask(address, data=None):
    """Status and body of one request."""
    try:
        with urllib.request.urlopen(address, data, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def drawn(page, name, arguments, selected=None, card=None):
    """What an event of the page returns, by the queue as the page asks it.

    A browser sends the card that was clicked along with its place.
    """
    config = json.loads(ask(f"{page}/config")[1])
    number = next(
        d["id"] for d in config["dependencies"] if d["api_name"] == name
    )
    body = {"data": arguments, "fn_index": number, "session_hash": "test"}
    if selected is not None:
        body["event_data"] = {"index": selected, "value": card}
    request = urllib.request.Request(
        f"{page}/gradio_api/queue/join",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()
    data = f"{page}/gradio_api/queue/data?session_hash=test"
    with urllib.request.urlopen(data, timeout=60) as stream:
        for line in stream:
            if line.startswith(b"data:"):
                message = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    return message["output"]["data"]
    raise AssertionError("no answer")


def test_pictures_of_the_catalog_are_drawn_and_no_others(content):
    sizes = [p.size for p, _ in content.gallery([f"item{i}" for i in range(8)])]
    # As tall and wide as they are; the rest are the grey square.
    assert sizes == [(20, 40)] * 4 + [(96, 96)] * 4


def test_the_page_and_its_pictures_are_served(page):
    status, body = ask(page)
    assert status == 200 and b"gradio" in body
    gallery = drawn(page, "find", ["item1"])[-1]
    address = gallery[0]["image"]["path"]
    status, body = ask(f"{page}/gradio_api/file={address}")
    assert status == 200
    assert body[:4] == b"RIFF"  # a WebP that the page drew


def test_files_beside_the_pictures_are_not(page, folder):
    gallery = drawn(page, "find", ["item1"])[-1]
    own = gallery[0]["image"]["path"]
    images = folder / "images"
    beside = [
        images / "key.pem",
        images / "0.png",
        images / "link.png",
        folder / "users.csv",
        folder / "shop.inter",
        folder.parents[1] / "private.png",
        "/etc/passwd",
    ]
    names = [str(path) for path in beside]
    names += [urllib.parse.quote(name, safe="") for name in names]
    for ups in ("/..", "/%2e%2e", "/%252e%252e", "/..%2f.."):
        climb = own + ups * 12
        names += [f"{climb}{path}" for path in beside]
    for name in names:
        for route in ("/gradio_api/file=", "/file=", "/gradio_api/file/"):
            status, body = ask(f"{page}{route}{name}")
            assert status in (403, 404), (route, name)
            assert SECRET not in body and b"user0" not in body, name


def test_nothing_can_be_uploaded(page):
    for path in ("/gradio_api/upload", "/upload", "/gradio_api/call/find"):
        assert ask(f"{page}{path}", b"x")[0] == 404


def test_a_list_and_its_reason_have_one_score(page, content):
    user = content.user_ids()[0]
    table = content.recommend(user, [], 0.5)
    listed = table["item"].tolist()
    # Nothing in place of what the session holds: its basket and its list.
    drawn(page, "show", [KNOWN_USER, user, None, 0.5, "any", 1.0])
    text, _, parts, *_ = drawn(page, "explain", [None], selected=1)
    assert f"({listed[1]})" in text and len(text.splitlines()) > 1
    assert parts["data"][0] == [
        "score",
        pytest.approx(table["score"][1], abs=1e-4),
    ]


def test_what_cannot_be_found_is_said(page):
    note, gallery = drawn(page, "find", ["no <such> words"])[-2:]
    assert note == "No item has all of the words: no  such  words"
    assert gallery == []
    asked = [KNOWN_USER, "nobody", None, 0.5, "any", 1.0]
    heading, *_ = drawn(page, "show", asked)
    assert heading.startswith("There is no customer 'nobody'")


def test_the_basket_grows_and_shrinks(page, content):
    shelf = content.find_items()
    gallery = drawn(page, "find", [""])[-1]
    for place in (2, 0):
        drawn(page, "add", [None, None], place, gallery[place])
    asked = [BASKET, "", None, 0.5, "any", 1.0]
    heading, bought, *_ = drawn(page, "show", asked)
    assert "click an item to take it out" in heading
    captions = [card["caption"] for card in bought["value"]]
    assert captions == [shelf[2], shelf[0]]
    # A customer's history stays.
    drawn(page, "remove", [KNOWN_USER, None], selected=0)
    drawn(page, "remove", [BASKET, None], selected=0)
    heading, bought, *_ = drawn(page, "show", asked)
    assert [card["caption"] for card in bought["value"]] == [shelf[0]]
