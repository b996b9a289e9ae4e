"""The configs that `pip install` carries as `vidcolor.configs`: presets now, training recipes later."""
