-- One row an event, never changed. The names are those of the first NoETL's log, so that its SQL goes on working.
--
-- json, not jsonb: it keeps the order of keys, exact numbers and \u0000.
-- created_at has microseconds; stream_time_ns is the same moment exactly.
-- Months are partitions that the program makes ahead of time and that an operator may detach or drop; what
-- falls in none goes to event_default.
CREATE TABLE noetl.event (
    execution_id        bigint      NOT NULL,
    event_id            bigint      NOT NULL, -- 1, 2, 3, … in each execution
    event_type          text        NOT NULL,
    node_name           text,                 -- the step, or the playbook's path
    node_type           text,                 -- the step's type, or "playbook"
    status              text        NOT NULL,
    created_at          timestamptz NOT NULL,
    task_id             text,
    visit               integer,
    attempt             integer,
    context             json,
    result              json,
    meta                json,
    error               text,
    parent_execution_id bigint,
    stream_seq          bigint      NOT NULL, -- of the message in the event stream that it is or follows from
    stream_time_ns      bigint      NOT NULL,
    duration            double precision,     -- of an attempt, in milliseconds
    worker_id           text,
    PRIMARY KEY (execution_id, event_id, created_at)
) PARTITION BY RANGE (created_at);

CREATE TABLE noetl.event_default PARTITION OF noetl.event DEFAULT;

-- For lists of executions: the newest, the newest of a playbook, and how each ended.
CREATE INDEX event_requested ON noetl.event (created_at, execution_id)
    WHERE event_type = 'execution_requested';
CREATE INDEX event_requested_path ON noetl.event (node_name, created_at, execution_id)
    WHERE event_type = 'execution_requested';
CREATE INDEX event_ended ON noetl.event (execution_id, event_type)
    WHERE event_type IN ('execution_complete', 'execution_failed', 'execution_cancelled');

-- How far each partition of the event stream is in the log, and who may write it: commits carry the epoch.
CREATE TABLE noetl.partition (
    partition         integer     PRIMARY KEY,
    epoch             bigint      NOT NULL,
    owner             text        NOT NULL,
    taken_at          timestamptz NOT NULL,
    stream_seq        bigint      NOT NULL DEFAULT 0,
    stream_time_ns    bigint      NOT NULL DEFAULT 0,
    stream_created_ns bigint      NOT NULL DEFAULT 0,
    updated_at        timestamptz NOT NULL
) WITH (fillfactor = 50); -- updated at each commit: room for updates within the page
