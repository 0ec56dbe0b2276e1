import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from camgr_tf.serving.saved_model import export_saved_model

# Runs in a process that cannot import camgr_tf.
CLIENT = """
import json, sys
sys.modules["camgr_tf"] = None  # installed or not, an import raises
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
recommend = model.signatures["serving_default"]
result = recommend(
    user_ids=tf.constant(["user03", "user04"]), k=tf.constant(5)
)
item_ids = result["item_ids"].numpy().astype(str)
scores = result["scores"].numpy()
print(json.dumps({"item_ids": item_ids.tolist(), "scores": scores.tolist()}))
"""


@pytest.fixture(scope="module")
def exported(small_camgr, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "1"
    return export_saved_model(small_camgr, folder)


def test_a_process_without_the_package_gets_the_same(
    small_camgr, exported, tmp_path
):
    # -I: neither PYTHONPATH nor the working folder is on the path.
    done = subprocess.run(
        [sys.executable, "-I", "-c", CLIENT, str(exported)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    table = small_camgr.recommend(["user03", "user04"], k=5)
    assert sum(result["item_ids"], []) == table["item"].tolist()
    np.testing.assert_allclose(
        sum(result["scores"], []), table["score"], rtol=1e-4
    )


def test_short_lists_popular_items_and_errors(small_camgr, exported):
    recommend = tf.saved_model.load(exported).signatures["serving_default"]

    def call(user, k):
        result = recommend(user_ids=tf.constant([user]), k=tf.constant(k))
        return result["item_ids"].numpy()[0], result["scores"].numpy()[0]

    item_ids, scores = call("user03", 24)
    seen = len(small_camgr.seen.of(3))
    assert (item_ids[-seen:] == b"").all()
    assert np.isinf(scores[-seen:]).all() and np.isfinite(scores[0])
    with pytest.warns(UserWarning, match="most popular"):
        expected = small_camgr.recommend("user29", k=6)
    assert call("user29", 6)[1].tolist() == expected["score"].tolist()
    with pytest.raises(tf.errors.InvalidArgumentError, match="nobody"):
        call("nobody", 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"k =\] \[25"):
        call("user03", 25)


def test_only_a_saved_model_is_replaced(small_camgr, exported, tmp_path):
    assert export_saved_model(small_camgr, exported) == exported
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is no SavedModel"):
        export_saved_model(small_camgr, tmp_path)


def test_a_link_is_replaced_and_what_it_led_to_stays(
    small_camgr, exported, tmp_path
):
    (tmp_path / "link").symlink_to(exported)
    export_saved_model(small_camgr, tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link" / "saved_model.pb").is_file()
    assert (exported / "saved_model.pb").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
