"""All exercises of the book, in reading order."""

from backprop_lib.lesson.exercises import lesson_01, lesson_02, lesson_05, lesson_06, lesson_09
from backprop_lib.lesson.exercises.exercise import Exercises

EXERCISES = Exercises(
    [
        *lesson_01.EXERCISES,
        *lesson_02.EXERCISES,
        *lesson_05.EXERCISES,
        *lesson_06.EXERCISES,
        *lesson_09.EXERCISES,
    ]
)
