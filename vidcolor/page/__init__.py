"""Pages that open from disk: one HTML file that holds all it shows. Read `document.py`, `chart.py`, `style.py`."""
