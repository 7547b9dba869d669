-- One row per kit and component; a kit may name one item on several lines.
SELECT m.parentitem AS kit_item_id_netsuite, m.item AS item_id_netsuite, SUM(m.quantity) AS component_qty
FROM   KitItemMember m
WHERE  m.parentitem >= ? AND (m.parentitem > ? OR m.item > ?)
GROUP  BY m.parentitem, m.item
ORDER  BY m.parentitem, m.item
FETCH  FIRST 1000 ROWS ONLY
