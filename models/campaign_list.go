package models

import "context"

// CampaignRow is a campaign as the list of campaigns shows it.
type CampaignRow struct {
	Campaign

	Sender     string // its PlusFriendID; empty if none is chosen
	By         string // who created it
	Recipients int64  // at launch, or those that a draft has now
	Done       int64  // of a launched one, those of whom nothing more is expected
}

// CampaignRows are the campaigns of an appkey, or its tests, the newest first, before
// the one with id before (0: from the newest on).
func (db *DB) CampaignRows(ctx context.Context, appkeyID int64, tests bool, before int64, limit int) ([]CampaignRow, error) {
	read := db.Campaigns
	if tests {
		read = db.Tests
	}
	cs, err := read(ctx, appkeyID, before, limit)
	if err != nil {
		return nil, err
	}
	return db.campaignRows(ctx, cs)
}

// campaignRows adds to campaigns what a list says of them.
func (db *DB) campaignRows(ctx context.Context, cs []Campaign) ([]CampaignRow, error) {
	var senders, users, audiences []int64
	for _, c := range cs {
		senders, users, audiences = append(senders, c.SenderID), append(users, c.CreatedBy), append(audiences, c.AudienceID)
	}
	names, err := listed(ctx, db, senders, func(s Sender) (int64, string) { return s.ID, s.PlusFriendID })
	if err != nil {
		return nil, err
	}
	people, err := listed(ctx, db, users, func(u User) (int64, string) { return u.ID, u.Name })
	if err != nil {
		return nil, err
	}
	sizes, err := listed(ctx, db, audiences, func(a Audience) (int64, int64) { return a.ID, a.Size })
	if err != nil {
		return nil, err
	}
	rows := make([]CampaignRow, len(cs))
	for i, c := range cs {
		rows[i] = CampaignRow{Campaign: c, Sender: names[c.SenderID], By: people[c.CreatedBy], Recipients: c.Audience}
		if c.State.Unlaunched() {
			rows[i].Recipients = sizes[c.AudienceID]
			continue
		}
		equation, err := db.Equation(ctx, c)
		if err != nil {
			return nil, err
		}
		rows[i].Done = equation.Audience - equation.Open()
	}
	return rows, nil
}

// listed reads the rows with these ids and keeps of each what pick takes.
func listed[Row, Value any](ctx context.Context, db *DB, ids []int64, pick func(Row) (int64, Value)) (map[int64]Value, error) {
	var rows []Row
	if err := db.read(ctx).Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, err
	}
	found := make(map[int64]Value, len(rows))
	for _, row := range rows {
		id, value := pick(row)
		found[id] = value
	}
	return found, nil
}
