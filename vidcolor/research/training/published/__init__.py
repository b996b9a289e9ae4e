"""The published networks' training: lists of pairs, losses, runs."""
