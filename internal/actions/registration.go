package actions

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// CheckTemplate asks a worker to run [Service.CheckTemplate].
type CheckTemplate struct {
	TemplateID int64 `json:"template_id"`
}

// Kind names the job.
func (CheckTemplate) Kind() string { return "check_template" }

const (
	// templatesSwept is how many templates one sweep takes up.
	templatesSwept = 100
	// lookAgain is by which part of the time since it was asked to register a template
	// the provider is left alone until it is looked up again.
	lookAgain = 10
)

// RegisterTemplate has the provider register a template of a sender under a code. From
// then on what it says is fixed, since the provider lets nobody change or delete it.
//
// That it is asked is written down first, so that an answer that is lost, or a process
// that dies, leaves a template of which it is known that nobody knows: it is looked up
// by its code and never registered again blindly.
func (s *Service) RegisterTemplate(ctx context.Context, by models.Actor, k models.Appkey, t models.Template, in models.NewRegistration) (models.Template, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return t, err
	}
	if err := registrable(t, in); err != nil {
		return t, err
	}
	sender, err := s.DB.Sender(ctx, k.ID, t.SenderID)
	if err != nil {
		return t, err
	}
	if usable, reason := sender.Usable(); !usable {
		return t, models.Errorf(models.Conflict, reason.Key, reason.Args...)
	}
	req, err := s.registration(ctx, t, in.Code)
	if err != nil {
		return t, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return t, err
	}
	ctx = context.WithoutCancel(ctx) // what the provider has done is recorded
	asked, err := s.beginRegistration(ctx, by, k, t, in.Code)
	if err != nil {
		return t, err
	}
	err = client.RegisterTemplate(ctx, sender.SenderKey, req)
	return s.registrationAnswered(ctx, by, k, client, sender, asked, err)
}

// registrable refuses what cannot be registered as it is.
func registrable(t models.Template, in models.NewRegistration) error {
	if !t.Channel.Registers() {
		return models.Errorf(models.NotFound, "error.not_found")
	}
	if ok, reason := t.Editable(); !ok {
		return models.Errorf(models.Conflict, reason.Key, reason.Args...)
	}
	if t.Version == 0 || in.Version != t.Version {
		return models.Errorf(models.Conflict, "registration.changed")
	}
	if err := t.Validate(); err != nil {
		return &models.Error{Kind: models.Invalid, Key: "registration.content", Err: err}
	}
	return in.Validate()
}

// registration is t as the provider is asked to register it.
func (s *Service) registration(ctx context.Context, t models.Template, code string) (nhn.RegisterTemplateRequest, error) {
	c := t.Content.Registered()
	req := nhn.RegisterTemplateRequest{
		Code: code, Name: t.Name, MessageType: c.MessageType, ContentType: c.ContentType, Content: c.Text,
		UnsubscribeContent: c.Unsubscribe(), ImageLink: c.ImageLink, ImageURL: c.ImageURL,
	}
	for _, b := range c.Buttons {
		req.Buttons = append(req.Buttons, nhn.Button{
			Type: b.Type, Name: b.Name, LinkMo: b.LinkMo, LinkPC: b.LinkPC, SchemeAndroid: b.SchemeAndroid, SchemeIOS: b.SchemeIOS, BizFormID: b.FormNumber(),
		})
	}
	if c.Image == nil {
		return req, nil
	}
	f, err := s.DB.ImageFile(ctx, t.TeamID, c.Image.ID)
	req.Image = &nhn.ImageFile{Name: c.Image.Name, Data: bytes.NewReader(f.Original)}
	return req, err
}

// beginRegistration notes that the provider is about to be asked.
func (s *Service) beginRegistration(ctx context.Context, by models.Actor, k models.Appkey, t models.Template, code string) (asked models.Template, err error) {
	now := s.Now()
	check := now.Add(s.Timing.lease())
	t.Code, t.Problem, t.RegisteredAt, t.CheckAt, t.UpdatedBy, t.UpdatedAt = code, models.Text{}, &now, &check, by.User.ID, now
	e := templateEvent("template.register", k, t)
	e.After = map[string]any{"code": code, "version": t.Version, "sender": t.SenderID}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.BeginRegistration(ctx, t); err != nil {
			return err
		}
		asked, err = tx.TemplateByID(ctx, t.ID)
		return err
	})
	if err != nil && models.TextOf(err).Key == "error.exists.template" {
		err = withField(err, "code", "error.exists.template")
	}
	return asked, err
}

// registrationAnswered records what the provider has answered, or that it has not.
func (s *Service) registrationAnswered(ctx context.Context, by models.Actor, k models.Appkey, client *nhn.Client, sender models.Sender, asked models.Template, answer error) (models.Template, error) {
	failure, known := errors.AsType[*nhn.Error](answer)
	switch {
	case answer == nil:
		return s.endRegistered(ctx, by, k, asked, s.look(ctx, client, sender, asked))
	case !known:
		return asked, errors.Join(answer, s.release(ctx, by, k, asked, models.Text{}, answer))
	case failure.InDoubt(), failure.Code == kakao.CodeTemplateExists:
		theirs, err := client.Template(ctx, sender.SenderKey, asked.Code)
		return s.settleRegistration(ctx, by, k, asked, theirs, err, answer)
	}
	told := explain(answer)
	return asked, errors.Join(told, s.release(ctx, by, k, asked, models.Text{}, answer))
}

// look reads a template that has just been registered; nil where that fails, which
// does not matter: it is read again.
func (s *Service) look(ctx context.Context, client *nhn.Client, sender models.Sender, t models.Template) *nhn.Template {
	theirs, err := client.Template(ctx, sender.SenderKey, t.Code)
	if err != nil {
		s.Log.WarnContext(ctx, "template not read after it was registered", "template", t.ID, "error", err)
		return nil
	}
	return theirs
}

// settleRegistration decides what became of a registration whose answer does not say
// so, by what the provider knows under its code. answer is what it answered, nil where
// that has been lost.
func (s *Service) settleRegistration(
	ctx context.Context, by models.Actor, k models.Appkey, asked models.Template, theirs *nhn.Template, lookUp, answer error,
) (models.Template, error) {
	refused, age := code(answer) == kakao.CodeTemplateExists, s.Now().Sub(*asked.RegisteredAt)
	switch {
	case lookUp == nil && same(asked, theirs):
		return s.endRegistered(ctx, by, k, asked, theirs)
	case lookUp == nil:
		return s.releaseWith(ctx, by, k, asked, "code", models.T("registration.taken", "Name", theirs.Name), answer)
	case unknown(lookUp) && refused:
		return s.releaseWith(ctx, by, k, asked, "", models.T("registration.name_taken"), answer)
	case unknown(lookUp) && age >= s.Timing.Settling:
		return s.releaseWith(ctx, by, k, asked, "", models.T("registration.not_arrived"), answer)
	case !unknown(lookUp):
		asked.Problem = models.TextOf(explain(lookUp))
	}
	check := s.Now().Add(max(retryAfter(lookUp), s.Timing.lookUp(), age/lookAgain))
	asked.CheckAt = &check
	if err := s.DB.KeepTemplateStatus(ctx, asked); err != nil {
		return asked, err
	}
	return asked, models.Errorf(models.Upstream, "registration.in_doubt")
}

// unknown reports whether err says that there is no such template.
func unknown(err error) bool {
	return code(err) == kakao.CodeTemplateNotFound || code(err) == kakao.CodeSenderNotFound
}

// code is the provider's result code in err, 0 if there is none.
func code(err error) int {
	if e, ok := errors.AsType[*nhn.Error](err); ok {
		return e.Code
	}
	return kakao.CodeOK
}

// same reports whether the provider's template says what ours was to say. How it keeps
// the image it does not tell.
func same(ours models.Template, theirs *nhn.Template) bool {
	want, got := ours.Content.Registered(), contentOf(theirs)
	if ours.Name != theirs.Name || want.Text != got.Text || want.MessageType != got.MessageType || want.ContentType != got.ContentType ||
		want.Unsubscribe() != got.Unsubscribe() || want.ImageLink != got.ImageLink || len(want.Buttons) != len(got.Buttons) {
		return false
	}
	for i, b := range want.Buttons {
		if b != got.Buttons[i] {
			return false
		}
	}
	return true
}

// contentOf is what the provider's template says.
func contentOf(t *nhn.Template) models.Content {
	c := models.Content{
		Text: t.Content, Ad: true, MessageType: t.MessageType, ContentType: t.ContentType, ImageURL: t.ImageURL, ImageLink: t.ImageLink,
	}
	c.UnsubscribeNo, c.AuthNo, _ = strings.Cut(t.UnsubscribeContent, "/")
	for _, b := range t.Buttons {
		c.Buttons = append(c.Buttons, models.Button{
			Type: b.Type, Name: b.Name, LinkMo: b.LinkMo, LinkPC: b.LinkPC, SchemeAndroid: b.SchemeAndroid, SchemeIOS: b.SchemeIOS, FormID: formID(b.BizFormID),
		})
	}
	return c
}

// formID is the number of a form as it is typed; 0 is none.
func formID(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// endRegistered records that the provider has the template. theirs is how it describes
// it, nil if that is not known yet.
func (s *Service) endRegistered(ctx context.Context, by models.Actor, k models.Appkey, asked models.Template, theirs *nhn.Template) (models.Template, error) {
	t, now := asked, s.Now()
	t.State, t.RegisteredAt, t.Problem, t.CheckAt = models.TemplateRegistered, &now, models.Text{}, &now
	if theirs != nil {
		t.KakaoStatus, t.CheckedAt, t.CheckAt = theirs.KakaoStatus, &now, s.nextCheck()
	}
	e := templateEvent("template.registered", k, t)
	e.After = map[string]any{"code": t.Code, "status": t.KakaoStatus}
	return t, s.endRegistration(ctx, by, e, asked, t)
}

// release makes a template a draft again, since the provider has not registered it.
// problem is what its page says, if anything.
func (s *Service) release(ctx context.Context, by models.Actor, k models.Appkey, asked models.Template, problem models.Text, cause error) error {
	t := asked
	t.State, t.Code, t.Problem, t.RegisteredAt, t.CheckAt = models.TemplateDraft, "", problem, nil, nil
	e := templateEvent("template.register", k, t)
	e.Outcome, e.Before, e.After = models.OutcomeFailed, map[string]any{"code": asked.Code}, failure(cause)
	return s.endRegistration(ctx, by, e, asked, t)
}

// releaseWith is [Service.release] with a reason of ours, told beside a field of the
// form if it is about one.
func (s *Service) releaseWith(
	ctx context.Context, by models.Actor, k models.Appkey, asked models.Template, field string, reason models.Text, cause error,
) (models.Template, error) {
	told := &models.Error{Kind: models.Upstream, Key: reason.Key, Args: reason.Args, Err: cause}
	if field != "" {
		told = &models.Error{Kind: models.Upstream, Key: "error.invalid", Fields: map[string]models.Text{field: reason}, Err: cause}
	}
	if err := s.release(ctx, by, k, asked, reason, cause); err != nil {
		return asked, err
	}
	return asked, told
}

// endRegistration records e with what came of a registration, unless somebody else has
// recorded it.
func (s *Service) endRegistration(ctx context.Context, by models.Actor, e models.Event, asked, t models.Template) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		ended, err := tx.EndRegistration(ctx, asked, t)
		if err != nil || !ended {
			return err
		}
		return tx.Audit(ctx, by, e)
	})
}

// nextCheck is when the provider is asked again about a registered template by itself.
func (s *Service) nextCheck() *time.Time {
	if s.Sweeping.SendersEvery == 0 {
		return nil
	}
	next := s.Now().Add(s.Sweeping.SendersEvery)
	return &next
}

// AskTemplate reads at once what the provider says of a template.
func (s *Service) AskTemplate(ctx context.Context, by models.Actor, k models.Appkey, t models.Template) (models.Template, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return t, err
	}
	if t.Code == "" {
		return t, models.Errorf(models.Conflict, "brandtalk.not_registered")
	}
	return s.checkTemplate(ctx, by, k, t)
}

// CheckTemplate reads what the provider says of a template: what has become of its
// registration or, once it is registered, of itself.
func (s *Service) CheckTemplate(ctx context.Context, templateID int64) error {
	t, err := s.DB.TemplateByID(ctx, templateID)
	if err != nil || t.State == models.TemplateDraft {
		return err
	}
	k, err := s.DB.Appkey(ctx, t.AppkeyID)
	if err != nil {
		return err
	}
	_, err = s.checkTemplate(ctx, models.Actor{}, k, t)
	if models.KindOf(err) == models.Upstream {
		return nil // the template says so
	}
	return err
}

func (s *Service) checkTemplate(ctx context.Context, by models.Actor, k models.Appkey, t models.Template) (models.Template, error) {
	sender, err := s.DB.Sender(ctx, k.ID, t.SenderID)
	if err != nil {
		return t, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return t, err
	}
	theirs, err := client.Template(ctx, sender.SenderKey, t.Code)
	if t.State == models.TemplateRegistering {
		return s.settleRegistration(ctx, by, k, t, theirs, err, nil)
	}
	return s.keepTemplate(ctx, k, t, theirs, err)
}

// keepTemplate records what the provider says of a registered template. What has
// changed by itself is an audit row of the program.
func (s *Service) keepTemplate(ctx context.Context, k models.Appkey, before models.Template, theirs *nhn.Template, readErr error) (models.Template, error) {
	t, now := before, s.Now()
	t.CheckAt = s.nextCheck()
	switch {
	case readErr == nil:
		t.KakaoStatus, t.CheckedAt, t.Problem = theirs.KakaoStatus, &now, models.Text{}
		if !same(t, theirs) {
			t.Problem = models.T("registration.differs")
		}
	case unknown(readErr):
		t.KakaoStatus, t.CheckedAt, t.Problem = "", &now, models.T("registration.gone")
	default:
		t.Problem = models.TextOf(explain(readErr))
		return t, errors.Join(explain(readErr), s.DB.KeepTemplateStatus(ctx, t))
	}
	return t, s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := tx.KeepTemplateStatus(ctx, t); err != nil {
			return err
		}
		if before.CheckedAt == nil || before.KakaoStatus == t.KakaoStatus && before.Gone() == t.Gone() {
			return nil
		}
		e := templateEvent("template.status", k, t)
		e.Before, e.After = statusOf(before), statusOf(t)
		return tx.Audit(ctx, models.Actor{}, e)
	})
}

// statusOf is what the audit log keeps of how a template stands with the provider.
func statusOf(t models.Template) any {
	if t.Gone() {
		return map[string]any{"status": "gone"}
	}
	return map[string]any{"status": t.KakaoStatus}
}

// AdoptTemplate takes over a template of a sender that was registered elsewhere, by its
// code.
func (s *Service) AdoptTemplate(ctx context.Context, by models.Actor, k models.Appkey, in models.NewAdoption) (models.Template, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Template{}, err
	}
	if err := in.Validate(); err != nil {
		return models.Template{}, err
	}
	if err := s.checkSender(ctx, k.ID, in.SenderID); err != nil {
		return models.Template{}, err
	}
	sender, err := s.DB.Sender(ctx, k.ID, in.SenderID)
	if err != nil {
		return models.Template{}, err
	}
	if _, err := s.DB.TemplateWithCode(ctx, sender.ID, in.Code); models.KindOf(err) != models.NotFound {
		return models.Template{}, withField(err, "code", "registration.known")
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return models.Template{}, err
	}
	theirs, err := client.Template(ctx, sender.SenderKey, in.Code)
	if err != nil {
		return models.Template{}, beside(explain(err), map[int]string{kakao.CodeTemplateNotFound: "code", kakao.CodeSenderNotFound: "sender"})
	}
	return s.keepAdopted(ctx, by, k, sender, theirs)
}

func (s *Service) keepAdopted(ctx context.Context, by models.Actor, k models.Appkey, sender models.Sender, theirs *nhn.Template) (models.Template, error) {
	now := s.Now()
	t := models.Template{
		TeamID: k.TeamID, AppkeyID: k.ID, Channel: models.BrandTalk, SenderID: sender.ID, Name: cmp.Or(theirs.Name, theirs.Code), Code: theirs.Code,
		Content: contentOf(theirs), Version: 1, State: models.TemplateRegistered, KakaoStatus: theirs.KakaoStatus, RegisteredAt: &now, CheckedAt: &now,
		CheckAt: s.nextCheck(), CreatedBy: by.User.ID, UpdatedBy: by.User.ID, CreatedAt: now, UpdatedAt: now,
	}
	if !theirs.CreateDate.IsZero() {
		t.RegisteredAt = new(theirs.CreateDate.UTC())
	}
	e := templateEvent("template.adopt", k, t)
	e.After = map[string]any{"code": t.Code, "status": t.KakaoStatus, "content": t.Content}
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		err := tx.CreateTemplate(ctx, &t)
		e.ObjectID = t.ID
		return err
	})
	if err != nil && models.TextOf(err).Key == "error.exists.template" {
		err = withField(err, "code", "registration.known")
	}
	return t, err
}

// sweepTemplates has the provider asked about templates whose time has come.
func (s *Service) sweepTemplates(ctx context.Context) error {
	now := s.Now()
	ts, err := s.DB.DueTemplates(ctx, now, templatesSwept)
	if err != nil {
		return err
	}
	for _, t := range ts {
		err := s.DB.Tx(ctx, func(tx *models.DB) error {
			ours, err := tx.ClaimTemplate(ctx, t, now.Add(s.Timing.lease()))
			if err != nil || !ours {
				return err
			}
			_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), CheckTemplate{TemplateID: t.ID}, soon())
			return err
		})
		if err != nil {
			return fmt.Errorf("template %d: %w", t.ID, err)
		}
	}
	return nil
}
