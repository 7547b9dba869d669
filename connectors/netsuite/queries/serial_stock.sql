-- One row per serial or lot number and location where it is or has been, in the base unit.
SELECT nl.inventorynumber AS inventory_number_id_netsuite, nl.location AS location_id_netsuite,
       n.inventorynumber AS inventory_number, n.item AS item_id_netsuite, nl.quantityonhand AS on_hand_qty,
       nl.quantityavailable AS available_qty, nl.quantityintransit AS in_transit_qty,
       TO_CHAR(n.expirationdate, 'YYYY-MM-DD') AS expiration_date, n.isinactive AS is_inactive
FROM   InventoryNumberLocation nl
JOIN   InventoryNumber n ON n.id = nl.inventorynumber
WHERE  ($scope)
  AND  nl.inventorynumber >= ? AND (nl.inventorynumber > ? OR nl.location > ?)
ORDER  BY nl.inventorynumber, nl.location
FETCH  FIRST 1000 ROWS ONLY
