-- +goose Up
-- An image is known by its bytes, and by whether it makes messages wide. The
-- original is kept here, since the provider's copy may vanish.
CREATE TABLE images (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    hash       TEXT NOT NULL,             -- SHA-256 of the bytes, hexadecimal
    wide       BOOLEAN NOT NULL,
    name       TEXT NOT NULL,             -- of the file
    format     TEXT NOT NULL,             -- jpeg, png
    width      INTEGER NOT NULL,          -- pixels
    height     INTEGER NOT NULL,
    size       INTEGER NOT NULL,          -- bytes
    created_by INTEGER NOT NULL,          -- 0: fetched from the provider
    created_at TIMESTAMP NOT NULL,        -- when it came into the library
    hidden_at  TIMESTAMP,                 -- since when it is out of the library again; what refers to it still shows it
    UNIQUE (team_id, hash, wide)
);
CREATE INDEX images_library ON images (team_id, created_at, id) WHERE hidden_at IS NULL;

-- Apart from what lists read.
CREATE TABLE image_files (
    image_id  INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
    original  BLOB NOT NULL,
    thumbnail BLOB NOT NULL               -- PNG or JPEG, at most 320 pixels wide or high
);

-- What an appkey's provider holds: a copy of one of our images, or one that was
-- uploaded elsewhere.
CREATE TABLE image_uploads (
    appkey_id   INTEGER NOT NULL REFERENCES appkeys (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,         -- names it in messages
    image_id    INTEGER NOT NULL,         -- 0: its bytes have not been fetched
    url         TEXT NOT NULL,
    name        TEXT NOT NULL,
    wide        BOOLEAN NOT NULL,
    problem     TEXT NOT NULL,            -- JSON: a text of the catalogs; why its bytes are not kept
    created_at  TIMESTAMP NOT NULL,       -- by the provider
    gone_at     TIMESTAMP,                -- since when the provider does not list it
    checked_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (appkey_id, seq)
);
CREATE INDEX image_uploads_by_image ON image_uploads (image_id, appkey_id);

-- Which image a template's content or a campaign's shows, so that an image's users
-- are found without reading contents.
CREATE TABLE image_uses (
    image_id INTEGER NOT NULL,
    place    TEXT NOT NULL,               -- template or campaign
    place_id INTEGER NOT NULL,
    PRIMARY KEY (image_id, place, place_id)
);
CREATE INDEX image_uses_by_place ON image_uses (place, place_id);

-- When the provider's images were last listed.
CREATE TABLE image_listings (
    appkey_id    INTEGER PRIMARY KEY REFERENCES appkeys (id) ON DELETE CASCADE,
    state        TEXT NOT NULL,           -- running, done, failed
    asked_by     INTEGER NOT NULL,        -- 0: the program
    problem      TEXT NOT NULL,           -- JSON: a text of the catalogs; empty unless failed
    claim        TEXT NOT NULL,           -- the job that works on it; empty: none yet
    read_count   INTEGER NOT NULL,        -- images, so far
    total        INTEGER NOT NULL,        -- that the provider counts; 0: not known yet
    fetched      INTEGER NOT NULL,        -- files that were asked for, so far
    missing      INTEGER NOT NULL,        -- files that are to be asked for; 0 until all images are read
    started_at   TIMESTAMP NOT NULL,
    worked_at    TIMESTAMP NOT NULL,      -- last sign of life
    succeeded_at TIMESTAMP                -- when the last one that was done ended
);

-- A template's content is that of its newest version. FriendTalk's are the team's
-- own; a BrandTalk template belongs to a sender, and is the provider's once it has
-- been registered.
CREATE TABLE templates (
    id            INTEGER PRIMARY KEY,
    team_id       INTEGER NOT NULL REFERENCES teams (id),
    appkey_id     INTEGER NOT NULL,       -- that it was made under
    channel       TEXT NOT NULL,
    sender_id     INTEGER NOT NULL,       -- 0: none
    name          TEXT NOT NULL,
    code          TEXT NOT NULL,          -- at the provider; empty: none
    tags          TEXT NOT NULL,          -- JSON: sorted names
    search        TEXT NOT NULL,          -- what it is found by, in lower case: name, code and text
    content       TEXT NOT NULL,          -- JSON
    version       INTEGER NOT NULL,       -- 0: not saved yet
    state         TEXT NOT NULL,          -- draft, registering, registered
    kakao_status  TEXT NOT NULL,          -- the provider's: A, R, S; empty: not read yet
    problem       TEXT NOT NULL,          -- JSON: a text of the catalogs; why the last reading failed
    registered_at TIMESTAMP,              -- or, while registering, when the provider was asked
    checked_at    TIMESTAMP,              -- when the provider last told of it
    check_at      TIMESTAMP,              -- when it is asked about it next; NULL: not by itself
    archived_at   TIMESTAMP,
    created_by    INTEGER NOT NULL,
    updated_by    INTEGER NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
-- What lists ask for, so that they read no template that they do not show.
CREATE INDEX templates_team ON templates (team_id, archived_at, updated_at, id, sender_id, appkey_id, channel, version);
CREATE UNIQUE INDEX templates_code ON templates (sender_id, code) WHERE code <> '';
CREATE INDEX templates_sender ON templates (sender_id, updated_at, id) WHERE sender_id <> 0;
CREATE INDEX templates_check ON templates (check_at) WHERE check_at IS NOT NULL;

-- The tags of templates once more, so that they are found by them.
CREATE TABLE template_tags (
    template_id INTEGER NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    tag         TEXT NOT NULL,
    team_id     INTEGER NOT NULL,
    PRIMARY KEY (template_id, tag)
);
CREATE INDEX template_tags_by_tag ON template_tags (team_id, tag, template_id);

-- Each save, for good.
CREATE TABLE template_versions (
    template_id INTEGER NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,         -- from 1
    name        TEXT NOT NULL,            -- of the template, then
    content     TEXT NOT NULL,            -- JSON
    restored    INTEGER NOT NULL,         -- the version that was brought back; 0: none
    created_by  INTEGER NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (template_id, number)
);

-- What somebody has typed and not saved, so that it survives.
CREATE TABLE drafts (
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    place    TEXT NOT NULL,               -- template or campaign
    place_id INTEGER NOT NULL,
    base     INTEGER NOT NULL,            -- version or revision that was edited
    typed    TEXT NOT NULL,               -- JSON
    saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, place, place_id)
);

-- Numbers of the team's own people, who get test messages.
CREATE TABLE test_numbers (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    phone      TEXT NOT NULL,
    name       TEXT NOT NULL,             -- whose it is
    created_by INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (team_id, phone)
);

ALTER TABLE campaigns ADD COLUMN test BOOLEAN NOT NULL DEFAULT FALSE;         -- to the team's test numbers
ALTER TABLE campaigns ADD COLUMN original_id INTEGER NOT NULL DEFAULT 0;      -- of a test: the campaign that it tries out; 0: a template
ALTER TABLE campaigns ADD COLUMN form_token TEXT NOT NULL DEFAULT '';         -- of a test: names the form that began it, which begins no other
ALTER TABLE campaigns ADD COLUMN template_id INTEGER NOT NULL DEFAULT 0;      -- 0: none; what its content was copied from
ALTER TABLE campaigns ADD COLUMN template_version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX campaigns_by_template ON campaigns (template_id, id) WHERE template_id <> 0;
CREATE INDEX campaigns_tests ON campaigns (team_id, created_at) WHERE test;
CREATE INDEX campaigns_tests_listed ON campaigns (appkey_id, id) WHERE test;
CREATE INDEX campaigns_tests_of ON campaigns (original_id, id) WHERE test;
CREATE UNIQUE INDEX campaigns_form_token ON campaigns (form_token) WHERE form_token <> '';
