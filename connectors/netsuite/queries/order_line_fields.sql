-- The custom fields of these documents' lines, a column each, with the Shopify line id that the line carries.
SELECT tl.transaction AS transaction_id_netsuite, tl.id AS line_id_netsuite, t.externalid AS external_id,
       tl.$line_id AS order_line_id_shopify,
       TO_CHAR(SYS_EXTRACT_UTC(tl.linelastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS modified_at_utc$columns
FROM   transactionline tl
JOIN   transaction t ON t.id = tl.transaction
WHERE  tl.transaction IN ($members) AND tl.$line_id IS NOT NULL AND tl.mainline = 'F' AND tl.taxline = 'F'
  AND  tl.transaction >= ? AND (tl.transaction > ? OR tl.id > ?)
ORDER  BY tl.transaction, tl.id
FETCH  FIRST 1000 ROWS ONLY
