-- +goose Up
CREATE TABLE users (
    id             INTEGER PRIMARY KEY,
    email          TEXT NOT NULL UNIQUE, -- lower case
    name           TEXT NOT NULL,
    password_hash  TEXT NOT NULL,        -- argon2id; empty until the invitation is taken up
    locale         TEXT NOT NULL,        -- ko, en, ja; empty: as the browser asks
    theme          TEXT NOT NULL,        -- light, dark; empty: as the system says
    instance_admin BOOLEAN NOT NULL,
    created_at     TIMESTAMP NOT NULL
);

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    token_hash   TEXT NOT NULL UNIQUE,   -- SHA-256 of what the cookie carries
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    flash        TEXT NOT NULL,          -- JSON: shown by the next page
    address      TEXT NOT NULL,
    user_agent   TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,     -- written at most once a minute
    expires_at   TIMESTAMP NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

-- An invitation lets a person choose a password, once.
CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);

-- Failed sign-ins, by account.
CREATE TABLE throttles (
    name       TEXT PRIMARY KEY,
    failures   INTEGER NOT NULL,
    started_at TIMESTAMP NOT NULL
);

CREATE TABLE teams (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    lead_minutes INTEGER NOT NULL,       -- how long before its time a message is handed over
    created_at   TIMESTAMP NOT NULL
);

CREATE TABLE members (
    team_id    INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

-- Who decided what. Names are copied, so that the log can be read when the things
-- are gone. Nothing refers to a row, and a row refers to nothing.
CREATE TABLE audit_logs (
    id          INTEGER PRIMARY KEY,
    created_at  TIMESTAMP NOT NULL,
    team_id     INTEGER NOT NULL,        -- 0: the installation
    appkey_id   INTEGER NOT NULL,        -- 0: none
    user_id     INTEGER NOT NULL,        -- 0: the program itself
    user_name   TEXT NOT NULL,
    address     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    action      TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id   INTEGER NOT NULL,
    object_name TEXT NOT NULL,
    outcome     TEXT NOT NULL,           -- ok, failed, denied
    before      TEXT NOT NULL,           -- JSON, or empty
    after       TEXT NOT NULL            -- JSON, or empty
);
CREATE INDEX audit_logs_team ON audit_logs (team_id, id);

-- +goose StatementBegin
CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_logs_no_delete BEFORE DELETE ON audit_logs
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
