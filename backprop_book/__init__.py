"""The code of the book *Backpropagation You Can Run*, beside the library: what a lesson says to its reader.

====================  ==============================================================================
``verification``      verify: equations that prove themselves
``session``           check_exercise, hint, progress
``catalogue``         EXERCISES, all of them, from the lessons' folders
``exercises``         how an answer is judged; no exercise is in it
``mistakes``          MISTAKES, wrong backward passes beside the right ones
``drawing``           style, colours and charts that several lessons draw with
``explorer``          Explorer, for figures that the reader moves
``lesson_NN``         what one lesson alone has: ``figures`` and ``exercises``
``saved_notebooks``   an extension of Jupyter's server
====================  ==============================================================================
"""

import importlib

_MODULES = {
    "EXERCISES": "catalogue",
    "MISTAKES": "mistakes",
    "Exercise": "exercises.exercise",
    "Mistake": "mistakes",
    "check_exercise": "session",
    "hint": "session",
    "progress": "session",
    "self_test": "lesson_00.self_test",
    "verify": "verification",
}

__all__ = list(_MODULES)


def __getattr__(name):
    """Import what is asked for, and no more: every Jupyter server of a class imports `saved_notebooks` from here."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
