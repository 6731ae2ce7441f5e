"""The primer's self-test: its right answers are computed, and each question names the section to read."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_lib._checks import as_float_array
from backprop_lib.activations import relu
from backprop_lib.numerical import numerical_gradient

W, X, V = np.array([[1, 2], [0, -1], [3, 1]]), np.array([2, -1]), np.array([1, 0, 2])
OUTPUTS, TARGETS = np.array([2, -1]), np.array([1, 1])


@dataclass(frozen=True)
class Question:
    """The right answer to a question, and the section of the primer that explains it."""

    answer: object
    section: str


# The questions themselves stand on the page, in this order.
QUESTIONS = {
    1: Question(W @ X, "What is a matrix product?"),
    2: Question(W.T @ V, "What is a transpose?"),
    3: Question(np.outer(np.ones(4), np.ones(3)).shape, "What is an outer product?"),
    4: Question(relu(np.dot([2, -1], [1, 4]) + 1), "What is a neuron?"),
    5: Question((np.ones((2, 5)) @ np.ones((5, 4))).shape, "Why an activation?"),
    6: Question(0.5 * np.sum((OUTPUTS - TARGETS) ** 2), "How wrong is the answer?"),
    7: Question((np.ones(3) - np.ones((3, 1))).shape, "What if shapes differ?"),
    8: Question(numerical_gradient(lambda w: (2 * w - 3) ** 2, 2.0), "What is a slope?"),
}


def self_test(answers: dict[int, Any]) -> None:
    """Print which answers are right, which section to read for each other one, and where to go on.

    Parameters
    ----------
    answers : dict of int to number, list of numbers or None
        By the number of the question; None, or no entry at all, is no answer yet. A wrong answer of any kind is
        reported and raises nothing.

    Raises
    ------
    TypeError
        If ``answers`` is no dict.
    ValueError
        If a key is not the number of a question.
    """
    if not isinstance(answers, dict):
        raise TypeError(f"answers: expected a dict such as {{1: [0, 0, 0]}}, got {answers!r}")
    unknown = [key for key in answers if key not in QUESTIONS]
    if unknown:
        raise ValueError(f"answers: expected questions 1 to {len(QUESTIONS)}, got {unknown[0]!r}")
    verdicts = {number: _verdict(answers.get(number), question.answer) for number, question in QUESTIONS.items()}
    for number, verdict in verdicts.items():
        print(f"{number}: {verdict}" if verdict == "right" else f"{number}: {verdict} → {QUESTIONS[number].section}")
    if "not numbers" in verdicts.values():
        print("Write 4, [1, 2] or (3, 2), without quotes.")
    print(_advice(list(verdicts.values())))


def _verdict(given, answer):
    """Judge one answer; numbers must have the shape that was asked for, a truth value is no number."""
    if given is None:
        return "open"
    try:
        numbers = as_float_array(given, "answer")
    except (TypeError, ValueError):
        return "not numbers"
    if isinstance(given, bool) or numbers.shape != np.shape(answer):
        return "wrong"
    return "right" if np.allclose(numbers, answer) else "wrong"


def _advice(verdicts):
    right = verdicts.count("right")
    if right == len(verdicts):
        return f"{right} of {right} right: go on to lesson 1."
    if verdicts.count("open") == len(verdicts):
        return "Fill in what you know; run it again."
    what = "these sections" if right else "the page"
    return f"{right} of {len(verdicts)} right. Read {what},\nthen go on to lesson 1."
