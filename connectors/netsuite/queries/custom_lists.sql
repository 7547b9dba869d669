-- The custom lists that fields choose from, by the number that CustomField names them by.
SELECT l.internalid AS list_id_netsuite, LOWER(l.scriptid) AS list_script_id
FROM   CustomList l
WHERE  l.internalid > ?
ORDER  BY l.internalid
FETCH  FIRST 1000 ROWS ONLY
