"""A page in the browser that shows a run: `python -m camgr_tf.demo`."""

import argparse
import logging

from camgr_tf.config import resolve_config
from camgr_tf.serving.page_content import PageContent
from camgr_tf.serving.recommender import TrainedRecommender
from camgr_tf.serving.recommender import load
from camgr_tf.training.runs import train

_logger = logging.getLogger("camgr_tf.demo")

# Without a run one on the demo data is trained, once, in a minute or two.
DEMO_EPOCHS = 40


def main(arguments=None):
    """The command line: a run's folder, `--data-root`, `--host`, `--port`."""
    parser = argparse.ArgumentParser(
        prog="python -m camgr_tf.demo",
        description="Shows the recommendations of a run in the browser.",
    )
    parser.add_argument(
        "run",
        nargs="?",
        help="folder of a finished run; without it CAmgr is trained on the "
        "demo data, once",
    )
    parser.add_argument("--data-root", default=None)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; the default is for this machine only, "
        "0.0.0.0 lets everybody in",
    )
    parser.add_argument("--port", type=int, default=7860)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    _logger.setLevel(logging.INFO)
    try:
        from camgr_tf.serving.page import launch
    except ImportError as error:
        parser.error(
            f"the page needs gradio: pip install 'camgr_tf[demo]' ({error})"
        )
    try:
        recommender = _load(options.run, options.data_root)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    _logger.info("Open http://%s:%d", options.host, options.port)
    launch(PageContent(recommender), options.host, options.port)


def _load(run, data_root):
    if run is not None:
        return load(run, data_root)
    config = resolve_config(data_root=data_root, max_epochs=DEMO_EPOCHS)
    return TrainedRecommender(train(config))


if __name__ == "__main__":
    main()
