-- The documents with these external ids, and what was created from them.
t.externalid IN ($members) OR o.externalid IN ($members)
