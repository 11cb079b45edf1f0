"""Who is asking: credentials in; an ``Identity`` out, or Unauthorized."""
