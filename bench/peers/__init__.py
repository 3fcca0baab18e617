"""Each engine beside its library: `pairs(size)` of every module; size 1 is what we measure."""
