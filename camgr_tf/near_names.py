import difflib


def near_names(name, names):
    """What someone may have meant, to stand behind a name that is not there.

    Capitals do not count. A name that contains what was written is near, and
    one that begins much like it.

    Args:
        name: String, what was given.
        names: Iterable of strings, what there is.

    Returns:
        String such as `" (did you mean 'baby'?)"`, or `""`.

    Example:

    >>> near_names("trian", ["train", "data"])
    " (did you mean 'train'?)"
    """
    wanted = str(name).lower()
    if not wanted:
        return ""
    whole, heads = {}, {}
    for known in names:
        whole.setdefault(known.lower(), known)
        heads.setdefault(known.lower()[: len(wanted)], known)
    found = (
        [whole[n] for n in difflib.get_close_matches(wanted, whole)]
        or [known for n, known in whole.items() if wanted in n]
        or [heads[n] for n in difflib.get_close_matches(wanted, heads)]
    )
    listed = " or ".join(map(repr, found[:3]))
    return f" (did you mean {listed}?)" if found else ""
