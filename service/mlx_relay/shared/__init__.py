"""What relays on several machines share while it happens, in one Redis: who holds which place, who
waits in which order, who failed to sign in.

``link`` carries questions to Redis and knows when it is away; ``admission.lua`` and
``attempts.lua`` answer them there, each in one step; ``admission`` and ``attempts`` are what the
rest of the service sees, with the same faces as what one process does alone, and what they fall
back to while Redis is away. Nothing that must last is in Redis: users, sign-ins and revocations
are the database's, which all relays ask.
"""
