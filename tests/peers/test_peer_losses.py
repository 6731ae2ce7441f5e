"""SoftmaxCrossEntropy's options against PyTorch's, and what infinity and NaN give in both."""

import warnings

import numpy as np
import pytest

import backprop_lib as book
from tests.peers.test_peer_layers import assert_agree

B, T, C = 6, 5, 3
INF, NAN = np.inf, np.nan
WEIGHTS = [0.5, 2.0, 1.0]


@pytest.fixture(params=["float64", "float32"])
def dtype(request):
    return np.dtype(request.param)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def peer_loss(torch, logits, labels, **options):
    """PyTorch's value and gradient. Its classes stand on axis 1, whatever follows."""
    leaf = torch.tensor(logits, requires_grad=True)
    labels = torch.tensor(labels)
    if labels.ndim == leaf.ndim:
        labels = labels.movedim(-1, 1)
    value = torch.nn.functional.cross_entropy(leaf.movedim(-1, 1), labels, **options)
    value.backward()
    return {"value": value, "gradient": leaf.grad}


def assert_same_loss(loss, logits, labels, peer):
    value, gradient = loss.value_and_gradient(logits, labels)
    assert_agree({"value": (value, peer["value"])})
    assert_agree({"gradient": (gradient, peer["gradient"])})


@pytest.mark.parametrize("scale", [1.0, 100.0])
@pytest.mark.parametrize("rows", [(B,), (B, T)], ids=str)
@pytest.mark.parametrize("weights", [None, WEIGHTS, [0.0, 1.0, 1.0]], ids=str)
@pytest.mark.parametrize("ignored", [None, 0, -1, -100])
def test_class_weights_and_an_ignored_label(torch, rng, dtype, ignored, weights, rows, scale):
    logits, labels = (scale * rng.normal(size=(*rows, C))).astype(dtype), rng.integers(C, size=rows)
    labels[0] = 1  # a row that counts, whatever else does
    if ignored is not None:
        labels[-2:] = ignored
    options = {} if ignored is None else {"ignore_index": ignored}
    weight = None if weights is None else torch.tensor(weights, dtype=getattr(torch, dtype.name))
    peer = peer_loss(torch, logits, labels, weight=weight, **options)
    loss = book.SoftmaxCrossEntropy(class_weights=weights, ignore_label=ignored)
    assert_same_loss(loss, logits, labels, peer)


@pytest.mark.parametrize("rows", [(B,), (B, T)], ids=str)
def test_soft_labels(torch, rng, dtype, rows):
    logits, labels = rng.normal(size=(*rows, C)).astype(dtype), rng.dirichlet(np.ones(C), rows).astype(dtype)
    assert_same_loss(book.SoftmaxCrossEntropy(), logits, labels, peer_loss(torch, logits, labels))


def test_soft_labels_with_class_weights(torch, rng, dtype):
    # PyTorch divides by the number of rows here, although it divides by the sum of the weights where labels are whole
    # numbers. The book divides by the weights always, so that a soft label with one class is that label.
    logits, labels = rng.normal(size=(B, C)).astype(dtype), rng.dirichlet(np.ones(C), B).astype(dtype)
    weight = torch.tensor(WEIGHTS, dtype=getattr(torch, dtype.name))
    peer = peer_loss(torch, logits, labels, weight=weight, reduction="sum")
    total = (torch.tensor(labels) * weight).sum()
    peer = {name: result / total for name, result in peer.items()}
    assert_same_loss(book.SoftmaxCrossEntropy(class_weights=WEIGHTS), logits, labels, peer)


def test_the_comparison_can_fail(torch, rng, monkeypatch):
    which = "backprop_lib.losses.softmax.counted_rows"
    monkeypatch.setattr(
        which, lambda labels, ignore_label: np.ones(labels.shape, bool)
    )  # ignored rows are class 0 then
    with pytest.raises(AssertionError, match=r"^value"):
        test_class_weights_and_an_ignored_label(torch, rng, np.dtype("float64"), 2, WEIGHTS, (B,), 1.0)


# Infinity and NaN

SOFTMAX_ROWS = [
    ([-INF, 0.0, 1.0], 1),
    ([-INF, 0.0, 1.0], 0),
    ([-INF, -INF, 1.0], 2),
    ([-INF, -INF, -INF], 0),
    ([INF, 0.0, 1.0], 0),
    ([INF, 0.0, 1.0], 1),
    ([INF, INF, 1.0], 1),
    ([NAN, 0.0, 1.0], 1),
]


@pytest.mark.parametrize(("logits", "label"), SOFTMAX_ROWS)
def test_softmax_cross_entropy_of_infinite_logits(torch, logits, label):
    value, gradient = book.SoftmaxCrossEntropy().value_and_gradient([logits], [label])
    peer = peer_loss(torch, [logits], [label])
    np.testing.assert_allclose(value, peer["value"].item(), rtol=1e-6)  # PyTorch's is float32
    np.testing.assert_allclose(gradient, peer["gradient"].numpy(), rtol=1e-6)
    np.testing.assert_allclose(book.softmax(logits), torch.tensor(logits).softmax(0).numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("logit", "target", "value"),
    [(INF, 0.0, INF), (INF, 0.5, INF), (-INF, 0.5, INF), (INF, 1.0, 0.0), (-INF, 0.0, 0.0), (-INF, 1.0, INF)],
)
def test_sigmoid_cross_entropy_of_infinite_logits(torch, logit, target, value):
    leaf = torch.tensor([[logit]], requires_grad=True)
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(leaf, torch.tensor([[target]]))
    theirs.backward()
    ours, gradient = book.SigmoidCrossEntropy().value_and_gradient([[logit]], [[target]])
    assert ours == value
    assert theirs.isnan() or theirs == value  # where there is a limit PyTorch may miss it, but gives no other number
    np.testing.assert_array_equal(gradient, leaf.grad.numpy())


POINTS = np.array([-INF, -1e4, -1.0, 0.0, 1.0, 1e4, INF, NAN])
# Where PyTorch gives NaN although there is a limit, or a slope at NaN.
APART = {"gelu": [-INF, INF], "relu": [NAN], "leaky_relu": [NAN]}


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu"])
@pytest.mark.parametrize("seed", [1.0, INF, NAN])
def test_activations_of_infinity_and_nan(torch, name, seed):
    functional = torch.nn.functional
    peer = {
        "leaky_relu": functional.leaky_relu,
        "softplus": functional.softplus,
        "gelu": lambda z: functional.gelu(z, approximate="tanh"),
    }.get(name, getattr(torch, name, None))
    theirs = torch.tensor(POINTS, requires_grad=True)
    h = peer(theirs)
    h.backward(torch.full_like(h, seed))
    layer = book.Activation(getattr(book, name))
    alike = ~np.isin(POINTS, APART.get(name, [])) & ~(np.isnan(POINTS) & (NAN in APART.get(name, [])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy says that infinity times a slope rounded to 0 is no number
        output = layer.forward(POINTS[None])[0]
        gradient = layer.backward(np.full((1, len(POINTS)), seed))[0]
    np.testing.assert_allclose(output[alike], h.detach().numpy()[alike], rtol=1e-8)
    np.testing.assert_allclose(gradient[alike], theirs.grad.numpy()[alike], rtol=1e-8)
