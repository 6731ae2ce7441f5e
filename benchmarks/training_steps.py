"""One training step of the same network in four ways, and the step's matrix products alone.

Every contender is a class with ``step()``: forward, loss, backward, plain gradient descent, and with ``gradients()``
of its last step, in the order weight, bias, layer by layer. No one computes the gradient for the input.
"""

from dataclasses import dataclass
from itertools import pairwise

import autograd
import autograd.numpy as anp
import numpy as np
import torch

from backprop_lib import SGD, Activation, Linear, Sequential, SoftmaxCrossEntropy, he_normal, relative_error, relu
from backprop_lib.autograd import Tensor, cross_entropy
from benchmarks.measuring import bytes_in_use, peak_of, traced_memory

LEARNING_RATE = 0.01
AGREEMENT = 1e-4  # float32, ten layers deep


@dataclass
class Problem:
    """A network without its biases, which start at zero, and a batch for it."""

    name: str
    weights: list
    X: np.ndarray
    labels: np.ndarray


def problem(name, sizes, batch_size):
    """Random weights and data, float32, the same in every run."""
    rng = np.random.default_rng(0)
    weights = [he_normal((m, n), rng=rng).astype(np.float32) for n, m in pairwise(sizes)]
    X = rng.normal(size=(batch_size, sizes[0])).astype(np.float32)
    return Problem(name, weights, X, rng.integers(sizes[-1], size=batch_size))


PROBLEMS = [
    problem("64-32-10, batch 32", [64, 32, 10], 32),
    problem("784-128-10, batch 64", [784, 128, 10], 64),
    problem("784-512-512-10, batch 256", [784, 512, 512, 10], 256),
    problem("10 layers of 256, batch 128", [256] * 11, 128),
]


class ByHand:
    """The package's layers, whose derivatives were worked out by hand."""

    def __init__(self, problem):
        self.X, self.labels = problem.X, problem.labels
        layers = []
        for weight in problem.weights:
            out_features, in_features = weight.shape
            linear = Linear(
                in_features,
                out_features,
                rng=np.random.default_rng(),
                initializer=lambda shape, *, rng, weight=weight: weight,
                dtype=weight.dtype,
            )
            layers += [linear, Activation(relu)]
        self.network = Sequential(*layers[:-1])
        self.loss = SoftmaxCrossEntropy()
        self.optimizer = SGD(self.network.parameters(), LEARNING_RATE)

    def step(self):
        self.optimizer.zero_grad()
        _, gradient = self.loss.value_and_gradient(self.network.forward(self.X), self.labels)
        self.network.backward(gradient, input_gradient=False)
        self.optimizer.step()

    def gradients(self):
        return [parameter.grad for parameter in self.network.parameters()]


class ByTensor:
    """The package's array engine."""

    def __init__(self, problem):
        self.X, self.labels = Tensor(problem.X), problem.labels
        self.parameters = []
        for weight in problem.weights:
            bias = np.zeros(len(weight), weight.dtype)
            self.parameters += [Tensor(weight.copy(), requires_grad=True), Tensor(bias, requires_grad=True)]
        self.optimizer = SGD(self.parameters, LEARNING_RATE)

    def step(self):
        self.optimizer.zero_grad()
        Z = self.X @ self.parameters[0].T + self.parameters[1]
        for weight, bias in zip(self.parameters[2::2], self.parameters[3::2], strict=True):
            Z = Z.relu() @ weight.T + bias
        cross_entropy(Z, self.labels).backward()
        self.optimizer.step()

    def gradients(self):
        return [parameter.grad for parameter in self.parameters]


class ByTorch:
    """PyTorch, eager."""

    def __init__(self, problem):
        self.X, self.labels = torch.tensor(problem.X), torch.tensor(problem.labels)
        layers = []
        for weight in problem.weights:
            linear = torch.nn.Linear(*weight.shape[::-1])
            linear.weight.data, linear.bias.data = torch.tensor(weight), torch.zeros(len(weight))
            layers += [linear, torch.nn.ReLU()]
        self.network = torch.nn.Sequential(*layers[:-1])
        self.loss = torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.network.parameters(), LEARNING_RATE)

    def step(self):
        self.optimizer.zero_grad()
        self.loss(self.network(self.X), self.labels).backward()
        self.optimizer.step()

    def gradients(self):
        return [parameter.grad.numpy() for parameter in self.network.parameters()]


class ByHips:
    """HIPS autograd. Its loss leaves out the shift that guards the exponential, which makes it faster."""

    def __init__(self, problem):
        self.X = problem.X
        self.targets = np.eye(len(problem.weights[-1]), dtype=np.float32)[problem.labels]
        self.parameters = []
        for weight in problem.weights:
            self.parameters += [weight.copy(), np.zeros(len(weight), weight.dtype)]
        self.gradient = autograd.value_and_grad(self._loss)

    def _loss(self, parameters):
        Z = anp.dot(self.X, parameters[0].T) + parameters[1]
        for weight, bias in zip(parameters[2::2], parameters[3::2], strict=True):
            H = Z * (Z > 0)  # half the time of anp.maximum, whose rule looks for ties
            Z = anp.dot(H, weight.T) + bias
        log_sums = anp.log(anp.sum(anp.exp(Z), axis=1))
        return (anp.sum(log_sums) - anp.sum(Z * self.targets)) / np.float32(len(self.X))

    def step(self):
        _, self.last = self.gradient(self.parameters)
        for parameter, gradient in zip(self.parameters, self.last, strict=True):
            parameter -= LEARNING_RATE * gradient

    def gradients(self):
        return self.last


class ProductsAlone:
    """The step's matrix products and nothing else, into memory that is there already: what no step can undercut."""

    def __init__(self, problem):
        self.weights = problem.weights
        outputs = [(len(problem.X), len(weight)) for weight in problem.weights]
        rng = np.random.default_rng(1)
        self.inputs = [problem.X] + [rng.normal(size=shape).astype(np.float32) for shape in outputs[:-1]]
        self.grad_outputs = [rng.normal(size=shape).astype(np.float32) for shape in outputs]
        self.products = [
            tuple(np.empty(shape, np.float32) for shape in (Z.shape, W.shape, X.shape))
            for Z, W, X in zip(self.grad_outputs, self.weights, self.inputs, strict=True)
        ]

    def step(self):
        for X, W, (Z, _, _) in zip(self.inputs, self.weights, self.products, strict=True):
            np.matmul(X, W.T, out=Z)
        backwards = list(zip(self.inputs, self.weights, self.grad_outputs, self.products, strict=True))[::-1]
        for X, W, dZ, (_, dW, dX) in backwards:
            np.matmul(dZ.T, X, out=dW)
            if X is not self.inputs[0]:
                np.matmul(dZ, W, out=dX)


OURS = {"layers by hand": ByHand, "Tensor engine": ByTensor}
PEERS = {"own products": ProductsAlone, "PyTorch": ByTorch, "HIPS autograd": ByHips}


def check_agreement(problem):
    """Raise unless all contenders compute the same gradients, and compute in float32."""
    _, *others = makers = [ByHand, ByTensor, ByTorch, ByHips]
    made = [make(problem) for make in makers]
    for contender in made:
        contender.step()
    for make, contender in zip(others, made[1:], strict=True):
        for ours, theirs in zip(made[0].gradients(), contender.gradients(), strict=True):
            if ours.dtype != np.float32 or theirs.dtype != np.float32:
                raise ValueError(f"{problem.name}: expected float32, got {ours.dtype} and {theirs.dtype}")
            if not relative_error(ours, theirs) <= AGREEMENT:
                raise ValueError(f"{problem.name}: layers by hand and {make.__name__} disagree")


def memory_of_steps(make, problem, steps=10):
    """(Bytes in use, growth in these steps, largest peak of a step above what was in use), after as many steps."""
    with traced_memory():
        contender = make(problem)
        for _ in range(steps):
            contender.step()
        before = bytes_in_use()
        peaks = [peak_of(contender.step) for _ in range(steps)]
        return before, bytes_in_use() - before, max(peaks)
