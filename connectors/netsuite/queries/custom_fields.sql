-- The custom fields of transactions, their lines and customers.
SELECT f.internalid AS internal_id_netsuite, LOWER(f.scriptid) AS script_id, f.name AS name, f.fieldtype AS field_type,
       f.fieldvaluetype AS value_type, f.fieldvaluetyperecord AS list_id_netsuite, f.ismandatory AS is_mandatory,
       TO_CHAR(SYS_EXTRACT_UTC(f.lastmodifieddate), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS modified_at_utc
FROM   CustomField f
WHERE  (LOWER(f.scriptid) LIKE 'custbody%' OR LOWER(f.scriptid) LIKE 'custcol%' OR LOWER(f.scriptid) LIKE 'custentity%')
  AND  f.internalid > ?
ORDER  BY f.internalid
FETCH  FIRST 1000 ROWS ONLY
