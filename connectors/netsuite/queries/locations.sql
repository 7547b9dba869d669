-- One row per location.
SELECT l.id AS location_id_netsuite, l.name AS name, l.isinactive AS is_inactive, l.makeinventoryavailable AS make_inventory_available
FROM   location l
WHERE  l.id > ?
ORDER  BY l.id
FETCH  FIRST 1000 ROWS ONLY
