"""A layer of every kind, for the tests that run on all of them."""

from backprop_lib import (
    Activation,
    BatchNorm,
    Dropout,
    GatedRecurrent,
    LayerNorm,
    Linear,
    Recurrent,
    Residual,
    Sequential,
    tanh,
)

ROWS, SEQUENCES = (4, 3), (4, 5, 3)
# name: (layer from a generator and a dtype, shape of its input)
KINDS = {
    "linear": (lambda rng, dtype: Linear(3, 2, rng=rng, dtype=dtype), ROWS),
    "activation": (lambda rng, dtype: Activation(tanh), ROWS),
    "batch norm": (lambda rng, dtype: BatchNorm(3, dtype=dtype), ROWS),
    "batch norm, evaluation": (lambda rng, dtype: BatchNorm(3, dtype=dtype).eval(), ROWS),
    "layer norm": (lambda rng, dtype: LayerNorm(3, dtype=dtype), ROWS),
    "layer norm of sequences": (lambda rng, dtype: LayerNorm(3, dtype=dtype), SEQUENCES),
    "dropout": (lambda rng, dtype: Dropout(0.5, rng=rng), ROWS),
    "dropout of sequences": (lambda rng, dtype: Dropout(0.5, rng=rng), SEQUENCES),
    "dropout, evaluation": (lambda rng, dtype: Dropout(0.5, rng=rng).eval(), ROWS),
    "residual": (lambda rng, dtype: Residual(Linear(3, 3, rng=rng, dtype=dtype)), ROWS),
    "residual of sequences": (lambda rng, dtype: Residual(Recurrent(3, 3, rng=rng, dtype=dtype)), SEQUENCES),
    "recurrent": (lambda rng, dtype: Recurrent(3, 2, rng=rng, dtype=dtype), SEQUENCES),
    "gated": (lambda rng, dtype: GatedRecurrent(3, 2, rng=rng, dtype=dtype), SEQUENCES),
    "sequential": (
        lambda rng, dtype: Sequential(
            Residual(Sequential(BatchNorm(3, dtype=dtype), Activation(tanh), Linear(3, 3, rng=rng, dtype=dtype))),
            Dropout(0.5, rng=rng),
            LayerNorm(3, dtype=dtype),
        ),
        ROWS,
    ),
}
