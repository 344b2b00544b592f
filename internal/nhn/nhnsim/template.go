package nhnsim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// templateOp is endpoint 23, the one whose body need not be JSON.
const templateOp = "register template"

// Template is a BrandTalk template, for seeding and as the journal keeps it.
type Template struct {
	SenderKey          string           `json:"senderKey"`
	Code               string           `json:"templateCode"`
	Name               string           `json:"templateName,omitempty"` // the code unless set
	MessageType        string           `json:"messageType,omitempty"`  // kakao.TemplateImage unless set
	ContentType        string           `json:"contentType,omitempty"`  // what the variables make it unless set
	Content            string           `json:"templateContent"`
	UnsubscribeContent string           `json:"unsubscribeContent,omitempty"` // 080-1234-5678 unless set
	ImageLink          string           `json:"templateImageLink,omitempty"`
	ImageURL           string           `json:"templateImageUrl,omitempty"`
	ImageName          string           `json:"imageName,omitempty"` // of an uploaded file
	File               string           `json:"file,omitempty"`      // that the simulator keeps it in
	Buttons            []TemplateButton `json:"buttons,omitempty"`
	Status             string           `json:"kakaoStatus,omitempty"` // kakao.TemplateWaiting unless set
	CreateDate         time.Time        `json:"createDate,omitzero"`   // now unless set
	UpdateDate         time.Time        `json:"updateDate,omitzero"`   // the date of creation unless set
}

// TemplateButton is a button of a template.
type TemplateButton struct {
	Type          string `json:"type"` // kakao.Button…
	Name          string `json:"name"`
	LinkMo        string `json:"linkMo,omitempty"`
	LinkPC        string `json:"linkPc,omitempty"`
	SchemeAndroid string `json:"schemeAndroid,omitempty"`
	SchemeIOS     string `json:"schemeIos,omitempty"`
	BizFormID     int    `json:"bizFormId,omitempty"` // 0 is none
}

// brandTemplate is a Template with its variables found. All but its status stays
// as it is: a change makes another one.
type brandTemplate struct {
	Template
	names   []string // of the variables
	content text
	links   [][4]text // of each button: linkMo, linkPc, schemeAndroid, schemeIos
}

func parseTemplate(in Template) *brandTemplate {
	t := &brandTemplate{Template: in, links: make([][4]text, len(in.Buttons))}
	t.content = parseText(in.Content, &t.names)
	for i, b := range in.Buttons {
		for k, link := range b.links() {
			t.links[i][k] = parseText(link, &t.names)
		}
	}
	return t
}

func (b *TemplateButton) links() [4]string {
	return [4]string{b.LinkMo, b.LinkPC, b.SchemeAndroid, b.SchemeIOS}
}

// linkNames are the names of what [TemplateButton.links] returns.
var linkNames = [4]string{"linkMo", "linkPc", "schemeAndroid", "schemeIos"}

// AddTemplate makes a template known and returns it as it is from now on: a template
// of that sender and code that exists already stays as it is.
func (s *Sim) AddTemplate(appkey string, in Template) (Template, error) {
	p := s.project(appkey)
	if p == nil {
		return Template{}, fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	owner := p.senderKeys[in.SenderKey]
	if owner == nil {
		return Template{}, fmt.Errorf("sender key %q is unknown", in.SenderKey)
	}
	if old := owner.template(in.Code); old != nil {
		return old.copy(), nil
	}
	in.Name = cmp.Or(in.Name, in.Code)
	in.UnsubscribeContent = cmp.Or(in.UnsubscribeContent, "080-1234-5678")
	if in.ContentType == "" && len(parseTemplate(in).names) > 0 {
		in.ContentType = kakao.TemplateVariable
	}
	in.complete(s.Now())
	if bad := in.check(); bad != nil {
		return Template{}, fmt.Errorf("template %q: %d %s", in.Code, bad.code, bad.message)
	}
	in.Buttons = slices.Clone(in.Buttons)
	err := s.commit(p, entry{Type: entryTemplate, Appkey: appkey, Template: &in})
	return in, err
}

var errNoTemplate = errors.New("is unknown")

// SetTemplate changes a template behind the API's back, and unchecked: it is blocked,
// or a reviewer has corrected it.
func (s *Sim) SetTemplate(appkey, senderKey, code string, change func(*Template)) error {
	p := s.project(appkey)
	if p == nil {
		return fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var old *brandTemplate
	if owner := p.senderKeys[senderKey]; owner != nil {
		old = owner.template(code)
	}
	if old == nil {
		return fmt.Errorf("template %q of sender key %q: %w", code, senderKey, errNoTemplate)
	}
	changed := old.copy()
	changed.UpdateDate = s.Now()
	change(&changed)
	changed.SenderKey, changed.Code = senderKey, code
	return s.commit(p, entry{Type: entryTemplate, Appkey: appkey, Template: &changed})
}

// Templates lists the templates of an appkey by sender, in the order of
// registration. None for an unknown appkey.
func (s *Sim) Templates(appkey string) []Template {
	p := s.project(appkey)
	if p == nil {
		return nil
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	var out []Template
	for _, owner := range p.senders {
		for _, t := range owner.templates {
			out = append(out, t.copy())
		}
	}
	return out
}

func (t *Template) copy() Template {
	out := *t
	out.Buttons = slices.Clone(t.Buttons)
	return out
}

func (t *Template) complete(now time.Time) {
	t.MessageType = cmp.Or(t.MessageType, kakao.TemplateImage)
	t.ContentType = cmp.Or(t.ContentType, kakao.TemplateFixed)
	t.Status = cmp.Or(t.Status, kakao.TemplateWaiting)
	if t.CreateDate.IsZero() {
		t.CreateDate = now
	}
	if t.UpdateDate.IsZero() {
		t.UpdateDate = t.CreateDate
	}
}

// template is nil for an unknown one. The caller holds the project's mu, and may
// call it on a nil sender.
func (s *sender) template(code string) *brandTemplate {
	if s == nil {
		return nil
	}
	for _, t := range s.templates {
		if t.Code == code {
			return t
		}
	}
	return nil
}

// putTemplate adds a template to its sender, or replaces it.
func (p *project) putTemplate(in Template) error {
	s := p.senderKeys[in.SenderKey]
	if s == nil {
		return fmt.Errorf("sender key %q of template %q is unknown", in.SenderKey, in.Code)
	}
	t := parseTemplate(in)
	if i := slices.IndexFunc(s.templates, func(old *brandTemplate) bool { return old.Code == in.Code }); i >= 0 {
		s.templates[i] = t
		return nil
	}
	s.templates = append(s.templates, t)
	return nil
}

// registerTemplate is endpoint 23.
func registerTemplate(c *call) reply {
	in, bad := c.templateBody()
	if bad != nil {
		return *bad
	}
	t, bad := in.template(c.r.PathValue("senderKey"), c.now)
	if bad == nil {
		bad = c.setTemplateImage(in, t)
	}
	if bad != nil {
		return *bad
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.senderKeys[t.SenderKey]
	if code := c.unable(s, t.SenderKey); code != 0 {
		return refuse(code)
	}
	for _, old := range s.templates {
		if old.Code == t.Code || old.Name == t.Name {
			return refuse(kakao.CodeTemplateExists)
		}
	}
	return c.done(entry{Type: entryTemplate, Appkey: c.appkey, Template: t}, nil)
}

// showTemplate is endpoint 24.
func showTemplate(c *call) reply {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.senderKeys[c.r.PathValue("senderKey")]
	if s == nil {
		return refuse(kakao.CodeSenderNotFound)
	}
	t := s.template(c.r.PathValue("templateCode"))
	if t == nil {
		return refuse(kakao.CodeTemplateNotFound)
	}
	layout := c.sim.cfg.DateLayout
	b := append(buf(nil).name("template"), '{')
	b = b.text("plusFriendId", s.PlusFriendID).text("senderKey", s.SenderKey)
	b = b.text("templateCode", t.Code).text("templateName", t.Name)
	b = b.text("messageType", t.MessageType).text("contentType", t.ContentType)
	b = b.text("templateContent", t.Content).text("unsubscribeContent", t.UnsubscribeContent)
	b = b.null("templateImageLink", t.ImageLink).null("templateImageUrl", c.templateImageURL(&t.Template))
	b = append(b.name("buttons"), '[')
	for i := range t.Buttons {
		b = t.Buttons[i].appendTo(b, t.Buttons[i].links())
	}
	b = append(b.end(']'), ',').text("kakaoStatus", t.Status)
	b = b.date("createDate", layout, t.CreateDate.UnixMilli()).date("updateDate", layout, t.UpdateDate.UnixMilli())
	return succeed(append(b.end('}'), ','))
}

// appendTo appends b with links of its own, or with those that values were put in.
func (b *TemplateButton) appendTo(out buf, links [4]string) buf {
	out = append(out, '{')
	out = out.text("name", b.Name).text("type", b.Type)
	for i, name := range linkNames {
		out = out.null(name, links[i])
	}
	if b.BizFormID == 0 {
		out = append(out.name("bizFormId"), "null,"...)
	} else {
		out = out.int("bizFormId", b.BizFormID)
	}
	return append(out.end('}'), ',')
}

// check looks at everything in t that needs no state. The caller has completed it.
func (t *Template) check() *reply {
	for _, check := range []func() *reply{t.checkTexts, t.checkButtons, t.checkPlaces, t.checkVariables} {
		if bad := check(); bad != nil {
			return bad
		}
	}
	return nil
}

func (t *Template) checkTexts() *reply {
	wide := t.MessageType == kakao.TemplateWide
	switch {
	case blank(t.Content):
		return new(refuse(kakao.CodeBlank, "templateContent"))
	case t.Code == "", strings.ContainsFunc(t.Code, func(r rune) bool { return !asciiAlphanumeric(r) }):
		return new(refuse(kakao.CodeParameter, "templateCode"))
	case !wide && t.MessageType != kakao.TemplateImage:
		return new(refuse(kakao.CodeParameter, "messageType"))
	case t.ContentType != kakao.TemplateFixed && t.ContentType != kakao.TemplateVariable:
		return new(refuse(kakao.CodeParameter, "contentType"))
	case wide && (kakao.Len(t.Content) > kakao.MaxTemplateContentWide || len(t.Buttons) > kakao.MaxButtonsWide):
		return new(refuse(kakao.CodeTemplateWide))
	case len(t.Buttons) > kakao.MaxButtons:
		return new(refuse(kakao.CodeButton))
	case !validUnsubscribeContent(t.UnsubscribeContent):
		return new(refuse(kakao.CodeTemplateUnsubscribe))
	case !webLink(t.ImageLink):
		return new(refuse(kakao.CodeLinkScheme))
	}
	return firstBad(
		limited("templateCode", t.Code, kakao.MaxTemplateCode),
		limited("templateName", t.Name, kakao.MaxTemplateName),
		limited("templateContent", t.Content, kakao.MaxTemplateContent),
		limited("templateImageLink", t.ImageLink, kakao.MaxTemplateLink),
	)
}

// validUnsubscribeContent takes 080-1234-5678, and behind a slash up to 10 digits.
func validUnsubscribeContent(s string) bool {
	no, auth, hasAuth := strings.Cut(s, "/")
	parts := strings.Split(no, "-")
	if len(parts) != 3 || parts[0] != "080" || len(parts[1]) < 3 || len(parts[1]) > 4 || len(parts[2]) != 4 || !onlyDigits(parts[1]+parts[2]) {
		return false
	}
	return !hasAuth || auth != "" && len(auth) <= kakao.MaxAuthNo && onlyDigits(auth)
}

func onlyDigits(s string) bool { return digits(s) == s }

func (t *Template) checkButtons() *reply {
	for i := range t.Buttons {
		if bad := t.Buttons[i].check(); bad != nil {
			return bad
		}
	}
	return nil
}

func (b *TemplateButton) check() *reply {
	if !slices.Contains(templateButtonTypes, b.Type) {
		return new(refuse(kakao.CodeButtonType))
	}
	if blank(b.Name) {
		return new(refuse(kakao.CodeButtonName))
	}
	if bad := limited("name", b.Name, kakao.MaxTemplateButtonName); bad != nil {
		return bad
	}
	for i, link := range b.links() {
		if bad := limited(linkNames[i], link, kakao.MaxTemplateLink); bad != nil {
			return bad
		}
	}
	switch {
	case b.Type == kakao.ButtonWebLink && blank(b.LinkMo):
		return new(refuse(kakao.CodeLinkMissing))
	case b.Type == kakao.ButtonAppLink && (blank(b.SchemeIOS) || blank(b.SchemeAndroid)):
		return new(refuse(kakao.CodeAppLink))
	case !webLink(b.LinkMo), !webLink(b.LinkPC):
		return new(refuse(kakao.CodeLinkScheme))
	case b.Type == kakao.ButtonAddChannel && b.Name != kakao.ButtonNameChannel:
		return new(refuse(kakao.CodeAddChannelName))
	case b.Type == kakao.ButtonBizForm && (b.BizFormID <= 0 || !slices.Contains(kakao.BizFormNames(), b.Name)):
		return new(refuse(kakao.CodeTemplateBizForm))
	}
	return nil
}

var templateButtonTypes = []string{
	kakao.ButtonWebLink, kakao.ButtonAppLink, kakao.ButtonBotKey,
	kakao.ButtonDelivery, kakao.ButtonBizForm, kakao.ButtonAddChannel,
}

// checkPlaces looks at where the buttons stand that have a place of their own. Under
// an image they come first, the channel's before the form's; under a wide image they
// come last, the form's before the channel's where there are both.
func (t *Template) checkPlaces() *reply {
	wide, last := t.MessageType == kakao.TemplateWide, len(t.Buttons)-1
	channel := t.has(kakao.ButtonAddChannel)
	for i, b := range t.Buttons {
		channelAt, formAt := 0, 0
		switch {
		case wide && channel:
			channelAt = last
		case wide:
			formAt = last
		case channel:
			formAt = 1
		}
		switch {
		case b.Type == kakao.ButtonAddChannel && i != channelAt:
			return new(refuse(kakao.CodeTemplateChannelPlace))
		case b.Type == kakao.ButtonBizForm && i != formAt:
			return new(refuse(kakao.CodeTemplateBizForm))
		}
	}
	return nil
}

func (t *Template) has(buttonType string) bool {
	return slices.ContainsFunc(t.Buttons, func(b TemplateButton) bool { return b.Type == buttonType })
}

// checkVariables looks at the variables of the content and of the links.
func (t *Template) checkVariables() *reply {
	names := parseTemplate(*t).names
	switch {
	case t.ContentType == kakao.TemplateFixed && len(names) > 0:
		return new(refuse(kakao.CodeTemplateFixed))
	case t.ContentType == kakao.TemplateVariable && len(names) == 0:
		return new(refuse(kakao.CodeTemplateVariable))
	case slices.ContainsFunc(names, func(name string) bool { return !validVariable(name) }):
		return new(refuse(kakao.CodeTemplateVariableName))
	case len(names) > kakao.MaxVariables:
		return new(refuse(kakao.CodeTemplateVariables))
	}
	return nil
}

// templateMessages are the API's own texts for templates.
var templateMessages = map[int]string{
	kakao.CodeTemplateContent:      "The content that is replaced by the template parameters can not exceed 1,000 characters.",
	kakao.CodeTemplateExists:       "Already exist templateCode or templateName.",
	kakao.CodeTemplateNotFound:     "Template does not exist.",
	kakao.CodeTemplateParameter:    "Please check template parameter.",
	kakao.CodeTemplateStatus:       "Please check template status.",
	kakao.CodeAddChannelName:       "AC type button name must have " + kakao.ButtonNameChannel,
	kakao.CodeTemplateFixed:        "Fixed content can not have variables.",
	kakao.CodeTemplateVariable:     "Variable content must have at least one variable.",
	kakao.CodeTemplateVariables:    "The number of variables can not exceed 20.",
	kakao.CodeTemplateVariableName: "The variable name must be 20 or fewer letters, digits, '-' or '_'.",
	kakao.CodeTemplateWide:         "The wide type must have 76 or fewer characters and 2 or fewer buttons.",
	kakao.CodeTemplateChannelPlace: "AC type button must be the first of an image type and the last of a wide type.",
	kakao.CodeTemplateBizForm:      "BF type button must have its bizFormId, its name and its place.",
	kakao.CodeTemplateUnsubscribe:  "The 'unsubscribeContent' is invalid.",
}
