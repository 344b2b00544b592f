package actions

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// Provider makes the clients that talk to the provider, one for each appkey, and
// keeps them. The clients of an appkey share its pace, those of a base URL the
// breaker that spares it after failures.
type Provider struct {
	// Now is the time by which the provider counts days; time.Now unless set, before
	// the first use.
	Now func() time.Time

	keeper  *models.Keeper
	timeout time.Duration
	http    *http.Client

	mu       sync.Mutex
	clients  map[int64]kept
	paces    map[project]*nhn.Pace
	breakers map[string]*nhn.Breaker // by base URL
}

type kept struct {
	baseURL string
	changed time.Time // Appkey.UpdatedAt when it was made
	client  *nhn.Client
}

// project is what the provider knows as one: several appkeys here may be the same
// there.
type project struct{ baseURL, appkey string }

// NewProvider makes a provider whose calls end after timeout. client may be nil.
func NewProvider(keeper *models.Keeper, timeout time.Duration, client *http.Client) *Provider {
	return &Provider{
		keeper: keeper, timeout: timeout, http: client,
		clients: map[int64]kept{}, paces: map[project]*nhn.Pace{}, breakers: map[string]*nhn.Breaker{},
	}
}

// Resting is whether calls of k fail at once at present, since the provider has
// failed too often.
func (p *Provider) Resting(k models.Appkey) nhn.BreakerState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.breakers[k.BaseURL].State()
}

// client is the client of k with k's present settings.
func (p *Provider) client(k models.Appkey) (*nhn.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.clients[k.ID]; ok && found.changed.Equal(k.UpdatedAt) {
		return found.client, nil
	}
	secret, err := p.keeper.Unseal(k.Secret)
	if err != nil {
		return nil, fmt.Errorf("appkey %d: %w", k.ID, err)
	}
	at := project{k.BaseURL, k.Appkey}
	if p.paces[at] == nil {
		p.paces[at] = nhn.NewPace(k.RatePerSecond)
	}
	p.paces[at].SetRate(k.RatePerSecond)
	if p.breakers[k.BaseURL] == nil {
		p.breakers[k.BaseURL] = &nhn.Breaker{}
	}
	c := p.make(k, secret)
	p.clients[k.ID] = kept{k.BaseURL, k.UpdatedAt, c}
	return c, nil
}

// limitedFor is for how long no call of k goes out after an answer that there were too
// many.
func (p *Provider) limitedFor(k models.Appkey) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pace := p.paces[project{k.BaseURL, k.Appkey}]; pace != nil {
		return pace.Rest()
	}
	return 0
}

// rest is for how long no call of an appkey would go out; 0 also for one that has
// made none yet.
func (p *Provider) rest(appkeyID int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.clients[appkeyID]; ok {
		return found.client.Rest()
	}
	return 0
}

// rested are a client of each base URL whose rest is over without anybody having
// called since.
func (p *Provider) rested() []*nhn.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := map[string]*nhn.Client{}
	for _, k := range p.clients {
		if b := p.breakers[k.baseURL]; b.State().Resting && b.Rest() == 0 {
			found[k.baseURL] = k.client
		}
	}
	return slices.Collect(maps.Values(found))
}

// trial is a client of k, which may not be stored. It heeds what is known of its
// project and its base URL, and leaves nothing behind.
func (p *Provider) trial(k models.Appkey, secret string) *nhn.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.make(k, secret)
}

func (p *Provider) make(k models.Appkey, secret string) *nhn.Client {
	return nhn.New(nhn.Config{
		BaseURL: k.BaseURL, Appkey: k.Appkey, SecretKey: secret, SenderVersion: k.SenderVersion,
		ConvertToBrand: k.ConvertToBrand, HTTP: p.http, Timeout: p.timeout, Now: p.Now,
		Pace: p.paces[project{k.BaseURL, k.Appkey}], Breaker: p.breakers[k.BaseURL],
	})
}

// explain turns a failed call into what the person is told. What is not a failed
// call, or is explained already, stays as it is.
func explain(err error) error {
	if _, explained := errors.AsType[*models.Error](err); explained {
		return err
	}
	e, ok := errors.AsType[*nhn.Error](err)
	if !ok {
		return err
	}
	text := answerText(e)
	return &models.Error{Kind: models.Upstream, Key: text.Key, Args: text.Args, Err: err}
}

// answerText says what the provider's answer means, or what its absence does. The
// provider's own message stands in the text where only it names the wrong value.
func answerText(e *nhn.Error) models.Text {
	switch {
	case kakao.KnownResultCode(e.Code):
		return models.T(fmt.Sprintf("api.%d", e.Code), "Message", e.Message)
	case e.Code != kakao.CodeOK:
		return models.T("provider.refused", "Code", fmt.Sprint(e.Code), "Message", e.Message)
	case e.Limited():
		return models.T("provider.busy")
	case e.Status/100 == 2:
		return models.T("provider.unreadable")
	case e.Status != 0:
		return models.T("provider.status", "Status", fmt.Sprint(e.Status))
	}
	return connectionText(e)
}

// connectionText says why there was no answer at all.
func connectionText(e *nhn.Error) models.Text {
	if _, ok := errors.AsType[*net.DNSError](e); ok {
		return models.T("provider.unknown_host")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](e); ok {
		return models.T("provider.certificate")
	}
	if e.Resting() {
		return models.T("provider.resting", "Seconds", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if e.NotSent() {
		return models.T("provider.unreachable")
	}
	if strings.HasPrefix(e.Op, http.MethodGet) { // there is nothing that may have been done
		return models.T("provider.silent_read")
	}
	return models.T("provider.silent")
}

// beside moves what explain said about one of the codes to the form field that it
// is about.
func beside(err error, fields map[int]string) error {
	answer, ok := errors.AsType[*nhn.Error](err)
	if !ok || fields[answer.Code] == "" || models.KindOf(err) != models.Upstream {
		return err
	}
	text := models.TextOf(err)
	return &models.Error{
		Kind: models.Upstream, Key: "error.invalid", Err: err,
		Fields: map[string]models.Text{fields[answer.Code]: text},
	}
}

// failed records that the provider did not do what e says, and explains why to
// the person. It is recorded even if the person has left in the meantime.
func (s *Service) failed(ctx context.Context, by models.Actor, e models.Event, err error) error {
	told := explain(err)
	e.Outcome, e.After = models.OutcomeFailed, failure(err)
	if auditErr := s.DB.Audit(context.WithoutCancel(ctx), by, e); auditErr != nil {
		return fmt.Errorf("record a failed call: %w", errors.Join(auditErr, err))
	}
	return told
}

// failure is what the audit log keeps of a failed call.
func failure(err error) any {
	e, ok := errors.AsType[*nhn.Error](err)
	if !ok {
		return nil
	}
	return struct {
		Status  int    `json:"status,omitempty"`
		Code    int    `json:"code,omitempty"`
		Message string `json:"message"`
	}{e.Status, e.Code, e.Message}
}
