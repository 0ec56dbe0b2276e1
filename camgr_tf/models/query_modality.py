def query_modality(modalities, name):
    """The modality that is the query: `name`, or the only one there is.

    Args:
        modalities: List of strings.
        name: String.

    Returns:
        String.

    Raises:
        ValueError: If `name` is none of several modalities.
    """
    if len(modalities) == 1:
        return modalities[0]
    if name not in modalities:
        raise ValueError(
            f"`query_modality` must be one of {modalities}. "
            f"Received: query_modality={name!r}"
        )
    return name
