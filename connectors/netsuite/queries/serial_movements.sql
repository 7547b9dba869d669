-- One row per document, line and serial or lot number: the units of it that the line moves, in the base unit, with the sign of
-- the move. A number of several bins or statuses has several assignments, added up here. The line may be the main one: a build's
-- assembly. ml is the document's own row; o is what it came from.
SELECT ia.transaction AS transaction_id_netsuite, ia.transactionline AS line_id_netsuite,
       ia.inventorynumber AS inventory_number_id_netsuite, MAX(n.inventorynumber) AS inventory_number,
       MAX(n.item) AS item_id_netsuite, MAX(tl.location) AS location_id_netsuite, MAX(t.type) AS transaction_type,
       MAX(t.status) AS status_code, MAX(TO_CHAR(t.trandate, 'YYYY-MM-DD')) AS transaction_date, SUM(ia.quantity) AS moved_qty,
       MAX(tl.quantity) AS line_qty, MAX(tl.isinventoryaffecting) AS is_inventory_affecting,
       MAX(t.externalid) AS external_id, MAX(NVL(tl.createdfrom, ml.createdfrom)) AS created_from_id_netsuite,
       MAX(o.type) AS created_from_type, MAX(o.externalid) AS created_from_external_id,
       MAX(NVL(t.otherrefnum, o.otherrefnum)) AS other_ref_num,
       MAX(TO_CHAR(SYS_EXTRACT_UTC(t.createddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS created_at_utc,
       MAX(TO_CHAR(SYS_EXTRACT_UTC(t.lastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS modified_at_utc
FROM   InventoryAssignment ia
JOIN   InventoryNumber n ON n.id = ia.inventorynumber
JOIN   transaction t ON t.id = ia.transaction
JOIN   transactionline tl ON tl.transaction = ia.transaction AND tl.id = ia.transactionline
LEFT JOIN transactionline ml ON ml.transaction = t.id AND ml.mainline = 'T'
LEFT JOIN transaction o ON o.id = NVL(tl.createdfrom, ml.createdfrom)
WHERE  ($scope)
  AND  ia.transaction >= ? AND (ia.transaction > ? OR ia.transactionline > ?
       OR (ia.transactionline = ? AND ia.inventorynumber > ?))
GROUP  BY ia.transaction, ia.transactionline, ia.inventorynumber
ORDER  BY ia.transaction, ia.transactionline, ia.inventorynumber
FETCH  FIRST 1000 ROWS ONLY
