-- The inventory statuses that any stock is in.
SELECT ib.inventorystatus AS status_code
FROM   InventoryBalance ib
WHERE  ib.inventorystatus IS NOT NULL AND ib.inventorystatus > ?
GROUP  BY ib.inventorystatus
ORDER  BY ib.inventorystatus
FETCH  FIRST 1000 ROWS ONLY
