import numpy as np


def growth_exponent(sizes, values):
    """The `b` of the least-squares fit `log value = a + b log size`.

    Args:
        sizes: List of positive numbers.
        values: List of positive numbers, one for each size.

    Returns:
        Float; NaN for fewer than two different sizes.

    Raises:
        ValueError: If a number is not positive.
    """
    sizes, values = np.asarray(sizes, float), np.asarray(values, float)
    if (sizes <= 0).any() or (values <= 0).any():
        raise ValueError(
            "Sizes and values must be positive. "
            f"Received: sizes={sizes.tolist()}, values={values.tolist()}"
        )
    if len(np.unique(sizes)) < 2:
        return float("nan")
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
