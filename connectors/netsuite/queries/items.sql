-- One row per item.
SELECT i.id AS item_id_netsuite, i.itemid AS item_code, i.itemtype AS item_type, i.isserialitem AS is_serial,
       i.islotitem AS is_lot, i.isinactive AS is_inactive, i.upccode AS upc_code, i.externalid AS external_id$custom_columns
FROM   item i
WHERE  i.id > ?
ORDER  BY i.id
FETCH  FIRST 1000 ROWS ONLY
