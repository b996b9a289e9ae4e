"""The networks and their blocks. Torch is loaded here and nowhere below."""
