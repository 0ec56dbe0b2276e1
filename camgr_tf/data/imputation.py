"""Fills the feature rows of items that lack a modality."""

import numpy as np

IMPUTATION_RULES = ("mean", "neighbors")

_BLOCK = 1024


def impute_features(
    features: dict[str, np.ndarray],
    masks: dict[str, np.ndarray],
    rule: str = "mean",
    num_neighbors: int = 10,
) -> dict[str, int]:
    """Fills the absent rows of every modality, in place.

    `"mean"` gives each the mean of all present rows. `"neighbors"` gives an
    item the mean row of the `num_neighbors` items that are most similar to it
    (by cosine; ties go to the lower id) in another modality, among those that
    have both; that other modality is the first one that the item has. An item
    that has no other modality gets the mean.

    Args:
        features: Dictionary of modality to float32 array of shape
            `(num_items, width)`. Absent rows are overwritten.
        masks: Dictionary of modality to bool array of shape `(num_items,)`,
            `False` where the row is absent. Not changed.
        rule: String, `"mean"` or `"neighbors"`. Defaults to `"mean"`.
        num_neighbors: Positive integer. Defaults to `10`.

    Returns:
        Dictionary of modality to the number of rows filled.

    Raises:
        ValueError: If the rule is unknown, `num_neighbors` is not positive,
            or no item has a modality.
    """
    if rule not in IMPUTATION_RULES:
        raise ValueError(
            f"`rule` must be one of {', '.join(IMPUTATION_RULES)}. "
            f"Received: rule={rule!r}"
        )
    if not isinstance(num_neighbors, int) or num_neighbors < 1:
        raise ValueError(
            "`num_neighbors` must be a positive integer. "
            f"Received: num_neighbors={num_neighbors!r}"
        )
    for modality, mask in masks.items():
        if not mask.any():
            raise ValueError(
                f"No item has the modality {modality!r}: there is nothing to "
                "impute from. Leave this modality out"
            )
    for modality, mask in masks.items():
        array = features[modality]
        # In float64, and without a copy of the present rows.
        array[~mask] = np.mean(
            array, axis=0, dtype=np.float64, where=mask[:, None]
        )
        if rule == "neighbors":
            _fill_from_neighbors(features, masks, modality, num_neighbors)
    return {modality: int((~mask).sum()) for modality, mask in masks.items()}


def _fill_from_neighbors(features, masks, modality, num_neighbors):
    remaining = ~masks[modality]
    for other in masks:
        if other == modality:
            continue
        queries = np.flatnonzero(remaining & masks[other])
        candidates = masks[modality] & masks[other]
        num_chosen = min(num_neighbors, candidates.sum())
        if not num_chosen:
            continue
        rows = features[other]
        # Without a copy of the rows, which may be 4096 wide. The query's own
        # norm does not change the order.
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        scales = np.divide(1.0, norms, where=norms > 0.0, out=norms)
        for start in range(0, len(queries), _BLOCK):
            block = queries[start : start + _BLOCK]
            similarity = (rows[block] @ rows.T) * scales
            similarity[:, ~candidates] = -np.inf
            nearest = np.argsort(-similarity, axis=1, kind="stable")
            for item, neighbors in zip(block, nearest[:, :num_chosen]):
                features[modality][item] = features[modality][neighbors].mean(
                    axis=0
                )
        remaining[queries] = False
