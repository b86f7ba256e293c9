-- One row, one text: what the search path shows of the engine's tables, views and functions, in the
-- shape of the Go type Catalog. The schema's own name is taken out of index definitions, so that a
-- database is recognised in whatever schema it lives. Invalid indexes count as not there.
SELECT jsonb_build_object(
    'tables', coalesce((
        SELECT jsonb_object_agg(rel.relname, jsonb_build_object(
            'columns', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'name', att.attname,
                    'type', format_type(att.atttypid, att.atttypmod),
                    'default', pg_get_expr(def.adbin, def.adrelid),
                    'not_null', att.attnotnull
                ) ORDER BY att.attnum), '[]')
                FROM pg_catalog.pg_attribute AS att
                LEFT JOIN pg_catalog.pg_attrdef AS def
                    ON def.adrelid = att.attrelid AND def.adnum = att.attnum
                WHERE att.attrelid = rel.oid AND att.attnum > 0 AND NOT att.attisdropped
            ),
            'indexes', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'name', named.relname,
                    'definition', replace(
                        pg_get_indexdef(idx.indexrelid),
                        format(' ON %I.%I ', space.nspname, rel.relname),
                        format(' ON %I ', rel.relname)
                    )
                ) ORDER BY named.relname), '[]')
                FROM pg_catalog.pg_index AS idx
                JOIN pg_catalog.pg_class AS named ON named.oid = idx.indexrelid
                WHERE idx.indrelid = rel.oid AND idx.indisvalid
            ),
            'constraints', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'name', con.conname,
                    'definition', pg_get_constraintdef(con.oid)
                ) ORDER BY con.conname), '[]')
                FROM pg_catalog.pg_constraint AS con
                WHERE con.conrelid = rel.oid AND con.contype IN ('c', 'f', 'p', 'u', 'x')
            )
        ))
        FROM pg_catalog.pg_class AS rel
        JOIN pg_catalog.pg_namespace AS space ON space.oid = rel.relnamespace
        WHERE rel.relkind IN ('r', 'p')
            AND starts_with(rel.relname, 'tasker_')
            AND pg_table_is_visible(rel.oid)
    ), '{}'),
    'views', coalesce((
        SELECT jsonb_object_agg(rel.relname, (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'name', att.attname,
                'type', format_type(att.atttypid, att.atttypmod)
            ) ORDER BY att.attnum), '[]')
            FROM pg_catalog.pg_attribute AS att
            WHERE att.attrelid = rel.oid AND att.attnum > 0 AND NOT att.attisdropped
        ))
        FROM pg_catalog.pg_class AS rel
        WHERE rel.relkind IN ('v', 'm')
            AND starts_with(rel.relname, 'tasker_')
            AND pg_table_is_visible(rel.oid)
    ), '{}'),
    'functions', coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'name', fun.proname,
            'arguments', pg_get_function_arguments(fun.oid),
            'result', pg_get_function_result(fun.oid)
        ) ORDER BY fun.proname, pg_get_function_arguments(fun.oid))
        FROM pg_catalog.pg_proc AS fun
        WHERE fun.proname IN ({{function_names}})
            AND pg_function_is_visible(fun.oid)
    ), '[]')
)::text AS catalog
