"""Many letters: reading them in several processes, in order, with nothing lost."""
