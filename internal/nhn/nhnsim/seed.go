package nhnsim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"soshik/internal/kakao"
)

// What a seeded project begins with.
const (
	SeedSender        = "@소식상점" // registered, with SMS fallback
	SeedWaitingSender = "@새소식"  // waits for its token
	SeedGroup         = "소식상점 그룹"
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
	p, err := s.named(appkey)
	if err != nil {
		return err
	}
	p.mu.RLock()
	n := p.lastImage
	p.mu.RUnlock()
	if n > 0 {
		return nil
	}
	_, plain := s.AddImage(appkey, "spring-sale.jpg", false)
	_, wide := s.AddImage(appkey, "new-arrivals.jpg", true)
	return errors.Join(plain, wide)
}

// seedGroups adds a group with the registered sender as its member.
func (s *Sim) seedGroups(appkey string) error {
	key, err := s.seedSenderKey(appkey)
	if err == nil {
		_, err = s.AddGroup(appkey, Group{Name: SeedGroup, Members: []string{key}})
	}
	return err
}

// seedTemplates adds BrandTalk templates of the registered sender, unless there are
// any: image and wide ones, of fixed and of variable text.
func (s *Sim) seedTemplates(appkey string) error {
	if len(s.Templates(appkey)) > 0 {
		return nil
	}
	key, err := s.seedSenderKey(appkey)
	for _, t := range []Template{
		{Code: "imageFixed", Name: "봄 할인 안내", Content: "봄맞이 할인이 시작되었습니다.\n모든 상품을 20% 싸게 만나 보세요.",
			Buttons: []TemplateButton{{Type: kakao.ButtonAddChannel, Name: kakao.ButtonNameChannel}, {Type: kakao.ButtonWebLink, Name: "보러 가기", LinkMo: "https://example.com/spring"}}},
		{Code: "imageVariable", Name: "이름이 든 할인 안내", ContentType: kakao.TemplateVariable, Content: "#{이름}님, #{상품}을 #{할인율} 싸게 만나 보세요.",
			Buttons: []TemplateButton{{Type: kakao.ButtonWebLink, Name: "보러 가기", LinkMo: "https://example.com/item/#{번호}"}}},
		{Code: "wideFixed", Name: "새 매장 안내", MessageType: kakao.TemplateWide, Content: "새 매장이 문을 열었습니다.",
			Buttons: []TemplateButton{{Type: kakao.ButtonWebLink, Name: "오시는 길", LinkMo: "https://example.com/map"}}},
		{Code: "wideVariable", Name: "이름이 든 초대", MessageType: kakao.TemplateWide, ContentType: kakao.TemplateVariable, Content: "#{이름}님을 초대합니다.",
			Buttons: []TemplateButton{{Type: kakao.ButtonWebLink, Name: "초대장 보기", LinkMo: "https://example.com/i/#{번호}"}}},
	} {
		if err != nil {
			return err
		}
		t.SenderKey, t.ImageLink, t.ImageName = key, "https://example.com", t.Code+".jpg"
		if t.File, err = s.pictures.put(drawPicture(t.Name, t.MessageType == kakao.TemplateWide)); err == nil {
			_, err = s.AddTemplate(appkey, t)
		}
	}
	return err
}

// seedSenderKey is the key of the registered sender.
func (s *Sim) seedSenderKey(appkey string) (string, error) {
	p, err := s.named(appkey)
	if err != nil {
		return "", err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	x := p.sender(SeedSender)
	if x == nil { // deleted, or the state reset meanwhile
		return "", fmt.Errorf("sender %s is unknown", SeedSender)
	}
	return x.SenderKey, nil
}

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
	s.projects, s.overrides = map[string]*project{}, nil
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
