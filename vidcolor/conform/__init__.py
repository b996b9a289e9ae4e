"""Lists that put delivered files of shots together. Read `pieces.py`, then `edl.py`, `otio.py`, `fcp7.py`, `table.py`.

A file's timecode is the film's at its first frame, so a frame has one label: in its file and in the film. Dissolves and
fades are in the film's own pictures, and so in the files. A list names a dissolve all the same: both files show the
same there, and one who trims a shot sees where it goes over. A fade is a cut here: fading once more would darken twice.
"""
