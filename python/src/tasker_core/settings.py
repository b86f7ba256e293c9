"""The settings of connect, and of --set on the command line.

event_relay:
    Exchange events with other processes through PostgreSQL's LISTEN and NOTIFY. Takes true or
    false. Default False.
event_relay_channel:
    The NOTIFY channel. Processes with the same channel exchange events. Takes a string of 1 to 63
    bytes. Default "tasker_core_events".
event_relay_url:
    Where to LISTEN, not through PgBouncer. nil: the application's database. Takes None or a URL
    such as postgresql://user@host/database.
event_relay_names:
    Which events are sent to other processes. Takes a list of names (step.completed), prefixes
    (step.*), or ['*']. Default ["*"].
log_level:
    The lowest level that the Go core logs. Takes debug, info, warn, error, off. Default "warn".
log_destination:
    Where the core's log lines go. Takes stderr, the absolute path of a file, or in Rails rails.
    Default "stderr".
log_format:
    The format of the core's log lines. Takes json, console. Default "json".
tracing:
    Send spans over OTLP/HTTP. The OTEL_ variables apply: docs/TELEMETRY.md. Takes off, on. Default
    "off".
service_name:
    The service name of the spans. nil: OTEL_SERVICE_NAME, otherwise the engine's. Takes None or a
    string.
otlp_endpoint:
    Where spans go. nil: OTEL_EXPORTER_OTLP_ENDPOINT. Takes None or a URL such as
    http://localhost:4318.
trace_sample_ratio:
    The share of new traces that are sampled, 0 to 1. nil: OTEL_TRACES_SAMPLER. Takes None or a
    number between 0 and 1.
slow_statement_seconds:
    Statements of the core that take longer than this are logged. Takes a number of seconds, 0 for
    never. Default 1.0.
max_procs:
    The number of processors that the Go runtime uses at the same time. 0: no limit. Takes an
    Integer of 0 or more, 0 for no limit. Default 2.
max_sessions:
    The largest number of task runs open at the same time. Takes an Integer of 1 or more. Default
    10000.
pool_max_connections:
    The maximum number of open connections. Takes an integer from 1 to 1,000. Default 4.
pool_exec_mode:
    How statements are sent; docs/DEPLOYMENT.md lists the modes that work behind PgBouncer. Takes
    cache_statement, cache_describe, describe_exec, exec, simple_protocol. Default
    "cache_statement".
pool_acquire_timeout_seconds:
    How long a call waits for a connection. Takes a number above 0, at most 3,600 in seconds.
    Default 5.0.
application_name:
    The name in pg_stat_activity. The default is the URL's, or tasker_core. Takes a text.

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
