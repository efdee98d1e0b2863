"""What a person sees of a record."""
