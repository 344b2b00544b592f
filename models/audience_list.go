package models

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// ListedAudience is an audience as the list of audiences shows it.
type ListedAudience struct {
	Audience

	By      string // who made it; empty if that person is gone
	Used    int64  // campaigns that have taken recipients from it
	Running bool   // something is being done to it
}

// AudienceFilter says which audiences of a team are listed: the newest first.
type AudienceFilter struct {
	Query  string // part of the name; empty: all
	Before int64  // the id of the audience before the first; 0: from the newest on
}

// Audiences are at most limit named audiences of a team, the newest first.
func (db *DB) Audiences(ctx context.Context, teamID int64, f AudienceFilter, limit int) ([]ListedAudience, error) {
	q := db.read(ctx).Where("team_id = ? AND name <> ''", teamID)
	if f.Query != "" {
		q = q.Where(`LOWER(name) LIKE ? ESCAPE '\'`, "%"+likeText(strings.ToLower(f.Query))+"%")
	}
	if f.Before > 0 {
		q = q.Where("id < ?", f.Before)
	}
	var as []Audience
	if err := q.Order("id DESC").Limit(limit).Find(&as).Error; err != nil {
		return nil, err
	}
	return db.listAudiences(ctx, as)
}

func (db *DB) listAudiences(ctx context.Context, as []Audience) ([]ListedAudience, error) {
	var users, ids []int64
	for _, a := range as {
		users, ids = append(users, a.CreatedBy), append(ids, a.ID)
	}
	people, err := listed(ctx, db, users, func(u User) (int64, string) { return u.ID, u.Name })
	if err != nil {
		return nil, err
	}
	uses, err := counted(ctx, db, "SELECT audience_id AS id, COUNT(*) AS n FROM audience_uses WHERE audience_id IN ? GROUP BY audience_id", ids)
	if err != nil {
		return nil, err
	}
	running, err := counted(ctx, db, "SELECT audience_id AS id, 1 AS n FROM audience_works WHERE state = 'running' AND audience_id IN ?", ids)
	if err != nil {
		return nil, err
	}
	rows := make([]ListedAudience, len(as))
	for i, a := range as {
		rows[i] = ListedAudience{Audience: a, By: people[a.CreatedBy], Used: uses[a.ID], Running: running[a.ID] > 0}
	}
	return rows, nil
}

// counted are the numbers that query finds for ids.
func counted(ctx context.Context, db *DB, query string, ids []int64) (map[int64]int64, error) {
	var rows []struct{ ID, N int64 }
	if err := db.read(ctx).Raw(query, ids).Scan(&rows).Error; err != nil {
		return nil, err
	}
	found := make(map[int64]int64, len(rows))
	for _, row := range rows {
		found[row.ID] = row.N
	}
	return found, nil
}

// NamedAudience reads an audience of the team that people have named.
func (db *DB) NamedAudience(ctx context.Context, teamID, id int64) (a Audience, err error) {
	err = db.read(ctx).Where("team_id = ? AND name <> ''", teamID).First(&a, id).Error
	return a, dbError(err, "audience")
}

// AudiencesWith are the named audiences of the team with these ids, in their order.
func (db *DB) AudiencesWith(ctx context.Context, teamID int64, ids []int64) ([]Audience, error) {
	var as []Audience
	err := db.read(ctx).Where("team_id = ? AND name <> '' AND id IN ?", teamID, ids).Find(&as).Error
	byID := make(map[int64]Audience, len(as))
	for _, a := range as {
		byID[a.ID] = a
	}
	sorted := make([]Audience, 0, len(as))
	for _, id := range ids {
		if a, ok := byID[id]; ok {
			sorted = append(sorted, a)
			delete(byID, id)
		}
	}
	return sorted, err
}

// AudienceNameTaken reports whether an audience of the team has the name.
func (db *DB) AudienceNameTaken(ctx context.Context, teamID int64, name string) (bool, error) {
	var n int64
	err := db.write(ctx).Model(&Audience{}).Where("team_id = ? AND name <> '' AND name = ?", teamID, name).Count(&n).Error
	return n > 0, err
}

// SetAudience writes columns of an audience.
func (db *DB) SetAudience(ctx context.Context, id int64, set map[string]any) error {
	return dbError(db.write(ctx).Model(&Audience{}).Where("id = ?", id).Updates(set).Error, "audience")
}

// SetColumns writes the variables of an audience's recipients.
func (db *DB) SetColumns(ctx context.Context, id int64, columns []string) error {
	return db.write(ctx).Model(&Audience{}).Where("id = ?", id).Select("Columns").Updates(Audience{Columns: columns}).Error
}

// RunningWorks are the works of a team that are not done.
func (db *DB) RunningWorks(ctx context.Context, teamID int64) ([]AudienceWork, error) {
	var ws []AudienceWork
	return ws, db.write(ctx).Where("team_id = ? AND state = ?", teamID, WorkRunning).Find(&ws).Error
}

// AudienceUses are the campaigns that have taken recipients from an audience, the
// newest first.
func (db *DB) AudienceUses(ctx context.Context, audienceID int64, limit int) ([]Campaign, error) {
	var cs []Campaign
	err := db.read(ctx).Where("id IN (SELECT campaign_id FROM audience_uses WHERE audience_id = ?)", audienceID).Order("id DESC").Limit(limit).Find(&cs).Error
	return cs, err
}

// UseAudiences notes that a campaign takes its recipients from these audiences, and
// from no others.
func (db *DB) UseAudiences(ctx context.Context, campaignID int64, audienceIDs []int64, now time.Time) error {
	if err := db.write(ctx).Exec("DELETE FROM audience_uses WHERE campaign_id = ?", campaignID).Error; err != nil {
		return err
	}
	for _, id := range audienceIDs {
		err := db.write(ctx).Exec("INSERT INTO audience_uses (audience_id, campaign_id, used_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, campaignID, now.UTC()).Error
		if err != nil {
			return err
		}
	}
	return db.write(ctx).Model(&Audience{}).Where("id IN ?", audienceIDs).Update("used_at", now.UTC()).Error
}

// ForgetAudienceUses removes what is known of the uses of an audience that is gone.
func (db *DB) ForgetAudienceUses(ctx context.Context, audienceID int64) error {
	return db.write(ctx).Exec("DELETE FROM audience_uses WHERE audience_id = ?", audienceID).Error
}

// RecipientFilter says which recipients of an audience are listed, by number.
type RecipientFilter struct {
	Phone string // a whole number; empty: all
	Text  string // part of a value or of a number; empty: all
	After int64  // the id of the recipient before the first: a number must not stand in a link; 0: from the beginning
}

// searched is how many recipients one search looks at.
const searched = 20_000

// Recipients are at most limit recipients of an audience that f lets through, by
// number. A text is searched for in a part of the audience; more is where the next part
// begins, 0 if there is nothing more.
func (db *DB) Recipients(ctx context.Context, audienceID int64, f RecipientFilter, limit int) (rs []Recipient, more int64, err error) {
	if f.Phone != "" {
		err = db.read(ctx).Where("audience_id = ? AND phone = ?", audienceID, f.Phone).Find(&rs).Error
		return rs, 0, err
	}
	after := ""
	if f.After > 0 {
		before, found, err := first[Recipient](db.read(ctx).Where("audience_id = ? AND id = ?", audienceID, f.After))
		if err != nil || !found { // it has been removed meanwhile
			return nil, 0, err
		}
		after = before.Phone
	}
	if f.Text != "" {
		return db.searchRecipients(ctx, audienceID, after, f.Text, limit)
	}
	rs, err = db.RecipientsAfter(ctx, audienceID, after, limit+1)
	if len(rs) > limit {
		rs, more = rs[:limit], rs[limit-1].ID
	}
	return rs, more, err
}

func (db *DB) searchRecipients(ctx context.Context, audienceID int64, after, text string, limit int) (found []Recipient, more int64, err error) {
	rs, err := db.RecipientsAfter(ctx, audienceID, after, searched)
	if err != nil {
		return nil, 0, err
	}
	text = strings.ToLower(text)
	for i, r := range rs {
		if !r.says(text) {
			continue
		}
		found = append(found, r)
		if len(found) == limit && i+1 < len(rs) {
			return found, r.ID, nil
		}
	}
	if len(rs) == searched {
		more = rs[searched-1].ID
	}
	return found, more, nil
}

// says reports whether the number or a value contains text, which is in lower case.
func (r Recipient) says(text string) bool {
	if strings.Contains(r.Phone, text) {
		return true
	}
	if !strings.Contains(strings.ToLower(r.Vars), text) && !strings.Contains(r.Vars, `\`) {
		return false
	}
	values, err := ParseVars(r.Vars)
	if err != nil {
		return false
	}
	for _, v := range values {
		if strings.Contains(strings.ToLower(v), text) {
			return true
		}
	}
	return false
}

// TeamCampaigns are the newest campaigns of a team that have been launched, tests
// apart, at most limit.
func (db *DB) TeamCampaigns(ctx context.Context, teamID int64, limit int) ([]Campaign, error) {
	var cs []Campaign
	err := db.read(ctx).Where("team_id = ? AND state NOT IN ? AND NOT test", teamID, unlaunched).Order("id DESC").Limit(limit).Find(&cs).Error
	return cs, err
}

// TeamCampaign reads a campaign of the team, whichever its appkey.
func (db *DB) TeamCampaign(ctx context.Context, teamID, id int64) (c Campaign, err error) {
	err = db.read(ctx).Where("team_id = ?", teamID).First(&c, id).Error
	return c, dbError(err, "campaign")
}

// GrowAudience changes the size of an audience by n.
func (db *DB) GrowAudience(ctx context.Context, id, n int64) error {
	if n == 0 {
		return nil
	}
	return db.write(ctx).Exec("UPDATE audiences SET size = size + ? WHERE id = ?", n, id).Error
}

// SourceColumns are the variables that the recipients of a source have.
func (db *DB) SourceColumns(ctx context.Context, s Source) ([]string, error) {
	id := s.AudienceID
	if s.CampaignID != 0 {
		if err := db.read(ctx).Model(&Campaign{}).Where("id = ?", s.CampaignID).Pluck("audience_id", &id).Error; err != nil {
			return nil, err
		}
	}
	var as []Audience
	if err := db.read(ctx).Select("id", "columns").Where("id = ?", id).Find(&as).Error; err != nil {
		return nil, err
	}
	if len(as) == 1 {
		return as[0].Columns, nil
	}
	return db.messageColumns(ctx, s.CampaignID)
}

// messageColumns are the variables of a campaign whose audience is gone, as one of its
// messages has them.
func (db *DB) messageColumns(ctx context.Context, campaignID int64) ([]string, error) {
	var vars []string
	if err := db.read(ctx).Model(&Message{}).Where("campaign_id = ?", campaignID).Limit(1).Pluck("vars", &vars).Error; err != nil || len(vars) == 0 {
		return []string{}, err
	}
	values, err := ParseVars(vars[0])
	return slices.Sorted(maps.Keys(values)), err
}

// AudienceNeeded reports whether an audience has a name, or is a campaign's.
func (db *DB) AudienceNeeded(ctx context.Context, id int64) (bool, error) {
	var n int64
	err := db.write(ctx).Raw(`SELECT COUNT(*) FROM audiences WHERE id = ? AND (name <> ''
		OR EXISTS (SELECT 1 FROM campaigns WHERE audience_id = audiences.id AND team_id = audiences.team_id))`, id).Scan(&n).Error
	return n > 0, err
}

// RemoveAudience deletes an audience that has no recipients any more.
func (db *DB) RemoveAudience(ctx context.Context, id int64) error {
	return db.write(ctx).Delete(&Audience{}, id).Error
}
