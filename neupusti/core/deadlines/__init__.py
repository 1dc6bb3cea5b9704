"""Terms of the law as data, and the dates that follow from them (5.3, 8.2, 8.3).

Pure functions count (`counting`); facts are in two tables: what staff know of days off
(`CalendarDay`) and what is promised to whom by when (`Deadline`). Every count errs early.
"""
