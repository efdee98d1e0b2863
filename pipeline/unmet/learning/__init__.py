"""What is learned from annotated letters: features, linear classifiers over them, and how they are fitted."""
