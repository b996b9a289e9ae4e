"""Many machines. Jobs for render farms, written as files for engines that a house runs already: jobs.py, openjd.py,
opencue.py. Shots as tasks of a Ray cluster: ray_cluster.py joins it, on_ray.py sends them, ray_task.py is
what is sent, worker.py renders them.

Each task is told the project's path and shots' names, and needs nothing else.
"""
