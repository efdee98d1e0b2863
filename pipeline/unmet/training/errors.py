"""What goes wrong in training."""

from unmet.errors import UnmetError


class TrainingError(UnmetError):
    """Training cannot go on; the text says what is missing."""
