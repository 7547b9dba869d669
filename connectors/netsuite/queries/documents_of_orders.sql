-- Documents that were made from others (orders, cash sales, returns), of some types.
SELECT t.id AS transaction_id_netsuite, t.externalid AS external_id, ml.createdfrom AS created_from_id_netsuite,
       TO_CHAR(SYS_EXTRACT_UTC(t.createddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at_utc
FROM   transaction t
JOIN   transactionline ml ON ml.transaction = t.id AND ml.mainline = 'T'
WHERE  t.type IN ($types) AND ml.createdfrom IN ($orders)
  AND  t.id > ?
ORDER  BY t.id
FETCH  FIRST 1000 ROWS ONLY
