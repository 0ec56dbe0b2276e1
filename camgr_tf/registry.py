"""All models by the name that a run's `model` parameter gives."""

from camgr_tf.baselines import BASELINES
from camgr_tf.models import CAmgr

MODELS = {"camgr": CAmgr, **BASELINES}
