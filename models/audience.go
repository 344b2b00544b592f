package models

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Audience is a list of recipients. One that belongs to a campaign alone has no
// name.
type Audience struct {
	ID        int64
	TeamID    int64
	Name      string
	Columns   []string `gorm:"serializer:json"` // the variables that its recipients have
	Size      int64
	Source    AudienceSource // how it was made; empty: for a campaign alone
	Origin    string         // what it was made of, in words that are no text of ours
	CreatedBy int64
	CreatedAt time.Time
	ChangedBy int64 // who has changed its recipients last; 0: nobody since it was made
	ChangedAt *time.Time
	UsedAt    *time.Time // when a campaign took its recipients from it last
	ErasedAt  *time.Time // since when its recipients are erased; Size stays
}

// Recipient is a person of an audience.
type Recipient struct {
	ID         int64
	AudienceID int64
	Phone      string
	Vars       string // JSON object: variable → value
}

// Audience reads an audience of the team.
func (db *DB) Audience(ctx context.Context, teamID, id int64) (a Audience, err error) {
	err = db.read(ctx).Where("team_id = ?", teamID).First(&a, id).Error
	return a, dbError(err, "audience")
}

// CreateAudience adds an empty audience.
func (db *DB) CreateAudience(ctx context.Context, a *Audience) error {
	if a.Columns == nil {
		a.Columns = []string{}
	}
	return dbError(db.write(ctx).Create(a).Error, "audience")
}

// SetAudienceSize notes how many recipients have been added.
func (db *DB) SetAudienceSize(ctx context.Context, id, size int64) error {
	return db.write(ctx).Model(&Audience{}).Where("id = ?", id).Update("size", size).Error
}

// deleteRows is how many recipients are deleted at a time: few enough that what
// waits for SQLite's one writer does not wait long.
const deleteRows = 5000

// DeleteAudience removes an audience with its recipients, piece by piece, unless a
// campaign uses it. Interrupted, it can be called again. It must not run in a
// transaction.
func (db *DB) DeleteAudience(ctx context.Context, id int64) error {
	var used int64
	if err := db.write(ctx).Model(&Campaign{}).Where("audience_id = ?", id).Limit(1).Count(&used).Error; err != nil || used > 0 {
		return err
	}
	for {
		res := db.write(ctx).Exec("DELETE FROM recipients WHERE id IN (SELECT id FROM recipients WHERE audience_id = ?"+limitTo(deleteRows)+")", id)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected < deleteRows {
			return db.write(ctx).Delete(&Audience{}, id).Error
		}
	}
}

// HasRecipient reports whether a number is in an audience.
func (db *DB) HasRecipient(ctx context.Context, audienceID int64, phone string) (bool, error) {
	var n int64
	err := db.write(ctx).Model(&Recipient{}).Where("audience_id = ? AND phone = ?", audienceID, phone).Count(&n).Error
	return n > 0, err
}

// RecipientsAfter are recipients of an audience in the order of their numbers,
// those behind the number after.
func (db *DB) RecipientsAfter(ctx context.Context, audienceID int64, after string, limit int) ([]Recipient, error) {
	var rs []Recipient
	err := db.read(ctx).Where("audience_id = ? AND phone > ?", audienceID, after).Order("phone").Limit(limit).Find(&rs).Error
	return rs, err
}

// RecipientAt is the recipient at place n (from 0) in the order of their numbers;
// found is false behind the last one.
func (db *DB) RecipientAt(ctx context.Context, audienceID int64, n int) (r Recipient, found bool, err error) {
	var rs []Recipient
	err = db.read(ctx).Where("audience_id = ?", audienceID).Order("phone").Offset(n).Limit(1).Find(&rs).Error
	if err != nil || len(rs) == 0 {
		return r, false, err
	}
	return rs[0], true, nil
}

// insertRows is how many recipients one statement adds on SQLite.
const insertRows = 50

// InsertRecipients adds recipients whose numbers are all new and, for speed, in
// order. It is a transaction of its own.
func (db *DB) InsertRecipients(ctx context.Context, audienceID int64, rs []Recipient) error {
	if db.Dialect() == Postgres {
		return db.onPostgres(ctx, func(pg *pgx.Conn) error {
			return pgx.BeginFunc(ctx, pg, func(tx pgx.Tx) error { return copyRecipients(ctx, tx, audienceID, rs) })
		})
	}
	return db.Tx(ctx, func(tx *DB) error { return tx.insertRecipients(ctx, audienceID, rs) })
}

// insertRecipients is InsertRecipients on SQLite, in a transaction.
func (db *DB) insertRecipients(ctx context.Context, audienceID int64, rs []Recipient) (err error) {
	whole, err := db.SQLTx().PrepareContext(ctx, insertStatement(insertRows))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, whole.Close()) }()
	args := make([]any, 0, insertRows*3)
	for chunk := range slices.Chunk(rs, insertRows) {
		args = args[:0]
		for _, r := range chunk {
			args = append(args, audienceID, r.Phone, r.Vars)
		}
		if len(chunk) == insertRows {
			_, err = whole.ExecContext(ctx, args...)
		} else {
			_, err = db.SQLTx().ExecContext(ctx, insertStatement(len(chunk)), args...)
		}
		if err != nil {
			return dbError(err, "recipient")
		}
	}
	return nil
}

// AddRecipients adds a few recipients in the transaction that it is called in.
func (db *DB) AddRecipients(ctx context.Context, rs []Recipient) error {
	return dbError(db.write(ctx).Create(&rs).Error, "recipient")
}

func insertStatement(rows int) string {
	s := "INSERT INTO recipients (audience_id, phone, vars) VALUES (?, ?, ?)"
	for range rows - 1 {
		s += ", (?, ?, ?)"
	}
	return s
}

// onPostgres hands out a connection of the driver itself.
func (db *DB) onPostgres(ctx context.Context, fn func(pg *pgx.Conn) error) (err error) {
	conn, err := db.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(driver any) error { return fn(driver.(*stdlib.Conn).Conn()) })
	if err != nil {
		// What is cut short while it writes calls itself a timeout of the network.
		err = errors.Join(err, ctx.Err())
	}
	return err
}

func copyRecipients(ctx context.Context, tx pgx.Tx, audienceID int64, rs []Recipient) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"recipients"}, []string{"audience_id", "phone", "vars"},
		pgx.CopyFromSlice(len(rs), func(i int) ([]any, error) {
			return []any{audienceID, rs[i].Phone, rs[i].Vars}, nil
		}))
	return dbError(err, "recipient")
}
