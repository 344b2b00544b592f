package nhnsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// templateIn is the body of a registration, however it is written. Members are
// pointers where a missing one differs from an empty one.
type templateIn struct {
	Code               *string            `json:"templateCode"`
	Name               *string            `json:"templateName"`
	MessageType        string             `json:"messageType"`
	ContentType        string             `json:"contentType"`
	UnsubscribeContent *string            `json:"unsubscribeContent"`
	Content            *string            `json:"templateContent"`
	ImageLink          string             `json:"templateImageLink"`
	Image              string             `json:"image"` // a URL
	Buttons            []templateButtonIn `json:"buttons"`

	file     []byte // an image that was uploaded; nil is none
	fileName string
}

// templateButtonIn is a button whose form's id may be a number or a text of digits.
type templateButtonIn struct {
	TemplateButton

	BizFormID json.RawMessage `json:"bizFormId"`
}

// templateBody reads what a registration asks for: JSON, a form, or a form in parts.
func (c *call) templateBody() (*templateIn, *reply) {
	contentType := c.r.Header.Get("Content-Type")
	kind, params, _ := mime.ParseMediaType(contentType)
	in, read := &templateIn{}, (*templateIn).readJSON
	switch {
	case isJSON(contentType):
	case kind == "application/x-www-form-urlencoded":
		read = (*templateIn).readForm
	case kind == "multipart/form-data":
		read = func(in *templateIn, body []byte) *reply { return in.readParts(body, params["boundary"]) }
	default:
		return nil, new(refuse(kakao.CodeContentType))
	}
	return in, read(in, c.body)
}

// readJSON takes the buttons as a list, and as members named like a form's.
func (in *templateIn) readJSON(body []byte) *reply {
	if json.Unmarshal(body, in) != nil {
		return new(refuse(kakao.CodeBody))
	}
	if !bytes.Contains(body, []byte(buttonsPrefix)) {
		return nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return new(refuse(kakao.CodeBody))
	}
	for name, raw := range members {
		if !strings.HasPrefix(name, buttonsPrefix) || string(raw) == "null" {
			continue
		}
		v := string(raw)
		if v[0] == '"' && json.Unmarshal(raw, &v) != nil {
			return new(refuse(kakao.CodeBody))
		}
		if bad := in.setButton(name, v); bad != nil {
			return bad
		}
	}
	return nil
}

func (in *templateIn) readForm(body []byte) *reply {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return new(refuse(kakao.CodeBody))
	}
	for name, values := range form {
		if bad := in.set(name, values[0]); bad != nil {
			return bad
		}
	}
	return nil
}

// readParts takes an image as a file or as a field with its URL. A file that has no
// name was not chosen.
func (in *templateIn) readParts(body []byte, boundary string) *reply {
	if !bytes.Contains(body, []byte("--"+boundary+"--")) { // the reader takes some bodies that are cut short for whole
		return new(refuse(kakao.CodeBody))
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(part)
		}
		if err != nil {
			return new(refuse(kakao.CodeBody))
		}
		if name := part.FileName(); name == "" {
			if bad := in.set(part.FormName(), string(content)); bad != nil {
				return bad
			}
		} else if part.FormName() == "image" {
			in.file, in.fileName = content, strings.ToValidUTF8(name, "\uFFFD")
		}
	}
}

// set takes a field of a form. What is not UTF-8 becomes so, as in JSON.
func (in *templateIn) set(name, value string) *reply {
	value = strings.ToValidUTF8(value, "\uFFFD")
	switch name {
	case "templateCode":
		in.Code = &value
	case "templateName":
		in.Name = &value
	case "messageType":
		in.MessageType = value
	case "contentType":
		in.ContentType = value
	case "unsubscribeContent":
		in.UnsubscribeContent = &value
	case "templateContent":
		in.Content = &value
	case "templateImageLink":
		in.ImageLink = value
	case "image":
		in.Image = value
	default:
		return in.setButton(name, value)
	}
	return nil
}

// buttonsPrefix begins the name of a button's field: "buttons[0].type".
const buttonsPrefix = "buttons["

// setButton takes a field of a button, and nothing of any other name.
func (in *templateIn) setButton(name, value string) *reply {
	rest, ok := strings.CutPrefix(name, buttonsPrefix)
	index, field, named := strings.Cut(rest, "].")
	if !ok || !named {
		return nil
	}
	i, err := strconv.Atoi(index)
	switch {
	case err != nil || i < 0:
		return new(refuse(kakao.CodeArgumentType))
	case i > kakao.MaxButtons: // one button too many is refused like a thousand
		i = kakao.MaxButtons
	}
	for len(in.Buttons) <= i {
		in.Buttons = append(in.Buttons, templateButtonIn{})
	}
	b := &in.Buttons[i]
	into := map[string]*string{
		"type": &b.Type, "name": &b.Name, "linkMo": &b.LinkMo, "linkPc": &b.LinkPC,
		"schemeAndroid": &b.SchemeAndroid, "schemeIos": &b.SchemeIOS,
	}[field]
	switch {
	case into != nil:
		*into = value
	case field == "bizFormId":
		b.BizFormID = json.RawMessage(value)
	}
	return nil
}

// template checks the body and makes a template of it that waits for its first
// message.
func (in *templateIn) template(senderKey string, now time.Time) (*Template, *reply) {
	if bad := firstBad(
		required("templateCode", in.Code, kakao.MaxTemplateCode),
		required("templateName", in.Name, kakao.MaxTemplateName),
		required("templateContent", in.Content, math.MaxInt),
		required("unsubscribeContent", in.UnsubscribeContent, math.MaxInt),
		limited("image", in.Image, kakao.MaxLink),
		limited("image", in.fileName, kakao.MaxImageName),
	); bad != nil {
		return nil, bad
	}
	t := &Template{
		SenderKey: senderKey, Code: *in.Code, Name: *in.Name, MessageType: in.MessageType, ContentType: in.ContentType,
		Content: *in.Content, UnsubscribeContent: *in.UnsubscribeContent, ImageLink: in.ImageLink,
	}
	t.complete(now)
	for i := range in.Buttons {
		b, bad := in.Buttons[i].button()
		if bad != nil {
			return nil, bad
		}
		t.Buttons = append(t.Buttons, b)
	}
	if bad := t.check(); bad != nil {
		return nil, bad
	}
	return t, nil
}

func (in *templateButtonIn) button() (TemplateButton, *reply) {
	b := in.TemplateButton
	id := strings.Trim(string(in.BizFormID), `" `)
	if id == "" || id == "null" {
		return b, nil
	}
	var err error
	if b.BizFormID, err = strconv.Atoi(id); err != nil {
		return b, new(refuse(kakao.CodeArgumentType))
	}
	return b, nil
}
