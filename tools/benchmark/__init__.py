"""The benchmark behind `tools/bench.py`.

Read jobs.py (what a program is given), clips.py (a clip in memory), methods.py (who is measured, and how a program of
yours is run), quality.py (every clip, rule and method, once), speed.py (seconds, processor, memory), study.py (what
each part is worth, where the errors sit), tables.py (what is written); for folds trials.py (variants), worker.py (who
colours), cross.py (what is measured), compared.py (what is told of it).
"""
