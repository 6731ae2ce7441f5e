"""All exercises of the book, in reading order."""

from backprop_lib.lesson.exercises import (
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_09,
)
from backprop_lib.lesson.exercises.exercise import Exercises

LESSONS = (lesson_01, lesson_02, lesson_03, lesson_04, lesson_05, lesson_06, lesson_09)
EXERCISES = Exercises([exercise for lesson in LESSONS for exercise in lesson.EXERCISES])
