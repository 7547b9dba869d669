-- One row per item and location. AggregateItemLocation holds every item type; inventoryItemLocations leaves out lots and serials.
SELECT ail.item AS item_id_netsuite, ail.location AS location_id_netsuite, ail.quantityonhand AS on_hand_qty,
       ail.quantityavailable AS available_qty, ail.quantitycommitted AS committed_qty,
       ail.quantitybackordered AS backordered_qty, ail.quantityintransit AS in_transit_qty, ail.quantityonorder AS on_order_qty
FROM   AggregateItemLocation ail
WHERE  ail.location IN ($locations) $items
  AND  ail.item >= ? AND (ail.item > ? OR ail.location > ?)
ORDER  BY ail.item, ail.location
FETCH  FIRST 1000 ROWS ONLY
