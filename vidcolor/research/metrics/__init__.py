"""The field's metrics on single pictures, pairs of frames and sets of them."""
