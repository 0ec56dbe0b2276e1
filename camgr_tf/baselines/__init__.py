"""The systems that CAmgr is compared with, one file each."""

import camgr_tf.backend  # noqa: F401
from camgr_tf.baselines.bm3 import BM3
from camgr_tf.baselines.contentknn import ContentKNN
from camgr_tf.baselines.freedom import FREEDOM
from camgr_tf.baselines.grcn import GRCN
from camgr_tf.baselines.itemknn import ItemKNN
from camgr_tf.baselines.lightgcn import LightGCN
from camgr_tf.baselines.mf import MF
from camgr_tf.baselines.mgcn import MGCN
from camgr_tf.baselines.micro import MICRO
from camgr_tf.baselines.mmgcn import MMGCN
from camgr_tf.baselines.pgl import PGL
from camgr_tf.baselines.pgl_global import PGLGlobal
from camgr_tf.baselines.popularity import Popularity
from camgr_tf.baselines.slmrec import SLMRec
from camgr_tf.baselines.smore import SMORE
from camgr_tf.baselines.vbpr import VBPR

BASELINES = {
    "bm3": BM3,
    "contentknn": ContentKNN,
    "freedom": FREEDOM,
    "grcn": GRCN,
    "itemknn": ItemKNN,
    "lightgcn": LightGCN,
    "mf": MF,
    "mgcn": MGCN,
    "micro": MICRO,
    "mmgcn": MMGCN,
    "pgl": PGL,
    "pgl_global": PGLGlobal,
    "popularity": Popularity,
    "slmrec": SLMRec,
    "smore": SMORE,
    "vbpr": VBPR,
}
