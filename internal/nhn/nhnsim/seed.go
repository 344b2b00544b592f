package nhnsim

import (
	"errors"
	"math/rand/v2"
	"slices"
)

// What a seeded project begins with.
const (
	SeedSender        = "@소식상점" // registered, with SMS fallback
	SeedWaitingSender = "@새소식"  // waits for its token
	SeedSMSAppkey     = "simsms"
	seedPhoneNo       = "01012345678" // the administrator's, who receives the token
)

// keys are an appkey and its secret key.
type keys struct{ appkey, secret string }

// errReset ends a call that began before the state was reset.
var errReset = errors.New("the simulator was reset")

// Seed makes an appkey known and gives its project something of everything: a
// sender that is registered and one that waits for its token, a group with members, a
// template of each type, two images. What is there already stays as it is, so it can be
// called at every start. From then on, [Sim.Reset] seeds too.
func (s *Sim) Seed(appkey, secret string) error {
	if err := s.AddAppkey(appkey, secret); err != nil {
		return err
	}
	s.admin.Lock()
	if k := (keys{appkey, secret}); !slices.Contains(s.seeds, k) {
		s.seeds = append(s.seeds, k)
	}
	s.admin.Unlock()
	return errors.Join(s.SetSMSAppkey(appkey, SeedSMSAppkey), s.seedSenders(appkey), s.seedImages(appkey), s.seedGroups(appkey), s.seedTemplates(appkey))
}

func (s *Sim) seedSenders(appkey string) error {
	_, err := s.AddSender(appkey, Sender{
		PlusFriendID: SeedSender, PhoneNo: seedPhoneNo, Registered: true,
		Fallback: Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	if err != nil {
		return err
	}
	_, err = s.AddSender(appkey, Sender{PlusFriendID: SeedWaitingSender, PhoneNo: seedPhoneNo})
	return err
}

// seedImages adds the images unless there are any.
func (s *Sim) seedImages(appkey string) error {
	p := s.project(appkey)
	p.mu.RLock()
	n := len(p.images)
	p.mu.RUnlock()
	if n > 0 {
		return nil
	}
	_, plain := s.AddImage(appkey, "spring-sale.jpg", false)
	_, wide := s.AddImage(appkey, "new-arrivals.jpg", true)
	return errors.Join(plain, wide)
}

// seedGroups adds a group with the registered sender as its member.
func (s *Sim) seedGroups(string) error { return nil }

// seedTemplates adds BrandTalk templates of the registered sender: image and wide
// ones, of fixed and of variable text.
func (s *Sim) seedTemplates(string) error { return nil }

// Reset forgets everything: state, journal, faults, counts, and what moved the clock.
// Calls that wait are dropped, others that are under way fail with a system error.
// What was seeded is seeded again.
func (s *Sim) Reset() error {
	seeds, err := s.forget()
	for _, k := range seeds {
		err = errors.Join(err, s.Seed(k.appkey, k.secret))
	}
	return err
}

// forget returns what was seeded.
func (s *Sim) forget() ([]keys, error) {
	s.admin.Lock()
	defer s.admin.Unlock()
	s.mu.Lock()
	old := s.projects
	s.projects = map[string]*project{}
	s.mu.Unlock()
	s.newEra()
	for _, p := range old { // so that nothing of it comes into the journal later
		p.mu.Lock()
		p.gone = true
		p.mu.Unlock()
	}
	err := s.journal.clear()
	s.clock.anchor.Store(nil)
	s.SetFaults(Faults{})
	s.stats.reset()
	s.idMu.Lock()
	s.ids = rand.New(rand.NewPCG(s.cfg.Seed, 0))
	s.idMu.Unlock()
	seeds := s.seeds
	s.seeds = nil
	return seeds, err
}
