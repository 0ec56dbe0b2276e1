import numpy as np
import scipy.sparse

from camgr_tf.ops import Adjacency


def interaction_matrix(interactions):
    """The training interactions as a 0/1 matrix.

    Args:
        interactions: `camgr_tf.data.Interactions`.

    Returns:
        SciPy CSR matrix of shape `(num_users, num_items)`, float64.

    Reference:
        `A` of section 3.1.
    """
    users, items = interactions.train[:, 0], interactions.train[:, 1]
    shape = (interactions.num_users, interactions.num_items)
    matrix = scipy.sparse.csr_matrix(
        (np.ones(len(users)), (users, items)), shape=shape
    )
    matrix.data[:] = 1.0  # a repeated pair counts once
    return matrix


def bipartite_matrix(interactions, self_loops=False):
    """Users and items as one undirected graph, users first.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        self_loops: Boolean. Adds an edge from each node to itself. Defaults
            to `False`.

    Returns:
        SciPy CSR matrix of shape `(num_nodes, num_nodes)` with
        `num_nodes = num_users + num_items`.
    """
    matrix = interaction_matrix(interactions)
    matrix = scipy.sparse.block_array([[None, matrix], [matrix.T, None]])
    if self_loops:
        matrix = matrix + scipy.sparse.eye_array(matrix.shape[0])
    return matrix.tocsr()


def symmetric_normalize(matrix):
    """`D_row^-1/2 M D_col^-1/2`; a node without edges keeps zeros.

    Args:
        matrix: SciPy sparse matrix with non-negative entries.

    Returns:
        SciPy CSR matrix of the same shape.
    """
    left = _inverse(matrix.sum(axis=1), power=0.5)
    right = _inverse(matrix.sum(axis=0), power=0.5)
    return (
        scipy.sparse.diags_array(left)
        @ matrix
        @ scipy.sparse.diags_array(right)
    ).tocsr()


def row_normalize(matrix):
    """`D_row^-1 M`: each row sums to one, or to zero if it is empty.

    Args:
        matrix: SciPy sparse matrix with non-negative entries.

    Returns:
        SciPy CSR matrix of the same shape.
    """
    scales = _inverse(matrix.sum(axis=1), power=1.0)
    return (scipy.sparse.diags_array(scales) @ matrix).tocsr()


NORMALIZATIONS = {"symmetric": symmetric_normalize, "row": row_normalize}


def bipartite_adjacency(
    interactions, normalization="symmetric", self_loops=False
):
    """The normalized graph of users and items, ready for products.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        normalization: String. `"symmetric"` divides by the root of both
            degrees, `"row"` by the degree of the target. Defaults to
            `"symmetric"`.
        self_loops: Boolean. Adds an edge from each node to itself before
            normalizing. Defaults to `False`.

    Returns:
        `Adjacency` of shape `(num_nodes, num_nodes)`, users first.
    """
    matrix = bipartite_matrix(interactions, self_loops)
    return Adjacency(_normalization(normalization)(matrix))


def user_item_adjacency(interactions, normalization="row"):
    """The users' bought items, ready for products from items to users.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        normalization: String. `"row"` gives the mean of a user's items (eq.
            14 of CAmgr), `"symmetric"` divides by the root of both degrees
            (MGCN). Defaults to `"row"`.

    Returns:
        `Adjacency` of shape `(num_users, num_items)`.

    Reference:
        Eq. 14.
    """
    matrix = interaction_matrix(interactions)
    return Adjacency(_normalization(normalization)(matrix))


def item_user_adjacency(interactions, normalization="row"):
    """The items' buyers, ready for products from users to items.

    Args:
        interactions: `camgr_tf.data.Interactions`.
        normalization: String. `"row"` gives the mean of an item's users (eq.
            2-4), `"symmetric"` divides by the root of both degrees. Defaults
            to `"row"`.

    Returns:
        `Adjacency` of shape `(num_items, num_users)`.

    Reference:
        Eq. 2-4: `U_i / N_u`, with zeros for an item without users.
    """
    matrix = interaction_matrix(interactions).T.tocsr()
    return Adjacency(_normalization(normalization)(matrix))


def _normalization(name):
    if name not in NORMALIZATIONS:
        raise ValueError(
            f"`normalization` must be one of {sorted(NORMALIZATIONS)}. "
            f"Received: normalization={name!r}"
        )
    return NORMALIZATIONS[name]


def _inverse(degrees, power):
    degrees = np.asarray(degrees, "float64").ravel()
    result = np.zeros_like(degrees)
    np.power(degrees, -power, out=result, where=degrees > 0)
    return result
