-- One row, one text: a fingerprint of each function that the search path shows, null where there is
-- none, and the view's definition. White space is normalised before hashing, since a body that went
-- through a file, a dump or an editor keeps its meaning but not its line ends.
SELECT jsonb_build_object(
    'functions', (
        SELECT jsonb_object_agg(
            wanted.signature,
            md5(btrim(regexp_replace(fun.prosrc, '[[:space:]]+', ' ', 'g')))
        )
        FROM (VALUES {{signatures}}) AS wanted (signature)
        LEFT JOIN pg_catalog.pg_proc AS fun
            ON fun.oid = to_regprocedure(wanted.signature)::oid
    ),
    'view', pg_get_viewdef(to_regclass('{{view}}')::oid)
)::text AS fingerprints
