import keras
from keras import ops

from camgr_tf.graphs import InteractionGraphs
from camgr_tf.graphs import cache_folder
from camgr_tf.graphs import semantic_matrix
from camgr_tf.layers import CrossAttentionFusion
from camgr_tf.layers import GraphAttention
from camgr_tf.layers import ModalityPurification
from camgr_tf.layers import SemanticConvolution
from camgr_tf.layers import split_modalities
from camgr_tf.layers.modality_mean import ModalityMean
from camgr_tf.layers.weight_name import weight_name
from camgr_tf.losses import half_squared
from camgr_tf.losses import info_nce
from camgr_tf.losses import own_pair_contrast
from camgr_tf.losses import squared
from camgr_tf.models.camgr_fold_in import CAmgrFoldIn
from camgr_tf.ops import Adjacency
from camgr_tf.ops import layer_mean
from camgr_tf.ops import propagate
from camgr_tf.ops import sparse_matmul

ENCODERS = ("attention", "scaled_attention", "propagation")
PURIFICATIONS = ("item_user", "item", "none")
LEFT_OUT = ("none", "aggregation", "all")
FUSIONS = ("cross_attention", "mean", "weighted_mean")
CONTRASTS = ("batch", "all", "own_pairs")
L2_ON = ("states", "embeddings", "weights")


class CAmgr(CAmgrFoldIn):
    """Cross-attention fusion of purified modalities on two kinds of graph.

    ```
    H''_m = (H_i + mean of users) * sigmoid(gate(features_m))   (1-6)
    H_n   = mean over layers of the encoder on the user-item graph  (7-9)
    H_m~  = semantic graph of m, then the mean of each user's items (10-14),
            then the mean over layers on the user-item graph
    H_f   = cross-attention fusion of the H_m~, gated by H_n    (15-26)
    score = (H_n + H_f)_u . (H_n + H_f)_i                       (27, 28)
    loss  = BPR + a_1 InfoNCE(H_f, H_n) + a_2 L2                (29-31)
    ```

    The README's table "How we read the paper" says which readings of the
    equations the presets `paper` and `tuned` choose, and what the others
    measured.

    Args:
        dataset: `camgr_tf.data.Dataset`. Interactions, and a feature array
            `(num_items, width)` for each modality; one modality, two or more.
        num_layers: Integer. Layers of the graph encoder, the `L` of eq. 9;
            `0` leaves the ID embeddings as they are. Defaults to `4`.
        encoder: String, the layers of eq. 7 and 8: `"attention"` (the
            paper), `"scaled_attention"` (without `W` and activation, with
            weights times `sqrt(d_n / d_i)`) or `"propagation"` (LightGCN's
            constant weights). Defaults to `"propagation"`.
        self_loops: Boolean. Whether a node is among its own neighbors on the
            user-item graph, as in the GAT paper (eq. 7). Defaults to `False`.
        purification: String, what the gate of eq. 5 and 6 multiplies:
            `"item_user"` is the item's embedding plus the mean of its users'
            (eq. 2-4), `"item"` the item's embedding alone; `"none"` leaves
            the gate out (Table 3, "w/o IUD"). Defaults to `"item_user"`.
        num_neighbors: Integer. The `K` of eq. 11. Defaults to `10`.
        include_self: Boolean. Whether an item counts among its own
            `num_neighbors` (eq. 11). Defaults to `True`.
        semantic_normalization: String, `"row"` or `"symmetric"`, of the item
            graph (eq. 12). Defaults to `"row"`.
        user_aggregation: String. `"row"` is the mean of eq. 14,
            `"symmetric"` divides by the root of both degrees. Defaults to
            `"row"`.
        num_modal_layers: Integer. Layers by which the modal states behind
            eq. 14 go on along the user-item graph, with the mean over layers
            of eq. 9; the paper has none. Defaults to `1`.
        left_out: String, from where a training step leaves out the pairs
            that it is to predict: `"none"`, `"aggregation"` (the users' mean
            of eq. 14) or `"all"` (also the means of eq. 2-4 and the
            encoder's messages of eq. 7). A mean is then over the others.
            Defaults to `"all"`.
        edge_dropout: Float in `[0, 1)`. Share of the encoder's messages
            that are silent in a training step, drawn anew in each layer.
            Defaults to `0.3`.
        fusion: String, `"cross_attention"` (eq. 15-26), or in its place
            (Table 3, "w/o CAFF") the `"mean"` of the modalities or a
            `"weighted_mean"` with learned weights. Defaults to
            `"cross_attention"`.
        query_modality: String. What asks, `H_t` of eq. 16. `"all"`: the mean
            of the modalities with learned weights `w`, one number each,
            which also weigh the answers; all modalities answer. Or the name
            of a modality; all others answer. A single modality asks itself,
            whatever is named. Defaults to `"all"`.
        attention: String, the reading of eq. 18 and 21, one of
            `camgr_tf.layers.ATTENTIONS`. Defaults to `"preference"`.
        projections: String. `"dense"`, the matrices of eq. 15-17, 19 and 22,
            or `"identity"` for all of them. Defaults to `"identity"`.
        normalize_logits: Boolean. Cosine logits with a learned factor in
            eq. 18; `attention` `"channel"` and `"modalities"` only,
            `"preference"` has them anyway. Defaults to `False`.
        share_projections: Boolean. One set of eq. 15-17 for both branches;
            `False` needs dense `projections`. Defaults to `True`.
        residual_mlp: Boolean. Whether eq. 20 and 23 are applied. Defaults to
            `True`.
        identity_start: Boolean. Whether the fusion starts from identities.
            Defaults to `True`.
        gate_start: Float. Start of the bias of eq. 24, and negated of eq.
            25; at `0` the attention cancels. Defaults to `2.0`.
        num_heads: Integer. Tokens of `attention="heads"`; divides
            `embedding_dim`. Defaults to `8`.
        fusion_dropout: Float in `[0, 1)`. On what attention returns.
            Defaults to `0.0`.
        fusion_learning_rate_scale: Float. Factor on the learning rate of the
            fusion's weights, of which the modalities' `w` are none. Defaults
            to `0.02`.
        contrastive_weight: Float, the `a_1` of eq. 31. Defaults to `0.01`.
        temperature: Float, that of eq. 30. Defaults to `0.2`.
        normalize_contrast: Boolean. Cosines in eq. 30, else plain products.
            Defaults to `True`.
        contrast_over: String, the pairs of eq. 30's denominator: a node
            with those of the `"batch"`, or with `"all"` users or items, which
            takes memory for `batch_size` times as many; or the `"own_pairs"`
            of a batch, each node with itself, as the index is printed.
            Defaults to `"batch"`.
        l2_weight: Float, the `a_2` of eq. 31. Defaults to `1e-4`.
        l2_on: String, the `w` of eq. 31: `"weights"`, the squares of all
            trainable weights as printed; half the squares of a batch's final
            `"states"` or of its ID `"embeddings"`, by `batch_size`. Defaults
            to `"states"`.
        batch_size: Integer. By which a batch's L2 term is divided, also for
            the short last batch. Defaults to `2048`.
        embedding_dim: Integer, the `d` of the paper. Defaults to `64`.
        seed: Integer. Of all initial values and of dropout. Defaults to `0`.

    Raises:
        ValueError: For an unknown `encoder`, `purification`, `left_out`,
            `fusion`, `contrast_over`, `l2_on` or reading, a
            `query_modality` that the data lack, a negative number of layers,
            an `edge_dropout` outside `[0, 1)`, or a `temperature` that is
            not positive.

    Reference:
        Eq. 1-31 and Table 3 of "CAmgr", Mathematics 2024, 12, 2353.
    """

    training_defaults = {"learning_rate": 0.002}
    presets = {
        "tuned": {},
        "paper": {
            "learning_rate": 0.001,
            "num_layers": 2,
            "encoder": "attention",
            "num_modal_layers": 0,
            "left_out": "none",
            "edge_dropout": 0.0,
            "query_modality": "text",
            "attention": "channel",
            "projections": "dense",
            "identity_start": False,
            "gate_start": 0.0,
            "fusion_learning_rate_scale": 1.0,
            "normalize_contrast": False,
            "contrast_over": "all",
            "l2_on": "weights",
        },
    }
    added_parameters = {
        "contrast_over": "batch",
        "l2_on": "states",
        "self_loops": False,
    }
    search_space = {
        "num_layers": [1, 2, 3, 4],
        "num_modal_layers": [0, 1, 2],
        "edge_dropout": [0.0, 0.1, 0.3, 0.5],
        "num_neighbors": [5, 10, 15, 20, 25],
        "contrastive_weight": [0.001, 0.005, 0.01, 0.05, 0.1],
        "l2_weight": [1e-5, 1e-4, 1e-3, 1e-2],
        "fusion_learning_rate_scale": [0.01, 0.02, 0.05, 0.1],
    }

    def __init__(
        self,
        dataset,
        *,
        num_layers=4,
        encoder="propagation",
        self_loops=False,
        purification="item_user",
        num_neighbors=10,
        include_self=True,
        semantic_normalization="row",
        user_aggregation="row",
        num_modal_layers=1,
        left_out="all",
        edge_dropout=0.3,
        fusion="cross_attention",
        query_modality="all",
        attention="preference",
        projections="identity",
        normalize_logits=False,
        share_projections=True,
        residual_mlp=True,
        identity_start=True,
        gate_start=2.0,
        num_heads=8,
        fusion_dropout=0.0,
        fusion_learning_rate_scale=0.02,
        contrastive_weight=0.01,
        temperature=0.2,
        normalize_contrast=True,
        contrast_over="batch",
        l2_weight=1e-4,
        l2_on="states",
        batch_size=2048,
        embedding_dim=64,
        seed=0,
    ):
        super().__init__(dataset, embedding_dim=embedding_dim, seed=seed)
        for name, value, allowed in (
            ("encoder", encoder, ENCODERS),
            ("purification", purification, PURIFICATIONS),
            ("left_out", left_out, LEFT_OUT),
            ("fusion", fusion, FUSIONS),
            ("contrast_over", contrast_over, CONTRASTS),
            ("l2_on", l2_on, L2_ON),
        ):
            if value not in allowed:
                raise ValueError(
                    f"`{name}` must be one of {allowed}. "
                    f"Received: {name}={value!r}"
                )
        for name, value in (
            ("num_layers", num_layers),
            ("num_modal_layers", num_modal_layers),
        ):
            if value < 0:
                raise ValueError(
                    f"`{name}` must not be negative. Received: {name}={value}"
                )
        if not 0 <= edge_dropout < 1:
            raise ValueError(
                "`edge_dropout` must be in [0, 1). "
                f"Received: edge_dropout={edge_dropout}"
            )
        if not temperature > 0:
            raise ValueError(
                "`temperature` must be positive. "
                f"Received: temperature={temperature}"
            )
        modalities = list(dataset.features)
        if len(modalities) == 1:
            query_modality = modalities[0]
        elif query_modality not in ("all", *modalities):
            raise ValueError(
                f"`query_modality` must be 'all' or one of {modalities}, the "
                f"modalities of {dataset.name}. "
                f"Received: query_modality={query_modality!r}"
            )
        self.modalities = modalities
        self.query_modality = query_modality
        self.num_layers = num_layers
        self.encoder = encoder
        self.self_loops = self_loops
        self.purification = purification
        self.num_neighbors = num_neighbors
        self.include_self = include_self
        self.semantic_normalization = semantic_normalization
        self.user_aggregation = user_aggregation
        self.num_modal_layers = num_modal_layers
        self.left_out = left_out
        self.edge_dropout = edge_dropout
        self.fusion_name = fusion
        self.fusion_learning_rate_scale = fusion_learning_rate_scale
        self.contrastive_weight = contrastive_weight
        self.temperature = temperature
        self.normalize_contrast = normalize_contrast
        self.contrast_over = contrast_over
        self.l2_weight = l2_weight
        self.l2_on = l2_on
        self.batch_size = batch_size

        # === Graphs ===
        interactions = dataset.interactions
        self.graphs = InteractionGraphs.build(
            interactions, user_aggregation, self_loops
        )
        self.item_graphs = {
            m: Adjacency(
                semantic_matrix(
                    dataset.features[m],
                    num_neighbors,
                    include_self,
                    semantic_normalization,
                    cache_folder(),
                )
            )
            for m in modalities
        }
        self.features = {
            m: ops.convert_to_tensor(dataset.features[m]) for m in modalities
        }

        # === Layers ===
        dim = embedding_dim
        self.user_table = self.table("user_embeddings", (self.num_users, dim))
        self.item_table = self.table("item_embeddings", (self.num_items, dim))
        self.purifiers = {
            m: ModalityPurification(
                dim,
                gated=purification != "none",
                seed=self.next_seed(),
                name=weight_name(f"purification_{m}"),
            )
            for m in modalities
        }
        self.convolution = SemanticConvolution(name="semantic_convolution")
        self.attention_layers = []
        if encoder != "propagation":
            self.attention_layers = [
                GraphAttention(
                    dim,
                    scaling="degree"
                    if encoder == "scaled_attention"
                    else "none",
                    transform=encoder == "attention",
                    activation="relu" if encoder == "attention" else None,
                    kernel_initializer=keras.initializers.GlorotUniform(
                        seed=self.next_seed()
                    ),
                    attention_initializer=keras.initializers.GlorotUniform(
                        seed=self.next_seed()
                    ),
                    name=f"graph_attention_{layer}",
                )
                for layer in range(num_layers)
            ]
        if fusion == "cross_attention":
            self.fusion = CrossAttentionFusion(
                dim,
                attention=attention,
                projections=projections,
                normalize_logits=normalize_logits,
                share_projections=share_projections,
                residual_mlp=residual_mlp,
                identity_start=identity_start,
                gate_start=gate_start,
                num_heads=num_heads,
                dropout=fusion_dropout,
                seed=self.next_seed(),
                name="fusion",
            )
            if self.query_modality == "all":
                # Not within the fusion: so few numbers bear the whole rate.
                self.modality_mean = ModalityMean(
                    learned=True, name="modality_mean"
                )
        else:
            self.fusion = ModalityMean(
                learned=fusion == "weighted_mean", name="modality_mean"
            )
        self.dropout_seeds = keras.random.SeedGenerator(
            self.next_seed(), name="edge_dropout"
        )
        self.embed()  # builds all layers

    def embed(self, training=False):
        nodes = self.encode(training=training)
        fused = self.fuse(
            nodes, self.modal_states(), rows=None, training=training
        )
        return ops.split(nodes + fused, [self.num_users], axis=0)

    def encode(self, graphs=None, rows=None, training=False):
        """`H_n`, the ID embeddings after the graph encoder (eq. 7-9).

        Of all nodes, or of the nodes `rows`.
        """
        graph = (graphs or self.graphs).nodes
        layers = [ops.concatenate([self.user_table, self.item_table], axis=0)]
        for layer in range(self.num_layers):
            adjacency = graph
            if training and self.edge_dropout > 0:
                adjacency = graph.dropout(self.edge_dropout, self.dropout_seeds)
            if self.encoder == "propagation":
                states = sparse_matmul(adjacency, layers[-1])
            else:
                states = self.attention_layers[layer](
                    layers[-1], adjacency=adjacency
                )
            layers.append(states)
        return layer_mean(layers, rows)

    def purify(self, graphs=None):
        """`H''` of each modality, `(num_items, embedding_dim)` (eq. 1-6)."""
        behavior = ops.convert_to_tensor(self.item_table)
        if self.purification == "item_user":
            behavior = behavior + sparse_matmul(
                (graphs or self.graphs).item_users, self.user_table
            )
        return {
            m: self.purifiers[m](self.features[m], behavior)
            for m in self.modalities
        }

    def convolved_states(self, graphs=None):
        """States of all nodes, users first (eq. 13, 14).

        Modalities side by side, `(num_nodes, num_modalities * embedding_dim)`:
        each product with a graph is one for all of them.
        """
        return self.convolution(
            list(self.purify(graphs).values()),
            item_adjacency=[self.item_graphs[m] for m in self.modalities],
            user_item_adjacency=(graphs or self.graphs).user_items,
        )

    def modal_states(self, graphs=None, rows=None):
        """What is fused of each modality, of all nodes or of `rows`.

        A dictionary of tensors `(num_nodes, embedding_dim)`.
        """
        joined = propagate(
            (graphs or self.graphs).nodes,
            self.convolved_states(graphs),
            self.num_modal_layers,
            rows,
        )
        return split_modalities(joined, self.modalities)

    def fuse(self, nodes, modal, rows, training=False):
        """`H_f` of some nodes, `(num_rows, embedding_dim)` (eq. 15-26)."""
        if self.fusion_name != "cross_attention":
            fused = self.fusion([modal[m] for m in self.modalities])
            return fused if rows is None else ops.take(fused, rows, axis=0)
        return self.fusion(
            **self.fusion_inputs(modal),
            node_states=nodes,
            rows=rows,
            training=training,
        )

    @property
    def fused_by_row(self):
        """Whether `fuse` needs no other nodes than those it is to return."""
        return self.fusion_name != "cross_attention" or self.fusion.within_rows

    def fusion_inputs(self, modal):
        """What asks, the list of what answers, and the shares of the latter.

        A dictionary of the arguments `query`, `keys` and `shares` of
        `CrossAttentionFusion`.
        """
        if self.query_modality == "all":
            keys = [modal[m] for m in self.modalities]
            query = self.modality_mean(keys)
            return {
                "query": query,
                "keys": keys,
                "shares": self.modality_mean.shares(),
            }
        keys = [modal[m] for m in self.modalities if m != self.query_modality]
        query = modal[self.query_modality]
        return {"query": query, "keys": keys or [query], "shares": None}

    def loss_terms(self, user_ids, positive_item_ids, negative_item_ids):
        graphs = self.training_graphs(user_ids, positive_item_ids)
        rows = ops.concatenate(
            [
                user_ids,
                positive_item_ids + self.num_users,
                negative_item_ids + self.num_users,
            ]
        )
        candidates = (None, None)
        if self.fused_by_row and self.contrast_over != "all":
            # Everything behind the graphs works node by node: batch rows only.
            nodes = self.encode(graphs, rows, training=True)
        else:
            all_nodes = self.encode(graphs, training=True)
            nodes = ops.take(all_nodes, rows, axis=0)
            if self.contrast_over == "all":
                candidates = ops.split(all_nodes, [self.num_users], axis=0)
        if self.fused_by_row:
            modal = self.modal_states(graphs, rows)
            fused = self.fuse(nodes, modal, rows=None, training=True)
        else:
            modal = self.modal_states(graphs)
            fused = self.fuse(all_nodes, modal, rows, training=True)
        final = nodes + fused
        users, positive_items, negative_items = ops.split(final, 3, axis=0)
        user_fused, item_fused, _ = ops.split(fused, 3, axis=0)
        user_nodes, item_nodes, _ = ops.split(nodes, 3, axis=0)
        contrast = sum(
            self.contrast(queries, keys, others)
            for queries, keys, others in zip(
                (user_fused, item_fused), (user_nodes, item_nodes), candidates
            )
        )
        return {
            "bpr": self.bpr(users, positive_items, negative_items),
            "info_nce": self.contrastive_weight * contrast,
            "l2": self.l2_weight
            * self.l2(rows, (users, positive_items, negative_items)),
        }

    def contrast(self, fused, nodes, candidates):
        """`L_u` or `L_i` of eq. 30 for the rows of a batch."""
        if self.contrast_over == "own_pairs":
            return own_pair_contrast(
                fused, nodes, self.temperature, self.normalize_contrast
            )
        return info_nce(
            fused, nodes, self.temperature, self.normalize_contrast, candidates
        )

    def l2(self, rows, states):
        """`||w||^2` of eq. 31 for the nodes `rows` and their final `states`."""
        if self.l2_on == "weights":
            return squared([v.value for v in self.trainable_variables])
        if self.l2_on == "embeddings":
            table = ops.concatenate([self.user_table, self.item_table], axis=0)
            states = [ops.take(table, rows, axis=0)]
        return half_squared(*states, batch_size=self.batch_size)

    def training_graphs(self, user_ids, item_ids):
        """The graphs of a step that is to predict these pairs."""
        if self.left_out == "none":
            return self.graphs
        without = self.graphs.without(user_ids, item_ids)
        if self.left_out == "all":
            return without
        return self.graphs._replace(user_items=without.user_items)

    def learning_rate_scale(self, variable):
        if variable.path.startswith("fusion/"):
            return self.fusion_learning_rate_scale
        return 1.0
