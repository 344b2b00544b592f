package models_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/models"
)

// usageLedger is a launched campaign of a sender with a batch of 100 messages for
// each state, at noon of a day in Korea.
func usageLedger(t *testing.T, states ...models.BatchState) (*ledger, models.Sender, time.Time) {
	t.Helper()
	l := newLedger(t, states...)
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, kakao.KST)
	sender := models.Sender{AppkeyID: l.campaign.AppkeyID, PlusFriendID: "@a", Status: kakao.SenderRegistered, RefreshedAt: now.AddDate(0, 0, -1).UTC()}
	must(t, l.PutWaitingSender(t.Context(), &sender))
	_, err := l.MoveCampaign(t.Context(), l.campaign.ID, models.CampaignStates(), models.CampaignSending,
		map[string]any{"sender_id": sender.ID, "launched_at": now.AddDate(0, 0, -20).UTC()})
	must(t, err)
	return l, sender, now
}

func TestUsageCountsByDayInKorea(t *testing.T) {
	t.Parallel()
	handed := models.BatchHanded
	l, sender, now := usageLedger(t, handed, handed, handed, handed, models.BatchPlanned, handed)
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, kakao.KST).UTC()
	long := midnight.AddDate(0, 0, -30)
	set := []map[string]any{
		{"handed_at": midnight},                                     // today, though yesterday by UTC
		{"handed_at": midnight.Add(-time.Minute)},                   // yesterday
		{"handed_at": long, "request_at": midnight.Add(-time.Hour)}, // handed over long before, for yesterday
		{"handed_at": midnight, "skipped": 10, "refused": 20, "cancelled": 30},
		{}, // not handed over
		{"handed_at": long},
	}
	for i, columns := range set {
		if len(columns) > 0 {
			must(t, l.SetBatch(t.Context(), l.batches[i].ID, columns))
		}
	}
	l.noteDay(t, models.SenderDay{SenderID: sender.ID, Day: "2026-11-20", Friendtalk: 1})
	l.noteDay(t, models.SenderDay{SenderID: sender.ID, Day: "2026-11-20", Friendtalk: 212, Alimtalk: 5})
	l.noteDay(t, models.SenderDay{SenderID: sender.ID, Day: "2026-11-01", Friendtalk: 9})
	got, err := l.SenderUsage(t.Context(), sender, now, 3)
	must(t, err)
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, kakao.KST) }
	want := []models.UsageDay{
		{Day: day(21), Ours: 140},
		{Day: day(20), Ours: 200, Told: true, Friendtalk: 212, Alimtalk: 5},
		{Day: day(19)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got[0].Elsewhere() != 0 || got[1].Elsewhere() != 12 {
		t.Errorf("elsewhere: %d, %d", got[0].Elsewhere(), got[1].Elsewhere())
	}
}

func TestUsageOfTodayIsWhatTheSenderWasReadWith(t *testing.T) {
	t.Parallel()
	l, sender, now := usageLedger(t, models.BatchHanded)
	l.noteDay(t, models.SenderDay{SenderID: sender.ID, Day: "2026-11-21", Friendtalk: 3})
	sender.RefreshedAt, sender.SentCount, sender.APIVersion = now, 7, kakao.SenderAPIv21
	got, err := l.SenderUsage(t.Context(), sender, now, 1)
	must(t, err)
	if len(got) != 1 || got[0].Friendtalk != 7 {
		t.Errorf("read as %+v", got)
	}
}

func TestCampaignsOfASenderBeginWithThoseThatAreNotOver(t *testing.T) {
	t.Parallel()
	l, sender, _ := usageLedger(t)
	create := func(name string, state models.CampaignState, senderID int64) {
		must(t, l.CreateCampaign(t.Context(), &models.Campaign{
			TeamID: 1, AppkeyID: l.campaign.AppkeyID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: name, State: state, SenderID: senderID,
		}))
	}
	create("draft", models.CampaignDraft, sender.ID)
	create("over", models.CampaignFinished, sender.ID)
	create("cancelled", models.CampaignCancelled, sender.ID)
	create("another's", models.CampaignDraft, sender.ID+1)
	names := func(cs []models.Campaign, err error) (found []string) {
		must(t, err)
		for _, c := range cs {
			found = append(found, c.Name)
		}
		return found
	}
	if diff := cmp.Diff([]string{"draft", "", "cancelled"}, names(l.SenderCampaigns(t.Context(), sender.ID, 3))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", "draft"}, names(l.BreakingCampaigns(t.Context(), sender.ID))); diff != "" {
		t.Error(diff)
	}
}

func TestDeletedSenderIsNotBroughtBackByAnOlderReading(t *testing.T) {
	t.Parallel()
	l, sender, now := usageLedger(t)
	deleted := now.UTC()
	must(t, l.MarkSenderDeleted(t.Context(), sender.ID, 7, deleted))
	for name, read := range map[string]time.Time{"before": deleted.Add(-time.Millisecond), "after": deleted.Add(time.Millisecond)} {
		fresh := sender
		fresh.ID, fresh.RefreshedAt = 0, read
		must(t, l.SaveSenders(t.Context(), []models.Sender{fresh}))
		kept, err := l.Sender(t.Context(), sender.AppkeyID, sender.ID)
		must(t, err)
		if back := kept.GoneAt == nil && kept.DeletedBy == 0; back != (name == "after") {
			t.Errorf("read %s the deletion: kept as %+v", name, kept)
		}
		must(t, l.MarkSenderDeleted(t.Context(), sender.ID, 7, deleted))
	}
}

func TestKeysAreMasked(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"": "", "short": "•••••", "12345678": "••••••••", "123456789": "1234••••6789"} {
		if got := models.MaskKey(key); got != want {
			t.Errorf("%q is shown as %q", key, got)
		}
	}
	s := models.Sender{ResendAppkey: "123456789", AlimtalkResendAppkey: "123456789", Raw: `{"friendtalk":{"resendAppKey" : "123456789"},"alimtalk":{"resendAppKey":null}}`}
	s = s.Unexposed()
	if s.ResendAppkey != "1234••••6789" || s.AlimtalkResendAppkey != s.ResendAppkey || s.Raw != `{"friendtalk":{"resendAppKey" : "1234••••6789"},"alimtalk":{"resendAppKey":null}}` {
		t.Errorf("shown as %+v", s)
	}
}

// noteDay writes what the provider counted for a sender and a day.
func (l *ledger) noteDay(t *testing.T, d models.SenderDay) {
	t.Helper()
	_, err := l.SQL().ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO sender_days (sender_id, day, friendtalk, alimtalk) VALUES (%d, '%s', %d, %d)
		ON CONFLICT (sender_id, day) DO UPDATE SET friendtalk = excluded.friendtalk, alimtalk = excluded.alimtalk`, d.SenderID, d.Day, d.Friendtalk, d.Alimtalk))
	must(t, err)
}
