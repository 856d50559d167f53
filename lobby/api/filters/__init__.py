"""What lists may be narrowed down by; an unknown title or state is an error, not an empty list."""
