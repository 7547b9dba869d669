-- Open sales orders, what came from an open sales order, and what was modified since. The TO_DATE is a coarse filter, a
-- day early (datetimes are in the session's zone), so that the index serves; the TO_TIMESTAMP is the exact one.
(t.type = 'SalesOrd' AND t.status IN ('A', 'B', 'D', 'E', 'F'))
OR (o.type = 'SalesOrd' AND o.status IN ('A', 'B', 'D', 'E', 'F'))
OR (t.lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD')
    AND SYS_EXTRACT_UTC(t.lastmodifieddate) >= TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS'))
