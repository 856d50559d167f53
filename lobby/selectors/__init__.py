"""What may be asked, by subject, and how it is shown; nothing here writes."""
