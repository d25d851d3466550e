"""Results, in the columns and the kind that the user knows."""
