"""The HTTP edge: requests in; one call of a lower part; JSON or a stream out."""
