"""Planes of numbers, as NumPy's arrays on the processor or as PyTorch's tensors on a device: what is done with both.

Read kinds.py, then samples.py; on_device.py has what OpenCV does on the processor.
"""
