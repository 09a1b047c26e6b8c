-- For lists of the executions that another one has called.
CREATE INDEX event_called ON noetl.event (parent_execution_id, created_at)
    WHERE event_type = 'execution_requested' AND parent_execution_id IS NOT NULL;
