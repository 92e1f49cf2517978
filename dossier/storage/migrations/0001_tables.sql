-- The tables of one store. They stand in one schema; another store has another schema.

-- What the store says it is, in its one row. Whoever writes locks that row first: it is the frontier.
CREATE TABLE frontier (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    format text NOT NULL,
    store text NOT NULL,
    draft boolean NOT NULL,
    restored boolean NOT NULL DEFAULT false
);

-- The log: what was appended, by its page and the byte in that page at which it starts.
CREATE TABLE log (
    page bigint NOT NULL CHECK (page >= 0),
    start bigint NOT NULL CHECK (start >= 0),
    record bytea NOT NULL CHECK (record <> ''),
    PRIMARY KEY (page, start)
);

-- Full tiles of tree hashes: hints, which can be made anew from the log.
CREATE TABLE tiles (
    level bigint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (level, number)
);

-- Books: copies of the entries that carry statements, in the order kept, and the objects that they name.
CREATE TABLE books (
    book text PRIMARY KEY
);
CREATE TABLE entries (
    book text NOT NULL,
    number bigint NOT NULL,
    line bytea NOT NULL,
    PRIMARY KEY (book, number)
);
CREATE TABLE objects (
    book text NOT NULL,
    digest text NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (book, digest)
);

-- Contents: sealed bytes in chunks of a stream. A stream is staged until a digest names it.
CREATE SEQUENCE streams;
CREATE TABLE chunks (
    stream bigint NOT NULL,
    number bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (stream, number)
);
ALTER TABLE chunks ALTER data SET STORAGE EXTERNAL;  -- sealed bytes do not get smaller
CREATE TABLE staging (
    stream bigint PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE contents (
    digest text PRIMARY KEY,
    stream bigint NOT NULL,
    former bigint,  -- the stream that this one took the place of, to be dropped in the same statement
    size bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
