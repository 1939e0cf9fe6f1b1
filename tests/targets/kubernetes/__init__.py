"""The kubernetes target: its pure parts alone, and the whole on a real control plane."""
