-- The values of one custom list.
SELECT v.id AS value_id_netsuite, v.name AS name, v.isinactive AS is_inactive
FROM   $list v
WHERE  v.id > ?
ORDER  BY v.id
FETCH  FIRST 1000 ROWS ONLY
