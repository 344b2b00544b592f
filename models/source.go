package models

import (
	"context"
	"fmt"
	"strings"

	"soshik/internal/kakao"
)

// Source is recipients that an audience is made or changed with: those of another
// audience, or those of a campaign's messages that ended in a certain way.
type Source struct {
	AudienceID int64    `json:"audience,omitempty"`
	CampaignID int64    `json:"campaign,omitempty"`
	Name       string   `json:"name"`              // of the audience, the campaign or the file, as it was then
	Staged     bool     `json:"staged,omitempty"`  // the audience was made for this alone and goes afterwards
	Reason     string   `json:"reason,omitempty"`  // why its numbers are suppressed
	Parts      []Part   `json:"parts,omitempty"`   // of the campaign: messages in one of these …
	Codes      []string `json:"codes,omitempty"`   // … or with one of these codes
	Retried    bool     `json:"retried,omitempty"` // only those with the codes that have failed for good
}

// rows is a table of the source's recipients behind the number after, with a condition
// that those of them meet which belong to the source.
func (s Source) rows() (table, condition string, args []any) {
	if s.CampaignID == 0 {
		return "recipients", "audience_id = ?", []any{s.AudienceID}
	}
	if s.Retried {
		return "messages", "campaign_id = ? AND SUBSTR(phone, 1, 1) <> '~' AND " + retriedSQL + " AND code IN ? AND code NOT IN ?",
			[]any{s.CampaignID, s.Codes, kakao.UnconfirmedCodes()}
	}
	var states []MessageState
	for _, part := range s.Parts {
		states = append(states, part.states()...)
	}
	// A number that has been erased begins with "~".
	condition, args = "campaign_id = ? AND SUBSTR(phone, 1, 1) <> '~' AND (state IN ?", []any{s.CampaignID, append(states, -1)}
	if len(s.Codes) > 0 {
		condition += " OR state <> 0 AND code IN ?"
		args = append(args, s.Codes)
	}
	return "messages", condition + ")", args
}

// owner is the condition that all rows meet that have to be looked at.
func (s Source) owner() (table, condition string, id int64) {
	if s.CampaignID == 0 {
		return "recipients", "audience_id = ?", s.AudienceID
	}
	return "messages", "campaign_id = ?", s.CampaignID
}

// SourceEnd is the number at which a piece of s ends that begins behind the number
// after and has at most limit numbers to look at, and how many it has; none at the end.
func (db *DB) SourceEnd(ctx context.Context, s Source, after string, limit int) (end string, n int64, err error) {
	table, owner, id := s.owner()
	var found struct {
		Last string
		N    int64
	}
	err = db.read(ctx).Raw(fmt.Sprintf(`SELECT COALESCE(MAX(phone), '') AS last, COUNT(*) AS n FROM
		(SELECT phone FROM %s WHERE %s AND phone > ? ORDER BY phone%s) AS piece`, table, owner, limitTo(limit)), id, after).Scan(&found).Error
	return found.Last, found.N, err
}

// CountSource is how many numbers of s have to be looked at.
func (db *DB) CountSource(ctx context.Context, s Source) (n int64, err error) {
	query, id := "SELECT size FROM audiences WHERE id = ?", s.AudienceID
	if s.CampaignID != 0 {
		query, id = "SELECT planned FROM campaigns WHERE id = ?", s.CampaignID
	}
	return n, db.read(ctx).Raw(query, id).Scan(&n).Error
}

// Piece is the recipients of a source behind one number, up to another.
type Piece struct {
	Source

	Behind string
	To     string
}

// selected is a query of the piece's recipients.
func (p Piece) selected(columns string) (query string, args []any) {
	table, condition, args := p.rows()
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s AND phone > ? AND phone <= ?", columns, table, condition), append(args, p.Behind, p.To)
}

// has is a condition that a recipient of the audience meets who is in the source: a probe
// of a unique key, which PostgreSQL plans well, other than a join of two ranges.
func (p Piece) has() (condition string, args []any) {
	table, condition, args := p.rows()
	return fmt.Sprintf("EXISTS (SELECT 1 FROM %s AS theirs WHERE %s AND theirs.phone = recipients.phone)", table, condition), args
}

// PieceRecipients are the recipients of a piece, in order.
func (db *DB) PieceRecipients(ctx context.Context, p Piece) ([]Recipient, error) {
	query, args := p.selected("phone, vars")
	var rs []Recipient
	return rs, db.read(ctx).Raw(query+" ORDER BY phone", args...).Scan(&rs).Error
}

// PieceNumbers are the numbers of a piece, in order.
func (db *DB) PieceNumbers(ctx context.Context, p Piece) ([]string, error) {
	query, args := p.selected("phone")
	var phones []string
	return phones, db.read(ctx).Raw(query+" ORDER BY phone", args...).Scan(&phones).Error
}

// Moved is how many recipients of an audience a piece has changed.
type Moved struct{ Added, Updated, Removed int64 }

// AppendPiece puts a piece's recipients into an audience. Who is there already keeps
// the values that the piece has none for. It must run in a transaction.
func (db *DB) AppendPiece(ctx context.Context, audienceID int64, p Piece) (Moved, error) {
	merged := "json_patch(COALESCE(NULLIF(recipients.vars, ''), '{}'), COALESCE(NULLIF(excluded.vars, ''), '{}'))"
	if db.Dialect() == Postgres {
		merged = "(COALESCE(NULLIF(recipients.vars, ''), '{}')::jsonb || COALESCE(NULLIF(excluded.vars, ''), '{}')::jsonb)::text"
	}
	return db.putPiece(ctx, audienceID, p, merged)
}

// ReplaceByPiece makes the recipients of an audience between the piece's ends those
// of the piece. It must run in a transaction.
func (db *DB) ReplaceByPiece(ctx context.Context, audienceID int64, p Piece) (m Moved, err error) {
	has, args := p.has()
	res := db.write(ctx).Exec("DELETE FROM recipients WHERE audience_id = ? AND phone > ? AND phone <= ? AND NOT "+has,
		append([]any{audienceID, p.Behind, p.To}, args...)...)
	if res.Error != nil {
		return m, res.Error
	}
	m, err = db.putPiece(ctx, audienceID, p, "excluded.vars")
	m.Removed = res.RowsAffected
	return m, err
}

func (db *DB) putPiece(ctx context.Context, audienceID int64, p Piece, vars string) (m Moved, err error) {
	before, err := db.countBetween(ctx, audienceID, p)
	if err != nil {
		return m, err
	}
	query, args := p.selected("CAST(? AS BIGINT), phone, vars")
	res := db.write(ctx).Exec("INSERT INTO recipients (audience_id, phone, vars) "+query+` ORDER BY phone
		ON CONFLICT (audience_id, phone) DO UPDATE SET vars = `+vars+` WHERE recipients.vars <> excluded.vars`, append([]any{audienceID}, args...)...)
	if res.Error != nil {
		return m, fmt.Errorf("put recipients: %w", res.Error)
	}
	behind, err := db.countBetween(ctx, audienceID, p)
	m.Added = behind - before
	m.Updated = max(0, res.RowsAffected-m.Added)
	return m, err
}

func (db *DB) countBetween(ctx context.Context, audienceID int64, p Piece) (n int64, err error) {
	err = db.write(ctx).Raw("SELECT COUNT(*) FROM recipients WHERE audience_id = ? AND phone > ? AND phone <= ?", audienceID, p.Behind, p.To).Scan(&n).Error
	return n, err
}

// SubtractPiece takes the piece's recipients out of an audience.
func (db *DB) SubtractPiece(ctx context.Context, audienceID int64, p Piece) (Moved, error) {
	has, args := p.has()
	res := db.write(ctx).Exec("DELETE FROM recipients WHERE audience_id = ? AND phone > ? AND phone <= ? AND "+has,
		append([]any{audienceID, p.Behind, p.To}, args...)...)
	return Moved{Removed: res.RowsAffected}, res.Error
}

// DropRecipients deletes recipients of an audience behind the number after, at most
// limit, and says how many it has deleted.
func (db *DB) DropRecipients(ctx context.Context, audienceID int64, after string, limit int) (int64, error) {
	res := db.write(ctx).Exec("DELETE FROM recipients WHERE id IN (SELECT id FROM recipients WHERE audience_id = ? AND phone > ? ORDER BY phone"+limitTo(limit)+")",
		audienceID, after)
	return res.RowsAffected, res.Error
}

// PutRecipients adds recipients to an audience in the transaction that it runs in,
// and says how many were not there.
func (db *DB) PutRecipients(ctx context.Context, audienceID int64, rs []Recipient) (added int64, err error) {
	for len(rs) > 0 {
		n := min(len(rs), insertRows)
		args := make([]any, 0, n*3)
		for _, r := range rs[:n] {
			args = append(args, audienceID, r.Phone, r.Vars)
		}
		values := strings.Repeat(", (?, ?, ?)", n)[2:]
		res := db.write(ctx).Exec("INSERT INTO recipients (audience_id, phone, vars) VALUES "+values+" ON CONFLICT (audience_id, phone) DO NOTHING", args...)
		if res.Error != nil {
			return added, dbError(res.Error, "recipient")
		}
		added += res.RowsAffected
		rs = rs[n:]
	}
	return added, nil
}
