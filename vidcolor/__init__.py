"""vidcolor: a black-and-white film and an artist's colour references in, a film in colour out."""

__version__ = "0.1.0"
