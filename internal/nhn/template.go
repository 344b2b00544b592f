package nhn

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// RegisterTemplateRequest is a BrandTalk template to be registered. Lengths are in kakao.Len
// units; its variables, #{name}, count with theirs. Empty fields are left out.
type RegisterTemplateRequest struct {
	Code               string // at most 20 letters and digits
	Name               string // at most 150
	MessageType        string // kakao.TemplateImage or kakao.TemplateWide
	ContentType        string // kakao.TemplateFixed or kakao.TemplateVariable
	Content            string // at most 1,000; 76 of a wide one
	UnsubscribeContent string // an 080 number, and behind a slash its authentication number of 1 to 10 digits, if it has one
	ImageLink          string // where a tap on the image leads
	ImageURL           string
	Image              *ImageFile // instead of ImageURL
	Buttons            []Button   // at most 5; 2 of a wide one. Their order is that of the list; Ordering is not sent
}

// ImageFile is an image that is sent along.
type ImageFile struct {
	Name string
	Data io.Reader // read while it is sent, and not any more when the call has returned
}

// RegisterTemplate registers a template of a sender. The documents leave open how its
// image is sent: without [RegisterTemplateRequest].Image the template goes out as JSON, with it
// as a form, in which the buttons are fields like buttons[0].type.
//
// kakao.CodeTemplateExists says that there is one with that code or name.
//
// POST /brandtalk/v2.2/appkeys/{appkey}/senders/{senderKey}/templates
//
// See docs/provider.md, endpoint 23.
func (c *Client) RegisterTemplate(ctx context.Context, senderKey string, in RegisterTemplateRequest) error {
	sender, err := segment(senderKey)
	if err != nil {
		return err
	}
	r := request{method: http.MethodPost, api: brandTalkAPI, path: "/senders/" + sender + "/templates"}
	if in.Image == nil {
		err = r.json(in.wire())
	} else {
		err = r.form(in.fields(), file{"image", in.Image.Name, in.Image.Data})
	}
	if err != nil {
		return err
	}
	_, err = call[envelope](ctx, c, r)
	return err
}

// templateBody is a template as JSON.
type templateBody struct {
	Code               string           `json:"templateCode"`
	Name               string           `json:"templateName"`
	MessageType        string           `json:"messageType,omitempty"`
	ContentType        string           `json:"contentType,omitempty"`
	UnsubscribeContent string           `json:"unsubscribeContent"`
	Content            string           `json:"templateContent"`
	ImageLink          string           `json:"templateImageLink,omitempty"`
	ImageURL           string           `json:"image,omitempty"`
	Buttons            []templateButton `json:"buttons,omitempty"`
}

// templateButton is a button without the order that only FriendTalk knows.
type templateButton struct {
	Type          string `json:"type"`
	Name          string `json:"name"`
	LinkMo        string `json:"linkMo,omitempty"`
	LinkPC        string `json:"linkPc,omitempty"`
	SchemeAndroid string `json:"schemeAndroid,omitempty"`
	SchemeIOS     string `json:"schemeIos,omitempty"`
	BizFormID     int    `json:"bizFormId,omitempty"`
}

func (t *RegisterTemplateRequest) wire() templateBody {
	out := templateBody{
		Code: t.Code, Name: t.Name, MessageType: t.MessageType, ContentType: t.ContentType, UnsubscribeContent: t.UnsubscribeContent,
		Content: t.Content, ImageLink: t.ImageLink, ImageURL: t.ImageURL,
	}
	for _, b := range t.Buttons {
		out.Buttons = append(out.Buttons, templateButton{b.Type, b.Name, b.LinkMo, b.LinkPC, b.SchemeAndroid, b.SchemeIOS, b.BizFormID})
	}
	return out
}

// fields are the template's fields of a form.
func (t *RegisterTemplateRequest) fields() []field {
	out := []field{{"templateCode", t.Code}, {"templateName", t.Name}}
	add := func(name, value string) {
		if value != "" {
			out = append(out, field{name, value})
		}
	}
	add("messageType", t.MessageType)
	add("contentType", t.ContentType)
	out = append(out, field{"unsubscribeContent", t.UnsubscribeContent}, field{"templateContent", t.Content})
	add("templateImageLink", t.ImageLink)
	for i, b := range t.Buttons {
		at := fmt.Sprintf("buttons[%d].", i)
		out = append(out, field{at + "type", b.Type}, field{at + "name", b.Name})
		add(at+"linkMo", b.LinkMo)
		add(at+"linkPc", b.LinkPC)
		add(at+"schemeAndroid", b.SchemeAndroid)
		add(at+"schemeIos", b.SchemeIOS)
		if b.BizFormID != 0 {
			add(at+"bizFormId", strconv.Itoa(b.BizFormID))
		}
	}
	return out
}

// Template is a BrandTalk template as the provider knows it.
type Template struct {
	PlusFriendID       string
	SenderKey          string
	Code               string
	Name               string
	MessageType        string // kakao.TemplateImage or kakao.TemplateWide
	ContentType        string // kakao.TemplateFixed or kakao.TemplateVariable
	Content            string
	UnsubscribeContent string
	ImageLink          string
	ImageURL           string
	Buttons            []Button // in their order; Ordering is not told
	KakaoStatus        string   // kakao.TemplateNormal, kakao.TemplateWaiting or kakao.TemplateBlocked
	CreateDate         time.Time
	UpdateDate         time.Time
}

// Template reads a template of a sender. kakao.CodeTemplateNotFound says that there
// is none.
//
// GET /brandtalk/v2.2/appkeys/{appkey}/senders/{senderKey}/templates/{templateCode}
//
// See docs/provider.md, endpoint 24.
func (c *Client) Template(ctx context.Context, senderKey, templateCode string) (*Template, error) {
	sender, err := segment(senderKey)
	if err != nil {
		return nil, err
	}
	name, err := segment(templateCode)
	if err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, api: brandTalkAPI, path: "/senders/" + sender + "/templates/" + name}
	out, err := call[struct {
		envelope
		Template maybe[wireTemplate] `json:"template"`
	}](ctx, c, r)
	if err != nil {
		return nil, err
	}
	if !out.Template.ok {
		return nil, lacking(r, "template")
	}
	return out.Template.v.template(), nil
}

// wireTemplate is a template as it comes.
type wireTemplate struct {
	PlusFriendID       text                    `json:"plusFriendId"`
	SenderKey          text                    `json:"senderKey"`
	Code               text                    `json:"templateCode"`
	Name               text                    `json:"templateName"`
	MessageType        text                    `json:"messageType"`
	ContentType        text                    `json:"contentType"`
	Content            text                    `json:"templateContent"`
	UnsubscribeContent text                    `json:"unsubscribeContent"`
	ImageLink          text                    `json:"templateImageLink"`
	ImageURL           text                    `json:"templateImageUrl"`
	Buttons            maybe[list[wireButton]] `json:"buttons"`
	KakaoStatus        text                    `json:"kakaoStatus"`
	CreateDate         date                    `json:"createDate"`
	UpdateDate         date                    `json:"updateDate"`
}

func (w *wireTemplate) template() *Template {
	return &Template{
		PlusFriendID: string(w.PlusFriendID), SenderKey: string(w.SenderKey), Code: string(w.Code), Name: string(w.Name),
		MessageType: string(w.MessageType), ContentType: string(w.ContentType), Content: string(w.Content),
		UnsubscribeContent: string(w.UnsubscribeContent), ImageLink: string(w.ImageLink), ImageURL: string(w.ImageURL),
		Buttons: buttons(w.Buttons.v), KakaoStatus: string(w.KakaoStatus), CreateDate: w.CreateDate.Time, UpdateDate: w.UpdateDate.Time,
	}
}

// wireButton is a button as it comes.
type wireButton struct {
	Ordering      number `json:"ordering"`
	Type          text   `json:"type"`
	Name          text   `json:"name"`
	LinkMo        text   `json:"linkMo"`
	LinkPC        text   `json:"linkPc"`
	SchemeIOS     text   `json:"schemeIos"`
	SchemeAndroid text   `json:"schemeAndroid"`
	BizFormID     number `json:"bizFormId"`
}

// buttons are nil for none.
func buttons(ws []wireButton) []Button {
	var out []Button
	for _, w := range ws {
		out = append(out, Button{
			Ordering: int(w.Ordering), Type: string(w.Type), Name: string(w.Name), LinkMo: string(w.LinkMo), LinkPC: string(w.LinkPC),
			SchemeIOS: string(w.SchemeIOS), SchemeAndroid: string(w.SchemeAndroid), BizFormID: int(w.BizFormID),
		})
	}
	return out
}
