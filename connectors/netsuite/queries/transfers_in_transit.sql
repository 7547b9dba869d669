-- One row per line of a transfer order under way: tl is its receiving side, o the side that ships. Both name the line that a
-- user entered (transferorderitemlineid); each counts its own units in quantityshiprecv.
SELECT tl.transaction AS transaction_id_netsuite, tl.id AS line_id_netsuite, tl.item AS item_id_netsuite,
       o.location AS from_location_id_netsuite, tl.location AS to_location_id_netsuite,
       o.quantityshiprecv AS shipped_qty, tl.quantityshiprecv AS received_qty,
       TO_CHAR(tl.expectedreceiptdate, 'YYYY-MM-DD') AS expected_receipt_date
FROM   transaction t
JOIN   transactionline tl ON tl.transaction = t.id
JOIN   transactionline o ON o.transaction = tl.transaction AND o.transferorderitemlineid = tl.transferorderitemlineid
       AND o.transactionlinetype = 'SHIPPING'
WHERE  t.type = 'TrnfrOrd' AND t.status IN ('D', 'E', 'F')
  AND  tl.mainline = 'F' AND tl.transactionlinetype = 'RECEIVING' $items
  AND  tl.transaction >= ? AND (tl.transaction > ? OR tl.id > ?)
ORDER  BY tl.transaction, tl.id
FETCH  FIRST 1000 ROWS ONLY
