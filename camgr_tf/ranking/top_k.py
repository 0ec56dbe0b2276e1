"""The best columns of each row, in NumPy."""

import numpy as np

# Sort keys of 8 bytes that exist at one time: 2 million are 16 MB.
KEYS_AT_A_TIME = 2_000_000
_LOW_HALF = np.uint64(2**32 - 1)


def top_k(scores, k):
    """Columns of the largest `k` scores of each row, best first.

    Of equal scores the smaller column comes first, also where only some of
    them are chosen.

    Args:
        scores: Float array of shape `(rows, columns)`, compared in float32.
        k: Integer, at most the number of columns.

    Returns:
        int32 array of shape `(rows, k)`.
    """
    num_columns = scores.shape[1]
    if 2 * np.count_nonzero(scores) < scores.size:
        return _top_k_by_keys(scores, k)
    if k < num_columns:
        chosen = np.argpartition(scores, num_columns - k, axis=1)
        chosen = np.sort(chosen[:, num_columns - k :], axis=1)
        _choose_smallest_of_tied(scores, chosen)
    else:
        chosen = np.tile(np.arange(num_columns), (len(scores), 1))
    values = np.take_along_axis(scores, chosen, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1).astype("int32")


def _choose_smallest_of_tied(scores, chosen):
    # A partition takes any of the columns that equal the last chosen score.
    last = np.take_along_axis(scores, chosen, axis=1).min(axis=1)
    tied = (scores >= last[:, None]).sum(axis=1) > chosen.shape[1]
    for row in np.flatnonzero(tied):
        above = chosen[row][scores[row, chosen[row]] > last[row]]
        equal = np.flatnonzero(scores[row] == last[row])
        room = chosen.shape[1] - len(above)
        chosen[row] = np.sort(np.concatenate([above, equal[:room]]))


def _top_k_by_keys(scores, k):
    """`top_k` by keys without ties, on scores that are mostly zero.

    A partition is ten times slower where most of what it parts is equal.
    """
    num_columns = scores.shape[1]
    places = np.arange(num_columns, dtype="uint64")
    size = max(1, KEYS_AT_A_TIME // num_columns)
    best = np.empty((len(scores), k), "int32")
    for start in range(0, len(scores), size):
        rows = slice(start, start + size)
        # The smaller column has the larger key.
        keys = _ordered(scores[rows]) << 32 | (_LOW_HALF - places)
        keys = np.partition(keys, num_columns - k, axis=1)
        keys = np.sort(keys[:, num_columns - k :], axis=1)[:, ::-1]
        best[rows] = _LOW_HALF - (keys & _LOW_HALF)
    return best


def _ordered(scores):
    """Numbers below 2^32 in the order of float32 scores, as uint64."""
    # Adding zero makes minus zero, which has other bits, equal to zero.
    bits = (np.asarray(scores, "float32") + np.float32(0.0)).view("uint32")
    sign = np.uint32(1 << 31)
    return np.where(bits & sign, ~bits, bits | sign).astype("uint64")
