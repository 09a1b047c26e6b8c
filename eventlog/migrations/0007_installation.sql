-- Whose log it is: the installation with this nats.prefix. Another one would take its partitions, and skip what is in
-- them, because their checkpoints are of another stream. One row, written by the first that has the prefix.
CREATE TABLE noetl.installation (
    one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
    prefix     text        NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
