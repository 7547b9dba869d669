-- One row per line of a document, in the document's own currency and with NetSuite's sign. Legacy tax lines (taxline) too: they
-- are in the total.
SELECT tl.transaction AS transaction_id_netsuite, tl.id AS line_id_netsuite, tl.item AS item_id_netsuite,
       tl.isclosed AS is_closed, tl.quantity AS line_qty, tl.foreignamount AS line_amount, tl.$line_id AS order_line_id_shopify
FROM   transactionline tl
WHERE  tl.transaction IN ($documents) AND tl.mainline = 'F' AND NVL(tl.iscogs, 'F') = 'F'
  AND  tl.transaction >= ? AND (tl.transaction > ? OR tl.id > ?)
ORDER  BY tl.transaction, tl.id
FETCH  FIRST 1000 ROWS ONLY
