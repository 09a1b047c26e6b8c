-- When the event stream was last seen to lack what a partition had read of it (it lost its end, was restored or made
-- anew), as nanoseconds since 1970; 0: never. What was asked for up to then may be asked for again, and be in the log.
ALTER TABLE noetl.partition ADD COLUMN stream_lost_ns bigint NOT NULL DEFAULT 0;
