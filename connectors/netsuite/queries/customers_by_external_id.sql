SELECT c.id AS id, c.externalid AS external_id
FROM   customer c
WHERE  c.externalid IN ($members)
  AND  c.id > ?
ORDER  BY c.id
FETCH  FIRST 1000 ROWS ONLY
