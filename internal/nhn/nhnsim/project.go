package nhnsim

import (
	"fmt"
	"sync"
	"time"

	"soshik/internal/kakao"
)

// project is what one appkey owns.
type project struct {
	sim    *Sim
	appkey string

	mu        sync.RWMutex
	gone      bool // the simulator was reset, and this is no longer part of it
	secret    string
	smsAppkey string
	senders   []*sender     // in the order of registration
	images    map[int]Image // replaced, never written to
	requests  []*request    // in the order of acceptance
	byID      map[string]*request
	keys      map[string]int64   // idempotency keys and when they were used
	inUse     map[string]bool    // those of calls that are under way
	updates   map[int64][]update // by minute: what changed state then, unless something else came first

	senderNames map[string]*sender      // those of senders, by plusFriendId
	senderKeys  map[string]*sender      // the same by key
	sent        map[sentKey]map[int]int // messages by day
	groups      map[string]*group       // by key
	lastImage   int                     // the greatest number that an image ever had
	state       AppkeyState

	queue *queue

	readMu   sync.Mutex
	readings map[span]reading
}

func newProject(s *Sim, appkey string) *project {
	return &project{
		sim: s, appkey: appkey, images: map[int]Image{}, byID: map[string]*request{},
		keys: map[string]int64{}, inUse: map[string]bool{}, updates: map[int64][]update{}, readings: map[span]reading{},
		senderNames: map[string]*sender{}, senderKeys: map[string]*sender{}, sent: map[sentKey]map[int]int{}, groups: map[string]*group{}, queue: new(queue),
	}
}

// apply changes the state as e says. The caller holds p.mu.
func (p *project) apply(e *entry) error {
	if e.empty() {
		return fmt.Errorf("entry of type %q says nothing", e.Type)
	}
	switch e.Type {
	case entryAppkey:
		p.secret = e.Secret
	case entrySender:
		p.putSender(*e.Sender)
	case entrySenderGone:
		return p.dropSender(e.SenderKey, e.At)
	case entryGroup:
		p.putGroup(*e.Group)
	case entryMember, entryMemberGone:
		return p.applyMember(e)
	case entryAppkeyState:
		p.state = *e.State
	case entryImage:
		p.putImage(*e.Image)
	case entryImageGone:
		p.dropImages(e.Seqs)
	case entrySMSAppkey:
		p.smsAppkey = e.SMS
		for _, s := range p.senders {
			s.Fallback = Fallback{}
		}
	case entrySend:
		return p.applySend(e)
	case entryCancel:
		return p.applyCancel(e)
	case entryTemplate:
		return p.putTemplate(*e.Template)
	case entryKey:
		p.useKey(e.Key, e.At)
	default:
		return fmt.Errorf("entry of unknown type %q", e.Type)
	}
	return nil
}

func (p *project) applySend(e *entry) error {
	r := e.request
	if r == nil {
		var err error
		if r, err = p.restore(e); err != nil {
			return err
		}
		r.wait(p.queue)
	}
	p.requests = append(p.requests, r)
	p.byID[r.id] = r
	p.sentBy(r.channel(), r.plusFriendID)[day(r.sendAt)] += len(r.messages)
	if t := r.template; t != nil && t.Status == kakao.TemplateWaiting {
		t.Status = kakao.TemplateNormal
	}
	if e.Key != "" {
		p.useKey(e.Key, e.At)
	}
	for i := range r.messages {
		m := &r.messages[i]
		p.addUpdate(m.outcome.resultAt, r, i)
		if m.outcome.fallbackAt != 0 {
			p.addUpdate(m.outcome.fallbackAt, r, i)
		}
	}
	return nil
}

// restore rebuilds a request from the journal.
func (p *project) restore(e *entry) (*request, error) {
	var t *brandTemplate
	if e.Send.Template != "" {
		if t = p.sender(e.Send.PlusFriendID).template(e.Send.Template); t == nil {
			return nil, fmt.Errorf("template %q of request %q is unknown", e.Send.Template, e.ID)
		}
	}
	return e.Send.request(e.ID, e.At, &p.sim.cfg, t)
}

func (p *project) applyCancel(e *entry) error {
	r := p.byID[e.ID]
	if r == nil {
		return fmt.Errorf("request %q that was cancelled is unknown", e.ID)
	}
	for _, seq := range e.Seqs {
		i, ok := r.find(seq)
		if !ok {
			return fmt.Errorf("message %d of request %q that was cancelled is unknown", seq, e.ID)
		}
		r.messages[i].cancelledAt = e.At
		p.addUpdate(e.At, r, i)
	}
	p.sentBy(r.channel(), r.plusFriendID)[day(r.sendAt)] -= len(e.Seqs)
	return nil
}

// update is a moment at which a message may have changed its state.
type update struct {
	at int64
	r  *request
	i  int // in r.messages
}

const minute = int64(time.Minute / time.Millisecond)

func (p *project) addUpdate(at int64, r *request, i int) {
	p.updates[at/minute] = append(p.updates[at/minute], update{at, r, i})
}

// keyLife is how long an idempotency key fails, in milliseconds.
const keyLife = kakao.IdempotencyMinutes * minute

// useKey records an idempotency key, and now and then forgets the old ones.
func (p *project) useKey(key string, at int64) {
	if len(p.keys) > 0 && len(p.keys)%4096 == 0 {
		for k, used := range p.keys {
			if at-used >= keyLife {
				delete(p.keys, k)
			}
		}
	}
	p.keys[key] = at
}

// day is the date in Korea, as a number that sorts.
func day(ms int64) int {
	t := time.UnixMilli(ms).In(kakao.KST)
	return t.Year()*10000 + int(t.Month())*100 + t.Day()
}
