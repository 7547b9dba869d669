-- Active customers of one e-mail address, the oldest first.
SELECT c.id AS id, c.externalid AS external_id
FROM   customer c
WHERE  LOWER(c.email) = ? AND c.isinactive = 'F'
ORDER  BY c.id
