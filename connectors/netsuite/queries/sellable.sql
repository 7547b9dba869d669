-- What is on hand in the statuses named. A row of InventoryBalance is per bin, number and status: summed here.
SELECT ib.item AS item_id_netsuite, ib.location AS location_id_netsuite, SUM(ib.quantityonhand) AS on_hand_qty
FROM   InventoryBalance ib
WHERE  ib.inventorystatus IN ($statuses) AND ib.location IN ($locations)
  AND  ib.item >= ? AND (ib.item > ? OR ib.location > ?)
GROUP  BY ib.item, ib.location
ORDER  BY ib.item, ib.location
FETCH  FIRST 1000 ROWS ONLY
