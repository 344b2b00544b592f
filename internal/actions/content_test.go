package actions_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// judges are the two who check a message with code of their own: this program, before
// it is sent, and the provider, here simulated.
type judges struct {
	client *nhn.Client
	key    string        // of the sender
	seqs   map[int64]int // the provider's number of each image
	n      int
}

func newJudges(t *testing.T) *judges {
	t.Helper()
	offset := kakao.DayOffset(time.Now())
	sim := openSim(t, func() time.Time { return time.Now().Add(offset) })
	api := httptest.NewServer(sim)
	t.Cleanup(api.Close)
	sender, err := sim.AddSender(testAppkey, nhnsim.Sender{PlusFriendID: "@판정", Registered: true})
	must(t, err)
	j := &judges{
		client: nhn.New(nhn.Config{BaseURL: api.URL, Appkey: testAppkey, SecretKey: testSecret, Timeout: 10 * time.Second}),
		key:    sender.SenderKey, seqs: map[int64]int{},
	}
	for id, wide := range map[int64]bool{1: false, 2: true} {
		j.seqs[id], err = sim.AddImage(testAppkey, fmt.Sprint(id, ".jpg"), wide)
		must(t, err)
	}
	return j
}

// refused reports whether the provider takes no such message.
func (j *judges) refused(t *testing.T, ch models.Channel, c models.Content) bool {
	t.Helper()
	j.n++
	var buttons []nhn.Button
	for i, b := range c.Trim().Buttons {
		plain := func(s string) string { return models.ParsePattern(s).Plain() }
		buttons = append(buttons, nhn.Button{
			Ordering: i + 1, Type: b.Type, Name: b.Name, LinkMo: plain(b.LinkMo), LinkPC: plain(b.LinkPC),
			SchemeAndroid: plain(b.SchemeAndroid), SchemeIOS: plain(b.SchemeIOS), BizFormID: b.FormNumber(),
		})
	}
	var err error
	if ch == models.BrandTalk {
		err = j.client.RegisterTemplate(t.Context(), j.key, nhn.RegisterTemplateRequest{
			Code: fmt.Sprintf("t%d", j.n), Name: fmt.Sprint("템플릿 ", j.n), MessageType: c.MessageType, ContentType: c.ContentType,
			Content: models.ParsePattern(c.Text).Plain(), UnsubscribeContent: c.Unsubscribe(), ImageLink: c.ImageLink, ImageURL: c.ImageURL, Buttons: buttons,
		})
	} else {
		to := nhn.FriendTalkRecipient{RecipientNo: "01012345678", Content: c.Text, ImageLink: c.ImageLink, Buttons: buttons, IsAd: c.Ad}
		if c.Image != nil {
			to.ImageSeq = j.seqs[c.Image.ID]
		}
		_, err = j.client.SendFriendTalk(t.Context(), &nhn.FriendTalkRequest{PlusFriendID: "@판정", Recipients: []nhn.FriendTalkRecipient{to}}, "")
	}
	if e, ok := errors.AsType[*nhn.Error](err); err != nil && (!ok || e.Code == 0) {
		t.Fatal(err)
	}
	return err != nil
}

// agree compares the two on one message. Some things only we refuse, since they would
// lead nowhere.
func (j *judges) agree(t *testing.T, name string, ch models.Channel, c models.Content, onlyWe bool) {
	t.Helper()
	ours, theirs := ch.Check(c), j.refused(t, ch, c)
	switch {
	case ours == nil && theirs:
		t.Errorf("%s: the provider refuses what we take", name)
	case ours != nil && !theirs && !onlyWe:
		t.Errorf("%s: we refuse what the provider takes: %v", name, ours)
	case ours == nil && onlyWe:
		t.Errorf("%s: we take it", name)
	}
}

func repeated(b models.Button, n int) []models.Button {
	bs := make([]models.Button, n)
	for i := range bs {
		bs[i] = b
	}
	return bs
}

func TestFriendTalkIsCheckedAsTheProviderDoes(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	normal, wide := &models.Picture{ID: 1, Width: 800, Height: 400}, &models.Picture{ID: 2, Width: 800, Height: 600, Wide: true}
	web := models.Button{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://a.example"}
	for name, limits := range map[string]struct {
		image   *models.Picture
		text    int
		buttons int
	}{"text": {nil, 1000, 5}, "image": {normal, 400, 5}, "wide": {wide, 76, 2}} {
		base := models.Content{Text: "안녕", Image: limits.image}
		if limits.image != nil {
			base.ImageLink = "https://a.example"
		}
		for over := range 2 {
			c := base
			c.Text = strings.Repeat("가", limits.text+over)
			j.agree(t, fmt.Sprint(name, ": text + ", over), models.FriendTalk, c, false)
			c.Text = strings.Repeat("😀", limits.text/2) + strings.Repeat("a", over)
			j.agree(t, fmt.Sprint(name, ": emoji + ", over), models.FriendTalk, c, false)
			c = base
			c.Buttons = repeated(web, limits.buttons+over)
			j.agree(t, fmt.Sprint(name, ": buttons + ", over), models.FriendTalk, c, false)
		}
		c := base
		c.ImageLink = ""
		j.agree(t, name+": no link of an image", models.FriendTalk, c, false)
	}
	for name, b := range buttonCases(kakao.MaxButtonName, kakao.MaxLink) {
		j.agree(t, name, models.FriendTalk, models.Content{Text: "안녕", Buttons: []models.Button{b.Button}}, b.onlyWe)
	}
	for name, text := range map[string]string{"no text": "", "blank text": " \n ", "markup": "<b>#</b> { } {{ . }} @templ"} {
		j.agree(t, name, models.FriendTalk, models.Content{Text: text}, false)
	}
	for _, kind := range []string{kakao.ButtonAddChannel, kakao.ButtonBizForm, "XX"} {
		j.agree(t, kind, models.FriendTalk, models.Content{Text: "안녕", Buttons: []models.Button{{Type: kind, Name: "보기"}}}, false)
	}
}

// buttonCase is a button that one of the two may refuse.
type buttonCase struct {
	models.Button

	onlyWe bool
}

// buttonCases are buttons of the kinds that both channels have.
func buttonCases(name, link int) map[string]buttonCase {
	web := func(name, mo, pc string) models.Button {
		return models.Button{Type: kakao.ButtonWebLink, Name: name, LinkMo: mo, LinkPC: pc}
	}
	app := func(android, ios string) models.Button {
		return models.Button{Type: kakao.ButtonAppLink, Name: "앱", SchemeAndroid: android, SchemeIOS: ios}
	}
	long := func(n int) string { return "https://" + strings.Repeat("a", n-len("https://")) }
	return map[string]buttonCase{
		"a name as long as can be":        {web(strings.Repeat("가", name), "https://a.example", ""), false},
		"a name too long":                 {web(strings.Repeat("가", name+1), "https://a.example", ""), false},
		"no name":                         {web("", "https://a.example", ""), false},
		"a link as long as can be":        {web("보기", long(link), ""), false},
		"a link too long":                 {web("보기", long(link+1), ""), false},
		"a PC link too long":              {web("보기", "https://a.example", long(link+1)), false},
		"no link":                         {web("보기", "", "https://a.example"), false},
		"a link without scheme":           {web("보기", "a.example", ""), false},
		"a script":                        {web("보기", "javascript:alert(1)", ""), false},
		"a script in capitals":            {web("보기", "https://a.example", "JAVASCRIPT:alert(1)"), false},
		"a scheme in capitals":            {web("보기", "HTTPS://a.example", ""), false},
		"a scheme alone":                  {web("보기", "https://", ""), true},
		"a link with a blank":             {web("보기", "https://a.example/a b", ""), true},
		"an app link":                     {app("shop://a", "shop://b"), false},
		"an app link without iOS":         {app("shop://a", ""), false},
		"an app link without Android":     {app("", "shop://b"), false},
		"an app link that runs a script":  {app("javascript:alert(1)", "shop://b"), true},
		"an app link with a wrong PC one": {models.Button{Type: kakao.ButtonAppLink, Name: "앱", SchemeAndroid: "a://b", SchemeIOS: "a://b", LinkPC: "b"}, false},
		"a bot keyword":                   {models.Button{Type: kakao.ButtonBotKey, Name: "문의"}, false},
		"a message delivery":              {models.Button{Type: kakao.ButtonDelivery, Name: "상담"}, false},
	}
}

func TestBrandTalkIsCheckedAsTheProviderDoes(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	for name, c := range brandCases() {
		j.agree(t, name, models.BrandTalk, c, false)
	}
	j.agree(t, "not closed", models.BrandTalk, brandWith(func(c *models.Content) { c.Text, c.ContentType = "#{이름} #{끝", kakao.TemplateVariable }), true)
	for name, b := range buttonCases(kakao.MaxTemplateButtonName, kakao.MaxTemplateLink) {
		j.agree(t, name, models.BrandTalk, brandWith(func(c *models.Content) { c.Buttons = []models.Button{b.Button} }), b.onlyWe)
	}
}

// brandWith is a template that nothing is wrong with, changed.
func brandWith(change func(*models.Content)) models.Content {
	c := models.Content{
		Text: "가을 소식", MessageType: kakao.TemplateImage, ContentType: kakao.TemplateFixed, ImageURL: "https://img.example/a.jpg",
		UnsubscribeNo: "080-123-4567", Ad: true,
	}
	change(&c)
	return c
}

// brandCases are templates at each limit and beyond it.
func brandCases() map[string]models.Content {
	cases := map[string]models.Content{}
	add := func(name string, change func(*models.Content)) { cases[name] = brandWith(change) }
	variable := func(name, text string) {
		add(name, func(c *models.Content) { c.Text, c.ContentType = text, kakao.TemplateVariable })
	}
	for over := range 2 {
		add(fmt.Sprint("text + ", over), func(c *models.Content) { c.Text = strings.Repeat("가", 1000+over) })
		add(fmt.Sprint("wide text + ", over), func(c *models.Content) { c.Text, c.MessageType = strings.Repeat("가", 76+over), kakao.TemplateWide })
		add(fmt.Sprint("authentication + ", over), func(c *models.Content) { c.AuthNo = strings.Repeat("1", 10+over) })
		variable(fmt.Sprint("variables + ", over), numbered(20+over))
		variable(fmt.Sprint("name of a variable + ", over), "#{"+strings.Repeat("가", 20+over)+"}")
		web := models.Button{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://a.example"}
		add(fmt.Sprint("buttons + ", over), func(c *models.Content) { c.Buttons = repeated(web, 5+over) })
		add(fmt.Sprint("wide buttons + ", over), func(c *models.Content) { c.Buttons, c.MessageType = repeated(web, 2+over), kakao.TemplateWide })
	}
	for name, text := range map[string]string{
		"a default": "#{이름|고객}님", "no variable": "안녕", "nested": "#{이#{름}}", "empty": "#{이름} #{}", "with a blank": "#{내 이름}",
		"over two lines": "#{이름} #{두\n줄}", "of odd signs": "#{a+b}", "of all that may be": "#{가a1-_}",
	} {
		variable(name, text)
	}
	add("a variable in a fixed one", func(c *models.Content) { c.Text = "#{이름}님" })
	for _, number := range []string{"080-123-4567", "080-1234-5678", "070-123-4567", "080-12-3456", "080-12345-6789", "광고"} {
		add("number "+number, func(c *models.Content) { c.UnsubscribeNo = number })
	}
	channel, form := models.Button{Type: kakao.ButtonAddChannel}, models.Button{Type: kakao.ButtonBizForm, Name: kakao.BizFormNames()[1], FormID: "7"}
	for _, kind := range []string{kakao.TemplateImage, kakao.TemplateWide} {
		for name, bs := range map[string][]models.Button{
			"AC BK": {channel, {Type: kakao.ButtonBotKey, Name: "문의"}}, "BK AC": {{Type: kakao.ButtonBotKey, Name: "문의"}, channel},
			"BF BK": {form, {Type: kakao.ButtonBotKey, Name: "문의"}}, "BK BF": {{Type: kakao.ButtonBotKey, Name: "문의"}, form},
			"AC BF": {channel, form}, "BF AC": {form, channel}, "AC": {channel}, "BF": {form}, "two AC": {channel, channel}, "two BF": {form, form},
			"BF of another name": {{Type: kakao.ButtonBizForm, Name: "예약", FormID: "7"}}, "BF without a form": {{Type: kakao.ButtonBizForm, Name: form.Name}},
			"BF of the form 0": {{Type: kakao.ButtonBizForm, Name: form.Name, FormID: "0"}},
		} {
			add(kind+": "+name, func(c *models.Content) { c.MessageType, c.Buttons = kind, bs })
		}
	}
	return cases
}

// numbered is a text with n variables.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "#{변수%d}", i)
	}
	return b.String()
}
