package models_test

import (
	"slices"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// scope is the overview's of the ledger's appkey.
func (l *ledger) scope() models.Scope {
	return models.Scope{TeamID: l.campaign.TeamID, Appkeys: []models.Appkey{{ID: l.campaign.AppkeyID}}}
}

func names(rows []models.CampaignRow) []string {
	found := make([]string, len(rows))
	for i, r := range rows {
		found[i] = r.Name
	}
	return found
}

func TestOverviewTellsRunningCampaignsFromComingOnes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	elsewhere := o.addAppkey(t, "다른 앱키")
	soon, later, past := o.now.Add(time.Hour), o.now.Add(48*time.Hour), o.now.Add(-time.Hour)
	for _, c := range []models.Campaign{
		{Name: "보내는 중", State: models.CampaignSending},
		{Name: "결정을 기다림", State: models.CampaignHeld},
		{Name: "준비 중", State: models.CampaignPlanning},
		{Name: "멈춤", State: models.CampaignPaused},
		{Name: "나중", State: models.CampaignScheduled, ScheduledAt: &later},
		{Name: "곧", State: models.CampaignWaiting, ScheduledAt: &soon},
		{Name: "지난 것", State: models.CampaignScheduled, ScheduledAt: &past},
		{Name: "초안", State: models.CampaignDraft, ScheduledAt: &soon},
		{Name: "끝남", State: models.CampaignFinished},
		{Name: "테스트", State: models.CampaignSending, Test: true},
		{Name: "다른 곳", State: models.CampaignSending, AppkeyID: elsewhere.ID},
	} {
		if c.AppkeyID == 0 {
			c.AppkeyID = o.appkey.ID
		}
		c.TeamID, c.Channel, c.ULID, c.CreatedAt, c.UpdatedAt = o.team.ID, models.FriendTalk, models.NewToken(), o.now, o.now
		must(t, o.CreateCampaign(t.Context(), &c))
	}
	scope := models.Scope{TeamID: o.team.ID, Appkeys: []models.Appkey{o.appkey}}
	running, err := o.RunningCampaigns(t.Context(), scope, 10)
	must(t, err)
	if got, want := names(running), []string{"결정을 기다림", "멈춤", "준비 중", "보내는 중"}; !slices.Equal(got, want) {
		t.Errorf("running: %q, want %q", got, want)
	}
	coming, err := o.ComingCampaigns(t.Context(), scope, o.now, 10)
	must(t, err)
	if got, want := names(coming), []string{"곧", "나중"}; !slices.Equal(got, want) {
		t.Errorf("coming: %q, want %q", got, want)
	}
	counts, err := o.OpenCounts(t.Context(), scope)
	must(t, err)
	if counts[models.CampaignHeld] != 1 || counts[models.CampaignSending] != 1 || counts[models.CampaignScheduled] != 2 || counts[models.CampaignDraft] != 0 {
		t.Errorf("counts: %v", counts)
	}
	scope.Appkeys = append(scope.Appkeys, elsewhere)
	running, err = o.RunningCampaigns(t.Context(), scope, 10)
	must(t, err)
	if len(running) != 5 {
		t.Errorf("of both appkeys %q run", names(running))
	}
}

func TestOldestAwaitedIsOfWhatHasGoneOut(t *testing.T) {
	t.Parallel()
	handed := models.BatchHanded
	l := newLedger(t, handed, handed, handed, models.BatchPlanned)
	now := time.Now().UTC().Truncate(time.Second)
	if a, err := l.OldestAwaited(t.Context(), l.scope(), now); err != nil || a != nil {
		t.Errorf("of what has never been handed over: %+v %v", a, err)
	}
	ages := []time.Duration{2 * time.Hour, 3 * time.Hour, time.Hour}
	for i, age := range ages {
		must(t, l.SetBatch(t.Context(), l.batches[i].ID, map[string]any{"handed_at": now.Add(-age)}))
	}
	// It was handed over first, for a time that is still to come.
	must(t, l.SetBatch(t.Context(), l.batches[1].ID, map[string]any{"request_at": now.Add(time.Hour)}))
	a, err := l.OldestAwaited(t.Context(), l.scope(), now)
	must(t, err)
	if a == nil || !a.Since.Equal(now.Add(-2*time.Hour)) || a.CampaignID != l.campaign.ID {
		t.Fatalf("the oldest is %+v", a)
	}
	// Its results are in, but for an SMS.
	must(t, l.SetBatch(t.Context(), l.batches[0].ID, map[string]any{"failed": 100, "sms_waiting": 1}))
	if a, err = l.OldestAwaited(t.Context(), l.scope(), now); err != nil || a == nil || !a.Since.Equal(now.Add(-2*time.Hour)) {
		t.Errorf("with an SMS under way: %+v %v", a, err)
	}
	must(t, l.SetBatch(t.Context(), l.batches[0].ID, map[string]any{"sms_waiting": 0}))
	if a, err = l.OldestAwaited(t.Context(), l.scope(), now); err != nil || a == nil || !a.Since.Equal(now.Add(-time.Hour)) {
		t.Errorf("after the first batch: %+v %v", a, err)
	}
}

func TestOverviewCountsDaysInKorea(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded)
	now := time.Date(2026, 12, 1, 0, 30, 0, 0, kakao.KST)
	l.record(t,
		models.MessageOutcome{ID: l.messages[0], State: models.MessageDelivered, DoneAt: now.UnixMilli()},
		models.MessageOutcome{ID: l.messages[1], State: models.MessageDelivered, DoneAt: now.Add(-time.Hour).UnixMilli()},
		models.MessageOutcome{ID: l.messages[2], State: models.MessageFailed, Code: "3018", DoneAt: now.Add(-2 * 24 * time.Hour).UnixMilli()},
		models.MessageOutcome{ID: l.messages[3], State: models.MessageFailed, Code: "3018", DoneAt: now.Add(-3 * 24 * time.Hour).UnixMilli()},
	)
	days, err := l.OutcomesOf(t.Context(), l.scope(), now, 3)
	must(t, err)
	if len(days) != 3 || days[2].Delivered != 1 || days[1].Delivered != 1 || days[0].Failed != 1 {
		t.Errorf("days: %+v", days)
	}
	if sum := days.Sum(); sum.Delivered != 2 || sum.Failed != 1 {
		t.Errorf("sum: %+v", sum)
	}
}

func TestSendersOfTodayStandBesideWhatIsOurs(t *testing.T) {
	t.Parallel()
	l, sender, now := usageLedger(t, models.BatchHanded)
	must(t, l.SetBatch(t.Context(), l.batches[0].ID, map[string]any{"handed_at": now.Add(-time.Hour).UTC()}))
	got, err := l.SendersToday(t.Context(), l.scope(), now, 5)
	must(t, err)
	if len(got) != 0 {
		t.Errorf("a count of yesterday is shown as today's: %+v", got)
	}
	sender.RefreshedAt, sender.SentCount, sender.DailyMax = now.UTC(), 130, 1000
	must(t, l.SaveSenders(t.Context(), []models.Sender{sender}))
	got, err = l.SendersToday(t.Context(), l.scope(), now, 5)
	must(t, err)
	if len(got) != 1 || got[0].Ours != 100 || got[0].Elsewhere() != 30 {
		t.Errorf("today: %+v", got)
	}
}

func TestFailingJobsAreToldByKind(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	insert := func(kind, state string, attempt int) {
		l.exec(t, `INSERT INTO river_job (kind, state, attempt, max_attempts, args, priority, queue, created_at, scheduled_at, finalized_at)
			VALUES ($1, `+l.jobState(state)+`, $2, 25, '{}', 1, 'default', $3, $4, `+finalized(state)+`)`, kind, attempt, time.Now().UTC(), time.Now().UTC())
	}
	insert("take_results", "retryable", 1) // may have been cut off
	insert("take_results", "retryable", 3)
	insert("send_batch", "discarded", 25)
	insert("send_batch", "retryable", 2)
	insert("send_batch", "completed", 2)
	got, err := l.FailingJobs(t.Context())
	must(t, err)
	want := []models.FailingJobs{{Kind: "send_batch", Count: 2, GivenUp: 1}, {Kind: "take_results", Count: 1}}
	if !slices.Equal(got, want) {
		t.Errorf("failing: %+v, want %+v", got, want)
	}
}

// jobState is a state of a job as it is written in SQL.
func (l *ledger) jobState(state string) string {
	if l.Dialect() == models.Postgres {
		return "'" + state + "'::river_job_state"
	}
	return "'" + state + "'"
}

func finalized(state string) string {
	if state == "retryable" {
		return "NULL"
	}
	return "CURRENT_TIMESTAMP"
}
