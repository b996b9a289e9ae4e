"""How the networks were trained: recipes, data, ageing, losses, the loop."""
