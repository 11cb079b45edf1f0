"""Load as users make it: a plan in; what they saw, verdicts and a report out. Speaks HTTP only."""
