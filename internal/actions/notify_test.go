package actions_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// postbox keeps what people are told outside, and can be made to refuse it.
type postbox struct {
	mu      sync.Mutex
	letters []models.Letter
	posts   []post
	refuse  int // so many mails and requests more
}

// post is a request to a webhook.
type post struct {
	header http.Header
	body   string
}

func (p *postbox) mail(_ context.Context, l models.Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse > 0 {
		p.refuse--
		return errors.New("refused")
	}
	p.letters = append(p.letters, l)
	return nil
}

// ServeHTTP is the webhook.
func (p *postbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse > 0 {
		p.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(r.Body)
	p.posts = append(p.posts, post{r.Header, string(body)})
}

func (p *postbox) told() ([]models.Letter, []post) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.letters), slices.Clone(p.posts)
}

// tell lets b tell people by mail and by a webhook of its team, whose secret it
// returns.
func (b *bench) tell(t *testing.T) (box *postbox, secret string) {
	t.Helper()
	box = &postbox{}
	receiver := httptest.NewServer(box)
	t.Cleanup(receiver.Close)
	b.Telling = actions.Telling{
		Private: true, URL: "https://soshik.example.com", Mail: box.mail,
		Letter: func(n models.Notice, to models.User) (models.Letter, error) {
			return models.Letter{Subject: string(n.Kind), Text: n.Reason.Key}, nil
		},
	}
	secret, err := b.SaveWebhook(t.Context(), b.admin, b.team.ID, models.NewWebhook{URL: receiver.URL + "/soshik"})
	must(t, err)
	return box, secret
}

// member adds a person to the team who can sign in.
func (b *bench) member(t *testing.T, name string, role models.Role, change func(*models.User)) models.Actor {
	t.Helper()
	u := models.User{Email: name + "@example.com", Name: name, PasswordHash: "x", CreatedAt: time.Now().UTC()}
	if change != nil {
		change(&u)
	}
	must(t, b.DB.CreateUser(t.Context(), &u), b.DB.CreateMember(t.Context(), &models.Member{TeamID: b.team.ID, UserID: u.ID, Role: role, CreatedAt: time.Now().UTC()}))
	return models.Actor{User: u, Role: role}
}

// kinds are the notices that a person is told of, the newest first.
func (b *bench) kinds(t *testing.T, who models.Actor) []models.NoticeKind {
	t.Helper()
	rows, err := b.DB.Notifications(t.Context(), who.User.ID, 0, 100)
	must(t, err)
	kinds := []models.NoticeKind{}
	for _, n := range rows {
		kinds = append(kinds, n.Notice.Kind)
	}
	return kinds
}

// verify checks a request as docs/notifications.md says.
func verify(t *testing.T, p post, secret string) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	must(t, err)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", p.header.Get("Webhook-Id"), p.header.Get("Webhook-Timestamp"), p.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if !slices.Contains(strings.Fields(p.header.Get("Webhook-Signature")), want) {
		t.Errorf("signed %q, want %q", p.header.Get("Webhook-Signature"), want)
	}
}

func TestAnEndIsToldToThoseWhomItConcerns(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	box, secret := b.tell(t)
	launcher := b.member(t, "launcher", models.Marketer, nil)
	quiet := b.member(t, "quiet", models.Viewer, func(u *models.User) { u.FollowsAll, u.MailOff = true, "ended" })
	other := b.member(t, "other", models.Admin, nil)
	invited := b.member(t, "invited", models.Viewer, func(u *models.User) { u.FollowsAll, u.PasswordHash = true, "" })
	b.work(t)
	c := b.draft(t, 50, "0001", "0005")
	must(t, b.rename(t, c, "단골 010-1234-5678"))
	must(t, b.Launch(t.Context(), launcher, b.appkey.ID, c.ID, c.Revision))
	_, e := b.until(t, c, isState(models.CampaignFinished))

	for who, want := range map[string][]models.NoticeKind{"launcher": {models.NoticeFinished}, "quiet": {models.NoticeFinished}, "other": {}, "invited": {}} {
		actor := map[string]models.Actor{"launcher": launcher, "quiet": quiet, "other": other, "invited": invited}[who]
		if got := b.kinds(t, actor); !slices.Equal(got, want) {
			t.Errorf("%s is told %v, want %v", who, got, want)
		}
	}
	letters, posts := box.await(t, 1, 1)
	if letters[0].To != "launcher@example.com" || letters[0].Subject != "finished" || letters[0].ID == "" {
		t.Errorf("%+v", letters[0])
	}
	verify(t, posts[0], secret)
	var body struct {
		ID, Type string
		Team     struct{ Name string }
		Campaign struct{ Name, URL string }
		Counts   map[string]int64
	}
	must(t, json.Unmarshal([]byte(posts[0].body), &body))
	if body.ID != posts[0].header.Get("Webhook-Id") || body.Type != "campaign.finished" || body.Team.Name != "팀" {
		t.Errorf("%s", posts[0].body)
	}
	if want := fmt.Sprintf("https://soshik.example.com/appkeys/%d/campaigns/%d", b.appkey.ID, c.ID); body.Campaign.URL != want {
		t.Errorf("it leads to %s, want %s", body.Campaign.URL, want)
	}
	if body.Campaign.Name != "단골 010-****-5678" {
		t.Errorf("its name is %q", body.Campaign.Name)
	}
	if body.Counts["delivered"] != e.Delivered || body.Counts["recipients"] != e.Audience || body.Counts["refused"] != e.Refused {
		t.Errorf("%v, want %+v", body.Counts, e)
	}
}

// rename gives a draft another name.
func (b *bench) rename(t *testing.T, c models.Campaign, name string) error {
	t.Helper()
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE campaigns SET name = $1 WHERE id = $2", name, c.ID)
	return err
}

// await waits until so many mails and requests have come, and checks that it is not
// more.
func (p *postbox) await(t *testing.T, mails, requests int) ([]models.Letter, []post) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for {
		letters, posts := p.told()
		if len(letters) >= mails && len(posts) >= requests {
			if len(letters) > mails || len(posts) > requests {
				t.Errorf("%d mails and %d requests, want %d and %d", len(letters), len(posts), mails, requests)
			}
			return letters, posts
		}
		select {
		case <-deadline:
			t.Fatalf("%d mails and %d requests, want %d and %d", len(letters), len(posts), mails, requests)
		case <-tick.C:
		}
	}
}

func TestWhatStopsACampaignIsTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		do     func(*testing.T, *bench, models.Campaign)
		kind   models.NoticeKind
		reason string
	}{
		{"a fault of the appkey", func(t *testing.T, b *bench, c models.Campaign) {
			t.Helper()
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{Code: kakao.CodeSecretKey})})
			must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
		}, models.NoticePaused, fmt.Sprintf("api.%d", kakao.CodeSecretKey)},
		{"its time is long past", func(t *testing.T, b *bench, c models.Campaign) {
			t.Helper()
			now := b.Now
			b.Service.Now = func() time.Time { return now().Add(3 * time.Hour) }
			must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
		}, models.NoticeHeld, "hold.late"},
		{"everybody is refused", func(t *testing.T, b *bench, c models.Campaign) {
			t.Helper()
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{Code: kakao.CodeButton})})
			must(t, b.SendBatch(t.Context(), b.batch(t, c).ID), b.Sweep(t.Context()))
		}, models.NoticeFailed, ""},
		{"it is cancelled", func(t *testing.T, b *bench, c models.Campaign) {
			t.Helper()
			must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID), b.CancelBatches(t.Context(), c.ID), b.Sweep(t.Context()))
		}, models.NoticeCancelled, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			launcher := b.member(t, "launcher", models.Marketer, nil)
			c := b.draft(t, 10)
			must(t, b.Launch(t.Context(), launcher, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
			tt.do(t, b, c)
			rows, err := b.DB.Notifications(t.Context(), launcher.User.ID, 0, 10)
			must(t, err)
			if len(rows) != 1 || rows[0].Notice.Kind != tt.kind || rows[0].Notice.Reason.Key != tt.reason || rows[0].Notice.Counts.Audience != 10 {
				t.Errorf("told %+v, want %s because of %q", rows, tt.kind, tt.reason)
			}
		})
	}
}

// What a person does themselves is no news, and neither are tests.
func TestNobodyIsToldOfAPauseByHand(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	launcher := b.member(t, "launcher", models.Marketer, nil)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), launcher, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID),
		b.Pause(t.Context(), launcher, b.appkey.ID, c.ID))
	if got := b.kinds(t, launcher); len(got) > 0 {
		t.Errorf("told %v", got)
	}
}

// tested has a test sent to the webhook and returns its delivery.
func (b *bench) tested(t *testing.T) models.NoticeDelivery {
	t.Helper()
	must(t, b.TestWebhook(t.Context(), b.admin, b.team.ID))
	return b.delivery(t)
}

// delivery is the newest one to the webhook.
func (b *bench) delivery(t *testing.T) models.NoticeDelivery {
	t.Helper()
	ds, err := b.DB.WebhookDeliveries(t.Context(), b.team.ID, 0, 1)
	must(t, err)
	return ds[0].NoticeDelivery
}

func TestADeliveryIsTriedAgainAndAtLastGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	box, secret := b.tell(t)
	d := b.tested(t)
	box.refuse = 8
	var waits []time.Duration
	for d.State == models.DeliveryWaiting {
		must(t, b.DeliverNotice(t.Context(), d.ID))
		if d = b.delivery(t); d.State == models.DeliveryWaiting {
			waits = append(waits, d.DueAt.Sub(b.Now()).Round(time.Second))
		}
	}
	if d.State != models.DeliveryFailed || d.Attempts != 8 || d.Problem.Key != "webhook.status" || d.EndedAt == nil {
		t.Errorf("%+v", d)
	}
	if len(waits) != 7 || !slices.IsSorted(waits) || waits[0] > 10*time.Second || waits[6] < 17*time.Hour {
		t.Errorf("it waited %v", waits)
	}
	must(t, b.DeliverNotice(t.Context(), d.ID))
	if _, posts := box.told(); len(posts) > 0 {
		t.Error("what was given up is delivered")
	}

	must(t, b.RetryDelivery(t.Context(), b.admin, b.team.ID, d.ID), b.DeliverNotice(t.Context(), d.ID))
	if again := b.delivery(t); again.State != models.DeliveryDelivered || again.Problem.Key != "" || again.ULID != d.ULID {
		t.Errorf("%+v", again)
	}
	_, posts := box.await(t, 0, 1)
	verify(t, posts[0], secret)
	if err := b.RetryDelivery(t.Context(), b.admin, b.team.ID, d.ID); models.KindOf(err) != models.Conflict {
		t.Errorf("what is delivered is tried again: %v", err)
	}
}

// The sweep takes up what a process that has died left behind, with the same id.
func TestALostDeliveryIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	box, _ := b.tell(t)
	d := b.tested(t)
	begun, err := b.DB.BeginAttempt(t.Context(), d, b.Now().Add(-time.Second)) // and nothing more
	must(t, err)
	if !begun {
		t.Fatal("the attempt was not begun")
	}
	b.work(t)
	_, posts := box.await(t, 0, 1)
	if got := posts[0].header.Get("Webhook-Id"); got != d.ULID {
		t.Errorf("it came as %s, want %s", got, d.ULID)
	}
}

func TestBothSecretsSignForADay(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	box, before := b.tell(t)
	after, err := b.RotateWebhook(t.Context(), b.admin, b.team.ID)
	must(t, err)
	if after == before || after == "" {
		t.Fatal("the secret is the same")
	}
	must(t, b.DeliverNotice(t.Context(), b.tested(t).ID))
	now := b.Now
	b.Service.Now = func() time.Time { return now().Add(25 * time.Hour) }
	must(t, b.DeliverNotice(t.Context(), b.tested(t).ID))
	_, posts := box.await(t, 0, 2)
	verify(t, posts[0], before)
	verify(t, posts[0], after)
	verify(t, posts[1], after)
	if n := len(strings.Fields(posts[1].header.Get("Webhook-Signature"))); n != 1 {
		t.Errorf("%d signatures after a day", n)
	}
	var stored []byte
	must(t, b.DB.SQL().QueryRowContext(t.Context(), "SELECT secret FROM webhooks").Scan(&stored))
	if strings.Contains(string(stored), after[6:]) {
		t.Error("the secret is stored as it is")
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	box, _ := b.tell(t)
	w, _, err := b.DB.Webhook(t.Context(), b.team.ID)
	must(t, err)
	elsewhere := httptest.NewServer(http.RedirectHandler(w.URL, http.StatusTemporaryRedirect))
	t.Cleanup(elsewhere.Close)
	_, err = b.SaveWebhook(t.Context(), b.admin, b.team.ID, models.NewWebhook{URL: elsewhere.URL})
	must(t, err, b.DeliverNotice(t.Context(), b.tested(t).ID))
	if d := b.delivery(t); d.State != models.DeliveryWaiting || d.Problem.Key != "webhook.redirect" {
		t.Errorf("%+v", d)
	}
	if _, posts := box.told(); len(posts) > 0 {
		t.Error("the redirect was followed")
	}
}

// What is checked is the address that is connected to, whatever its name was.
func TestPrivateAddressesAreNotConnectedTo(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	box := &postbox{}
	receiver := httptest.NewTLSServer(box)
	t.Cleanup(receiver.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(receiver.URL, "https://"), ":")
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254",
		"100.64.0.1", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1",
	} {
		_, err := b.SaveWebhook(t.Context(), b.admin, b.team.ID, models.NewWebhook{URL: "https://" + host + ":" + port})
		must(t, err, b.DeliverNotice(t.Context(), b.tested(t).ID))
		if d := b.delivery(t); d.State != models.DeliveryWaiting || d.Problem.Key != "webhook.private" {
			t.Errorf("%s: %+v", host, d)
		}
	}
	if _, posts := box.told(); len(posts) > 0 {
		t.Error("a request has arrived")
	}
}

func TestAddressesThatAreNoWebhook(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	for _, address := range []string{
		"", "example.com", "http://example.com", "ftp://example.com", "https://", "https://user:word@example.com", "https://example.com/" + strings.Repeat("x", 500),
	} {
		_, err := b.SaveWebhook(t.Context(), b.admin, b.team.ID, models.NewWebhook{URL: address})
		if models.FieldText(err, "url").Key == "" {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := b.TestWebhook(t.Context(), b.admin, b.team.ID); models.KindOf(err) != models.Conflict {
		t.Errorf("a test without a webhook: %v", err)
	}
}

// A mail server that is down, or a webhook that has been removed, holds up nothing.
func TestMailIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	box, _ := b.tell(t)
	must(t, b.DeleteWebhook(t.Context(), b.admin, b.team.ID))
	launcher := b.member(t, "launcher", models.Marketer, nil)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), launcher, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID),
		b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID), b.CancelBatches(t.Context(), c.ID))
	ds, err := b.DB.DueNoticeDeliveries(t.Context(), b.Now().Add(time.Hour), 10)
	must(t, err)
	if len(ds) != 1 || !ds[0].ByMail() {
		t.Fatalf("%+v", ds)
	}
	box.refuse = 1
	for range 2 {
		must(t, b.DeliverNotice(t.Context(), ds[0].ID))
	}
	letters, _ := box.await(t, 1, 0)
	if letters[0].ID != ds[0].ULID || letters[0].To != "launcher@example.com" {
		t.Errorf("%+v", letters[0])
	}
}
