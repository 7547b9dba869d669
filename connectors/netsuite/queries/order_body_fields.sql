-- The custom fields of these sales orders and cash sales, a column each.
SELECT t.id AS transaction_id_netsuite, t.externalid AS external_id,
       TO_CHAR(SYS_EXTRACT_UTC(t.lastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS modified_at_utc$columns
FROM   transaction t
WHERE  t.id IN ($members) AND t.id > ?
ORDER  BY t.id
FETCH  FIRST 1000 ROWS ONLY
