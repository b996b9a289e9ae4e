"""Figures of a whole result against its truth: frames paired, metrics gathered, tables and a page written.

Read in this order: definitions, measurement, pairing, nearest, frame, gather, run; then table, document, page.
"""

from vidcolor.research.measure.measurement import Measurement, MeasureOptions
from vidcolor.research.measure.run import measure

__all__ = ["MeasureOptions", "Measurement", "measure"]
