-- One row per line of a sales order that is a member of a kit: the order's item sublist over REST does not show them.
SELECT tl.id AS line_id_netsuite, tl.kitmemberof AS kit_member_of, tl.item AS item_id_netsuite
FROM   transactionline tl
WHERE  tl.transaction = ? AND tl.kitmemberof IS NOT NULL
  AND  tl.id > ?
ORDER  BY tl.id
FETCH  FIRST 1000 ROWS ONLY
