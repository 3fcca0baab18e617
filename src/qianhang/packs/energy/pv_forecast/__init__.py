"""Power of a photovoltaic plant four hours ahead."""
