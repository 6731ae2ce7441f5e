"""One training step of the same network, as the package makes it and as peers do.

Every contender is a class with ``step()``: forward, loss, backward, plain gradient descent, and with ``gradients()``,
after the first step those of that step, in the order weight, bias, layer by layer. No one computes the gradient for
the input.
"""

from dataclasses import dataclass
from itertools import pairwise

import autograd
import autograd.numpy as anp
import jax
import jax.numpy as jnp
import numpy as np
import torch

from backprop_lib import SGD, Activation, Linear, Sequential, SoftmaxCrossEntropy, he_normal, relative_error, relu
from backprop_lib.autograd import Tensor, cross_entropy
from benchmarks.measuring import bytes_in_use, peak_bytes, traced_memory

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
            linear.weight.data = torch.tensor(weight)
            linear.bias.data = torch.zeros(len(weight), dtype=linear.weight.dtype)
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


class BareNumPy:
    """The same step as one writes it for this one network: NumPy alone, without layers and checks."""

    def __init__(self, problem):
        self.X, self.labels, self.rows = problem.X, problem.labels, np.arange(len(problem.X))
        self.weights = [weight.copy() for weight in problem.weights]
        self.biases = [np.zeros(len(weight), weight.dtype) for weight in problem.weights]

    def step(self):
        inputs, Z = [], self.X
        for W, b in zip(self.weights, self.biases, strict=True):
            inputs.append(np.maximum(Z, 0.0) if inputs else Z)
            Z = inputs[-1] @ W.T
            Z += b
        self.loss, dZ = self._loss_and_gradient(Z)
        self.last = []
        for W, X in zip(self.weights[::-1], inputs[::-1], strict=True):
            self.last += [dZ.sum(axis=0), dZ.T @ X]
            if X is not self.X:
                dZ = dZ @ W
                dZ *= X > 0
        for W, b, dW, db in zip(self.weights, self.biases, self.last[::-2], self.last[-2::-2], strict=True):
            W -= LEARNING_RATE * dW
            b -= LEARNING_RATE * db

    def _loss_and_gradient(self, Z):
        Z -= Z.max(axis=1, keepdims=True)
        P = np.exp(Z)
        sums = P.sum(axis=1, keepdims=True)
        P /= sums
        loss = (np.log(sums).sum() - Z[self.rows, self.labels].sum()) / len(Z)
        P[self.rows, self.labels] -= 1.0
        P /= len(Z)
        return loss, P

    def gradients(self):
        return self.last[::-1]


class ByJax:
    """JAX, compiled: the whole step is one call of `jax.jit`, which may write into the memory of the old parameters."""

    def __init__(self, problem):
        self.X, self.labels = jnp.asarray(problem.X), jnp.asarray(problem.labels)
        self.parameters = []
        for weight in problem.weights:
            self.parameters += [jnp.asarray(weight), jnp.zeros(len(weight), weight.dtype)]
        self.before = jax.tree.map(jnp.copy, self.parameters)
        self.moved = jax.jit(self._moved, donate_argnums=0)

    def _loss(self, parameters, X, labels):
        Z = X @ parameters[0].T + parameters[1]
        for weight, bias in zip(parameters[2::2], parameters[3::2], strict=True):
            Z = jax.nn.relu(Z) @ weight.T + bias
        log_probabilities = jax.nn.log_softmax(Z)
        return -jnp.take_along_axis(log_probabilities, labels[:, None], axis=1).mean()

    def _moved(self, parameters, X, labels):
        loss, gradients = jax.value_and_grad(self._loss)(parameters, X, labels)
        return [p - LEARNING_RATE * g for p, g in zip(parameters, gradients, strict=True)], loss

    def step(self):
        self.parameters, self.loss = self.moved(self.parameters, self.X, self.labels)
        jax.block_until_ready(self.parameters)

    def gradients(self):
        """Of the first step: the compiled one hands none out."""
        return [np.asarray(g) for g in jax.grad(self._loss)(self.before, self.X, self.labels)]


OURS = {"layers by hand": ByHand, "Tensor engine": ByTensor}
PEERS = {"bare NumPy": BareNumPy, "jax.jit": ByJax, "PyTorch": ByTorch, "HIPS autograd": ByHips}


def check_agreement(problem):
    """Raise unless all contenders compute the same gradients, and compute in float32."""
    made = {name: make(problem) for name, make in (OURS | PEERS).items()}
    for contender in made.values():
        contender.step()
    first, *others = made
    for name in others:
        for ours, theirs in zip(made[first].gradients(), made[name].gradients(), strict=True):
            if ours.dtype != np.float32 or theirs.dtype != np.float32:
                raise ValueError(f"{problem.name}: expected float32, got {ours.dtype} and {theirs.dtype}")
            if not relative_error(ours, theirs) <= AGREEMENT:
                raise ValueError(f"{problem.name}: {first} and {name} disagree")


def memory_of_steps(make, problem, steps=10):
    """(Bytes in use, growth in these steps, largest peak of a step above what was in use), after as many steps."""
    with traced_memory():
        contender = make(problem)
        for _ in range(steps):
            contender.step()
        before = bytes_in_use()
        peaks = [peak_bytes(contender.step) for _ in range(steps)]
        return before, bytes_in_use() - before, max(peaks)
