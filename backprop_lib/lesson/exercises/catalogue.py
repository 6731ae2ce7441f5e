"""All exercises of the book, in reading order."""

from backprop_lib.lesson.exercises import lesson_01, lesson_02, lesson_03, lesson_04
from backprop_lib.lesson.exercises.exercise import Exercises

EXERCISES = Exercises(
    [
        *lesson_01.EXERCISES,
        *lesson_02.EXERCISES,
        *lesson_03.EXERCISES,
        *lesson_04.EXERCISES,
    ]
)
