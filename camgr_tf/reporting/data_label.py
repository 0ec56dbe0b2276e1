"""Says where results cannot be held against the paper's."""

# Sizes of the data that the paper's Table 2 was most likely measured on:
# MMRec's folders, with 4096-wide image and 384-wide text features. The rows of
# the split are known for Baby.
ORIGINAL_WIDTHS = {"image": 4096, "text": 384}
ORIGINAL_COUNTS = {
    "baby": {
        "users": 19445,
        "items": 7050,
        "interactions": 160792,
        "train": 118551,
        "validation": 20559,
        "test": 21682,
    },
    "sports": {"users": 35598, "items": 18357, "interactions": 296337},
    "clothing": {"users": 39387, "items": 23033, "interactions": 278677},
}
PARTS = ("train", "validation", "test")


def label_data(dataset, facts):
    """Labels of a dataset that every table shows beside its name.

    Args:
        dataset: String. Name of the dataset.
        facts: Dictionary, what `describe_dataset` returns.

    Returns:
        Dictionary from a short label, such as `"stand-in features"`, to a
        sentence that explains it; empty if nothing is known against a
        comparison with the paper.
    """
    labels = {}
    if "made up" in str(facts["provenance"].get("sources", "")).lower():
        labels["made-up data"] = f"{dataset} is generated, not observed."
    if dataset in ORIGINAL_COUNTS:
        labels.update(_label_features(dataset, facts["feature_widths"]))
        labels.update(_label_rows(dataset, facts["statistics"]))
    if facts["split"] != "file":
        labels[f"split: {facts['split']}"] = (
            f"{dataset} is split anew by the rule {facts['split']!r}, seed "
            f"{facts['split_seed']}."
        )
    return labels


def _label_features(dataset, widths):
    other = [
        f"{modality} features are {width} wide, the original "
        f"{ORIGINAL_WIDTHS[modality]}"
        for modality, width in widths.items()
        if width != ORIGINAL_WIDTHS.get(modality, width)
    ]
    if not other:
        return {}
    return {
        "stand-in features": f"{dataset} is measured on stand-in features, "
        f"not on the original ones: {'; '.join(other)}."
    }


def _label_rows(dataset, counts):
    original = ORIGINAL_COUNTS[dataset]
    different = {
        name: (counts[name], number)
        for name, number in original.items()
        if counts[name] != number
    }
    text = ", ".join(
        f"{name} {ours:,} instead of {number:,}"
        for name, (ours, number) in different.items()
    )
    if not different:
        return {}
    if set(different) <= set(PARTS):
        return {
            "other split": f"{dataset} is split otherwise than the data "
            f"behind the paper's Table 2: {text}. Compare models with each "
            "other here, and with the paper only in their order of size."
        }
    return {"other data": f"{dataset} is not the paper's data: {text}."}
