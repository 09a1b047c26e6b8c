-- For finding the executions that may be open: when each was asked for, or made to go on again. It serves the lists
-- of executions too.
CREATE INDEX event_begun ON noetl.event (created_at, execution_id)
    WHERE event_type IN ('execution_requested', 'execution_retried');
DROP INDEX noetl.event_requested;
