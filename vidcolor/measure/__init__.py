"""Figures of a whole result against its truth: frames paired, metrics gathered, tables and a page written."""
