"""What colours no film: the published networks, metrics, training, and `vidcolor measure`."""
