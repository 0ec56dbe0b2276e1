"""Files in, arrays out: datasets, their splits and their features."""
