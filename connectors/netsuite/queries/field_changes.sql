-- One row per change of some custom fields of some documents (-30: transactions). Fields stand there in upper case.
SELECT n.id AS note_id, n.recordid AS transaction_id_netsuite, LOWER(n.field) AS field, n.lineid AS line_id_netsuite,
       BUILTIN.DF(n.name) AS changed_by, n.context AS context,
       TO_CHAR(SYS_EXTRACT_UTC(n.date), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS changed_at_utc
FROM   SystemNote n
WHERE  n.recordtypeid = -30 AND n.recordid IN ($documents) AND n.field IN ($fields)
  AND  n.id > ?
ORDER  BY n.id
FETCH  FIRST 1000 ROWS ONLY
