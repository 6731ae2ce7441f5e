"""Training replayed: the losses so far, what some images are read as, and the weights of hidden units."""

import copy

import numpy as np

from backprop_book.drawing.charts import DOT
from backprop_book.drawing.palette import LIGHT
from backprop_book.explorer import Explorer
from backprop_lib.losses import SoftmaxCrossEntropy, accuracy

WIDTH, HEIGHT = 5.2, 5.0
# Left, bottom, width and height, as parts of the figure.
LOSSES, IMAGES, UNITS = (0.1, 0.545, 0.88, 0.4), (0.02, 0.24, 0.96, 0.16), (0.02, 0.015, 0.96, 0.16)
SHOWN = 6  # images and hidden units
EPOCHS = (0, 1, 2, 3, 5, 8, 12, 20, 30)
LEVELS = 8  # of each colour: an image of few colours is small
SIZE = 9.5


def training_replay(network, history, validation, images, *, epochs=EPOCHS):
    """Replay a training on images, epoch by epoch.

    Above the losses so far, then what the network reads some validation images as, and the weights of the hidden
    units that end with the largest, each as an image on the scale of its last epoch.

    Parameters
    ----------
    network : Sequential
        As it was before the training: epoch 0. Its first layer is a Linear on square images.
    history : History
        From ``fit`` with validation data and ``keep_parameters=True``.
    validation : pair (X, y)
        Those that the history was made with.
    images : sequence of 6 int
        Which of the validation images are shown.
    epochs : sequence of int
        Increasing, from 0 to the last one kept.

    Returns
    -------
    Explorer
        With the parameter ``epoch``.

    Raises
    ------
    ValueError
        If the history holds no parameters, or an epoch or image is asked for that there is not.
    """
    replay = _Replay(network, history, validation, _checked_images(images, validation))
    epochs = _checked_epochs(epochs, history)
    return Explorer(
        replay.draw,
        alt="Training and validation loss so far; six validation images, each with what the network reads it as; "
        "and the weights of six hidden units as small images, red where positive, blue with dots where negative.",
        width=WIDTH,
        height=HEIGHT,
        play="epoch",
        initial={"epoch": epochs[-1]},
        epoch=epochs,
    )


def _checked_images(images, validation):
    images, count = list(images), len(validation[1])
    if len(images) != SHOWN or not all(0 <= image < count for image in images):
        raise ValueError(f"images: expected {SHOWN} numbers from 0 to {count - 1}, got {images}")
    return images


def _checked_epochs(epochs, history):
    epochs, last = [int(epoch) for epoch in epochs], len(history.parameters)
    if not last:
        raise ValueError("history: expected one with parameters, from fit(..., keep_parameters=True), got none")
    if min(epochs) < 0 or max(epochs) > last:
        raise ValueError(f"epochs: expected numbers from 0 to {last}, got {epochs}")
    return epochs


class _Replay:
    """The network as it was after each epoch, and the drawing of one epoch."""

    def __init__(self, network, history, validation, images):
        self.network, self.history = copy.deepcopy(network), history
        (self.X, self.y), self.images = validation, images
        self.parameters = [[parameter.data for parameter in network.parameters()], *history.parameters]
        norms = np.linalg.norm(self.parameters[-1][0], axis=1)
        self.units = np.argsort(-norms)[:SHOWN]
        before = SoftmaxCrossEntropy().value(self._logits(0), self.y)
        self.validation_loss = [before, *history.validation_loss]

    def _logits(self, epoch):
        """Scores of the validation images after an epoch."""
        for parameter, data in zip(self.network.parameters(), self.parameters[epoch], strict=True):
            parameter.data = data
        return self.network.eval()(self.X)

    def draw(self, figure, epoch):
        """Draw the state after an epoch; return its text."""
        figure.set_layout_engine("none")
        logits = self._logits(epoch)
        read = logits.argmax(axis=1)[self.images]
        self._draw_losses(figure.add_axes(LOSSES), epoch)
        self._draw_images(figure.add_axes(IMAGES), read)
        self._draw_units(figure.add_axes(UNITS), epoch)
        return self._text(epoch, logits, read)

    def _draw_losses(self, ax, epoch):
        """Both losses up to this epoch, and faintly what will follow; the training loss begins with epoch 1."""
        last = len(self.history.loss)
        for start, losses, name, style in [
            (1, self.history.loss, "training", {"color": LIGHT["forward"], "marker": "o"}),
            (0, self.validation_loss, "validation", {"color": LIGHT["gradient"], "marker": "s", "linestyle": "--"}),
        ]:
            epochs, so_far = np.arange(start, last + 1), max(epoch + 1 - start, 0)
            ax.plot(epochs, losses, color=LIGHT["grid"], linewidth=1.0)
            ax.plot(epochs[:so_far], losses[:so_far], label=name, markevery=[-1] if so_far else [], **style)
        everything = [*self.history.loss, *self.validation_loss]
        ax.set(xlim=(-0.5, last + 0.5), yscale="log", ylim=(0.7 * min(everything), 1.4 * max(everything)))
        ax.set(title=f"loss up to epoch {epoch}", xlabel="epoch")
        ax.legend(frameon=False, loc="upper right")

    def _draw_images(self, ax, read):
        ax.imshow(_in_a_row(self.X[self.images]), interpolation="none", cmap="Greys", vmin=0.0, aspect="auto")
        for place, (label, digit) in enumerate(zip(self.y[self.images], read, strict=True)):
            wrong = {"color": LIGHT["gradient"], "weight": "bold"} if label != digit else {}
            _write_above(ax, place, f"{label} read {digit}", **wrong)
        ax.axis("off")

    def _draw_units(self, ax, epoch):
        """The units' weights, each on the scale that its last epoch needs; dots are for readers without colours."""
        limits = np.abs(self.parameters[-1][0][self.units]).max(axis=1, keepdims=True)
        weights = np.round(LEVELS * self.parameters[epoch][0][self.units] / limits) / LEVELS
        image = _in_a_row(weights)
        ax.imshow(image, interpolation="none", cmap="RdBu_r", vmin=-1.0, vmax=1.0, aspect="auto")
        rows, columns = np.nonzero(image < -0.4)
        ax.plot(columns, rows, ".", color=DOT, markersize=3, scalex=False, scaley=False)
        for place, unit in enumerate(self.units):
            _write_above(ax, place, f"unit {unit}")
        ax.axis("off")

    def _text(self, epoch, logits, read):
        losses = f"training loss {self.history.loss[epoch - 1]:.3f}, " if epoch else "before training, "
        right = round(accuracy(logits, self.y) * len(self.y))
        readings = ", ".join(f"{self.y[image]} as {digit}" for image, digit in zip(self.images, read, strict=True))
        largest = np.abs(self.parameters[epoch][0][self.units]).max()
        return (
            f"Epoch {epoch}: {losses}validation loss {self.validation_loss[epoch]:.3f}, {right} of {len(self.y)} "
            f"validation images read right. The six: {readings}. Largest weight of the six units: {largest:.2f}."
        )


def _in_a_row(rows):
    """Rows of pixels as square images beside each other, with a column of nothing between them."""
    side = int(np.sqrt(rows.shape[1]))
    images = rows.reshape(-1, side, side)
    gap = np.full((side, 1), np.nan)
    return np.hstack([part for image in images for part in (image, gap)][:-1])


def _write_above(ax, place, text, **style):
    """Write above one of the images in a row."""
    ax.text((place + 0.45) / (SHOWN - 0.1), 1.05, text, transform=ax.transAxes, ha="center", size=SIZE, **style)
