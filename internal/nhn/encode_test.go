package nhn_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// sent returns the body that a request is sent with.
func sent(t testing.TB, req *nhn.FriendTalkRequest) []byte {
	t.Helper()
	var body []byte
	rt := roundTrip(func(r *http.Request) (*http.Response, error) {
		var err error
		body, err = io.ReadAll(r.Body)
		ok := `{"header":{"resultCode":0,"isSuccessful":true},"message":{"requestId":"R"}}`
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(ok))}, err
	})
	c := nhn.New(nhn.Config{Appkey: "a", SecretKey: "s", HTTP: &http.Client{Transport: rt}})
	if _, err := c.SendFriendTalk(t.Context(), req, ""); err != nil {
		t.Fatal(err)
	}
	return body
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

// FuzzEncode holds the encoder of sends together with encoding/json.
func FuzzEncode(f *testing.F) {
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
		same(t, sent(t, req), want)
	})
}

func same(t *testing.T, got, want []byte) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("sent %s\nwant %s", got, want)
	}
}

func TestIsAdAndIsResendAreAlwaysSent(t *testing.T) {
	t.Parallel()
	req := one()
	req.Recipients[0].Resend = &nhn.ResendParameter{}
	body := sent(t, req)
	for _, s := range []string{`"isAd":false`, `"isResend":false`} {
		if !bytes.Contains(body, []byte(s)) {
			t.Errorf("%s is missing in %s", s, body)
		}
	}
	if bytes.Contains(body, []byte("requestDate")) {
		t.Errorf("an immediate send has a date: %s", body)
	}
}

func BenchmarkEncode(b *testing.B) {
	req := one()
	for len(req.Recipients) < 1000 {
		req.Recipients = append(req.Recipients, req.Recipients[0])
	}
	for b.Loop() {
		sent(b, req)
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "recipients/s")
}
