package nhn_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// endpoint is a call, and what the documents say of it.
type endpoint struct {
	name    string
	numbers []int // of the documents' list
	version string
	call    func(context.Context, *nhn.Client) error

	method string
	path   string // escaped, with the appkey of the tests
	query  string // as it stands in the URL, its names in order
	body   string // JSON; empty for none
	parts  []part // of a form, instead of body
	header map[string]string
	answer string // besides the header; its own is success
}

// part is a part of a form.
type part struct{ Name, File, Type, Value string }

// noonKST is a moment with seconds, which no date of a request has.
var noonKST = time.Date(2026, 5, 1, 12, 0, 59, 0, kakao.KST)

const (
	senderKey  = "9e0afe2c12aaaaaaaaaa7520052880b555f1a60a"
	groupKey   = "키/1 2"
	inPath     = "%ED%82%A4%2F1%202"
	sentAnswer = `"message":{"requestId":"R","senderGroupingKey":"s","sendResults":[]}`
)

// endpoints are the calls of every endpoint, each with all that it may say.
func endpoints() []endpoint {
	return slices.Concat(senderEndpoints("v2.1", 1), senderEndpoints("v2.0", 10), brandTalkEndpoints(), friendTalkEndpoints(), imageEndpoints(), failbackEndpoints())
}

func senderEndpoints(version string, first int) []endpoint {
	api := "/alimtalk/" + version + "/appkeys/" + appkey
	filter := nhn.SenderFilter{PlusFriendID: "@소식", SenderKey: senderKey, Status: kakao.SenderWaiting, PageNum: 2, PageSize: 1000}
	out := []endpoint{
		{
			name: "categories", call: func(ctx context.Context, c *nhn.Client) error { _, err := c.Categories(ctx); return err },
			method: "GET", path: "/sender/categories",
		},
		{
			name: "register a sender", call: func(ctx context.Context, c *nhn.Client) error {
				return c.RegisterSender(ctx, nhn.RegisterSenderRequest{PlusFriendID: "@소식", PhoneNo: "01012345678", CategoryCode: "00100010001"})
			},
			method: "POST", path: "/senders", body: `{"plusFriendId":"@소식","phoneNo":"01012345678","categoryCode":"00100010001"}`,
		},
		{
			name: "enter a token", call: func(ctx context.Context, c *nhn.Client) error {
				_, err := c.EnterToken(ctx, "@소식", 12345678)
				return err
			},
			method: "POST", path: "/sender/token", body: `{"plusFriendId":"@소식","token":12345678}`,
		},
		{
			name: "delete a sender", call: func(ctx context.Context, c *nhn.Client) error { return c.DeleteSender(ctx, senderKey) },
			method: "DELETE", path: "/senders/" + senderKey,
		},
		{
			name: "a sender", call: func(ctx context.Context, c *nhn.Client) error { _, err := c.Sender(ctx, senderKey); return err },
			method: "GET", path: "/senders/" + senderKey, answer: `"sender":{}`,
		},
		{
			name: "senders", call: func(ctx context.Context, c *nhn.Client) error { _, _, err := c.Senders(ctx, filter); return err },
			method: "GET", path: "/senders",
			query: "pageNum=2&pageSize=1000&plusFriendId=%40%EC%86%8C%EC%8B%9D&senderKey=" + senderKey + "&status=YSC02",
		},
		{
			name: "a group", call: func(ctx context.Context, c *nhn.Client) error { _, err := c.SenderGroup(ctx, groupKey); return err },
			method: "GET", path: "/sender-groups/" + inPath, answer: `"senderGroup":{}`,
		},
		{
			name: "add to a group", call: func(ctx context.Context, c *nhn.Client) error { return c.AddGroupMember(ctx, groupKey, senderKey) },
			method: "POST", path: "/sender-groups/" + inPath + "/senders/" + senderKey,
		},
		{
			name: "take out of a group", call: func(ctx context.Context, c *nhn.Client) error { return c.RemoveGroupMember(ctx, groupKey, senderKey) },
			method: "DELETE", path: "/sender-groups/" + inPath + "/senders/" + senderKey,
		},
	}
	for i := range out {
		out[i].numbers, out[i].version = []int{first + i}, version
		out[i].name += " of " + version
		out[i].path = api + out[i].path
	}
	return out
}

func brandTalkEndpoints() []endpoint {
	const api = "/brandtalk/v2.2/appkeys/" + appkey
	query := nhn.BrandTalkQuery{
		RequestID: "R", StartRequestDate: noonKST, EndRequestDate: noonKST.UTC(), StartCreateDate: noonKST, EndCreateDate: noonKST, RecipientNo: "010",
		SenderKey: "k", TemplateCode: "t", SenderGroupingKey: "s", RecipientGroupingKey: "r", MessageStatus: kakao.StatusCancelled,
		ResultCode: kakao.BrandResultSuccess, PageNum: 3, PageSize: 15,
	}
	template := nhn.RegisterTemplateRequest{
		Code: "code1", Name: "이름", MessageType: kakao.TemplateImage, ContentType: kakao.TemplateVariable, Content: "안녕 #{이름}",
		UnsubscribeContent: "080-1111-2222/12345", ImageLink: "https://a.example", ImageURL: "https://b.example/i.png", Buttons: []nhn.Button{
			{Ordering: 1, Type: kakao.ButtonAddChannel, Name: "채널 추가"},
			{Ordering: 2, Type: kakao.ButtonBizForm, Name: "톡에서 예약하기", BizFormID: 7},
			{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://m", LinkPC: "https://p"},
			{Type: kakao.ButtonAppLink, Name: "앱", SchemeIOS: "i://", SchemeAndroid: "a://"},
		},
	}
	withFile := template
	withFile.ImageURL, withFile.Image = "", &nhn.ImageFile{Name: "그림.png", Data: strings.NewReader("\x89PNG")}
	return []endpoint{
		{
			name: "send BrandTalk", numbers: []int{19}, call: func(ctx context.Context, c *nhn.Client) error {
				_, err := c.SendBrandTalk(ctx, &nhn.BrandTalkRequest{
					SenderKey: senderKey, TemplateCode: "code1", RequestDate: noonKST.UTC(), SenderGroupingKey: "s", CreateUser: "u",
					Recipients: []nhn.BrandTalkRecipient{
						{RecipientNo: "010-0000-0000", TemplateParameter: []nhn.TemplateParameter{{Name: "이름", Value: "하늘"}, {Name: "n"}}, RecipientGroupingKey: "r"},
						{RecipientNo: "01011112222"},
					},
				})
				return err
			},
			method: "POST", path: api + "/messages", answer: sentAnswer,
			body: `{"senderKey":"` + senderKey + `","templateCode":"code1","requestDate":"2026-05-01 12:00","senderGroupingKey":"s","createUser":"u",
				"recipientList":[{"recipientNo":"010-0000-0000","templateParameter":{"이름":"하늘","n":""},"recipientGroupingKey":"r"},{"recipientNo":"01011112222"}]}`,
		},
		{
			name: "BrandTalk messages", numbers: []int{20}, call: func(ctx context.Context, c *nhn.Client) error {
				_, _, err := c.BrandTalkMessages(ctx, query)
				return err
			},
			method: "GET", path: api + "/messages",
			query: "endCreateDate=2026-05-01%2012%3A00&endRequestDate=2026-05-01%2012%3A00&messageStatus=CANCEL&pageNum=3&pageSize=15&recipientGroupingKey=r&recipientNo=010&requestId=R" +
				"&resultCode=BRC01&senderGroupingKey=s&senderKey=k&startCreateDate=2026-05-01%2012%3A00&startRequestDate=2026-05-01%2012%3A00&templateCode=t",
		},
		{
			name: "a BrandTalk message", numbers: []int{21}, call: func(ctx context.Context, c *nhn.Client) error {
				_, err := c.BrandTalkMessage(ctx, "R/1", 2)
				return err
			},
			method: "GET", path: api + "/messages/R%2F1/2", answer: `"message":{}`,
		},
		{
			name: "cancel some of BrandTalk", numbers: []int{22}, call: func(ctx context.Context, c *nhn.Client) error { return c.CancelBrandTalk(ctx, "R", 1, 2, 3) },
			method: "DELETE", path: api + "/messages/R", query: "recipientSeq=1%2C2%2C3",
		},
		{
			name: "cancel all of BrandTalk", numbers: []int{22}, call: func(ctx context.Context, c *nhn.Client) error { return c.CancelBrandTalk(ctx, "R") },
			method: "DELETE", path: api + "/messages/R",
		},
		{
			name: "register a template", numbers: []int{23}, call: func(ctx context.Context, c *nhn.Client) error { return c.RegisterTemplate(ctx, senderKey, template) },
			method: "POST", path: api + "/senders/" + senderKey + "/templates",
			body: `{"templateCode":"code1","templateName":"이름","messageType":"I","contentType":"V","unsubscribeContent":"080-1111-2222/12345","templateContent":"안녕 #{이름}",
				"templateImageLink":"https://a.example","image":"https://b.example/i.png","buttons":[{"type":"AC","name":"채널 추가"},{"type":"BF","name":"톡에서 예약하기","bizFormId":7},
				{"type":"WL","name":"보기","linkMo":"https://m","linkPc":"https://p"},{"type":"AL","name":"앱","schemeAndroid":"a://","schemeIos":"i://"}]}`,
		},
		{
			name: "register a template with its image", numbers: []int{23}, call: func(ctx context.Context, c *nhn.Client) error {
				return c.RegisterTemplate(ctx, senderKey, withFile)
			},
			method: "POST", path: api + "/senders/" + senderKey + "/templates",
			parts: []part{
				{Name: "templateCode", Value: "code1"}, {Name: "templateName", Value: "이름"}, {Name: "messageType", Value: "I"}, {Name: "contentType", Value: "V"},
				{Name: "unsubscribeContent", Value: "080-1111-2222/12345"}, {Name: "templateContent", Value: "안녕 #{이름}"}, {Name: "templateImageLink", Value: "https://a.example"},
				{Name: "buttons[0].type", Value: "AC"}, {Name: "buttons[0].name", Value: "채널 추가"},
				{Name: "buttons[1].type", Value: "BF"}, {Name: "buttons[1].name", Value: "톡에서 예약하기"}, {Name: "buttons[1].bizFormId", Value: "7"},
				{Name: "buttons[2].type", Value: "WL"}, {Name: "buttons[2].name", Value: "보기"}, {Name: "buttons[2].linkMo", Value: "https://m"}, {Name: "buttons[2].linkPc", Value: "https://p"},
				{Name: "buttons[3].type", Value: "AL"}, {Name: "buttons[3].name", Value: "앱"}, {Name: "buttons[3].schemeAndroid", Value: "a://"}, {Name: "buttons[3].schemeIos", Value: "i://"},
				{Name: "image", File: "그림.png", Type: "image/png", Value: "\x89PNG"},
			},
		},
		{
			name: "a template", numbers: []int{24}, call: func(ctx context.Context, c *nhn.Client) error {
				_, err := c.Template(ctx, senderKey, "코드 1")
				return err
			},
			method: "GET", path: api + "/senders/" + senderKey + "/templates/%EC%BD%94%EB%93%9C%201", answer: `"template":{}`,
		},
	}
}

func friendTalkEndpoints() []endpoint {
	const api = "/friendtalk/v1.5/appkeys/" + appkey
	query := nhn.FriendTalkQuery{
		RequestID: "R", StartRequestDate: noonKST, EndRequestDate: noonKST.UTC(), StartCreateDate: noonKST, EndCreateDate: noonKST, RecipientNo: "010",
		PlusFriendID: "@a", SenderGroupingKey: "s", RecipientGroupingKey: "r", MessageStatus: kakao.StatusFailed,
		ResultCode: kakao.ResultGroupFailure, CreateUser: "u u+", PageNum: 1, PageSize: 1000,
	}
	return []endpoint{
		{
			name: "send FriendTalk", numbers: []int{25}, call: func(ctx context.Context, c *nhn.Client) error {
				_, err := c.SendFriendTalk(ctx, &nhn.FriendTalkRequest{
					PlusFriendID: "@소식", RequestDate: noonKST, SenderGroupingKey: "s", CreateUser: "u", Recipients: []nhn.FriendTalkRecipient{
						{
							RecipientNo: "01011112222", Content: "안녕", ImageSeq: 3, ImageLink: "https://a", IsAd: true, RecipientGroupingKey: "r",
							Buttons: []nhn.Button{{Ordering: 1, Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://m", LinkPC: "https://p", BizFormID: 9}, {Ordering: 2, Type: kakao.ButtonAppLink, Name: "앱", SchemeIOS: "i://", SchemeAndroid: "a://"}},
							Resend:  &nhn.ResendParameter{IsResend: true, Type: kakao.FallbackLMS, Title: "t", Content: "c", SendNo: "021112222", UnsubscribeNo: "0801112222"},
						},
						{RecipientNo: "01022223333", Content: "둘"},
					},
				}, "key-1")
				return err
			},
			method: "POST", path: api + "/messages", answer: sentAnswer, header: map[string]string{kakao.HeaderIdempotencyKey: "key-1"},
			body: `{"plusFriendId":"@소식","requestDate":"2026-05-01 12:00","senderGroupingKey":"s","createUser":"u","recipientList":[
				{"recipientNo":"01011112222","content":"안녕","imageSeq":3,"imageLink":"https://a","buttons":[{"ordering":1,"type":"WL","name":"보기","linkMo":"https://m","linkPc":"https://p"},
				{"ordering":2,"type":"AL","name":"앱","schemeIos":"i://","schemeAndroid":"a://"}],"isAd":true,"resendParameter":{"isResend":true,"resendType":"LMS","resendTitle":"t",
				"resendContent":"c","resendSendNo":"021112222","resendUnsubscribeNo":"0801112222"},"recipientGroupingKey":"r"},{"recipientNo":"01022223333","content":"둘","isAd":false}]}`,
		},
		{
			name: "FriendTalk messages", numbers: []int{26}, call: func(ctx context.Context, c *nhn.Client) error {
				_, _, err := c.FriendTalkMessages(ctx, query)
				return err
			},
			method: "GET", path: api + "/messages",
			query: "createUser=u%20u%2B&endCreateDate=2026-05-01%2012%3A00&endRequestDate=2026-05-01%2012%3A00&messageStatus=FAILED&pageNum=1&pageSize=1000&plusFriendId=%40a&recipientGroupingKey=r" +
				"&recipientNo=010&requestId=R&resultCode=MRC02&senderGroupingKey=s&startCreateDate=2026-05-01%2012%3A00&startRequestDate=2026-05-01%2012%3A00",
		},
		{
			name: "a FriendTalk message", numbers: []int{27}, call: func(ctx context.Context, c *nhn.Client) error {
				_, err := c.FriendTalkMessage(ctx, "R?", 12)
				return err
			},
			method: "GET", path: api + "/messages/R%3F/12", answer: `"message":{}`,
		},
		{
			name: "cancel some of FriendTalk", numbers: []int{28}, call: func(ctx context.Context, c *nhn.Client) error { return c.CancelFriendTalk(ctx, "R", 7) },
			method: "DELETE", path: api + "/messages/R", query: "recipientSeq=7",
		},
		{
			name: "cancel all of FriendTalk", numbers: []int{28}, call: func(ctx context.Context, c *nhn.Client) error { return c.CancelFriendTalk(ctx, "R") },
			method: "DELETE", path: api + "/messages/R",
		},
		{
			name: "FriendTalk results", numbers: []int{29}, call: func(ctx context.Context, c *nhn.Client) error {
				_, _, err := c.FriendTalkResults(ctx, noonKST.Add(-time.Hour).UTC(), noonKST, 2, 100)
				return err
			},
			method: "GET", path: api + "/message-results",
			query: "endUpdateDate=2026-05-01%2012%3A00&pageNum=2&pageSize=100&startUpdateDate=2026-05-01%2011%3A00",
		},
	}
}

func imageEndpoints() []endpoint {
	const api = "/friendtalk/v1.5/appkeys/" + appkey + "/images"
	upload := func(name string, wide bool) func(context.Context, *nhn.Client) error {
		return func(ctx context.Context, c *nhn.Client) error {
			_, err := c.UploadImage(ctx, name, strings.NewReader("\xff\xd8\r\n--x"), wide)
			return err
		}
	}
	return []endpoint{
		{
			name: "upload an image", numbers: []int{30}, call: upload(`봄 "할인".JPG`, false), method: "POST", path: api, answer: `"image":{"imageSeq":1}`,
			parts: []part{{Name: "wide", Value: "false"}, {Name: "image", File: `봄 "할인".JPG`, Type: "image/jpeg", Value: "\xff\xd8\r\n--x"}},
		},
		{
			name: "upload a wide image", numbers: []int{30}, call: upload("a.png", true), method: "POST", path: api, answer: `"image":{"imageSeq":1}`,
			parts: []part{{Name: "wide", Value: "true"}, {Name: "image", File: "a.png", Type: "image/png", Value: "\xff\xd8\r\n--x"}},
		},
		{
			name: "images", numbers: []int{31}, call: func(ctx context.Context, c *nhn.Client) error { _, _, err := c.Images(ctx, 4, 50); return err },
			method: "GET", path: api, query: "pageNum=4&pageSize=50",
		},
		{
			name: "images, as many as the provider likes", numbers: []int{31}, call: func(ctx context.Context, c *nhn.Client) error { _, _, err := c.Images(ctx, 0, 0); return err },
			method: "GET", path: api,
		},
		{
			name: "delete images", numbers: []int{32}, call: func(ctx context.Context, c *nhn.Client) error { return c.DeleteImages(ctx, 1, 2) },
			method: "DELETE", path: api, query: "imageSeq=1%2C2",
		},
	}
}

func failbackEndpoints() []endpoint {
	const api = "/friendtalk/v1.5/appkeys/" + appkey + "/failback"
	return []endpoint{
		{
			name: "set the fallback's appkey", numbers: []int{33}, call: func(ctx context.Context, c *nhn.Client) error { return c.SetFallbackAppkey(ctx, "smsAppKey") },
			method: "POST", path: api + "/appkey", body: `{"resendAppKey":"smsAppKey"}`,
		},
		{
			name: "set a sender's fallback", numbers: []int{34}, call: func(ctx context.Context, c *nhn.Client) error {
				return c.SetFallback(ctx, nhn.Fallback{PlusFriendID: "@소식", SendNo: "01012341234", UnsubscribeNo: "0801234567"})
			},
			method: "POST", path: api, body: `{"plusFriendId":"@소식","isResend":false,"resendSendNo":"01012341234","resendUnsubscribeNo":"0801234567"}`,
		},
	}
}

func TestEveryEndpointIsCalledAsItsDocumentsSay(t *testing.T) {
	t.Parallel()
	called := map[int]bool{}
	for _, e := range endpoints() {
		for _, n := range e.numbers {
			called[n] = true
		}
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			var got *http.Request
			var body []byte
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got = r
				body, _ = io.ReadAll(r.Body)
				_, _ = io.WriteString(w, `{`+success+join(e.answer)+`}`)
			})
			c := nhn.New(nhn.Config{BaseURL: server.URL, Appkey: appkey, SecretKey: secret, SenderVersion: e.version})
			if err := e.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			e.check(t, got, body)
		})
	}
	for n := 1; n <= 34; n++ {
		if !called[n] {
			t.Errorf("endpoint %d is not called", n)
		}
	}
}

func join(field string) string {
	if field == "" {
		return ""
	}
	return "," + field
}

// check compares a call with what the documents say.
func (e endpoint) check(t *testing.T, got *http.Request, body []byte) {
	t.Helper()
	if got.Method != e.method || got.URL.EscapedPath() != e.path || got.URL.RawQuery != e.query {
		t.Errorf("called %s %s?%s\nwant   %s %s?%s", got.Method, got.URL.EscapedPath(), got.URL.RawQuery, e.method, e.path, e.query)
	}
	if _, err := url.ParseQuery(got.URL.RawQuery); err != nil {
		t.Error(err)
	}
	for _, name := range []string{kakao.HeaderIdempotencyKey, kakao.HeaderConvertToBrand} {
		if got.Header.Get(name) != e.header[name] {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), e.header[name])
		}
	}
	if got.Header.Get(kakao.HeaderSecretKey) != secret {
		t.Errorf("the secret key is %q", got.Header.Get(kakao.HeaderSecretKey))
	}
	if got.ContentLength != int64(len(body)) {
		t.Errorf("%d bytes are announced, %d came", got.ContentLength, len(body))
	}
	if e.parts != nil {
		if diff := cmp.Diff(e.parts, readForm(t, got.Header.Get("Content-Type"), body)); diff != "" {
			t.Error(diff)
		}
		return
	}
	if ct := got.Header.Get("Content-Type"); ct != "application/json;charset=UTF-8" {
		t.Errorf("Content-Type is %q", ct)
	}
	if e.body == "" {
		if len(body) > 0 {
			t.Errorf("the body is %s", body)
		}
		return
	}
	same(t, body, []byte(e.body))
}

// readForm are the parts of a form, in order.
func readForm(t *testing.T, contentType string, body []byte) []part {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		t.Fatalf("Content-Type is %q: %v", contentType, err)
	}
	var parts []part
	for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		value, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), string(value)})
	}
}

// All of the FriendTalk API is converted, and nothing else.
func TestConvertToBrandIsSaidInEveryFriendTalkCall(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			var got string
			c := nhn.New(nhn.Config{ConvertToBrand: true, HTTP: transport(func(r *http.Request) (*http.Response, error) {
				got = r.Header.Get(kakao.HeaderConvertToBrand)
				return respond(200, `{`+success+join(e.answer)+`}`), nil
			}), Appkey: appkey, SecretKey: secret, SenderVersion: e.version})
			if err := e.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			want := ""
			if strings.HasPrefix(e.path, "/friendtalk/") {
				want = "true"
			}
			if got != want {
				t.Errorf("the header is %q, want %q", got, want)
			}
		})
	}
}

// transport makes a client of a function.
func transport(f roundTrip) *http.Client { return &http.Client{Transport: f} }

// respond is an answer that needs no server.
func respond(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// What an endpoint cannot be called with is an error, before anything is sent.
func TestPathsCannotBeLeft(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := nhn.New(nhn.Config{HTTP: transport(func(*http.Request) (*http.Response, error) {
		t.Error("called")
		return respond(200, ""), nil
	})})
	for _, s := range []string{"", ".", ".."} {
		for name, call := range map[string]func() error{
			"Sender":             func() error { _, err := c.Sender(ctx, s); return err },
			"DeleteSender":       func() error { return c.DeleteSender(ctx, s) },
			"SenderGroup":        func() error { _, err := c.SenderGroup(ctx, s); return err },
			"AddGroupMember 1":   func() error { return c.AddGroupMember(ctx, s, "k") },
			"AddGroupMember 2":   func() error { return c.AddGroupMember(ctx, "k", s) },
			"RemoveGroupMember":  func() error { return c.RemoveGroupMember(ctx, "k", s) },
			"FriendTalkMessage":  func() error { _, err := c.FriendTalkMessage(ctx, s, 1); return err },
			"CancelFriendTalk":   func() error { return c.CancelFriendTalk(ctx, s) },
			"BrandTalkMessage":   func() error { _, err := c.BrandTalkMessage(ctx, s, 1); return err },
			"CancelBrandTalk":    func() error { return c.CancelBrandTalk(ctx, s) },
			"RegisterTemplate":   func() error { return c.RegisterTemplate(ctx, s, nhn.RegisterTemplateRequest{}) },
			"Template 1":         func() error { _, err := c.Template(ctx, s, "t"); return err },
			"Template 2":         func() error { _, err := c.Template(ctx, "k", s); return err },
			"DeleteImages, none": func() error { return c.DeleteImages(ctx) },
		} {
			if e := failure(t, call()); !e.NotSent() || e.Temporary() {
				t.Errorf("%s(%q): %v", name, s, e)
			}
		}
	}
}

// same compares two texts of JSON.
func same(t *testing.T, got, want []byte) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("sent %s\n%s", got, diff)
	}
}
