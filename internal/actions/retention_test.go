package actions_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/models"
)

// keep sets how long the team keeps rows, having confirmed what goes.
func (b *bench) keep(t *testing.T, days string) {
	t.Helper()
	goes, asked, err := b.SaveKeepDays(t.Context(), b.admin, b.readTeam(t), models.KeepSettings{Days: days}, 0)
	must(t, err)
	if !asked {
		return
	}
	if _, asked, err = b.SaveKeepDays(t.Context(), b.admin, b.readTeam(t), models.KeepSettings{Days: days}, goes.Campaigns); asked || err != nil {
		t.Fatalf("asked again: %v %v", asked, err)
	}
}

// untilGone waits until the rows of a campaign have gone and the removal is over.
func (b *bench) untilGone(t *testing.T, c models.Campaign) models.Removal {
	t.Helper()
	b.until(t, c, func(now models.Campaign, _ models.Equation) bool {
		running := b.query(t, "SELECT COUNT(*) FROM removals WHERE state = 'running'")
		return now.RowsGone && running == 0
	})
	rs, err := b.DB.Removals(t.Context(), b.team.ID, 10)
	must(t, err)
	if len(rs) != 1 {
		t.Fatalf("%d removals", len(rs))
	}
	return rs[0]
}

func TestRowsGoAfterTheTeamsTimeAndCountsStay(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	ctx := t.Context()
	c := b.draft(t, 7000, "0001", "0002", "0004", "0005")
	b.launch(t, c)
	b.work(t)
	_, equation := b.until(t, c, isState(models.CampaignFinished))
	span := models.UsageSpan{TeamID: b.team.ID, From: 0, To: models.DayOf(b.Now()) + 1}
	before, err := b.DB.UsageDays(ctx, span)
	must(t, err)
	codes, err := b.DB.CodeCounts(ctx, c.ID)
	must(t, err)
	_, err = b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET finished_at = $1", b.Now().AddDate(0, 0, -101))
	must(t, err)
	_, err = b.DB.SQL().ExecContext(ctx, "UPDATE notices SET created_at = $1", b.Now().AddDate(0, 0, -101))
	must(t, err)
	elsewhere := []models.ForeignMessage{{RequestID: "old", Seq: 1}, {RequestID: "old", Seq: 2}, {RequestID: "new", Seq: 1}}
	for i := range elsewhere {
		elsewhere[i].AppkeyID, elsewhere[i].Channel, elsewhere[i].Phone, elsewhere[i].TakenAt = b.appkey.ID, models.FriendTalk, benchPhone(i), b.Now().UTC()
		elsewhere[i].SentAt = b.Now().AddDate(0, 0, []int{-101, -101, -99}[i]).UnixMilli()
	}
	must(t, b.DB.Tx(ctx, func(tx *models.DB) error { return tx.SaveForeign(ctx, elsewhere) }))

	b.keep(t, "120")
	b.until(t, c, func(models.Campaign, models.Equation) bool {
		return b.query(t, "SELECT COUNT(*) FROM removals WHERE state = 'done'") == 1
	})
	if n := b.query(t, "SELECT COUNT(*) FROM messages"); n != 7004 {
		t.Fatalf("%d messages are left of those that are kept", n)
	}
	b.keep(t, "100") // which does not wait for the next day
	r := b.untilGone(t, c)
	if r.Campaigns != 1 || r.Messages != 7004+2 || r.Notices == 0 || r.State != models.RemovalDone {
		t.Errorf("removed %+v", r)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM foreign_messages"); n != 1 {
		t.Errorf("%d messages of others are left", n)
	}
	for _, table := range []string{"messages", "calls", "campaign_minutes", "notices", "notice_deliveries"} {
		if n := b.query(t, "SELECT COUNT(*) FROM "+table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	b.until(t, c, func(models.Campaign, models.Equation) bool { return b.query(t, "SELECT COUNT(*) FROM recipients") == 0 })
	now := b.reread(t, c)
	if e, err := b.DB.Equation(ctx, now); err != nil || e != equation {
		t.Errorf("the counts were %+v and are %+v: %v", equation, e, err)
	}
	after, err := b.DB.UsageDays(ctx, span)
	bySMS := func(d models.AppkeyDay) bool { return d.SMS > 0 }
	if err != nil || !slices.Equal(after, before) || !slices.ContainsFunc(after, bySMS) {
		t.Errorf("the days were %+v and are %+v: %v", before, after, err)
	}
	if left, err := b.DB.CodeCounts(ctx, c.ID); err != nil || len(left) != len(codes) {
		t.Errorf("the codes were %+v and are %+v: %v", codes, left, err)
	}
	if logs := b.entries(t, "retention.remove"); len(logs) != 1 || !strings.Contains(logs[0].After, "7006") {
		t.Errorf("recorded as %+v", logs)
	}
	b.knowsThatRowsAreGone(t, now)
	if still, err := b.DB.UsageDays(ctx, span); err != nil || !slices.Equal(still, after) {
		t.Errorf("late results have changed the days from %+v to %+v: %v", after, still, err)
	}
	timeline, err := b.DB.Timeline(ctx, c.ID)
	must(t, err)
	if total := timeline.Total(); total.Delivered != equation.Delivered || total.SMS != equation.SMSDelivered {
		t.Errorf("over time there are %+v left of %+v", total, equation)
	}
}

// knowsThatRowsAreGone checks that what reads messages copes without them.
func (b *bench) knowsThatRowsAreGone(t *testing.T, c models.Campaign) {
	t.Helper()
	ctx := t.Context()
	if _, err := b.Retry(ctx, b.admin, b.appkey, c, actions.NewRetry{Name: "다시", Codes: []string{"3005"}}); models.KindOf(err) != models.Conflict {
		t.Errorf("retried: %v", err)
	}
	if traces, _, err := b.Traces(ctx, b.admin, b.readTeam(t), benchPhone(5)); err != nil || traces.Messages+traces.Open != 0 {
		t.Errorf("%+v %v", traces, err)
	}
	batches := b.batches(t, c)
	late := []models.MessageOutcome{{ID: models.MessageID(batches[0].ID, 1), State: models.MessageSMS, DoneAt: b.Now().UnixMilli()}}
	must(t, b.DB.Tx(ctx, func(tx *models.DB) error {
		n, err := tx.RecordOutcomes(ctx, late)
		if n != 0 {
			t.Errorf("%d results of messages that have gone were taken", n)
		}
		return err
	}))
}

func TestAShorterTimeIsConfirmedWithWhatGoes(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	ctx := t.Context()
	b.planned(t)
	_, err := b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET state = 'finished', finished_at = $1", b.Now().AddDate(0, 0, -150))
	must(t, err)
	save := func(days string, confirmed int64) (models.Removable, bool, error) {
		return b.SaveKeepDays(ctx, b.admin, b.readTeam(t), models.KeepSettings{Days: days}, confirmed)
	}
	goes, asked, err := save("120", 0)
	if err != nil || !asked || goes.Campaigns != 1 || goes.Messages != 10 {
		t.Errorf("%+v %v %v", goes, asked, err)
	}
	if b.readTeam(t).KeepDays != 0 || len(b.entries(t, "retention.set")) != 0 {
		t.Error("it was saved before it was confirmed")
	}
	must(t, b.DB.Tx(ctx, func(tx *models.DB) error {
		return tx.SaveForeign(ctx, []models.ForeignMessage{
			{AppkeyID: b.appkey.ID, Channel: models.FriendTalk, RequestID: "old", Seq: 1, SentAt: b.Now().AddDate(0, 0, -121).UnixMilli(), TakenAt: b.Now().UTC()},
			{AppkeyID: b.appkey.ID, Channel: models.FriendTalk, RequestID: "new", Seq: 1, SentAt: b.Now().AddDate(0, 0, -119).UnixMilli(), TakenAt: b.Now().UTC()},
		})
	}))
	if goes, asked, err = save("120", 0); err != nil || !asked || goes != (models.Removable{Campaigns: 1, Messages: 10, Foreign: 1}) {
		t.Errorf("with what others have sent: %+v %v %v", goes, asked, err)
	}
	if _, asked, err = save("120", 1); asked || err != nil || b.readTeam(t).KeepDays != 120 {
		t.Errorf("%v %v", asked, err)
	}
	if _, asked, err = save("200", -1); asked || err != nil || b.readTeam(t).KeepDays != 200 {
		t.Errorf("a longer time: %v %v", asked, err)
	}
	if _, asked, err = save("", -1); asked || err != nil || b.readTeam(t).KeepDays != 0 {
		t.Errorf("for good: %v %v", asked, err)
	}
	for _, wrong := range []string{"99", "3651", "-1", "백일"} {
		if _, _, err := save(wrong, 100); models.FieldText(err, "days").Key == "" {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if logs := b.entries(t, "retention.set"); len(logs) != 3 {
		t.Errorf("recorded %d times", len(logs))
	}
	if _, _, err := b.SaveKeepDays(ctx, b.member(t, "승인", models.Approver, nil), b.team, models.KeepSettings{}, 0); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver: %v", err)
	}
}

// Who regrets a shorter time loses no more than what had begun to go.
func TestALongerTimeEndsARemoval(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	ctx := t.Context()
	for range 2 {
		b.planned(t)
	}
	_, err := b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET state = 'finished', finished_at = $1", b.Now().AddDate(0, 0, -150))
	must(t, err)
	_, err = b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET rows_gone_at = $1 WHERE id = (SELECT MIN(id) FROM campaigns)", b.Now())
	must(t, err)
	_, err = b.DB.SQL().ExecContext(ctx, "UPDATE notices SET created_at = $1", b.Now().AddDate(0, 0, -150))
	must(t, err)
	notices := b.query(t, "SELECT COUNT(*) FROM notices")
	r := models.Removal{TeamID: b.team.ID, State: models.RemovalRunning, KeepDays: 120, Before: b.KeptUntil(120), StartedAt: b.Now(), WorkedAt: b.Now()}
	must(t, b.DB.CreateRemoval(ctx, &r))
	must(t, b.RunRemoval(ctx, r.ID)) // while the team keeps everything

	r, err = b.DB.Removal(ctx, r.ID)
	must(t, err)
	if r.State != models.RemovalDone || r.Campaigns != 1 || r.Messages != 10 || r.Notices != 0 {
		t.Errorf("removed %+v", r)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM messages"); n != 10 {
		t.Errorf("%d messages are left", n)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM notices"); n != notices {
		t.Errorf("%d notices are left of %d", n, notices)
	}
}

// A retry leaves out who has been reached meanwhile, which the rows of the campaign
// retried say: without them it is not launched, and while it runs they stay.
func TestARetryIsNotSentBlindly(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	ctx := t.Context()
	of, retry := b.planned(t), b.draft(t, 3)
	_, err := b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET retry_of = $1 WHERE id = $2", of.ID, retry.ID)
	must(t, err)
	_, err = b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET state = 'finished', finished_at = $1 WHERE id = $2", b.Now().AddDate(0, 0, -150), of.ID)
	must(t, err)
	due := models.Removal{TeamID: b.team.ID, KeepDays: 120, Before: b.KeptUntil(120)}
	for state, want := range map[models.CampaignState]bool{models.CampaignDraft: true, models.CampaignSending: false, models.CampaignPaused: false, models.CampaignFinished: true} {
		_, err := b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET state = $1 WHERE id = $2", state, retry.ID)
		must(t, err)
		if _, found, err := b.DB.RemovableCampaign(ctx, due); err != nil || found != want {
			t.Errorf("while the retry is %s: %v %v", state, found, err)
		}
	}
	_, err = b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET state = 'draft' WHERE id = $1", retry.ID)
	must(t, err)
	must(t, b.DB.Tx(ctx, func(tx *models.DB) error {
		_, _, err := tx.RemoveRows(ctx, b.reread(t, of), 10, b.Now())
		return err
	}))
	report, err := b.Check(ctx, b.reread(t, retry))
	must(t, err)
	if !report.Blocked() {
		t.Errorf("the check found %+v", report.Findings)
	}
	if err := b.Launch(ctx, b.admin, b.appkey.ID, retry.ID, b.reread(t, retry).Revision); err == nil {
		t.Error("it was launched")
	}
}
