-- One row per document and SuiteTax code, in the document's own currency (basetaxamount is the other one).
SELECT td.transaction AS transaction_id_netsuite, td.taxcode AS tax_id_netsuite, SUM(td.taxamount) AS tax_amount
FROM   TransactionTaxDetail td
WHERE  td.transaction IN ($documents) AND td.taxcode IS NOT NULL
  AND  td.transaction >= ? AND (td.transaction > ? OR td.taxcode > ?)
GROUP  BY td.transaction, td.taxcode
ORDER  BY td.transaction, td.taxcode
FETCH  FIRST 1000 ROWS ONLY
