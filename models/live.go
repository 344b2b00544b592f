package models

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"soshik/internal/kakao"
)

// LiveQuery is a search at the provider: what is asked for, and how far it has come.
// What lies further apart than the provider searches at a time is searched in windows.
type LiveQuery struct {
	DeliveryFilter

	At       time.Time // when it was begun, to the minute: what is open at its end ends then
	Window   int       // of the windows, the newest first, from 0
	Page     int       // of the window, from 1
	Compared int64     // on its first page, the batch before which the ledger is compared, see [LiveLedger]; 0: from the newest
}

const (
	inAt       = "at"
	inWindow   = "window"
	inPage     = "page"
	inCompared = "compared"
)

// ParseLiveQuery reads what a URL asks the provider for; now is when it begins, unless
// the URL says when it has. The channel and one of the provider's own conditions, a
// request or a range of times, must be there.
func ParseLiveQuery(q url.Values, now time.Time) (LiveQuery, error) {
	f, err := ParseDeliveryFilter(q)
	in := deliveryQuery{q: q, p: problems{}}
	out := LiveQuery{DeliveryFilter: f, At: now.UTC().Truncate(time.Minute), Window: int(in.id(inWindow)), Page: max(1, int(in.id(inPage))), Compared: in.id(inCompared)}
	if at, err := time.ParseInLocation(inputLayout, q.Get(inAt), kakao.KST); err == nil && at.Before(now) {
		out.At = at.UTC()
	}
	if f.Channel == "" {
		in.p.add(inChannel, "live.channel_needed")
	}
	if f.RequestID == "" && f.RequestFrom == nil && f.RequestTo == nil && f.CreateFrom == nil && f.CreateTo == nil {
		in.p.add(inRequestID, "live.condition_needed")
	}
	return out, JoinFields(err, in.p.err())
}

// AsksLive reports whether a URL asks the provider for anything: a form was sent, or a link
// has one of the provider's own conditions.
func AsksLive(q url.Values) bool {
	return slices.ContainsFunc([]string{"search", inRequestID, inRequestFrom, inRequestTo, inCreateFrom, inCreateTo}, func(name string) bool {
		return q.Get(name) != ""
	})
}

// Query is q as it stands in a URL.
func (q LiveQuery) Query() url.Values {
	v := q.DeliveryFilter.Query()
	if q.Window > 0 || q.Page > 1 {
		v.Set(inAt, q.At.In(kakao.KST).Format(inputLayout))
		v.Set(inWindow, strconv.Itoa(q.Window))
		v.Set(inPage, strconv.Itoa(q.Page))
	}
	if q.Compared > 0 {
		v.Set(inCompared, strconv.FormatInt(q.Compared, 10))
	}
	return v
}

// First is q at its beginning.
func (q LiveQuery) First() LiveQuery {
	q.Window, q.Page, q.Compared = 0, 1, 0
	return q
}

// IsFirst reports whether q is at its beginning.
func (q LiveQuery) IsFirst() bool { return q.Window == 0 && q.Page <= 1 }

// Unknown are the names of those of the filters by which the provider does not find
// messages of the channel: they are left out.
func (q LiveQuery) Unknown() []string {
	t := q.Channel.Traits()
	var names []string
	for _, f := range []struct {
		name    string
		unknown bool
	}{
		{inCampaign, q.CampaignID != 0}, {inPart, q.Part != ""}, {inCode, q.Code != ""},
		{inTemplate, q.TemplateCode != "" && !t.ByTemplate}, {inCreatedBy, q.CreatedBy != 0 && !t.ByCreator},
	} {
		if f.unknown {
			names = append(names, f.name)
		}
	}
	return names
}

// LiveRow is a message as the provider lists it, and what is known of it here.
type LiveRow struct {
	Told

	Phone        string
	From         string // the sender's PlusFriendID
	TemplateCode string
	RecipientKey string

	Ours         bool          // a campaign of the appkey has sent it
	Message      ListedMessage // zero if it is not here
	CampaignName string
	Difference   Difference // of those that are ours
}

// Outcome is what the row says about its message, for the ledger.
func (r LiveRow) Outcome(now time.Time) (MessageOutcome, bool) {
	o, reported := r.Told.Outcome(now)
	o.ID, o.CampaignID = r.Message.ID, r.Message.CampaignID
	if o.State == MessageCancelled {
		o.Attempt = -1
		if _, _, attempt, ours := ParseAttemptKey(r.AttemptKey); ours {
			o.Attempt = attempt
		}
	}
	return o, reported
}

// LivePage is what the provider has answered to a search, as far as it was asked.
type LivePage struct {
	Rows     []LiveRow
	From, To time.Time  // the window that was searched last; zero: the search has no times
	Windows  int        // that there are in all
	Total    int        // messages in the window; -1: the provider does not say
	Next     LiveQuery  // where to go on; its channel is empty where there is nothing more
	Since    time.Time  // the provider keeps nothing older than this, of which more was asked for; zero: no more was
	Ledger   LiveLedger // on the first page
}

// Takeable is how many of the rows can be taken over.
func (p LivePage) Takeable() (n int) {
	for _, r := range p.Rows {
		if r.Difference == ToldMore {
			n++
		}
	}
	return n
}

// Takeover is what the rows that can be taken over say, for the ledger.
func (p LivePage) Takeover(now time.Time) []MessageOutcome {
	var outcomes []MessageOutcome
	for _, r := range p.Rows {
		if o, reported := r.Outcome(now); reported && r.Difference == ToldMore {
			outcomes = append(outcomes, o)
		}
	}
	return outcomes
}

// Differing is how many of the rows differ from what is known here.
func (p LivePage) Differing() (n int) {
	for _, r := range p.Rows {
		if r.Difference != Same {
			n++
		}
	}
	return n
}

// CompareLive finds what is known here of rows that the provider lists for an appkey.
func (db *DB) CompareLive(ctx context.Context, appkeyID int64, rows []LiveRow) error {
	campaigns, err := db.campaignsOfKeys(ctx, appkeyID, rows)
	if err != nil || len(campaigns) == 0 {
		return err
	}
	var ids []int64
	for i, r := range rows {
		ulid, id, ours := ParseMessageKey(r.RecipientKey)
		if c, known := campaigns[ulid]; ours && known {
			rows[i].Ours, rows[i].CampaignName, rows[i].Difference = true, c.Name, ToldUnknown
			ids = append(ids, id)
		}
	}
	messages, batches, err := db.messagesWith(ctx, ids)
	if err != nil {
		return err
	}
	for i, r := range rows {
		ulid, id, _ := ParseMessageKey(r.RecipientKey)
		if m, known := messages[id]; r.Ours && known && m.CampaignID == campaigns[ulid].ID {
			rows[i].Message = m
			if rows[i].Difference, err = db.difference(ctx, rows[i], batches[m.BatchID()]); err != nil {
				return err
			}
		}
	}
	return nil
}

// campaignsOfKeys are the campaigns of an appkey that the rows' keys name.
func (db *DB) campaignsOfKeys(ctx context.Context, appkeyID int64, rows []LiveRow) (map[string]Campaign, error) {
	var ulids []string
	for _, r := range rows {
		if ulid, _, ours := ParseMessageKey(r.RecipientKey); ours && !slices.Contains(ulids, ulid) {
			ulids = append(ulids, ulid)
		}
	}
	if len(ulids) == 0 {
		return nil, nil
	}
	var cs []Campaign
	if err := db.read(ctx).Select("id", "ulid", "name").Where("ulid IN ? AND appkey_id = ?", ulids, appkeyID).Find(&cs).Error; err != nil {
		return nil, err
	}
	found := make(map[string]Campaign, len(cs))
	for _, c := range cs {
		found[c.ULID] = c
	}
	return found, nil
}

// messagesWith are messages by their ids, and their batches by theirs.
func (db *DB) messagesWith(ctx context.Context, ids []int64) (map[int64]ListedMessage, map[int64]Batch, error) {
	var ms []Message
	if err := db.read(ctx).Where("id IN ?", ids).Find(&ms).Error; err != nil {
		return nil, nil, err
	}
	batches, err := db.batchesByID(ctx, ms)
	if err != nil {
		return nil, nil, err
	}
	messages := make(map[int64]ListedMessage, len(ms))
	for _, m := range ms {
		messages[m.ID] = listedIn(m, batches[m.BatchID()])
	}
	return messages, batches, nil
}

// difference compares a row with its message, which is in the batch b.
func (db *DB) difference(ctx context.Context, r LiveRow, b Batch) (Difference, error) {
	o, reported := r.Outcome(time.Time{})
	found := r.Message.Compare(o, reported)
	if found == ToldMore && o.State == MessageCancelled {
		counts, err := withoutWithdrawn(db.read(ctx), []MessageOutcome{o})
		if err != nil || len(counts) > 0 {
			return found, err
		}
		return ToldReplaced, nil
	}
	if replaced := b.RequestID != "" && b.RequestID != r.RequestID; replaced && found != ToldMore {
		return ToldReplaced, nil
	}
	return found, nil
}

// Difference is how what the provider says about a message differs from what is known
// here.
type Difference string

// The differences.
const (
	Same          Difference = ""
	ToldMore      Difference = "more"     // the provider knows more, which can be taken over
	ToldLess      Difference = "less"     // here it is known what became of it, and the provider still lists it as open
	ToldOther     Difference = "other"    // both know what became of it, and it is not the same
	ToldOtherCode Difference = "code"     // it is the same, for another reason
	ToldEarly     Difference = "early"    // the provider has it, which is still to be found out here
	ToldReplaced  Difference = "replaced" // the provider speaks of an attempt that another one has replaced
	ToldUnknown   Difference = "unknown"  // its key is of a campaign of ours that has no such message
)

// Differences are all differences.
func Differences() []Difference {
	return []Difference{Same, ToldMore, ToldLess, ToldOther, ToldOtherCode, ToldEarly, ToldReplaced, ToldUnknown}
}

// Compare says how what the provider reports about m differs from what is known here.
// reported is false while it reports no result.
func (m ListedMessage) Compare(o MessageOutcome, reported bool) Difference {
	switch {
	case !reported && m.State != MessageOpen:
		return ToldLess
	case !reported && m.Part != PartHanded:
		return ToldEarly
	case !reported:
		return Same
	case m.takes(o):
		return ToldMore
	case m.State == MessageSMS && o.State == MessageFailed && o.Fallback.known() < FallbackFailed.known(),
		m.State == o.State && o.Fallback.known() < m.Fallback.known():
		return ToldLess
	case m.State != o.State:
		return ToldOther
	case m.Code != o.Code:
		return ToldOtherCode
	}
	return Same
}
