-- +goose Up
-- Files that people have asked for of what a search of deliveries finds. A job writes
-- each, and it goes when its time is over.
CREATE TABLE exports (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    appkey_id  INTEGER NOT NULL REFERENCES appkeys (id),
    created_by INTEGER NOT NULL,
    locale     TEXT NOT NULL,          -- the language of the file
    query      TEXT NOT NULL,          -- the search, as it stands in a URL
    format     TEXT NOT NULL,          -- csv, xlsx
    masked     BOOLEAN NOT NULL,       -- without phone numbers in full
    state      TEXT NOT NULL,          -- running, done, failed, stopped, expired
    problem    TEXT NOT NULL,          -- JSON: a text of the catalogs; why it failed, or went before its time
    claim      TEXT NOT NULL,          -- the job that writes it; empty: none yet
    row_count  INTEGER NOT NULL,      -- rows written
    total      INTEGER NOT NULL,      -- rows to be written; 0: not known
    bytes      INTEGER NOT NULL,      -- size of the file, once it is done
    path       TEXT NOT NULL,          -- its name in the folder of exports; empty: there is none
    created_at TIMESTAMP NOT NULL,
    worked_at  TIMESTAMP NOT NULL,     -- last sign of life
    ended_at   TIMESTAMP,
    expires_at TIMESTAMP               -- when the file goes
);
CREATE INDEX exports_list ON exports (appkey_id, id);
CREATE INDEX exports_running ON exports (worked_at) WHERE state = 'running';
CREATE INDEX exports_expiring ON exports (expires_at) WHERE state = 'done';
CREATE INDEX exports_over ON exports (ended_at) WHERE state <> 'running';
CREATE UNIQUE INDEX exports_files ON exports (path) WHERE path <> '';
