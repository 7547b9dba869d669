-- The comparison is case-sensitive.
SELECT t.id AS id, t.externalid AS external_id, t.type AS type_code
FROM   transaction t
WHERE  t.externalid IN ($members)
  AND  t.id > ?
ORDER  BY t.id
FETCH  FIRST 1000 ROWS ONLY
