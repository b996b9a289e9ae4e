"""The stage numbers: each stands for the code of one stage; that of `networks` for our own networks' code.

Raise a stage's number when its results change: every version made with the old number is then stale. The golden
files of the tests are named for these numbers, so a change that forgets to raise one fails a test.
"""

STAGES: dict[str, int] = {
    "shots": 2,
    "keyframes": 2,
    "references": 3,
    "colorize": 9,
    "propagate": 18,
    "networks": 4,
    "corrections": 15,
    "propose": 2,
    "finish": 4,
    "export": 3,
}
