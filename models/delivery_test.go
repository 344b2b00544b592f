package models_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/testdb"
	"soshik/models"
)

// archive is an appkey with several campaigns, planned in turns, of whose messages all
// sorts of things have become.
type archive struct {
	*models.DB
	appkey    models.Appkey
	campaigns map[int64]models.Campaign
	batches   map[int64]models.Batch
	messages  []models.Message // the newest first
	day       time.Time
}

func newArchive(t *testing.T) *archive {
	t.Helper()
	ctx := t.Context()
	a := &archive{
		DB: testdb.Open(t), campaigns: map[int64]models.Campaign{}, batches: map[int64]models.Batch{},
		day: time.Date(2026, 11, 2, 10, 0, 0, 0, kakao.KST),
	}
	team := models.Team{Name: "팀", CreatedAt: a.day.UTC()}
	must(t, a.CreateTeam(ctx, &team))
	for _, name := range []string{"others", "ours"} {
		a.appkey = models.Appkey{TeamID: team.ID, Name: name, Appkey: name, Secret: []byte{1}, CreatedAt: a.day.UTC(), UpdatedAt: a.day.UTC()}
		must(t, a.CreateAppkey(ctx, &a.appkey))
		a.send(t, team)
	}
	return a
}

// send plans six campaigns of the appkey, a batch of 20 of each in turn, and records
// what became of them.
func (a *archive) send(t *testing.T, team models.Team) {
	t.Helper()
	a.messages = nil
	var cs []models.Campaign
	for n := range 6 {
		cs = append(cs, a.campaign(t, team, n))
	}
	for number := range int64(4) {
		for i := range cs {
			a.plan(t, &cs[i], number+1)
		}
	}
	for _, c := range cs {
		a.campaigns[c.ID] = c
	}
	a.record(t)
}

func (a *archive) campaign(t *testing.T, team models.Team, n int) models.Campaign {
	t.Helper()
	ctx, now := t.Context(), a.day.UTC()
	audience := models.Audience{TeamID: team.ID, Columns: []string{}, CreatedAt: now}
	must(t, a.CreateAudience(ctx, &audience))
	rs := make([]models.Recipient, 80)
	for i := range rs {
		rs[i] = models.Recipient{Phone: fmt.Sprintf("0101234%04d", i), Vars: "{}"}
	}
	must(t, a.InsertRecipients(ctx, audience.ID, rs))
	c := models.Campaign{
		TeamID: team.ID, AppkeyID: a.appkey.ID, Channel: models.Channels()[n%2], ULID: fmt.Sprintf("%020d%06d", a.appkey.ID, n),
		Name: fmt.Sprint("캠페인 ", n), State: models.CampaignPlanning, SenderID: int64(n % 3), AudienceID: audience.ID, LaunchedBy: int64(1 + n%2),
		Audience: int64(len(rs)), Test: n == 5, CreatedAt: now, UpdatedAt: now,
	}
	if c.Channel == models.BrandTalk {
		c.Content.TemplateCode = fmt.Sprint("T", n)
	}
	must(t, a.CreateCampaign(ctx, &c))
	return c
}

// plan makes the next batch of a campaign: the first three of each have been handed over,
// one a day, and every other of those at a time of its own.
func (a *archive) plan(t *testing.T, c *models.Campaign, number int64) {
	t.Helper()
	ctx := t.Context()
	must(t, a.Tx(ctx, func(tx *models.DB) error {
		after := c.PlanAfter
		b, err := tx.PlanBatch(ctx, c, models.Batch{Number: number, DueAt: a.day}, 20)
		if err != nil {
			return err
		}
		if saved, err := tx.SavePlan(ctx, *c, after); err != nil || !saved {
			return fmt.Errorf("save plan: %v %w", saved, err)
		}
		if number == 4 {
			a.batches[b.ID] = b
			return nil
		}
		handed := a.day.AddDate(0, 0, int(number)).UTC()
		b.State, b.Attempt, b.RequestID, b.HandedAt = models.BatchHanded, 1, fmt.Sprint("R", b.ID), &handed
		set := map[string]any{"state": b.State, "attempt": 1, "request_id": b.RequestID, "handed_at": handed}
		if b.ID%2 == 0 {
			at := handed.Add(6 * time.Hour)
			b.RequestAt, set["request_at"] = &at, at
		}
		a.batches[b.ID] = b
		return tx.SetBatch(ctx, b.ID, set)
	}))
}

// record makes something of about nine in ten messages that have been handed over.
func (a *archive) record(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	states := models.MessageStates()[1:]
	var outcomes []models.MessageOutcome
	for _, b := range a.batches {
		if b.State != models.BatchHanded || b.AppkeyID != a.appkey.ID {
			continue
		}
		for position := 1; position <= int(b.Size); position++ {
			if rand.IntN(10) == 0 { //nolint:gosec // whatever it is, the search agrees with the rows
				continue
			}
			o := models.MessageOutcome{ID: models.MessageID(b.ID, position), State: states[rand.IntN(len(states))], DoneAt: a.day.UnixMilli()} //nolint:gosec // as above
			switch o.State {
			case models.MessageDelivered:
				o.Code = kakao.DeliveryOK
			case models.MessageFailed, models.MessageSMS:
				o.Code = []string{kakao.DeliveryNotReachable, kakao.DeliveryPhone}[rand.IntN(2)] //nolint:gosec // as above
			}
			outcomes = append(outcomes, o)
		}
	}
	must(t, a.Tx(ctx, func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(ctx, outcomes)
		return err
	}))
	for id, b := range a.batches {
		if b.AppkeyID == a.appkey.ID {
			ms, err := a.BatchMessages(ctx, id)
			must(t, err)
			a.messages = append(a.messages, ms...)
		}
	}
	slices.SortFunc(a.messages, func(a, b models.Message) int { return int(b.ID - a.ID) })
}

// want are the messages that f lets through, found by looking at each of them.
func (a *archive) want(f models.DeliveryFilter) []int64 {
	var ids []int64
	for _, m := range a.messages {
		if a.lets(f, m) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func (a *archive) lets(f models.DeliveryFilter, m models.Message) bool {
	b := a.batches[m.BatchID()]
	c := a.campaigns[b.CampaignID]
	part := models.PartOf(m.State)
	if part == "" {
		part = map[models.BatchState]models.Part{models.BatchHanded: models.PartHanded, models.BatchPlanned: models.PartPlanned}[b.State]
	}
	sent := b.HandedAt
	if b.RequestAt != nil {
		sent = b.RequestAt
	}
	failed := part == models.PartFailed || part == models.PartSMS
	return (f.Channel == "" || f.Channel == c.Channel) && (f.CampaignID == 0 || f.CampaignID == c.ID) &&
		(f.RequestID == "" || f.RequestID == b.RequestID) && (f.Phone == "" || f.Phone == m.Phone) &&
		(f.SenderID == 0 || f.SenderID == c.SenderID) && (f.TemplateCode == "" || f.TemplateCode == c.Content.TemplateCode) &&
		(f.CreatedBy == 0 || f.CreatedBy == c.LaunchedBy) && (f.Part == "" || f.Part == part) && (f.Code == "" || f.Code == m.Code) &&
		(f.SenderKey == "" || f.SenderKey == models.AttemptKey(c, b.ID, b.Attempt)) &&
		(f.RecipientKey == "" || f.RecipientKey == models.MessageKey(c, m)) &&
		within(sent, f.RequestFrom, f.RequestTo) && within(b.HandedAt, f.CreateFrom, f.CreateTo) &&
		(f.Status == "" || f.Status == kakao.StatusCompleted && part == models.PartDelivered || f.Status == kakao.StatusFailed && failed ||
			f.Status == kakao.StatusCancelled && part == models.PartCancelled) &&
		(f.Group == "" || f.Group == models.ResultSuccess && part == models.PartDelivered || f.Group == models.ResultFailure && failed)
}

func within(at, from, to *time.Time) bool {
	if from == nil && to == nil {
		return true
	}
	return at != nil && (from == nil || !at.Before(*from)) && (to == nil || at.Before(to.Add(time.Minute)))
}

// found are all messages that a search finds, page by page.
func (a *archive) found(t *testing.T, f models.DeliveryFilter, limit int) []int64 {
	t.Helper()
	var ids []int64
	for range 10_000 {
		page, err := a.Deliveries(t.Context(), a.appkey.ID, f, limit)
		must(t, err)
		for _, d := range page.Deliveries {
			ids = append(ids, d.ID)
		}
		if len(page.Deliveries) > limit {
			t.Fatalf("%d deliveries, want %d at most", len(page.Deliveries), limit)
		}
		if page.Next == 0 {
			return ids
		}
		f.Before = page.Next
	}
	t.Fatal("it never ends")
	return nil
}

// Every filter alone and every two of them find what looking at each message finds, in
// pages of any size.
func TestDeliveriesFindsWhatThereIs(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	filters := a.filters()
	for name, f := range filters {
		for other, g := range filters {
			if name > other {
				continue
			}
			both, fits := join(f, g)
			if !fits {
				continue
			}
			want := a.want(both)
			if got := a.found(t, both, 7+len(name)); !slices.Equal(got, want) {
				t.Errorf("%s and %s: %d messages, want %d", name, other, len(got), len(want))
			}
		}
	}
	if got := a.found(t, models.DeliveryFilter{}, 50); !slices.Equal(got, a.want(models.DeliveryFilter{})) {
		t.Errorf("without a filter: %d messages", len(got))
	}
}

// filters are one of each kind at least.
func (a *archive) filters() map[string]models.DeliveryFilter {
	m := a.messages[len(a.messages)/2]
	b := a.batches[m.BatchID()]
	c := a.campaigns[b.CampaignID]
	first, second := a.day.AddDate(0, 0, 1), a.day.AddDate(0, 0, 2).Add(6*time.Hour)
	filters := map[string]models.DeliveryFilter{
		"channel": {Channel: models.BrandTalk}, "campaign": {CampaignID: c.ID}, "request": {RequestID: b.RequestID},
		"request from": {RequestFrom: &second}, "request to": {RequestTo: &second}, "create from": {CreateFrom: &second},
		"create range": {CreateFrom: &first, CreateTo: &first}, "number": {Phone: m.Phone}, "sender": {SenderID: 2},
		"template": {TemplateCode: "T3"}, "request's key": {SenderKey: models.AttemptKey(c, b.ID, 1)},
		"recipient's key": {RecipientKey: models.MessageKey(c, m)}, "another's key": {RecipientKey: "order-1"},
		"code": {Code: kakao.DeliveryPhone}, "delivered code": {Code: kakao.DeliveryOK}, "unknown code": {Code: "1"}, "creator": {CreatedBy: 2},
	}
	for _, part := range models.Parts() {
		filters["part "+string(part)] = models.DeliveryFilter{Part: part}
	}
	for _, status := range models.DeliveryStatuses() {
		filters["status "+status] = models.DeliveryFilter{Status: status}
	}
	for _, group := range models.ResultGroups() {
		filters["group "+string(group)] = models.DeliveryFilter{Group: group}
	}
	return filters
}

// remove lets the rows of a campaign's batches go up to the one with the number.
func (a *archive) remove(t *testing.T, c models.Campaign, until int) {
	t.Helper()
	must(t, a.Tx(t.Context(), func(tx *models.DB) error {
		_, _, err := tx.RemoveRows(t.Context(), c, until, a.day)
		return err
	}))
	a.messages = slices.DeleteFunc(a.messages, func(m models.Message) bool {
		b := a.batches[m.BatchID()]
		return b.CampaignID == c.ID && b.Number <= int64(until)
	})
}

// Messages whose rows have gone are not looked for, and every filter finds what is left.
func TestDeliveriesWhoseRowsHaveGone(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	filters, parts := a.filters(), []int{5, 2, 0, 5, 3, 0}
	for i, id := range slices.Sorted(maps.Keys(a.campaigns)) {
		if c := a.campaigns[id]; c.AppkeyID == a.appkey.ID && parts[i%6] > 0 {
			a.remove(t, c, parts[i%6])
		}
	}
	for name, f := range filters {
		if got, want := a.found(t, f, 7), a.want(f); !slices.Equal(got, want) {
			t.Errorf("%s: %d messages, want %d", name, len(got), len(want))
		}
		if n, known, err := a.CountDeliveries(t.Context(), a.appkey.ID, f); known && n != int64(len(a.want(f))) || err != nil {
			t.Errorf("%s: %d are counted, want %d: %v", name, n, len(a.want(f)), err)
		}
	}
}

// However many batches there are without rows, a search passes them over at once.
func TestASearchPassesOverWhatHasGone(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	last := a.messages[0].BatchID()
	for i, id := range slices.Sorted(maps.Keys(a.campaigns)) {
		c := a.campaigns[id]
		if c.AppkeyID != a.appkey.ID || i%6 == 0 {
			continue // the first one keeps its rows
		}
		for _, sql := range []string{
			`INSERT INTO batches (campaign_id, appkey_id, number, state, due_at, meant_at, job_id, attempt, claim, calls, reached, doubts, asks, listed, request_id, result_code, result_text,
				cancel, size, handed_at, skipped, refused, delivered, failed, sms_delivered, sms_waiting, cancelled, closed, channel, sender_id, launched_by)
			WITH RECURSIVE n (i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
			SELECT b.campaign_id, b.appkey_id, n.i, b.state, b.due_at, b.meant_at, 0, 1, '', 1, FALSE, 0, FALSE, 0, 'gone', 0, '',
				'', 1000, b.handed_at, 1, 1, 1, 1, 0, 0, 1, 1, b.channel, b.sender_id, b.launched_by FROM n, batches b WHERE b.campaign_id = $1 AND b.number = 1`,
			"UPDATE campaigns SET last_batch = (SELECT MAX(b.id) FROM batches b WHERE b.campaign_id = campaigns.id), rows_gone_until = 700, rows_gone = TRUE WHERE id = $1",
			"INSERT INTO code_counts (campaign_id, state, code, count) VALUES ($1, 4, '1234', 9)",
		} {
			if _, err := a.SQL().ExecContext(t.Context(), sql, c.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	from := a.day.AddDate(0, 0, 1)
	for name, f := range map[string]models.DeliveryFilter{
		"nothing asked for": {}, "a state": {Part: models.PartSkipped}, "a common state": {Part: models.PartDelivered}, "a code": {Code: "1234"}, "a channel": {Channel: models.FriendTalk},
		"a number": {Phone: "01099999999"}, "a time": {CreateFrom: &from}, "a creator": {CreatedBy: 1}, "a sender": {SenderID: 99},
	} {
		page, err := a.Deliveries(t.Context(), a.appkey.ID, f, 50)
		must(t, err)
		for _, d := range page.Deliveries {
			if d.BatchID() > last {
				t.Errorf("%s: message %d has gone", name, d.ID)
			}
		}
		if page.GoesOn(50) {
			t.Errorf("%s: the page ends early, at batch %d", name, page.Next>>10)
		}
	}
}

// join is a filter with the fields of both; fits is false where both have the same.
func join(f, g models.DeliveryFilter) (both models.DeliveryFilter, fits bool) {
	both = f
	to, from := reflect.ValueOf(&both).Elem(), reflect.ValueOf(g)
	for i := range to.NumField() {
		if from.Field(i).IsZero() {
			continue
		}
		if !to.Field(i).IsZero() && !reflect.DeepEqual(f, g) {
			return both, false
		}
		to.Field(i).Set(from.Field(i))
	}
	return both, true
}

func TestADeliveryFilterIsTheSameBehindAURL(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC)
	f := models.DeliveryFilter{
		Channel: models.FriendTalk, CampaignID: 1, RequestID: "R 1", RequestFrom: &at, RequestTo: &at, CreateFrom: &at, CreateTo: &at,
		Phone: "01012345678", SenderID: 2, TemplateCode: "T", SenderKey: "a.1.1", RecipientKey: "b.1.1", Part: models.PartSMS,
		Status: kakao.StatusFailed, Group: models.ResultFailure, Code: "3018", CreatedBy: 3, Before: 4,
	}
	v := reflect.ValueOf(f)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not tried", v.Type().Field(i).Name)
		}
	}
	got, err := models.ParseDeliveryFilter(f.Query())
	if must(t, err); !reflect.DeepEqual(got, f) {
		t.Errorf("%+v, want %+v", got, f)
	}
	if q := (models.DeliveryFilter{}).Query(); len(q) > 0 {
		t.Errorf("a filter without anything: %v", q)
	}
}

func TestWhatWasTypedWronglyIsSaidByField(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"recipientNo=02-123": "recipientNo", "startRequestDate=yesterday": "startRequestDate", "endCreateDate=2026-13-01": "endCreateDate",
		"startCreateDate=2026-11-02&endCreateDate=2026-11-01": "endCreateDate", "startRequestDate=2026-11-02+10:00&endRequestDate=2026-11-02T09:59": "endRequestDate",
		"startRequestDate=2026-11-02&endRequestDate=2026-11-02": "", "before=y": "", "part=none": "part", "channel=none": "channel",
		"messageStatus=%3Cb%3E": "messageStatus", "resultCode=MRC01": "resultCode", "campaign=x": "campaign", "sender=-1": "sender", "createUser=0": "createUser",
		"requestId=" + strings.Repeat("a", 101): "requestId", "code=" + strings.Repeat("1", 21): "code", "templateCode=" + strings.Repeat("가", 101): "templateCode",
		"requestId=" + strings.Repeat("가", 100): "", "startCreateDate=%00": "",
		"recipientNo=%2B82+10-1234-5678": "",
	} {
		q, err := url.ParseQuery(query)
		must(t, err)
		f, err := models.ParseDeliveryFilter(q)
		if models.FieldText(err, want).Key == "" && want != "" || want == "" && err != nil {
			t.Errorf("%s: %v", query, err)
		}
		if want != "" && strings.Count(query, "=") == 1 && f.Narrow() {
			t.Errorf("%s: %+v", query, f)
		}
	}
}

// What no database takes as text does not come to one.
func TestWhatNobodySeesIsNotLookedFor(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	f, err := models.ParseDeliveryFilter(url.Values{
		"requestId": {"\x00R\x01 1\xff\t"}, "templateCode": {"\x00"}, "senderGroupingKey": {"\xc3\x28"}, "code": {"3018\r\n"}, "startCreateDate": {"0001-01-01"},
	})
	must(t, err)
	if f.RequestID != "R 1" || f.TemplateCode != "" || f.SenderKey != "(" || f.Code != "3018" {
		t.Errorf("%+v", f)
	}
	for _, f := range []models.DeliveryFilter{f, {TemplateCode: "(", CreateFrom: f.CreateFrom}, {Code: "<b>"}, {RequestID: strings.Repeat("'", 100)}} {
		if found := a.found(t, f, 50); len(found) > 0 {
			t.Errorf("%+v: %d messages", f, len(found))
		}
	}
}

// A template of our own has no code, and is found by its name; so is one that is
// registered. What nothing was sent with finds nothing.
func TestDeliveriesOfATemplate(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	own := models.Template{TeamID: a.appkey.TeamID, AppkeyID: a.appkey.ID, Channel: models.FriendTalk, Name: "봄 안내", Version: 1, CreatedAt: a.day.UTC(), UpdatedAt: a.day.UTC()}
	must(t, a.CreateTemplate(t.Context(), &own))
	made := map[int64]bool{}
	for i, id := range slices.Sorted(maps.Keys(a.campaigns)) {
		if i%2 == 0 { // of both appkeys, and of both channels
			made[id] = true
			_, err := a.SQL().ExecContext(t.Context(), "UPDATE campaigns SET template_id = $1 WHERE id = $2", own.ID, id)
			must(t, err)
		}
	}
	for name, other := range map[string]models.DeliveryFilter{
		"alone": {}, "and a state": {Part: models.PartFailed}, "and a code": {Code: kakao.DeliveryPhone}, "and a number": {Phone: a.messages[0].Phone},
		"and a channel": {Channel: models.BrandTalk}, "and a time": {CreateTo: &a.day},
	} {
		var want []int64
		for _, m := range a.messages {
			if made[m.CampaignID] && a.lets(other, m) {
				want = append(want, m.ID)
			}
		}
		f := other
		f.TemplateCode = own.Name
		if got := a.found(t, f, 7); !slices.Equal(got, want) {
			t.Errorf("by name %s: %d messages, want %d", name, len(got), len(want))
		}
	}
	if got := a.found(t, models.DeliveryFilter{TemplateCode: "등록되지 않음"}, 7); len(got) > 0 {
		t.Errorf("%d messages of a template that nobody knows", len(got))
	}
	choices, err := a.DeliveryChoices(t.Context(), a.appkey, models.DeliveryFilter{})
	must(t, err)
	if !slices.Equal(choices.Codes, []string{"T1", "T3", "T5"}) || !slices.Equal(choices.Templates, []string{own.Name}) {
		t.Errorf("%v and %v can be chosen", choices.Codes, choices.Templates)
	}
}
