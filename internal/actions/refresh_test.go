package actions_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// listSenders makes n more senders known to the provider.
func (b *bench) listSenders(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		_, err := b.sim.AddSender(testAppkey, nhnsim.Sender{PlusFriendID: fmt.Sprintf("@channel%04d", i), Registered: true, DailyMax: 100})
		must(t, err)
	}
}

// number asks the database for one number.
func (b *bench) number(t *testing.T, query string) (n int) {
	t.Helper()
	must(t, b.DB.SQL().QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func (b *bench) exec(t *testing.T, query string) {
	t.Helper()
	_, err := b.DB.SQL().ExecContext(t.Context(), query)
	must(t, err)
}

const countRefreshJobs = "SELECT COUNT(*) FROM river_job WHERE kind = 'refresh_senders'"

// refreshed is how the last refresh went.
func (b *bench) refreshed(t *testing.T) models.SenderRefresh {
	t.Helper()
	r, err := b.DB.Refresh(t.Context(), b.appkey.ID)
	must(t, err)
	return r
}

// changes are what the audit log has of senders found in another state, as
// "name: before → after", in order.
func (b *bench) changes(t *testing.T) []string {
	t.Helper()
	logs, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 1000)
	must(t, err)
	var found []string
	for _, l := range slices.Backward(logs) {
		if l.Action == "sender.changed" {
			if l.UserID != 0 || l.ObjectType != "sender" || l.ObjectID == 0 {
				t.Errorf("recorded as %+v", l)
			}
			found = append(found, l.ObjectName+": "+l.Before+" → "+l.After)
		}
	}
	return found
}

func TestRefreshIsDoneByAJob(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.listSenders(t, 1200)
	for range 2 { // the second finds the first under way
		must(t, b.AskRefresh(t.Context(), b.admin, b.appkey))
	}
	if r := b.refreshed(t); r.State != models.RefreshRunning || r.AskedBy != b.admin.User.ID || b.number(t, countRefreshJobs) != 1 {
		t.Errorf("asked twice: %+v", r)
	}
	b.work(t)
	r, err := b.AwaitRefresh(t.Context(), b.appkey.ID, time.Minute)
	must(t, err)
	if r.State != models.RefreshDone || r.ReadCount != 1201 || r.Total != 1201 || r.SucceededAt == nil || r.EndedAt == nil || r.Problem != "" {
		t.Errorf("ended as %+v", r)
	}
	if n, err := b.DB.CountSenders(t.Context(), b.appkey.ID, models.SenderFilter{}); n != 1201 || err != nil {
		t.Errorf("%d are kept %v", n, err)
	}
	day := b.Now().In(kakao.KST).Format(time.DateOnly)
	if n := b.number(t, "SELECT COUNT(*) FROM sender_days WHERE day = '"+day+"'"); n != 1201 {
		t.Errorf("of %d is kept what they have sent today", n)
	}
	if got := b.changes(t); len(got) != 0 {
		t.Errorf("changed: %q", got)
	}
}

// While one page comes, the pages before it are counted; when the next is refused,
// what was known stays, and the refresh says why.
func TestRefreshThatIsRefusedInTheMiddle(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.listSenders(t, 1200)
	var during models.SenderRefresh
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.URL.Query().Get("pageNum") != "2" {
			return nil
		}
		during = b.refreshed(t)
		return &nhnsim.Answer{Code: kakao.CodeSecretKey}
	}})
	before := b.refreshed(t)
	must(t, b.AskRefresh(t.Context(), b.admin, b.appkey), b.RunRefresh(t.Context(), b.appkey.ID))
	if during.ReadCount != 1000 || during.Total != 1201 || during.State != models.RefreshRunning {
		t.Errorf("in the middle: %+v", during)
	}
	r := b.refreshed(t)
	if r.State != models.RefreshFailed || r.Why().Key != "api.-1001" || r.SucceededAt == nil || !r.SucceededAt.Equal(*before.SucceededAt) {
		t.Errorf("ended as %+v", r)
	}
	if n, err := b.DB.CountSenders(t.Context(), b.appkey.ID, models.SenderFilter{}); n != 1 || err != nil {
		t.Errorf("%d are kept %v", n, err)
	}
	b.sim.SetFaults(nhnsim.Faults{})
	must(t, b.AskRefresh(t.Context(), b.admin, b.appkey), b.RunRefresh(t.Context(), b.appkey.ID))
	if r := b.refreshed(t); r.State != models.RefreshDone || r.Problem != "" {
		t.Errorf("asked again: %+v", r)
	}
}

func TestWhyARefreshFailsIsToldInWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer nhnsim.Answer
		want   string
	}{
		{"too many requests", nhnsim.Answer{Status: http.StatusTooManyRequests, Body: "{}"}, "provider.busy"},
		{"a broken server", nhnsim.Answer{Status: http.StatusBadGateway, Body: "<html>"}, "provider.status"},
		{"nonsense", nhnsim.Answer{Body: "<html>"}, "provider.unreadable"},
		{"a connection cut off", nhnsim.Answer{Drop: true}, "provider.silent_read"},
		{"an appkey that was disabled", nhnsim.Answer{Code: kakao.CodeAppkeyDisabled}, "api.-4005"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 5*time.Second)
			b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &tt.answer }})
			must(t, b.AskRefresh(t.Context(), b.admin, b.appkey), b.RunRefresh(t.Context(), b.appkey.ID))
			if r := b.refreshed(t); r.State != models.RefreshFailed || r.Why().Key != tt.want {
				t.Errorf("failed with %s, want %s", r.Problem, tt.want)
			}
		})
	}
}

func TestChangesOfStateAreSeenAndRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.listSenders(t, 4)
	refresh := func() {
		t.Helper()
		must(t, b.AskRefresh(t.Context(), models.Actor{}, b.appkey), b.RunRefresh(t.Context(), b.appkey.ID))
	}
	change := func(name string, fn func(*nhnsim.Sender)) {
		t.Helper()
		must(t, b.sim.SetSender(testAppkey, name, fn))
	}
	refresh()
	change("@channel0000", func(s *nhnsim.Sender) { s.Blocked = true })
	change("@channel0001", func(s *nhnsim.Sender) { s.Dormant = true })
	change("@channel0002", func(s *nhnsim.Sender) { s.ProfileStatus = kakao.ProfileDeactivated })
	b.deleteSender(t, "@channel0003")
	refresh()
	refresh() // sees nothing new
	want := []string{`"blocked":true`, `"dormant":true`, `"profile_status":"C"`, `"gone":true`}
	got := b.changes(t)
	if len(got) != len(want) {
		t.Fatalf("recorded %q", got)
	}
	for i, w := range want {
		before, after, _ := strings.Cut(got[i], " → ")
		if !strings.HasPrefix(got[i], fmt.Sprintf("@channel%04d: ", i)) || strings.Contains(before, w) || !strings.Contains(after, w) {
			t.Errorf("recorded %s, want %s in it", got[i], w)
		}
	}
	troubled, err := b.DB.TroubledSenders(t.Context(), b.team.ID, 10)
	must(t, err)
	if len(troubled) != 4 || troubled[0].TroubledAt == nil {
		t.Errorf("in trouble: %+v", troubled)
	}
	change("@channel0000", func(s *nhnsim.Sender) { s.Blocked = false })
	b.listSenders(t, 4) // the last of them is back
	refresh()
	if got := b.changes(t); len(got) != 6 || !strings.HasPrefix(got[4], "@channel0000: ") || !strings.HasPrefix(got[5], "@channel0003: ") || strings.HasSuffix(got[5], `"gone":true}`) {
		t.Errorf("recorded %q", got)
	}
	if ok, reason := b.named(t, "@channel0003").Usable(); !ok {
		t.Errorf("the one that is back: %v", reason)
	}
}

func (b *bench) named(t *testing.T, name string) models.Sender {
	t.Helper()
	found, err := b.DB.SendersNamed(t.Context(), b.appkey.ID, []string{name})
	must(t, err)
	return found[name]
}

// deleteSender deletes a sender as somebody at the console does.
func (b *bench) deleteSender(t *testing.T, name string) {
	t.Helper()
	url := b.appkey.BaseURL + "/alimtalk/v2.1/appkeys/" + testAppkey + "/senders/" + b.named(t, name).SenderKey
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, url, nil)
	must(t, err)
	req.Header.Set(kakao.HeaderSecretKey, testSecret)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
}

// A list that holds less than it counts says nothing about who is missing in it.
func TestNobodyIsGoneWhenTheListDoesNotAddUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.listSenders(t, 3)
	_, err := b.RefreshSenders(t.Context(), b.admin, b.appkey)
	must(t, err)
	b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		return &nhnsim.Answer{Body: `{"header":{"resultCode":0,"resultMessage":"success","isSuccessful":true},"senders":[],"totalCount":4}`}
	}})
	found, err := b.RefreshSenders(t.Context(), b.admin, b.appkey)
	must(t, err)
	if gone := b.number(t, "SELECT COUNT(*) FROM senders WHERE gone_at IS NOT NULL"); found != (actions.Refreshed{}) || gone != 0 {
		t.Errorf("%+v, %d are gone", found, gone)
	}
}

// A refresh whose process has died is taken up by another; when the first comes back
// to life, it leaves it alone.
func TestRefreshThatStallsIsTakenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.listSenders(t, 1200)
	long := b.Now().Add(-time.Minute).UTC()
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.URL.Query().Get("pageNum") == "2" {
			b.sim.SetFaults(nhnsim.Faults{})
			b.exec(t, "UPDATE sender_refreshes SET worked_at = '"+long.Format(time.DateTime)+"+00:00'")
			must(t, b.Sweep(t.Context())) // of another process
			must(t, b.Sweep(t.Context())) // of a third, which finds it taken up
		}
		return nil
	}})
	must(t, b.AskRefresh(t.Context(), b.admin, b.appkey), b.RunRefresh(t.Context(), b.appkey.ID))
	if r := b.refreshed(t); r.State != models.RefreshRunning || r.Claim != "" || b.number(t, countRefreshJobs) != 2 {
		t.Fatalf("the first goes on: %+v", r)
	}
	must(t, b.RunRefresh(t.Context(), b.appkey.ID), b.RunRefresh(t.Context(), b.appkey.ID))
	if r := b.refreshed(t); r.State != models.RefreshDone || r.ReadCount != 1201 {
		t.Errorf("ended as %+v", r)
	}
}

func TestSweepAsksForSendersThatAreDue(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	must(t, b.Sweep(t.Context()))
	b.Sweeping.SendersEvery = 15 * time.Minute
	must(t, b.Sweep(t.Context()))
	if n := b.number(t, countRefreshJobs); n != 0 {
		t.Errorf("%d jobs for senders that were just read", n)
	}
	for i := range 2 {
		other := b.appkey
		other.ID, other.Name, other.Appkey = 0, fmt.Sprint("앱키", i), fmt.Sprint("other", i)
		must(t, b.DB.CreateAppkey(t.Context(), &other))
	}
	for want := range 4 {
		if n := b.number(t, countRefreshJobs); n != min(want, 2) {
			t.Errorf("%d jobs after %d sweeps", n, want)
		}
		must(t, b.Sweep(t.Context()))
	}
	if logs, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 100); err != nil || len(logs) != 1 {
		t.Errorf("what the program does by itself is recorded: %+v %v", logs, err)
	}
}

func TestWhoMayNotManageSendersAsksForNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	viewer := models.Actor{User: models.User{ID: 99}, Role: models.Viewer}
	_, readErr := b.ReadSender(t.Context(), viewer, b.appkey, testSender)
	_, allErr := b.RefreshSenders(t.Context(), viewer, b.appkey)
	for _, err := range []error{b.AskRefresh(t.Context(), viewer, b.appkey), readErr, allErr, b.RefreshSender(t.Context(), viewer, b.appkey, b.sender)} {
		if models.KindOf(err) != models.Forbidden {
			t.Errorf("got %v", err)
		}
	}
}
