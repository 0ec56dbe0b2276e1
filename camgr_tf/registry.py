"""All models by the name that a run's `model` parameter gives."""

import importlib
import os
import sys

from camgr_tf.baselines import BASELINES
from camgr_tf.models import CAmgr
from camgr_tf.models import CAmgrAttention
from camgr_tf.models import CAmgrPaper
from camgr_tf.models import Recommender
from camgr_tf.near_names import near_names

MODELS = {
    "camgr": CAmgr,
    "camgr_attention": CAmgrAttention,
    "camgr_paper": CAmgrPaper,
    **BASELINES,
}


def find_model(model):
    """The class of a model.

    Args:
        model: String, a key of `MODELS` or `"package.module:Class"`, which is
            imported, also from the working directory; or the class itself.

    Returns:
        Subclass of `camgr_tf.Recommender`.

    Raises:
        ValueError: If there is no such model, or it is no `Recommender`.
    """
    if isinstance(model, str) and ":" in model:
        found = _import_class(model)
    elif isinstance(model, str):
        found = MODELS.get(model)
    else:
        found = model
    if found is None:
        raise ValueError(
            f"`model` must be one of {sorted(MODELS)}, or an own one as "
            f"'package.module:Class'. Received: model={model!r}"
            f"{near_names(model, MODELS)}"
        )
    if not isinstance(found, type) or not issubclass(found, Recommender):
        raise ValueError(
            "`model` must be a subclass of camgr_tf.Recommender. "
            f"Received: model={model!r}"
        )
    return found


def model_name(model):
    """The string by which `find_model` finds a class again.

    Args:
        model: String or class, as `find_model` takes it.

    Returns:
        String: the key of `MODELS`, else `"package.module:Class"`.

    Raises:
        ValueError: If there is no such model, or its class stands within a
            function, where no import finds it.
    """
    found = find_model(model)
    for name, registered in MODELS.items():
        if found is registered:
            return name
    if "<locals>" in found.__qualname__:
        raise ValueError(
            "`model` must stand at the top of a module or notebook, so that "
            f"a run can be loaded. Received: {found.__qualname__}"
        )
    return f"{found.__module__}:{found.__qualname__}"


def _import_class(path):
    module, _, name = path.partition(":")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise ValueError(
            f"There is no module {error.name!r}, on Python's path or in "
            f"{os.getcwd()}. Received: model={path!r}"
        ) from error
    except (AttributeError, ValueError) as error:
        raise ValueError(
            f"Module {module!r} has no {name!r}. Received: model={path!r}"
        ) from error
    return found
