-- Documents made since, and item fulfilments modified since (coarse and exact filter as in scope_open_or_modified).
t.type IN ('SalesOrd', 'ItemShip', 'CashSale')
AND t.lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD')
AND SYS_EXTRACT_UTC(t.lastmodifieddate) >= TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')
