-- The timers that are set and have not fired, so that a broker finds them when it starts. A projection: the
-- events alone determine it, and it can be made again by folding them.
CREATE TABLE noetl.timer (
    execution_id bigint  NOT NULL,
    timer_id     text    COLLATE "C" NOT NULL, -- of the attempt that waits, or "execution"
    partition    integer NOT NULL, -- of the event stream
    due_ns       bigint  NOT NULL, -- since 1970
    PRIMARY KEY (execution_id, timer_id)
);
