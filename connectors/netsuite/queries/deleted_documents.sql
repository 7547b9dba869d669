-- One row per record that was deleted since (a day early: a date in the account's own zone). Customers are there too: their ids
-- are no documents of ours, and nothing comes of them.
SELECT d.recordid AS transaction_id_netsuite,
       MAX(TO_CHAR(SYS_EXTRACT_UTC(d.deleteddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS deleted_at_utc
FROM   DeletedRecord d
WHERE  d.deleteddate >= TO_DATE(?, 'YYYY-MM-DD') AND LOWER(d.type) NOT LIKE '%customer%'
  AND  d.recordid > ?
GROUP  BY d.recordid
ORDER  BY d.recordid
FETCH  FIRST 1000 ROWS ONLY
