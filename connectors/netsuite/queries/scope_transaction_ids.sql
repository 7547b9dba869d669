-- The transactions named.
t.id IN ($members)
