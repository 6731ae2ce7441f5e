"""What a training measured."""

from contextlib import contextmanager
from dataclasses import dataclass, field

from backprop_lib._checks import Array


@dataclass
class History:
    """What happened, one entry per epoch.

    Attributes
    ----------
    loss, accuracy : list of float
        Over the training samples as they passed, so each batch is judged before the step that it causes.
    validation_loss, validation_accuracy : list of float
        Over the validation samples at the end of the epoch; empty without validation data.
    gradient_norms : list of array (number of parameters,)
        Euclidean norm of each parameter's gradient, averaged over the epoch's batches, in the order of
        ``network.parameters()``.
    parameters : list of list of array
        Copies of all parameters at the end of the epoch, in the same order; empty unless they were to be kept.

    Notes
    -----
    Losses and accuracies are averages over all rows: samples, or the times of all sequences. Rows with the loss's
    ``ignore_label`` do not count. The accuracies stay empty where the targets are not integer labels.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    gradient_norms: list[Array] = field(default_factory=list)
    parameters: list[list[Array]] = field(default_factory=list)


def append(history, epoch):
    """Add what one epoch measured, its loss last: as many epochs are whole as there are losses."""
    for name in [*(name for name in epoch if name != "loss"), "loss"]:
        getattr(history, name).append(epoch[name])


@contextmanager
def history_on_error(history):
    """Within this block an error, an interrupt too, takes the history of the whole epochs along."""
    try:
        yield
    except BaseException as error:
        for values in vars(history).values():
            del values[len(history.loss) :]
        error.history = history
        if history.loss:
            error.add_note(f"Nothing is lost of the {len(history.loss)} whole epochs before: see error.history")
        raise
