"""The shipped networks, their blocks and weights; the networks of others, read strictly (pretrained.py).

Torch is loaded here and nowhere below.
"""
