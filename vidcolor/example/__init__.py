"""The example film: painted scenes, an artist's pictures of them, and the true colours apart.

Read in this order: facts, paint, scenes, film, sound, write.
"""

from vidcolor.example.facts import ExampleFacts, ExampleShot
from vidcolor.example.write import make_example

__all__ = ["ExampleFacts", "ExampleShot", "make_example"]
