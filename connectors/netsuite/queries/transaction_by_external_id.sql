-- The comparison is case-sensitive.
SELECT t.id AS id
FROM   transaction t
WHERE  t.type = ? AND t.externalid = ?
ORDER  BY t.id
