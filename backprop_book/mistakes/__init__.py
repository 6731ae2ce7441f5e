"""A zoo of wrong backward passes that people really write, each beside the right one and the check that catches it.

    >>> from backprop_book import MISTAKES
    >>> mistake = MISTAKES["bias-not-summed"]
    >>> print(mistake.check(mistake.wrong))  # false; print(mistake) tells the story and shows both, line by line
    gradient of b: expected shape (4,), got shape (5, 4)

A gradient check catches most of them, if it is done where they show: on a square matrix, with more than one sample,
where a value is used twice. Some it cannot see, because loss and gradient are wrong together or because the mistake
shows only in a second step; their ``unseen_because`` says why. No check uses the right version to judge the other:
each rests on finite differences, on a number worked out by hand, or on a loop over single samples.
"""

from backprop_book.mistakes import batch, derivation, graph, layers, training
from backprop_book.mistakes.entry import Mistake, Mistakes

__all__ = ["MISTAKES", "Mistake"]

MISTAKES = Mistakes(
    [
        derivation.missing_transpose,
        derivation.inner_for_outer,
        derivation.slope_from_z,
        derivation.relu_mask,
        batch.bias_not_summed,
        batch.repeated_index,
        batch.broadcast_target,
        batch.mean_twice,
        layers.softmax_diagonal,
        layers.batch_norm_constant_mean,
        layers.layer_norm_over_batch,
        layers.new_dropout_mask,
        layers.max_ties,
        graph.assign_at_fork,
        graph.passed_on_too_early,
        graph.marked_when_pushed,
        graph.changed_in_place,
        graph.stale_cache,
        training.label_off_by_one,
        training.gradients_not_zeroed,
        training.weight_decay_in_gradient,
    ]
)
