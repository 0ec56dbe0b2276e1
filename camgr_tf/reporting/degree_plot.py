from matplotlib.ticker import LogLocator
from matplotlib.ticker import NullFormatter
from matplotlib.ticker import StrMethodFormatter

from camgr_tf.data.statistics import degree_distribution


def plot_degrees(axes, degrees, label=None):
    """Draws which share of the nodes has at least each degree, log-log.

    A power law is a straight line here, and no bins have to be chosen. Nodes
    of degree zero have no place on a logarithmic axis: they count in the
    share, and the line starts at degree one.

    Args:
        axes: Matplotlib `Axes`.
        degrees: Integer array of shape `(nodes,)`.
        label: String for the legend. Defaults to `None`.

    Returns:
        The Matplotlib `Line2D`.
    """
    distribution = degree_distribution(degrees)
    distribution = distribution[distribution["degree"] > 0]
    (line,) = axes.loglog(
        distribution["degree"],
        distribution["share_at_least"],
        marker=".",
        linewidth=1,
        label=label,
    )
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="degree", ylabel="share of nodes with it or more")
    axes.grid(True, which="major", alpha=0.3)
    return line
