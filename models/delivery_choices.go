package models

import (
	"cmp"
	"context"
	"slices"
)

// Named is something that can be chosen, by its name.
type Named struct {
	ID   int64
	Name string
}

// DeliveryChoices are what the deliveries of an appkey can be narrowed to: what has been
// sent, whether it is still there or not.
type DeliveryChoices struct {
	Senders   []Named // by name
	Creators  []Named
	Codes     []string // of templates
	Templates []string // names of our own, which have no code
	Campaign  Campaign // the one that the filter names; zero: none
}

// offered is how many of a kind can be chosen from. Who has more follows a link, or types
// the URL.
const offered = 200

// DeliveryChoices are what f can be changed to. What they cost depends on how many there
// are, not on how much has been sent.
func (db *DB) DeliveryChoices(ctx context.Context, k Appkey, f DeliveryFilter) (c DeliveryChoices, err error) {
	if c.Senders, err = db.sentBy(ctx, k.ID, "sender_id", "senders", "plus_friend_id", f.SenderID); err != nil {
		return c, err
	}
	if c.Creators, err = db.sentBy(ctx, k.ID, "launched_by", "users", "name", f.CreatedBy); err != nil {
		return c, err
	}
	if err := db.distinct(ctx, k.ID, "template_code", "template_code <> ''", "found.value", "", &c.Codes); err != nil {
		return c, err
	}
	if c.Templates, err = db.templatesSent(ctx, k); err != nil {
		return c, err
	}
	if f.CampaignID == 0 {
		return c, nil
	}
	campaign, err := db.Campaign(ctx, k.ID, f.CampaignID)
	if KindOf(err) == NotFound {
		return c, nil
	}
	c.Campaign = campaign
	return c, err
}

// templatesSent are the names of templates without a code of which campaigns of an appkey
// have been made that were sent.
func (db *DB) templatesSent(ctx context.Context, k Appkey) (names []string, err error) {
	return names, db.read(ctx).Raw(`SELECT DISTINCT t.name FROM templates t WHERE t.team_id = ? AND t.code = '' AND EXISTS (SELECT 1 FROM campaigns c
		WHERE c.template_id = t.id AND c.template_id <> 0 AND c.appkey_id = ? AND c.last_batch > 0) ORDER BY t.name`+limitTo(offered), k.TeamID, k.ID).Scan(&names).Error
}

// sentBy are those whose ids stand in a column of the batches of an appkey, with the
// names that a column of a table has for them, and the one that is chosen.
func (db *DB) sentBy(ctx context.Context, appkeyID int64, column, table, name string, chosen int64) ([]Named, error) {
	var found []Named
	names := " LEFT JOIN " + table + " AS named ON named.id = found.value"
	err := db.distinct(ctx, appkeyID, column, column+" <> 0", "found.value AS id, COALESCE(named."+name+", '') AS name", names, &found)
	if err != nil {
		return nil, err
	}
	if chosen != 0 && !slices.ContainsFunc(found, func(n Named) bool { return n.ID == chosen }) {
		one := Named{ID: chosen}
		if err := db.read(ctx).Raw("SELECT "+name+" FROM "+table+" WHERE id = ?", chosen).Scan(&one.Name).Error; err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	slices.SortFunc(found, func(a, b Named) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return found, nil
}

// distinct reads columns of the different values of a column of the batches of an appkey:
// each value is found behind the one before, in an index.
func (db *DB) distinct(ctx context.Context, appkeyID int64, column, where, columns, join string, into any) error {
	next := "SELECT MIN(" + column + ") FROM batches WHERE appkey_id = ? AND " + where
	return db.read(ctx).Raw("WITH RECURSIVE found (value) AS ("+next+" UNION ALL SELECT ("+next+" AND "+column+" > found.value) FROM found WHERE found.value IS NOT NULL)"+
		" SELECT "+columns+" FROM found"+join+" WHERE found.value IS NOT NULL"+limitTo(offered), appkeyID, appkeyID).Scan(into).Error
}
