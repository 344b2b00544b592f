package nhn_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// body returns the body that a call is made with.
func body(t testing.TB, call func(*nhn.Client) error) []byte {
	t.Helper()
	var body []byte
	c := nhn.New(nhn.Config{Appkey: "a", SecretKey: "s", HTTP: transport(func(r *http.Request) (*http.Response, error) {
		var err error
		body, err = io.ReadAll(r.Body)
		return respond(200, `{`+success+`,`+sentAnswer+`}`), err
	})})
	if err := call(c); err != nil {
		t.Fatal(err)
	}
	return body
}

func friendTalkBody(t testing.TB, req *nhn.FriendTalkRequest) []byte {
	t.Helper()
	return body(t, func(c *nhn.Client) error { _, err := c.SendFriendTalk(context.Background(), req, ""); return err })
}

func brandTalkBody(t testing.TB, req *nhn.BrandTalkRequest) []byte {
	t.Helper()
	return body(t, func(c *nhn.Client) error { _, err := c.SendBrandTalk(context.Background(), req); return err })
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The same request as encoding/json would have it.
type plainRequest struct {
	PlusFriendID      string           `json:"plusFriendId"`
	RequestDate       string           `json:"requestDate,omitempty"`
	SenderGroupingKey string           `json:"senderGroupingKey,omitempty"`
	CreateUser        string           `json:"createUser,omitempty"`
	RecipientList     []plainRecipient `json:"recipientList"`
}

type plainRecipient struct {
	RecipientNo          string       `json:"recipientNo"`
	Content              string       `json:"content"`
	ImageSeq             int          `json:"imageSeq,omitempty"`
	ImageLink            string       `json:"imageLink,omitempty"`
	Buttons              []nhn.Button `json:"buttons,omitempty"`
	IsAd                 bool         `json:"isAd"`
	Resend               *plainResend `json:"resendParameter,omitempty"`
	RecipientGroupingKey string       `json:"recipientGroupingKey,omitempty"`
}

type plainResend struct {
	IsResend      bool   `json:"isResend"`
	Type          string `json:"resendType,omitempty"`
	Title         string `json:"resendTitle,omitempty"`
	Content       string `json:"resendContent,omitempty"`
	SendNo        string `json:"resendSendNo,omitempty"`
	UnsubscribeNo string `json:"resendUnsubscribeNo,omitempty"`
}

func plain(r *nhn.FriendTalkRequest) plainRequest {
	out := plainRequest{PlusFriendID: r.PlusFriendID, SenderGroupingKey: r.SenderGroupingKey, CreateUser: r.CreateUser, RecipientList: []plainRecipient{}}
	if !r.RequestDate.IsZero() {
		out.RequestDate = r.RequestDate.In(kakao.KST).Format("2006-01-02 15:04")
	}
	for _, to := range r.Recipients {
		p := plainRecipient{
			RecipientNo: to.RecipientNo, Content: to.Content, ImageSeq: to.ImageSeq, ImageLink: to.ImageLink, Buttons: to.Buttons,
			IsAd: to.IsAd, RecipientGroupingKey: to.RecipientGroupingKey,
		}
		if to.Resend != nil {
			p.Resend = new(plainResend(*to.Resend))
		}
		out.RecipientList = append(out.RecipientList, p)
	}
	return out
}

// FuzzEncodeFriendTalk holds the encoder of FriendTalk together with encoding/json.
func FuzzEncodeFriendTalk(f *testing.F) {
	f.Add("@소식", "안녕\n\"여러분\"", "https://example.com?a=1&b=<2>", "01012345678", 3, true, int64(1_700_000_000), uint8(2))
	f.Add("", "\xff\x00😀", "", "", -1, false, int64(0), uint8(0))
	f.Fuzz(func(t *testing.T, a, b, c, d string, n int, yes bool, at int64, count uint8) {
		req := &nhn.FriendTalkRequest{PlusFriendID: a, SenderGroupingKey: b, CreateUser: c}
		if at != 0 {
			req.RequestDate = time.Unix(at%4_000_000_000, 0)
		}
		for i := range int(count % 4) {
			to := nhn.FriendTalkRecipient{RecipientNo: d, Content: b, ImageSeq: n * i, ImageLink: c, IsAd: yes, RecipientGroupingKey: a}
			for range i {
				to.Buttons = append(to.Buttons, nhn.Button{Ordering: n, Type: d, Name: a, LinkMo: b, LinkPC: c, SchemeIOS: d, SchemeAndroid: a})
			}
			if yes {
				to.Resend = &nhn.ResendParameter{IsResend: i > 0, Type: a, Title: b, Content: c, SendNo: d, UnsubscribeNo: a}
			}
			req.Recipients = append(req.Recipients, to)
		}
		want, err := json.Marshal(plain(req))
		if err != nil {
			t.Fatal(err)
		}
		same(t, friendTalkBody(t, req), want)
	})
}

// The same request as encoding/json would have it.
type plainBrandTalk struct {
	SenderKey         string                `json:"senderKey"`
	TemplateCode      string                `json:"templateCode"`
	RequestDate       string                `json:"requestDate,omitempty"`
	SenderGroupingKey string                `json:"senderGroupingKey,omitempty"`
	CreateUser        string                `json:"createUser,omitempty"`
	RecipientList     []plainBrandRecipient `json:"recipientList"`
}

type plainBrandRecipient struct {
	RecipientNo          string            `json:"recipientNo"`
	TemplateParameter    map[string]string `json:"templateParameter,omitempty"`
	RecipientGroupingKey string            `json:"recipientGroupingKey,omitempty"`
}

func plainBrand(r *nhn.BrandTalkRequest) plainBrandTalk {
	out := plainBrandTalk{
		SenderKey: r.SenderKey, TemplateCode: r.TemplateCode, SenderGroupingKey: r.SenderGroupingKey, CreateUser: r.CreateUser,
		RecipientList: []plainBrandRecipient{},
	}
	if !r.RequestDate.IsZero() {
		out.RequestDate = r.RequestDate.In(kakao.KST).Format("2006-01-02 15:04")
	}
	for _, to := range r.Recipients {
		p := plainBrandRecipient{RecipientNo: to.RecipientNo, RecipientGroupingKey: to.RecipientGroupingKey}
		for _, v := range to.TemplateParameter {
			if p.TemplateParameter == nil {
				p.TemplateParameter = map[string]string{}
			}
			p.TemplateParameter[v.Name] = v.Value
		}
		out.RecipientList = append(out.RecipientList, p)
	}
	return out
}

// FuzzEncodeBrandTalk holds the encoder of BrandTalk together with encoding/json.
func FuzzEncodeBrandTalk(f *testing.F) {
	f.Add(senderKey, "이름", "하늘 \"봄\"\n", "01012345678", int64(1_700_000_000), uint8(3))
	f.Add("", "\xff", "\x00😀", "", int64(0), uint8(0))
	f.Fuzz(func(t *testing.T, a, b, c, d string, at int64, count uint8) {
		req := &nhn.BrandTalkRequest{SenderKey: a, TemplateCode: b, SenderGroupingKey: c, CreateUser: d}
		if at != 0 {
			req.RequestDate = time.Unix(at%4_000_000_000, 0)
		}
		for i := range int(count % 4) {
			to := nhn.BrandTalkRecipient{RecipientNo: d, RecipientGroupingKey: a}
			for n := range i {
				to.TemplateParameter = append(to.TemplateParameter, nhn.TemplateParameter{Name: strconv.Itoa(n) + b, Value: c})
			}
			req.Recipients = append(req.Recipients, to)
		}
		want, err := json.Marshal(plainBrand(req))
		if err != nil {
			t.Fatal(err)
		}
		same(t, brandTalkBody(t, req), want)
	})
}

func TestIsAdAndIsResendAreAlwaysSent(t *testing.T) {
	t.Parallel()
	req := one()
	req.Recipients[0].Resend = &nhn.ResendParameter{}
	body := friendTalkBody(t, req)
	for _, s := range []string{`"isAd":false`, `"isResend":false`} {
		if !bytes.Contains(body, []byte(s)) {
			t.Errorf("%s is missing in %s", s, body)
		}
	}
	if bytes.Contains(body, []byte("requestDate")) {
		t.Errorf("an immediate send has a date: %s", body)
	}
}

func BenchmarkEncodeBrandTalk(b *testing.B) {
	req := &nhn.BrandTalkRequest{SenderKey: senderKey, TemplateCode: "code1"}
	for range 1000 {
		req.Recipients = append(req.Recipients, nhn.BrandTalkRecipient{
			RecipientNo: "01012345678", TemplateParameter: []nhn.TemplateParameter{{Name: "이름", Value: "김하늘"}, {Name: "쿠폰", Value: "BOM-2026"}},
		})
	}
	for b.Loop() {
		brandTalkBody(b, req)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "recipients/s")
}

func BenchmarkEncodeFriendTalk(b *testing.B) {
	req := one()
	for len(req.Recipients) < 1000 {
		req.Recipients = append(req.Recipients, req.Recipients[0])
	}
	for b.Loop() {
		friendTalkBody(b, req)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "recipients/s")
}
