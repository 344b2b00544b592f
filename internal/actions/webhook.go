package actions

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"soshik/models"
)

const (
	webhookTimeout = 10 * time.Second
	// webhookAnswer is how much of an answer is read, so that the receiver can end it.
	webhookAnswer = 64 << 10
	// oldSecretFor is for how long the secret before the present one signs too.
	oldSecretFor = 24 * time.Hour
	// secretPrefix tells that a text is the secret of a webhook.
	secretPrefix = "whsec_"
)

// SaveWebhook keeps where a team is told of notices. The first time it makes the secret
// that signs the requests, and returns it: it is not shown again.
func (s *Service) SaveWebhook(ctx context.Context, by models.Actor, teamID int64, in models.NewWebhook) (secret string, err error) {
	if err := by.May(models.ManageTeam); err != nil {
		return "", err
	}
	if err := in.Validate(s.Telling.Private); err != nil {
		return "", err
	}
	e := models.Event{Action: "webhook.save", TeamID: teamID, ObjectType: "webhook", ObjectID: teamID, ObjectName: in.URL}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		w, found, err := tx.Webhook(ctx, teamID)
		if err != nil {
			return err
		}
		if !found {
			w.TeamID, secret = teamID, newWebhookSecret()
			w.Secret = s.Keeper.Seal(secret)
		}
		e.Before, e.After = map[string]any{"url": w.URL}, map[string]any{"url": in.URL}
		w.URL = in.URL
		return tx.PutWebhook(ctx, w)
	})
	return secret, err
}

// RotateWebhook makes a new secret for a team's webhook and returns it. The one before
// signs too for a day, so that the receiver can change over.
func (s *Service) RotateWebhook(ctx context.Context, by models.Actor, teamID int64) (secret string, err error) {
	if err := by.May(models.ManageTeam); err != nil {
		return "", err
	}
	e := models.Event{Action: "webhook.rotate", TeamID: teamID, ObjectType: "webhook", ObjectID: teamID}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		w, err := webhookOf(ctx, tx, teamID)
		if err != nil {
			return err
		}
		until := s.Now().Add(oldSecretFor)
		e.ObjectName, secret = w.URL, newWebhookSecret()
		w.OldSecret, w.OldUntil, w.Secret = w.Secret, &until, s.Keeper.Seal(secret)
		return tx.PutWebhook(ctx, w)
	})
	return secret, err
}

// DeleteWebhook ends that a team is told by requests.
func (s *Service) DeleteWebhook(ctx context.Context, by models.Actor, teamID int64) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	e := models.Event{Action: "webhook.delete", TeamID: teamID, ObjectType: "webhook", ObjectID: teamID}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		w, err := webhookOf(ctx, tx, teamID)
		if err != nil {
			return err
		}
		e.ObjectName = w.URL
		return tx.DeleteWebhook(ctx, teamID)
	})
}

// TestWebhook sends a notice of nothing to a team's webhook, in the way of all others.
func (s *Service) TestWebhook(ctx context.Context, by models.Actor, teamID int64) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	e := models.Event{Action: "webhook.test", TeamID: teamID, ObjectType: "webhook", ObjectID: teamID}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		w, err := webhookOf(ctx, tx, teamID)
		if err != nil {
			return err
		}
		e.ObjectName = w.URL
		n := models.Notice{TeamID: teamID, Kind: models.NoticeTest, CreatedAt: s.Now()}
		if err := tx.CreateNotice(ctx, &n); err != nil {
			return err
		}
		return s.deliver(ctx, tx, n, 0)
	})
}

// RetryDelivery begins anew with a delivery to a team's webhook that was given up.
func (s *Service) RetryDelivery(ctx context.Context, by models.Actor, teamID, id int64) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	e := models.Event{Action: "webhook.retry", TeamID: teamID, ObjectType: "webhook", ObjectID: teamID, After: map[string]any{"delivery": id}}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		w, err := webhookOf(ctx, tx, teamID)
		if err != nil {
			return err
		}
		e.ObjectName = w.URL
		again, err := tx.RetryNoticeDelivery(ctx, teamID, id, s.Now().Add(deliveryLease))
		if err == nil && !again {
			err = models.Errorf(models.Conflict, "webhook.retried")
		}
		if err != nil {
			return err
		}
		return s.insertDelivery(ctx, tx, models.NoticeDelivery{ID: id})
	})
}

// webhookOf is the webhook of a team that is said to have one.
func webhookOf(ctx context.Context, tx *models.DB, teamID int64) (models.Webhook, error) {
	w, found, err := tx.Webhook(ctx, teamID)
	if err == nil && !found {
		return w, models.Errorf(models.Conflict, "webhook.none")
	}
	return w, err
}

func newWebhookSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// webhookBody is what a webhook is sent. docs/notifications.md describes it.
type webhookBody struct {
	ID        string           `json:"id"`
	Type      string           `json:"type"`
	CreatedAt time.Time        `json:"created_at"`
	Team      webhookThing     `json:"team"`
	Appkey    *webhookThing    `json:"appkey,omitempty"`
	Campaign  *webhookThing    `json:"campaign,omitempty"`
	Reason    string           `json:"reason,omitempty"`
	Counts    map[string]int64 `json:"counts,omitempty"`
	Title     string           `json:"title,omitempty"`
	Text      string           `json:"text,omitempty"`
}

type webhookThing struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// webhookText is what a notice says to a team's webhook.
func (s *Service) webhookText(ctx context.Context, d models.NoticeDelivery, n models.Notice) ([]byte, error) {
	team, err := s.DB.Team(ctx, n.TeamID)
	if err != nil {
		return nil, err
	}
	body := webhookBody{
		ID: d.ULID, Type: "campaign." + string(n.Kind), CreatedAt: n.CreatedAt.UTC(), Team: webhookThing{ID: team.ID, Name: team.Name},
		Reason: n.Reason.Key,
	}
	if n.CampaignID == 0 {
		body.Type = "webhook." + string(n.Kind)
	} else {
		appkey, err := s.DB.Appkey(ctx, n.AppkeyID)
		if err != nil {
			return nil, err
		}
		body.Appkey = &webhookThing{ID: appkey.ID, Name: appkey.Name}
		body.Campaign = &webhookThing{ID: n.CampaignID, Name: n.Name}
		if s.Telling.URL != "" {
			body.Campaign.URL = fmt.Sprintf("%s/appkeys/%d/campaigns/%d", s.Telling.URL, n.AppkeyID, n.CampaignID)
		}
		body.Counts = countsOf(n.Counts)
	}
	if s.Telling.Letter != nil {
		letter, err := s.Telling.Letter(n, models.User{})
		if err != nil {
			return nil, err
		}
		body.Title, body.Text = letter.Subject, letter.Text
	}
	return json.Marshal(body)
}

// countsOf are where the recipients were; the parts add up to recipients, less
// sms_delivered, which is part of failed.
func countsOf(e models.Equation) map[string]int64 {
	return map[string]int64{
		"recipients": e.Audience, "unplanned": e.Unplanned, "skipped": e.Skipped, "planned": e.Planned, "in_doubt": e.InDoubt,
		"handed_over": e.Handed, "refused": e.Refused, "delivered": e.Delivered, "failed": e.Failed, "sms_delivered": e.SMSDelivered,
		"cancelled": e.Cancelled, "closed": e.Closed,
	}
}

// postNotice tells a team's webhook of a notice.
func (s *Service) postNotice(ctx context.Context, d models.NoticeDelivery, n models.Notice) error {
	w, found, err := s.DB.Webhook(ctx, d.TeamID)
	if err != nil {
		return err
	}
	if !found {
		return models.Errorf(models.NotFound, "webhook.none")
	}
	body, err := s.webhookText(ctx, d, n)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return &models.Error{Kind: models.Invalid, Key: "webhook.url_wrong", Err: err}
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	signatures, err := s.signatures(w, d.ULID, at, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Soshik")
	r.Header.Set("Webhook-Id", d.ULID)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", signatures)
	return answered(webhookClient(s.Telling.Private).Do(r))
}

// signatures sign a request by the webhook's secret and, for a while, by the one
// before: HMAC-SHA256 of id, time and body with dots in between.
func (s *Service) signatures(w models.Webhook, id, at string, body []byte) (string, error) {
	sealed := [][]byte{w.Secret}
	if w.OldUntil != nil && w.OldUntil.After(s.Now()) {
		sealed = append(sealed, w.OldSecret)
	}
	signed := make([]string, len(sealed))
	for i, secret := range sealed {
		text, err := s.Keeper.Unseal(secret)
		if err != nil {
			return "", fmt.Errorf("webhook of team %d: %w", w.TeamID, err)
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, secretPrefix))
		if err != nil {
			return "", fmt.Errorf("webhook of team %d: %w", w.TeamID, err)
		}
		mac := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, at, body) // a hash takes everything
		signed[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signed, " "), nil
}

// webhookClient makes one request. Unless private, it connects to public addresses
// only: what is checked is the address that is connected to, so that no name can lead
// elsewhere, and no proxy is asked, since that would decide by itself. It follows
// nobody to another address.
func webhookClient(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: webhookTimeout}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: webhookTimeout, DisableKeepAlives: true}
	if private {
		transport.Proxy = http.ProxyFromEnvironment
	} else {
		dialer.Control = publicOnly
	}
	return &http.Client{
		Transport: transport, Timeout: webhookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answered says what is wrong with the answer of a webhook; nil if it has taken the
// notice.
func answered(resp *http.Response, err error) error {
	if err != nil {
		return &models.Error{Kind: models.Upstream, Key: unanswered(err), Err: err}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, webhookAnswer)) // what it says is of no interest
	_ = resp.Body.Close()
	switch resp.StatusCode / 100 {
	case 2:
		return nil
	case 3:
		return models.Errorf(models.Upstream, "webhook.redirect", "Status", strconv.Itoa(resp.StatusCode))
	}
	return models.Errorf(models.Upstream, "webhook.status", "Status", strconv.Itoa(resp.StatusCode))
}

func unanswered(err error) string {
	if errors.Is(err, errNotPublic) {
		return "webhook.private"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "webhook.unknown_host"
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "webhook.timeout"
	}
	return "webhook.unreachable"
}
