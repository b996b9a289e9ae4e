"""The shipped networks, their blocks and weights; the networks of others, read strictly (pretrained.py).

OpenVINO is loaded where a network of ours is read (graph.py), PyTorch where one of others is.
"""
