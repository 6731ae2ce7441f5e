"""From gradients to steps. An optimiser reads ``.grad`` and changes ``.data``; it knows nothing else of a network.

Formulas and defaults are PyTorch's. Where those differ from the paper that a rule is named after, the class says so.
"""

from backprop_lib.optimizers.clipping import clip_gradient_norm
from backprop_lib.optimizers.rules import SGD, Adam, AdamW, RMSProp

__all__ = ["SGD", "Adam", "AdamW", "RMSProp", "clip_gradient_norm"]
