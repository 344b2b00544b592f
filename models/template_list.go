package models

import (
	"context"
	"strings"

	"soshik/internal/kakao"
)

// TemplateFilter says which templates are listed.
type TemplateFilter struct {
	Query    string // words that stand in the name, the code or the text; empty: all
	Tag      string // empty: with any tags, or none
	Channel  Channel
	Usable   bool  // only those that campaigns can be made of
	Archived bool  // those that are archived, instead of the others
	After    int64 // the id of the template before the first; 0: from the last changed on
}

// Narrow reports whether f leaves anything out.
func (f TemplateFilter) Narrow() bool {
	return f.Query != "" || f.Tag != "" || f.Channel != "" || f.Archived
}

// maxWords bounds the words of a search; more narrow it no further.
const maxWords = 8

// where is the condition that f makes for the templates under an appkey.
func (f TemplateFilter) where(k Appkey) (sql string, args []any) {
	sql, args = visible+" AND archived_at IS NULL", []any{k.TeamID, k.ID}
	if f.Archived {
		sql = visible + " AND archived_at IS NOT NULL"
	}
	if f.Channel != "" {
		sql += " AND channel = ?"
		args = append(args, f.Channel)
	}
	if f.Usable {
		sql += " AND version > 0 AND (sender_id = 0 OR state = 'registered')"
	}
	if f.Tag != "" {
		sql += " AND id IN (SELECT template_id FROM template_tags WHERE team_id = ? AND tag = ?)"
		args = append(args, k.TeamID, f.Tag)
	}
	words := strings.Fields(strings.ToLower(kakao.Composed(f.Query)))
	for _, word := range words[:min(len(words), maxWords)] {
		sql += " AND search LIKE ? ESCAPE '!'"
		args = append(args, containing(word))
	}
	return sql, args
}

// TemplateRow is a template as a list shows it.
type TemplateRow struct {
	Template

	By     string // who changed it last
	Sender string // its PlusFriendID; empty if it is the team's
	Uses   int    // campaigns that were made of it
}

// TemplateRows are at most limit templates under an appkey that f lets through, those
// first that were changed last.
func (db *DB) TemplateRows(ctx context.Context, k Appkey, f TemplateFilter, limit int) ([]TemplateRow, error) {
	where, args := f.where(k)
	if f.After > 0 {
		where += " AND (updated_at, id) < (SELECT updated_at, id FROM templates WHERE id = ?)"
		args = append(args, f.After)
	}
	var ts []Template
	// The rows are wide, and the inner query can do without them: an index has what it
	// asks for, but for words.
	const order = " ORDER BY updated_at DESC, id DESC"
	err := db.read(ctx).Raw("SELECT * FROM templates WHERE id IN (SELECT id FROM templates WHERE "+where+order+limitTo(limit)+")"+order,
		args...).Scan(&ts).Error
	if err != nil || len(ts) == 0 {
		return nil, err
	}
	return db.templateRows(ctx, ts)
}

// templateRows completes templates with what is known of them elsewhere.
func (db *DB) templateRows(ctx context.Context, ts []Template) ([]TemplateRow, error) {
	var ids, senders, users []int64
	for _, t := range ts {
		ids, senders, users = append(ids, t.ID), append(senders, t.SenderID), append(users, t.UpdatedBy)
	}
	names, err := listed(ctx, db, senders, func(s Sender) (int64, string) { return s.ID, s.PlusFriendID })
	if err != nil {
		return nil, err
	}
	people, err := listed(ctx, db, users, func(u User) (int64, string) { return u.ID, u.Name })
	if err != nil {
		return nil, err
	}
	uses, err := db.TemplateUses(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]TemplateRow, len(ts))
	for i, t := range ts {
		rows[i] = TemplateRow{Template: t, By: people[t.UpdatedBy], Sender: names[t.SenderID], Uses: uses[t.ID]}
	}
	return rows, nil
}

// TemplateUses counts the campaigns that were made of templates, by template; tests
// are none.
func (db *DB) TemplateUses(ctx context.Context, ids []int64) (map[int64]int, error) {
	var rows []struct {
		TemplateID int64
		Count      int
	}
	err := db.read(ctx).Raw(`SELECT template_id, COUNT(*) AS count FROM campaigns
		WHERE template_id <> 0 AND template_id IN ? AND NOT test GROUP BY template_id`, ids).Scan(&rows).Error
	uses := make(map[int64]int, len(rows))
	for _, row := range rows {
		uses[row.TemplateID] = row.Count
	}
	return uses, err
}

// CountedTemplates is up to how many templates a list counts.
const CountedTemplates = 10_000

// CountTemplates counts the templates under an appkey that f lets through, up to one
// more than [CountedTemplates].
func (db *DB) CountTemplates(ctx context.Context, k Appkey, f TemplateFilter) (n int, err error) {
	where, args := f.where(k)
	err = db.read(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM templates WHERE "+where+limitTo(CountedTemplates+1)+") counted",
		args...).Scan(&n).Error
	return n, err
}

// HasTemplates reports whether there is any template under an appkey, archived ones
// included.
func (db *DB) HasTemplates(ctx context.Context, k Appkey) (found bool, err error) {
	err = db.read(ctx).Raw("SELECT EXISTS (SELECT 1 FROM templates WHERE "+visible+")", k.TeamID, k.ID).Scan(&found).Error
	return found, err
}

// TemplateTags are at most limit tags of a team's templates, those first that the
// most have.
func (db *DB) TemplateTags(ctx context.Context, teamID int64, limit int) ([]string, error) {
	var tags []string
	return tags, db.read(ctx).Raw("SELECT tag FROM template_tags WHERE team_id = ? GROUP BY tag ORDER BY COUNT(*) DESC, tag"+limitTo(limit),
		teamID).Scan(&tags).Error
}

// SenderTemplates are at most limit templates of a sender that are not archived, those
// first that were changed last.
func (db *DB) SenderTemplates(ctx context.Context, senderID int64, limit int) ([]Template, error) {
	var ts []Template
	return ts, db.read(ctx).Where("sender_id = ? AND sender_id <> 0 AND archived_at IS NULL", senderID).Order("updated_at DESC, id DESC").Limit(limit).Find(&ts).Error
}
