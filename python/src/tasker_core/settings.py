"""The settings of connect, and of --set on the command line.

event_relay:
    Events reach the subscribers of other processes, over LISTEN and NOTIFY of PostgreSQL. Takes
    true or false. Default False.
event_relay_channel:
    The channel: processes with the same one hear each other. Takes a text of 1 to 63 bytes. Default
    "tasker_core_events".
event_relay_url:
    Where to LISTEN, by default the database itself; it must not be PgBouncer. Takes None or the
    text of a URL such as postgresql://user@host/database.
event_relay_names:
    The events that are sent to other processes. Takes a list of names (step.completed), prefixes
    (step.*), or ['*']. Default ["*"].
log_level:
    From which level on the core's own log has lines. Takes debug, info, warn, error, off. Default
    "warn".
log_destination:
    Where the lines of the core's log go. Takes stderr, the absolute path of a file, or in Rails
    rails. Default "stderr".
log_format:
    The form of the lines of the core's log. Takes json, console. Default "json".
tracing:
    Spans over OTLP/HTTP, as the OTEL_ variables say; see docs/TELEMETRY.md. Takes off, on. Default
    "off".
service_name:
    The service of the spans, by default OTEL_SERVICE_NAME, else the engine's. Takes None or a text.
otlp_endpoint:
    Where spans go, by default OTEL_EXPORTER_OTLP_ENDPOINT. Takes None or the text of a URL such as
    http://localhost:4318.
trace_sample_ratio:
    How many of the traces begun here are kept, else as OTEL_TRACES_SAMPLER says. Takes None or a
    number between 0 and 1.
slow_statement_seconds:
    How long one of the core's statements may take before it is logged. Takes a number of seconds, 0
    for never. Default 1.0.
max_procs:
    How many processors the Go runtime uses at once. Takes an Integer, 0 for no cap, or above.
    Default 2.
max_sessions:
    How many task runs may be open at once. Takes an Integer of 1 or above. Default 10000.
pool_max_connections:
    How many connections may be open at once. Takes an integer from 1 to 1,000. Default 4.
pool_exec_mode:
    How statements are sent; see docs/DEPLOYMENT.md for those that work behind PgBouncer. Takes
    cache_statement, cache_describe, describe_exec, exec, simple_protocol. Default
    "cache_statement".
pool_acquire_timeout_seconds:
    How long a call waits for a connection. Takes a number above 0, at most 3,600 in seconds.
    Default 5.0.
application_name:
    The name in pg_stat_activity; else what the URL says, or tasker_core. Takes a text.

Written by bin/generate; change settings.json instead.
"""

from __future__ import annotations

#: The names of the settings.
NAMES = (
    "event_relay",
    "event_relay_channel",
    "event_relay_url",
    "event_relay_names",
    "log_level",
    "log_destination",
    "log_format",
    "tracing",
    "service_name",
    "otlp_endpoint",
    "trace_sample_ratio",
    "slow_statement_seconds",
    "max_procs",
    "max_sessions",
    "pool_max_connections",
    "pool_exec_mode",
    "pool_acquire_timeout_seconds",
    "application_name",
)
