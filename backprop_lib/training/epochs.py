"""One epoch of training, one pass over the validation data, and what is measured of each."""

import numpy as np


def train_epoch(step, X, y, order, batches, epoch):
    """Make a step for every batch. Returns loss, accuracy and gradient norms, by their names in the history."""
    set_mode(step.network, "train")
    step.epoch, ignored = epoch, getattr(step.loss, "ignore_label", None)
    total, right, rows, norms = 0.0, 0, 0, []
    # What overflows is caught and reported with its place; NumPy's warning would only come first.
    with np.errstate(over="ignore", invalid="ignore"):
        for number, batch in enumerate(batches, start=1):
            step.place = f"epoch {epoch}, batch {number}"
            samples = order[batch]
            if ignored is not None and (y[samples] == ignored).all():
                continue  # there is nothing to learn from
            targets = y[samples]
            output, value, norms_of_batch = step(X[samples], targets)
            hits, counted = count_correct(output, targets, ignored)
            total, right, rows = total + value * counted, right + hits, rows + counted
            norms.append(norms_of_batch)
        if not norms:
            raise ValueError(f"epoch {epoch}: expected a label that counts, got the loss's ignore_label in all batches")
        step.place = f"epoch {epoch}"
        step.check_memory()
    measured = {"loss": total / rows, "gradient_norms": np.mean(norms, axis=0)}
    return measured | ({"accuracy": right / rows} if is_classification(targets, output) else {})


def validate(step, X, y, epoch):
    """Judge the validation data, in evaluation. Returns loss and accuracy, by their names in the history."""
    step.place = f"epoch {epoch}, validation"
    set_mode(step.network, "eval")
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            output = step.network.forward(X)
            value = step.loss.value(output, y)
            step.check_loss(value, X)
    finally:
        set_mode(step.network, "train")
    right, rows = count_correct(output, y, getattr(step.loss, "ignore_label", None))
    measured = {"validation_loss": float(value)}
    return measured | ({"validation_accuracy": right / rows} if is_classification(y, output) else {})


def count_correct(output, y, ignored):
    """(How many rows are right, how many count): rows with the ignored label do neither."""
    if not is_classification(y, output):
        return 0, len(y)
    right = output.argmax(axis=-1) == y
    if ignored is None:
        return int(np.count_nonzero(right)), y.size
    counted = y != ignored
    return int(np.count_nonzero(right & counted)), int(np.count_nonzero(counted))


def is_classification(y, output):
    """Whether there is an integer for each row of the output: integers of the output's own shape are targets."""
    return y.dtype.kind in "iu" and y.shape == output.shape[:-1]


def set_mode(network, mode):
    """Call the network's ``train`` or ``eval``, which one of the reader's own may lack."""
    getattr(network, mode, lambda: None)()
