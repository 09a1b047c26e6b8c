-- An execution that failed may go on again, and one that runs may be paused: how it stands is what the newest of
-- these says.
DROP INDEX noetl.event_ended;
CREATE INDEX event_life ON noetl.event (execution_id, event_id, event_type)
    WHERE event_type IN ('execution_paused', 'execution_resumed', 'execution_retried',
                         'execution_complete', 'execution_failed', 'execution_cancelled');
