-- Documents that were made or changed since. The TO_DATE is a coarse filter, a day early; the TO_TIMESTAMP is the exact one.
SELECT t.id AS transaction_id_netsuite, ml.createdfrom AS created_from_id_netsuite
FROM   transaction t
LEFT JOIN transactionline ml ON ml.transaction = t.id AND ml.mainline = 'T'
WHERE  t.lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD')
  AND  SYS_EXTRACT_UTC(t.lastmodifieddate) >= TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')
  AND  t.id > ?
ORDER  BY t.id
FETCH  FIRST 1000 ROWS ONLY
