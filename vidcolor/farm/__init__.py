"""Jobs for render farms, written as files for engines that a house runs already: jobs.py, openjd.py, opencue.py.

Each task is one command of this program, which takes the project's path and shots' names and needs nothing else.
"""
