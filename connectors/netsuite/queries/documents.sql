-- Documents of our orders: by their external ids, or made since.
SELECT t.id AS transaction_id_netsuite, t.externalid AS external_id, t.type AS transaction_type, t.status AS status_code,
       TO_CHAR(t.trandate, 'YYYY-MM-DD') AS transaction_date, t.foreigntotal AS total_amount, t.memo AS memo,
       t.otherrefnum AS other_ref_num,
       -- Lines that were closed with nothing shipped stay in the total.
       (SELECT SUM(c.foreignamount) FROM transactionline c WHERE c.transaction = t.id AND c.mainline = 'F' AND c.isclosed = 'T'
          AND NVL(c.quantityshiprecv, 0) = 0) AS closed_amount,
       TO_CHAR(SYS_EXTRACT_UTC(t.createddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at_utc,
       TO_CHAR(SYS_EXTRACT_UTC(t.lastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS modified_at_utc
FROM   transaction t
WHERE  $scope
  AND  t.id > ?
ORDER  BY t.id
FETCH  FIRST 1000 ROWS ONLY
