"""The example film: painted scenes, an artist's pictures of them, and the true colours apart.

Read in this order: facts, texture, canvas, stage, street (and its fellow scenes), film, sound, write, measure.
"""

from vidcolor.example.facts import ExampleFacts, ExampleShot
from vidcolor.example.measure import Distance, distance
from vidcolor.example.write import make_example

__all__ = ["Distance", "ExampleFacts", "ExampleShot", "distance", "make_example"]
