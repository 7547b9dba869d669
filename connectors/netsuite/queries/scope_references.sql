-- The documents whose reference is one of these, and what was created from them.
t.$column IN ($members) OR o.$column IN ($members)
