package actions_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// brandTemplate is a saved template of the bench's sender that nothing is wrong with.
func (b *bench) brandTemplate(t *testing.T, name string) models.Template {
	t.Helper()
	made, err := b.CreateTemplate(t.Context(), b.admin, b.appkey, models.NewTemplate{Channel: models.BrandTalk, Name: name, SenderID: b.sender.ID})
	must(t, err)
	typed := made
	typed.Content = brandContent("")
	saved, err := b.SaveTemplate(t.Context(), b.admin, b.appkey, made, typed)
	must(t, err)
	return saved
}

func (b *bench) register(t *testing.T, made models.Template, code string) (models.Template, error) {
	t.Helper()
	return b.RegisterTemplate(t.Context(), b.admin, b.appkey, made, models.NewRegistration{Code: code, Version: made.Version})
}

// kept is a template as the database has it.
func (b *bench) kept(t *testing.T, id int64) models.Template {
	t.Helper()
	kept, err := b.DB.TemplateByID(t.Context(), id)
	must(t, err)
	return kept
}

// registrationAudit are the audit rows about templates, the newest first, each as its action and
// how it went.
func (b *bench) registrationAudit(t *testing.T) []string {
	t.Helper()
	rows, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 100)
	must(t, err)
	var found []string
	for _, row := range rows {
		if row.ObjectType == "template" {
			found = append(found, row.Action+" "+string(row.Outcome))
		}
	}
	return found
}

// registering are hooks for the call that registers and for the one that looks up; nil
// is an answer of the simulator itself.
func (b *bench) registering(register, lookUp func() *nhnsim.Answer) {
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/templates") && register != nil:
			return register()
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/templates/") && lookUp != nil:
			return lookUp()
		}
		return nil
	}})
}

func always(a nhnsim.Answer) func() *nhnsim.Answer { return func() *nhnsim.Answer { return &a } }

func TestRegisterTemplate(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	made := b.brandTemplate(t, "봄 세일")
	got, err := b.register(t, made, "bomseil")
	must(t, err)
	kept := b.kept(t, made.ID)
	if kept.State != models.TemplateRegistered || kept.Code != "bomseil" || kept.KakaoStatus != kakao.TemplateWaiting || kept.RegisteredAt == nil || got.State != kept.State {
		t.Errorf("kept %+v", kept)
	}
	theirs := b.sim.Templates(testAppkey)
	if len(theirs) != 1 || theirs[0].Content != "#{이름}님, #{이름}님께만 드리는 #{혜택}" || theirs[0].Buttons[0].LinkMo != "https://example.com/?c=#{쿠폰}" ||
		theirs[0].UnsubscribeContent != "080-123-4567" || theirs[0].ImageURL != "https://example.com/a.png" {
		t.Errorf("registered %+v", theirs)
	}
	if kept.Content.Text != made.Content.Text {
		t.Errorf("our defaults are gone: %s", kept.Content.Text)
	}
	if rows := b.registrationAudit(t); !slices.Equal(rows[:2], []string{"template.registered ok", "template.register ok"}) {
		t.Errorf("audited %q", rows)
	}
	if _, err := b.SaveTemplate(t.Context(), b.admin, b.appkey, kept, kept); models.KindOf(err) != models.Conflict {
		t.Errorf("a registered template is saved: %v", err)
	}
	if _, err := b.register(t, kept, "other"); models.KindOf(err) != models.Conflict {
		t.Errorf("it is registered twice: %v", err)
	}
	second := b.brandTemplate(t, "다른 이름")
	if _, err := b.register(t, second, "bomseil"); models.FieldText(err, "code").Key != "error.exists.template" {
		t.Errorf("two templates have one code: %v", err)
	}
}

// An image of the library goes along as a file.
func TestRegisterTemplateWithAnImage(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	var file bytes.Buffer
	must(t, png.Encode(&file, image.NewGray(image.Rect(0, 0, 800, 400))))
	im := models.Image{
		TeamID: b.team.ID, Hash: strings.Repeat("a", 64), Name: "봄.png", Format: models.FormatPNG, Width: 800, Height: 400, Size: file.Len(), CreatedAt: b.Now(),
	}
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.PutImage(t.Context(), &im, models.ImageFile{Original: file.Bytes(), Thumbnail: file.Bytes()})
		return err
	}))
	made := b.brandTemplate(t, "이미지")
	typed := made
	typed.Content.ImageURL, typed.Content.Image = "", new(im.Picture())
	made, err := b.SaveTemplate(t.Context(), b.admin, b.appkey, made, typed)
	must(t, err)
	_, err = b.register(t, made, "image1")
	must(t, err)
	if theirs := b.sim.Templates(testAppkey)[0]; theirs.ImageName != "봄.png" || len(theirs.Buttons) != 1 {
		t.Errorf("registered %+v", theirs)
	}
}

// Whatever the provider answers, or does not, it is known what became of the template,
// and it is asked once.
func TestAnswersToARegistration(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer nhnsim.Answer
		lookUp func() *nhnsim.Answer // nil: the simulator's own
		there  nhnsim.Template       // registered before under the same code; or under the same name, with a code of its own
		state  models.TemplateState
		told   string
	}{
		"429":                                {answer: nhnsim.Answer{Status: 429}, state: models.TemplateDraft, told: "provider.busy"},
		"a refusal":                          {answer: nhnsim.Answer{Code: kakao.CodeTemplateUnsubscribe}, state: models.TemplateDraft, told: "api.-6007"},
		"taken, and the connection breaks":   {answer: nhnsim.Answer{After: true, Drop: true}, state: models.TemplateRegistered},
		"taken, and 502":                     {answer: nhnsim.Answer{After: true, Status: 502}, state: models.TemplateRegistered},
		"taken, and rubbish":                 {answer: nhnsim.Answer{After: true, Body: "<html>"}, state: models.TemplateRegistered},
		"not taken, and 503":                 {answer: nhnsim.Answer{Status: 503}, state: models.TemplateRegistering, told: "registration.in_doubt"},
		"lost, and the look-up fails":        {answer: nhnsim.Answer{After: true, Drop: true}, lookUp: always(nhnsim.Answer{Status: 503}), state: models.TemplateRegistering, told: "registration.in_doubt"},
		"the code is there with our content": {answer: nhnsim.Answer{After: true, Code: kakao.CodeTemplateExists}, state: models.TemplateRegistered},
		"the code is there with another's":   {there: nhnsim.Template{Code: "code1", Content: "다른 내용"}, state: models.TemplateDraft, told: "registration.taken"},
		"the name is there":                  {there: nhnsim.Template{Code: "code2", Name: "봄 세일", Content: "다른 내용"}, state: models.TemplateDraft, told: "registration.name_taken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 2*time.Second)
			if tt.there.Code != "" {
				tt.there.SenderKey = b.sender.SenderKey
				_, err := b.sim.AddTemplate(testAppkey, tt.there)
				must(t, err)
			}
			var asked atomic.Int64
			b.registering(func() *nhnsim.Answer {
				asked.Add(1)
				if tt.there.Code != "" {
					return nil
				}
				return &tt.answer
			}, tt.lookUp)
			made := b.brandTemplate(t, "봄 세일")
			_, err := b.register(t, made, "code1")
			told := models.TextOf(err).Key
			if field := models.FieldText(err, "code").Key; field != "" {
				told = field
			}
			if kept := b.kept(t, made.ID); told != tt.told && err != nil || kept.State != tt.state || asked.Load() != 1 {
				t.Errorf("it is %s, told %q (%v), asked %d times", kept.State, told, err, asked.Load())
			}
			if kept := b.kept(t, made.ID); (kept.Code == "") != (tt.state == models.TemplateDraft) {
				t.Errorf("a %s has the code %q", kept.State, kept.Code)
			}
		})
	}
}

func TestRegistrationWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	made := b.brandTemplate(t, "봄")
	k := b.appkey
	k.BaseURL, k.UpdatedAt = "http://127.0.0.1:1", k.UpdatedAt.Add(time.Second)
	_, err := b.RegisterTemplate(t.Context(), b.admin, k, made, models.NewRegistration{Code: "bom", Version: made.Version})
	if kept := b.kept(t, made.ID); models.TextOf(err).Key != "provider.unreachable" || kept.State != models.TemplateDraft || kept.Code != "" {
		t.Errorf("%v, and it is %s", err, kept.State)
	}
	if rows := b.registrationAudit(t); !slices.Equal(rows[:2], []string{"template.register failed", "template.register ok"}) {
		t.Errorf("audited %q", rows)
	}
}

// A registration of which nobody knows is looked up until it is found, or until
// nothing of it can be under way any more.
func TestRegistrationInDoubtIsSettledByTheSweep(t *testing.T) {
	t.Parallel()
	for taken, want := range map[bool]models.TemplateState{true: models.TemplateRegistered, false: models.TemplateDraft} {
		b := newBench(t, 300*time.Millisecond)
		var up atomic.Bool
		b.registering(always(nhnsim.Answer{After: taken, Drop: true}), func() *nhnsim.Answer {
			if up.Load() {
				return nil
			}
			return &nhnsim.Answer{Status: 503}
		})
		made := b.brandTemplate(t, "봄")
		_, err := b.register(t, made, "bom")
		if models.TextOf(err).Key != "registration.in_doubt" {
			t.Fatalf("told %v", err)
		}
		up.Store(true)
		b.work(t)
		kept := b.untilTemplate(t, made.ID, func(m models.Template) bool { return m.State != models.TemplateRegistering })
		if kept.State != want || taken && kept.Problem.Key != "" || !taken && kept.Problem.Key != "registration.not_arrived" {
			t.Errorf("taken %v: it is %s, %+v", taken, kept.State, kept.Problem)
		}
	}
}

// untilTemplate waits until a template is as it is to be.
func (b *bench) untilTemplate(t *testing.T, id int64, reached func(models.Template) bool) models.Template {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		kept := b.kept(t, id)
		if reached(kept) {
			return kept
		}
		select {
		case <-deadline:
			t.Fatalf("the template is %+v", kept)
		case <-tick.C:
		}
	}
}

// The process dies after it has asked: another finds out.
func TestRegistrationOfADeadProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.registering(always(nhnsim.Answer{After: true, Drop: true}), always(nhnsim.Answer{Drop: true}))
	made := b.brandTemplate(t, "봄")
	if _, err := b.register(t, made, "bom"); err == nil {
		t.Fatal("a lost answer was an answer")
	}
	b.sim.SetFaults(nhnsim.Faults{})
	must(t, b.CheckTemplate(t.Context(), made.ID))
	if kept := b.kept(t, made.ID); kept.State != models.TemplateRegistered || kept.KakaoStatus != kakao.TemplateWaiting {
		t.Errorf("kept %+v", kept)
	}
}

func TestStatusOfARegisteredTemplate(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	made := b.brandTemplate(t, "봄")
	made, err := b.register(t, made, "bom")
	must(t, err)
	set := func(change func(*nhnsim.Template)) {
		must(t, b.sim.SetTemplate(testAppkey, b.sender.SenderKey, "bom", change))
	}
	set(func(in *nhnsim.Template) { in.Status = kakao.TemplateBlocked })
	made, err = b.AskTemplate(t.Context(), b.admin, b.appkey, made)
	must(t, err)
	if ok, reason := made.Usable(); ok || reason.Key != "registration.blocked" {
		t.Errorf("a blocked template is usable: %v", reason)
	}
	if rows := b.registrationAudit(t); rows[0] != "template.status ok" {
		t.Errorf("audited %q", rows)
	}
	troubles, err := b.DB.TroubledTemplates(t.Context(), b.team.ID, 10)
	must(t, err)
	if len(troubles) != 1 || troubles[0].ID != made.ID || troubles[0].Sender != testSender {
		t.Errorf("troubles %+v", troubles)
	}
	set(func(in *nhnsim.Template) {
		in.Status, in.Content = kakao.TemplateNormal, "#{이름}님, #{혜택}이 달라졌습니다"
	})
	made, err = b.AskTemplate(t.Context(), b.admin, b.appkey, made)
	must(t, err)
	if ok, _ := made.Usable(); !ok || made.Problem.Key != "registration.differs" {
		t.Errorf("what a reviewer has changed is not told: %+v", made)
	}
	b.registering(nil, always(nhnsim.Answer{Status: 503}))
	if _, err = b.AskTemplate(t.Context(), b.admin, b.appkey, made); models.KindOf(err) != models.Upstream || b.kept(t, made.ID).KakaoStatus != kakao.TemplateNormal {
		t.Errorf("a failed reading: %v, %+v", err, b.kept(t, made.ID))
	}
	b.registering(nil, always(nhnsim.Answer{Code: kakao.CodeTemplateNotFound}))
	must(t, b.CheckTemplate(t.Context(), made.ID))
	if kept := b.kept(t, made.ID); !kept.Gone() {
		t.Errorf("a template that is gone: %+v", kept)
	}
	b.sim.SetFaults(nhnsim.Faults{})
	must(t, b.CheckTemplate(t.Context(), made.ID))
	if kept := b.kept(t, made.ID); kept.Gone() || kept.KakaoStatus != kakao.TemplateNormal {
		t.Errorf("a template that is back: %+v", kept)
	}
}

// What a send is told about its template is found out at once, and no campaign is
// launched with one that is blocked.
func TestBlockedTemplateStopsCampaigns(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.Sweeping.SendersEvery = time.Hour
	c := b.brandDraft(t, 0)
	made, err := b.AdoptTemplate(t.Context(), b.admin, b.appkey, models.NewAdoption{SenderID: b.sender.ID, Code: c.Content.TemplateCode})
	must(t, err)
	must(t, b.sim.SetTemplate(testAppkey, b.sender.SenderKey, made.Code, func(in *nhnsim.Template) { in.Status = kakao.TemplateBlocked }))
	b.launched(t, c)
	b.work(t)
	b.untilTemplate(t, made.ID, func(m models.Template) bool { return m.KakaoStatus == kakao.TemplateBlocked })
	another := b.brandDraft(t, 0)
	if err := b.Launch(t.Context(), b.admin, b.appkey.ID, another.ID, another.Revision); models.TextOf(err).Key != "check.blocked" {
		t.Errorf("a campaign with a blocked template is launched: %v", err)
	}
}

// A campaign is begun with what is registered, under its code and from its sender.
func TestCampaignIsBegunWithARegisteredTemplate(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	made, other := b.brandTemplate(t, "봄"), b.brandTemplate(t, "여름")
	if _, err := b.BeginCampaign(t.Context(), b.admin, b.appkey, made); models.TextOf(err).Key != "brandtalk.not_registered" {
		t.Errorf("a campaign is begun with a draft: %v", err)
	}
	made, err := b.register(t, made, "bom")
	must(t, err)
	c, err := b.BeginCampaign(t.Context(), b.admin, b.appkey, made)
	must(t, err)
	if c.Channel != models.BrandTalk || c.SenderID != b.sender.ID || c.Content.TemplateCode != "bom" || c.Content.Text != made.Content.Text || c.TemplateID != made.ID {
		t.Errorf("begun %+v", c)
	}
	if o, found, err := b.DB.Origin(t.Context(), c); err != nil || !found || o.Edited {
		t.Errorf("what it was made of: %+v %v %v", o, found, err)
	}
	other, err = b.register(t, other, "yeoreum")
	must(t, err)
	took, err := b.TakeTemplate(t.Context(), b.admin, c, c, other)
	must(t, err)
	if took.Content.TemplateCode != "yeoreum" || took.TemplateID != other.ID {
		t.Errorf("took %+v", took)
	}
	must(t, b.sim.SetTemplate(testAppkey, b.sender.SenderKey, "bom", func(in *nhnsim.Template) { in.Status = kakao.TemplateBlocked }))
	made, err = b.AskTemplate(t.Context(), b.admin, b.appkey, made)
	must(t, err)
	if _, err := b.BeginCampaign(t.Context(), b.admin, b.appkey, made); models.TextOf(err).Key != "registration.blocked" {
		t.Errorf("a campaign is begun with a blocked template: %v", err)
	}
	again, err := b.DuplicateTemplate(t.Context(), b.admin, b.appkey, made, "봄 사본")
	must(t, err)
	if again.State != models.TemplateDraft || again.Code != "" || again.KakaoStatus != "" {
		t.Errorf("a duplicate is %+v", again)
	}
	if _, err := b.register(t, again, "bom2"); err != nil {
		t.Errorf("a duplicate is not registered: %v", err)
	}
}

func TestAdoptTemplate(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	_, err := b.sim.AddTemplate(testAppkey, nhnsim.Template{
		SenderKey: b.sender.SenderKey, Code: "console1", Name: "콘솔에서 만든 것", Content: "#{이름}님", UnsubscribeContent: "080-111-2222/12345",
		Status: kakao.TemplateNormal, ImageURL: "https://example.com/b.png",
		Buttons: []nhnsim.TemplateButton{{Type: kakao.ButtonBizForm, Name: "톡에서 예약하기", BizFormID: 7}},
	})
	must(t, err)
	adopt := func(in models.NewAdoption) (models.Template, error) {
		return b.AdoptTemplate(t.Context(), b.admin, b.appkey, in)
	}
	made, err := adopt(models.NewAdoption{SenderID: b.sender.ID, Code: "console1"})
	must(t, err)
	kept := b.kept(t, made.ID)
	if kept.Name != "콘솔에서 만든 것" || kept.State != models.TemplateRegistered || kept.KakaoStatus != kakao.TemplateNormal || kept.Version != 1 ||
		kept.Content.Text != "#{이름}님" || kept.Content.UnsubscribeNo != "080-111-2222" || kept.Content.AuthNo != "12345" || kept.Content.Buttons[0].FormID != "7" {
		t.Errorf("adopted %+v", kept)
	}
	for name, tt := range map[string]struct {
		in           models.NewAdoption
		field, wrong string
	}{
		"again":            {models.NewAdoption{SenderID: b.sender.ID, Code: "console1"}, "code", "registration.known"},
		"unknown":          {models.NewAdoption{SenderID: b.sender.ID, Code: "nosuch"}, "code", "api.-3003"},
		"no code":          {models.NewAdoption{SenderID: b.sender.ID}, "code", "field.required"},
		"a code in Hangul": {models.NewAdoption{SenderID: b.sender.ID, Code: "봄"}, "code", "registration.code_letters"},
		"a code too long":  {models.NewAdoption{SenderID: b.sender.ID, Code: strings.Repeat("a", 21)}, "code", "field.too_long"},
		"no sender":        {models.NewAdoption{Code: "console1"}, "sender", "field.choose"},
		"another's sender": {models.NewAdoption{SenderID: 99, Code: "console1"}, "sender", "field.choose"},
	} {
		if _, err := adopt(tt.in); models.FieldText(err, tt.field).Key != tt.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoMayNotRegister(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	made := b.brandTemplate(t, "봄")
	viewer := models.Actor{User: models.User{ID: 99, Name: "열람자"}, Role: models.Viewer}
	_, register := b.RegisterTemplate(t.Context(), viewer, b.appkey, made, models.NewRegistration{Code: "bom", Version: 1})
	_, ask := b.AskTemplate(t.Context(), viewer, b.appkey, made)
	_, adopt := b.AdoptTemplate(t.Context(), viewer, b.appkey, models.NewAdoption{SenderID: b.sender.ID, Code: "bom"})
	for name, err := range map[string]error{"register": register, "ask": ask, "adopt": adopt} {
		if models.KindOf(err) != models.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	stale := made
	stale.Version = 0
	if _, err := b.register(t, stale, "bom"); models.KindOf(err) != models.Conflict {
		t.Errorf("a version that is not the newest is registered: %v", err)
	}
}
