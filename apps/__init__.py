"""Applications over embviz."""
