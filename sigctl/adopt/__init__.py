"""From what forges hold to files that say so; pure."""
