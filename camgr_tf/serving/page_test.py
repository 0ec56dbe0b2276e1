"""The demo page in a real browser: `pytest -m long`."""

import json
import shutil
import socket
import time

import pytest

from camgr_tf.config import resolve_config
from camgr_tf.ingest.demo import make_demo
from camgr_tf.serving.page_content import PageContent
from camgr_tf.serving.recommender import TrainedRecommender
from camgr_tf.training.runs import train

pytestmark = pytest.mark.long

pytest.importorskip("gradio", reason="needs the extra `demo`")
webdriver = pytest.importorskip(
    "selenium.webdriver", reason="needs the extra `browser`"
)
Keys = webdriver.Keys
if not (shutil.which("chromium") and shutil.which("chromedriver")):
    pytest.skip("needs chromium and chromedriver", allow_module_level=True)

SECONDS = 90


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    make_demo(root / "demo")
    config = resolve_config(data_root=str(root), model="camgr", max_epochs=2)
    outputs = tmp_path_factory.mktemp("outputs")
    return PageContent(TrainedRecommender(train(config, outputs)))


@pytest.fixture(scope="module")
def address(content):
    from camgr_tf.serving.page import launch

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page, address = launch([content], port=port, block=False)
    yield address
    page.close()


@pytest.fixture
def browser(address):
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1400,1700",
    ):
        options.add_argument(argument)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options, service)
    driver.get(address)
    yield driver
    driver.quit()


def wait(check):
    """The first true value of `check()`; the page draws when it likes."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError(f"nothing after {SECONDS} seconds: {check}")


def captions(browser, gallery):
    # One script call: elements found one by one are redrawn meanwhile.
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".map(e => e.innerText.trim())",
        f"#{gallery} .caption-label",
    )


def click(browser, gallery, place):
    browser.execute_script(
        "document.querySelectorAll(arguments[0])[arguments[1]].click()",
        f"#{gallery} .thumbnail-item",
        place,
    )


def text(browser, element):
    return browser.execute_script(
        "return document.getElementById(arguments[0])?.innerText || ''",
        element,
    )


def expected_captions(content, table):
    scores = [f"{score:.3g}" for score in table["score"]]
    items = table["item"].tolist()
    return captions_of(content.gallery(items, scores))


def captions_of(gallery):
    return [caption for _, caption in gallery]


def test_a_visit(browser, address, content, tmp_path):
    from camgr_tf.serving.model_panel import plain

    # A known user: the lists of the model, with pictures that load.
    table = content.recommend("user-000", [])
    expected = expected_captions(content, table)
    wait(lambda: captions(browser, "recommended") == expected)
    bought = content.gallery(content.bought("user-000"))
    assert captions(browser, "bought") == captions_of(bought)
    wait(
        lambda: browser.execute_script(
            "const all = [...document.querySelectorAll('#recommended img')];"
            "return all.length == 12"
            " && all.every(i => i.complete && i.naturalWidth > 0)"
        )
    )

    # The reason for the first, in words; the numbers behind a fold.
    click(browser, "recommended", 0)
    wait(lambda: table["item"][0] in text(browser, "reason"))
    sentence = content.recommender.explain("user-000", table["item"][0])
    assert plain(sentence.sentence) in text(browser, "reason")
    assert "distinct" not in text(browser, "parts")
    browser.find_element("css selector", "#numbers button").click()
    wait(lambda: "distinct" in text(browser, "parts"))
    wait(lambda: "text" in text(browser, "changes"))
    wait(lambda: len(captions(browser, "nearest")) == 6)

    # Two items into the basket.
    shelf = content.find_items()
    for number, item in enumerate(shelf[:2], start=1):
        click(browser, "shelf", number - 1)
        basket = content.recommend(None, shelf[:number])
        expected = expected_captions(content, basket)
        wait(lambda: captions(browser, "recommended") == expected)
    assert len(captions(browser, "bought")) == 2

    # The first out again, and in once more, behind the other.
    click(browser, "bought", 0)
    basket = content.recommend(None, shelf[1:2])
    wait(
        lambda: (
            captions(browser, "recommended")
            == expected_captions(content, basket)
        )
    )
    click(browser, "shelf", 0)
    wait(lambda: len(captions(browser, "bought")) == 2)
    shelf[:2] = shelf[1::-1]

    # More weight for the image: other scores.
    slider = browser.find_element("css selector", "#weight input[type=range]")
    slider.send_keys(*[Keys.ARROW_RIGHT] * 8)  # 0.5 + 8 steps of 0.05
    weighted = content.recommend(None, shelf[:2], 0.9)
    expected = expected_captions(content, weighted)
    wait(lambda: captions(browser, "recommended") == expected)
    click(browser, "recommended", 3)
    wait(lambda: weighted["item"][3] in text(browser, "reason"))
    assert browser.save_screenshot(str(tmp_path / "page.png"))

    # An empty basket: popular items, and the page says so.
    browser.find_element("id", "clear").click()
    wait(lambda: "most popular" in text(browser, "heading"))

    # Words that no title has, and a customer whom nobody knows.
    browser.find_element(
        "css selector", "#words textarea,#words input"
    ).send_keys("zzz")
    wait(lambda: "No item has all of the words" in text(browser, "found"))
    button = "//*[@id='examples']//button[contains(., 'short history')]"
    browser.find_element("xpath", button).click()
    _, short, _ = content.examples()["A short history"]
    wait(lambda: f"Bought by {short}" in text(browser, "heading"))
    box = browser.find_element("css selector", "#user input")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys("nobody", Keys.ENTER)
    wait(lambda: "There is no customer" in text(browser, "heading"))

    severe = [r for r in browser.get_log("browser") if r["level"] == "SEVERE"]
    assert not severe
    messages = [
        json.loads(r["message"])["message"]
        for r in browser.get_log("performance")
    ]
    urls = {
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    }
    own = (address, "data:", "blob:")
    assert address in urls
    assert not [url for url in urls if not url.startswith(own)]


@pytest.mark.parametrize("width, order", [(390, "above"), (1280, "beside")])
def test_the_order_of_the_parts(browser, width, order):
    parts = ("who", "bought", "recommended", "reason", "find")
    browser.set_window_size(max(width, 500), 900)
    if width < 500:  # narrower than a window may be
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            dict(width=width, height=844, deviceScaleFactor=1, mobile=True),
        )
    wait(lambda: len(captions(browser, "recommended")) == 12)
    click(browser, "recommended", 0)
    wait(lambda: text(browser, "reason"))
    tops, lefts = (
        [
            browser.execute_script(
                "return document.getElementById(arguments[0])"
                ".getBoundingClientRect()[arguments[1]]",
                part,
                side,
            )
            for part in parts
        ]
        for side in ("top", "left")
    )
    if order == "above":
        assert tops == sorted(tops)
    else:
        assert lefts[0] == lefts[4] < lefts[1] and tops[1:4] == sorted(
            tops[1:4]
        )
    overflow = "return document.documentElement.scrollWidth"
    assert browser.execute_script(overflow) <= width


def test_other_machines_are_refused(address):
    port = int(address.rstrip("/").rsplit(":", 1)[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: this asks which address faces the outside.
        probe.connect(("192.0.2.1", 9))
        outside = probe.getsockname()[0]
    if outside.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError):
        socket.create_connection((outside, port), timeout=2)
