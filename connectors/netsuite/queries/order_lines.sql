-- One row per line of a sales order, item fulfilment or cash sale. ml is the transaction's own (main) row: it holds the
-- header's createdfrom; o is the document it came from. Quantities of sales lines are negative in NetSuite.
SELECT tl.transaction AS transaction_id_netsuite, tl.id AS line_id_netsuite, t.externalid AS external_id,
       t.type AS transaction_type, t.status AS status_code, tl.isclosed AS is_closed, tl.item AS item_id_netsuite,
       tl.itemtype AS item_type, tl.location AS location_id_netsuite, -tl.quantity AS ordered_qty,
       tl.quantitycommitted AS committed_qty, tl.quantitybackordered AS backordered_qty,
       tl.quantityshiprecv AS shipped_qty, tl.kitmemberof AS kit_member_of,
       NVL(tl.createdfrom, ml.createdfrom) AS created_from_id_netsuite, t.otherrefnum AS other_ref_num,
       TO_CHAR(SYS_EXTRACT_UTC(t.createddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at_utc,
       TO_CHAR(t.shipdate, 'YYYY-MM-DD') AS ship_date,
       TO_CHAR(SYS_EXTRACT_UTC(t.lastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS transaction_modified_at_utc,
       TO_CHAR(SYS_EXTRACT_UTC(tl.linelastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS line_modified_at_utc$custom_columns
FROM   transaction t
JOIN   transactionline tl ON tl.transaction = t.id
LEFT JOIN transactionline ml ON ml.transaction = t.id AND ml.mainline = 'T'
LEFT JOIN transaction o ON o.id = NVL(tl.createdfrom, ml.createdfrom)
WHERE  t.type IN ('SalesOrd', 'ItemShip', 'CashSale')
  AND  tl.mainline = 'F' AND tl.taxline = 'F' AND NVL(tl.iscogs, 'F') = 'F'
  AND  ($scope)
  AND  tl.transaction >= ? AND (tl.transaction > ? OR tl.id > ?)
ORDER  BY tl.transaction, tl.id
FETCH  FIRST 1000 ROWS ONLY
