"""A page in the browser that shows a run: `python -m camgr_tf.demo`."""

import argparse
import logging
import socket

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
        check_address(options.host, options.port)
        recommender = _load(options.run, options.data_root)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    _logger.info("Open http://%s:%d", options.host, options.port)
    launch(PageContent(recommender), options.host, options.port)


def check_address(host, port):
    """Refuses what cannot be listened on, before anything is trained.

    Args:
        host: String.
        port: Integer.

    Raises:
        ValueError: If the port is none, or the address is not this machine's
            or is taken.
    """
    if not 0 < port < 65536:
        raise ValueError(f"`port` must be in 1..65535. Received: port={port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            pass
    except OSError as error:
        raise ValueError(
            f"Nothing can listen on {host}:{port} ({error.strerror or error})."
            " Choose another host or port."
        ) from error


def _load(run, data_root):
    if run is not None:
        return load(run, data_root)
    config = resolve_config(data_root=data_root, max_epochs=DEMO_EPOCHS)
    return TrainedRecommender(train(config))


if __name__ == "__main__":
    main()
