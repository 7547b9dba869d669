-- One row per document and tax item: what its lines of that item come to (below zero on a sale). Lines that were closed with
-- nothing shipped are left out, as they are of the document's own amount.
SELECT tl.transaction AS transaction_id_netsuite, tl.item AS tax_id_netsuite, SUM(tl.foreignamount) AS tax_amount
FROM   transactionline tl
WHERE  tl.transaction IN ($documents) AND tl.item IN ($items) AND tl.mainline = 'F' AND tl.taxline = 'F'
  AND  NOT (NVL(tl.isclosed, 'F') = 'T' AND NVL(tl.quantityshiprecv, 0) = 0)
  AND  tl.transaction >= ? AND (tl.transaction > ? OR tl.item > ?)
GROUP  BY tl.transaction, tl.item
ORDER  BY tl.transaction, tl.item
FETCH  FIRST 1000 ROWS ONLY
