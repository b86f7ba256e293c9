-- One row, one text: what in the current schema stands in the way of an installation, separated by
-- commas; the empty text where nothing does.
SELECT coalesce(string_agg(found.label, ', ' ORDER BY found.label), '') AS occupants
FROM (
    SELECT CASE rel.relkind
            WHEN 'v' THEN 'view '
            WHEN 'm' THEN 'view '
            WHEN 'S' THEN 'sequence '
            ELSE 'table '
        END || rel.relname AS label
    FROM pg_catalog.pg_class AS rel
    JOIN pg_catalog.pg_namespace AS space ON space.oid = rel.relnamespace
    WHERE space.nspname = current_schema()
        AND starts_with(rel.relname, 'tasker_')
        AND (
            rel.relkind IN ('r', 'p', 'v', 'm', 'f')
            -- A sequence that a table owns is named by its table already.
            OR rel.relkind = 'S' AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend AS dep
                WHERE dep.objid = rel.oid AND dep.deptype = 'a'
            )
        )
    UNION ALL
    SELECT 'function ' || fun.proname
    FROM pg_catalog.pg_proc AS fun
    JOIN pg_catalog.pg_namespace AS space ON space.oid = fun.pronamespace
    WHERE space.nspname = current_schema()
        AND fun.proname IN ({{function_names}})
) AS found
