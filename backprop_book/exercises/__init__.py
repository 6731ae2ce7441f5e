"""How answers to exercises are judged: whether one is right, and if not, what is off.

    >>> from backprop_book import check_exercise, hint
    >>> check_exercise("1.2", 10.0)
    ≈ Exercise 1.2: nearly: this is the length of the gradient, the slope in its own direction
    >>> hint("1.2")
    Hint 1 of 3 for exercise 1.2: The slope in a direction is an inner product.
    With what?

The exercises themselves stand in their lessons' folders, ``lesson_NN/exercises.py``. An exercise is a number, a kind, a
title, three hints and a checker: `Quantity` and `Choice` for what is worked out, `Function` for what is written. A
checker computes what it expects when it is asked, by another way than the reader's.
"""
