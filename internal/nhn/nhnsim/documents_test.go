package nhnsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// The provider's documents: sender API v2.1 in English, BrandTalk v2.2 in English,
// sender API v2.0 in Japanese, FriendTalk v1.5 in Korean and in English.
const (
	senderEnglish  = "sender v2.1, English"
	brandTalk      = "BrandTalk v2.2, English"
	senderJapanese = "sender v2.0, Japanese"
	friendKorean   = "FriendTalk v1.5, Korean"
	friendEnglish  = "FriendTalk v1.5, English"
)

// documented is a request as one of the documents has it: by its example line for
// curl, or where it has none by the lines that stand above each endpoint, and the
// names of its body. What the documents leave open, in braces, is filled in. Endpoints
// have the numbers of docs/provider.md.
type documented struct {
	endpoint            int
	document            string
	method, path, query string
	body                string
	file                string // of a form's field "image" instead of a body
	today               string // by the simulator's clock
	slip                string // what is wrong with it as it stands there; empty is nothing
	code                int    // that the slip is answered with
}

// The documents' names for what the simulator is given.
const (
	koreanSender  = "@플러스친구"
	englishSender = "@Plus Friend"
	documentKey   = "9e0afe2c12aaaaaaaaaa7520052880b555f1a60a"
	documentGroup = "1e0afe2c12aaaaaaaaaa7520052880b555f1a60a"
)

func documentedRequests() []documented {
	var all []documented
	for document, version := range map[string]string{senderEnglish: kakao.SenderAPIv21, senderJapanese: kakao.SenderAPIv20} {
		all = append(all, documentedSenders(document, version)...)
	}
	all = append(all, documentedBrandTalk()...)
	all = append(all, documentedSends()...)
	for _, document := range []string{friendKorean, friendEnglish} {
		all = append(all, documentedFriendTalk(document)...)
	}
	return append(all, documentedKorean()...)
}

// documentedSenders are the nine endpoints of the sender API. Its documents have no
// example lines; one writes the token within quotes.
func documentedSenders(document, version string) []documented {
	first, base := 1, "/alimtalk/"+version+"/appkeys/{appkey}"
	token := `"12345678"`
	if version == kakao.SenderAPIv20 {
		first, token = 10, `12345678`
	}
	member := base + "/sender-groups/{groupSenderKey}/senders/{senderKey}"
	out := []documented{
		{method: "GET", path: base + "/sender/categories"},
		{method: "POST", path: base + "/senders", body: `{"plusFriendId" : "@새소식","phoneNo" : "01012345678","categoryCode" : "00100010001"}`},
		{method: "POST", path: base + "/sender/token", body: `{"plusFriendId" : "@기다림","token" : ` + token + `}`},
		{method: "DELETE", path: base + "/senders/{senderKey}"},
		{method: "GET", path: base + "/senders/{senderKey}"},
		{method: "GET", path: base + "/senders"},
		{method: "GET", path: base + "/sender-groups/{groupSenderKey}"},
		{method: "POST", path: member},
		{method: "DELETE", path: member},
	}
	for i := range out {
		out[i].endpoint, out[i].document = first+i, document
	}
	return out
}

func documentedBrandTalk() []documented {
	const base = "/brandtalk/v2.2/appkeys/{appkey}"
	const recipients = `"templateCode":"{template code}","requestDate":"2018-10-01 00:00","recipientList":[{"recipientNo":"{recipient number}","templateParameter":{"{replaced field}":"{replacement data}"}}]}`
	out := []documented{
		{endpoint: 19, method: "POST", path: base + "/messages", today: "2018-09-20 12:00", body: `{"senderKey":"{Sender key}",` + recipients},
		{endpoint: 19, method: "POST", path: base + "/messages", today: "2018-09-20 12:00", body: `{"senderkey":"{Sender key}",` + recipients,
			slip: "the sender's key in small letters, which is taken"},
		{endpoint: 20, method: "GET", path: base + "/messages", query: "startRequestDate=2018-05-01%2000:00&endRequestDate=2018-05-30%2023:59"},
		{endpoint: 20, method: "GET", path: base + "/messages", query: "startRequestDate=2018-05-01%20:00&endRequestDate=2018-05-30%20:59", slip: "dates without their hours", code: -2027},
		{endpoint: 20, method: "GET", path: base + "/messages", query: "startCreateDate=00:12%2001-05-2018&endCreateDate=00:12%2002-05-2018", slip: "dates written backwards, as the table has it", code: -2027},
		{endpoint: 21, method: "GET", path: base + "/messages/{requestId}/{recipientSeq}"},
		{endpoint: 22, method: "DELETE", path: base + "/messages/{requestId}", query: "recipientSeq=1,2,3"},
		{endpoint: 23, method: "POST", path: base + "/senders/{senderKey}/templates", body: `{"templateCode":"new1","templateName":"새 것","messageType":"I","contentType":"F","unsubscribeContent":"080-1111-2222/12345",` +
			`"templateContent":"안녕하세요","templateImageLink":"https://example.com","image":"https://example.com/a.jpg",` +
			`"buttons[0].type":"WL","buttons[0].name":"열기","buttons[0].linkMo":"https://example.com","buttons[0].linkPc":"https://example.com"}`},
		{endpoint: 24, method: "GET", path: base + "/senders/{senderKey}/templates/{templateCode}"},
	}
	for i := range out {
		out[i].document = brandTalk
	}
	return out
}

// documentedSends are the example lines that send: the same in both languages but for
// the names.
func documentedSends() []documented {
	var out []documented
	for _, d := range []struct{ document, sender, text, button string }{
		{friendKorean, koreanSender, "내용", "버튼1"}, {friendEnglish, englishSender, "message", "button1"},
	} {
		line := `{"plusFriendId":"` + d.sender + `","requestDate":"%s","recipientList":[{"recipientNo":"010-0000-0000","imageSeq":1,"imageLink":"https://toast.com","content":"` +
			d.text + `","buttons":[{"ordering":1,"type":"WL","name":"` + d.button + `","linkMo":"https://toast.com","linkPc":"https://toast.com"}]}]}`
		send := documented{endpoint: 25, document: d.document, method: "POST", path: "/friendtalk/v1.5/appkeys/{appkey}/messages"}
		right, wrong := send, send
		right.body = fmt.Sprintf(line, "2018-05-31 13:00")
		wrong.body, wrong.slip, wrong.code = fmt.Sprintf(line, "yyyy-MM-dd HH:mm"), "the form of a date in its place", -2027
		out = append(out, right, wrong)
	}
	return out
}

// documentedFriendTalk are the example lines that both languages have.
func documentedFriendTalk(document string) []documented {
	const base = "/friendtalk/v1.5/appkeys/{appkey}"
	out := []documented{
		{endpoint: 26, method: "GET", path: base + "/messages", query: "startRequestDate=2018-05-01%2000:00&endRequestDate=2018-05-30%2023:59"},
		{endpoint: 27, method: "GET", path: base + "/messages/{requestId}/{recipientSeq}"},
		{endpoint: 29, method: "GET", path: base + "/message-results", query: "startUpdateDate=2018-05-01%2000:00&endUpdateDate=2018-05-30%2023:59"},
		{endpoint: 29, method: "GET", path: base + "/message-results", query: "startUpdateDate=2018-05-01%20:00&endUpdateDate=2018-05-30%20:59", slip: "dates without their hours", code: -2027},
		{endpoint: 30, method: "POST", path: base + "/images", file: "friend-ricecake02.jpeg"},
		{endpoint: 31, method: "GET", path: base + "/images", query: "pageNum=1&pageSize=15"},
		{endpoint: 32, method: "DELETE", path: base + "/images", query: "imageSeq=1,2,3"},
	}
	if document == friendEnglish {
		out = append(out, documented{endpoint: 26, method: "GET", path: base + "/messages", query: "startCreateDate=00:12%2001-05-2018&endCreateDate=00:12%2002-05-2018",
			slip: "dates written backwards, as the table has it", code: -2027})
	}
	for i := range out {
		out[i].document = document
	}
	return out
}

// documentedKorean are the example lines that the English document does not have yet.
func documentedKorean() []documented {
	const base = "/friendtalk/v1.5/appkeys/{appkey}"
	const settings = `{"plusFriendId": "@플러스친구","isResend": true,"resendSendNo": "01012341234", "resendUnsubscribeNo": "0801234567" }`
	out := []documented{
		{endpoint: 28, method: "DELETE", path: base + "/messages/{requestId}", query: "recipientSeq=1,2,3"},
		{endpoint: 33, method: "POST", path: base + "/failback/appkey", body: `{"resendAppKey": "smsAppKey"}`},
		{endpoint: 34, method: "POST", path: base + "/failback", body: settings},
		{endpoint: 34, method: "POST", path: base + "/failback/appkey", body: settings, slip: "the URL of the endpoint above", code: -2002},
	}
	for i := range out {
		out[i].document = friendKorean
	}
	return out
}

// What the documents show works as they show it, but for their slips of the pen.
func TestTheDocumentsExamplesWork(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for _, d := range documentedRequests() {
		seen[d.endpoint] = true
		name := fmt.Sprintf("no. %d, %s", d.endpoint, d.document)
		if d.slip != "" {
			name += ", " + d.slip
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := d.try(t)
			if got.code() != d.code {
				t.Errorf("answered %v, want %d", got, d.code)
			}
		})
	}
	for n := 1; n <= 34; n++ {
		if !seen[n] {
			t.Errorf("no. %d is not tried", n)
		}
	}
}

// try makes the request at a simulator that has what the document takes for granted.
func (d documented) try(t *testing.T) object {
	t.Helper()
	b := d.server(t)
	fill := strings.NewReplacer(
		"{appkey}", appkey, "{groupSenderKey}", documentGroup, "{senderKey}", documentKey, "{Sender key}", documentKey,
		"{templateCode}", "t1", "{template code}", "t1", "{recipient number}", "01012345678", "{replaced field}", "이름", "{replacement data}", "홍길동",
		"{requestId}", d.scheduled(t, b), "{recipientSeq}", "1",
	)
	target := b.url + fill.Replace(d.path)
	if d.query != "" {
		target += "?" + d.query
	}
	body, contentType := io.Reader(strings.NewReader(fill.Replace(d.body))), "application/json;charset=UTF-8"
	if d.file != "" {
		body, contentType = d.form(t)
	}
	req, err := http.NewRequestWithContext(t.Context(), d.method, target, body)
	must(t, err)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Secret-Key", secret)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	var out object
	must(t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}

// form is what curl makes of -F "image=@file".
func (d documented) form(t *testing.T) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="image"; filename="` + d.file + `"`}, "Content-Type": {"image/jpeg"},
	})
	must(t, err)
	_, err = part.Write(picture(t, "jpg", 720, 720))
	must(t, err)
	must(t, w.Close())
	return &b, w.FormDataContentType()
}

// server is a simulator in 2018.
func (d documented) server(t *testing.T) *bench {
	t.Helper()
	b := open(t, nhnsim.Config{})
	today := d.today
	if today == "" {
		today = "2018-05-31 12:00"
	}
	now, err := kakao.ParseDate(today)
	must(t, err)
	must(t, b.sim.SetClock(now))
	b.addSender(t, nhnsim.Sender{PlusFriendID: koreanSender, SenderKey: documentKey, Registered: true})
	b.addSender(t, nhnsim.Sender{PlusFriendID: englishSender, Registered: true})
	b.addSender(t, nhnsim.Sender{PlusFriendID: "@기다림", Token: 12345678})
	group := nhnsim.Group{Name: "지점", SenderKey: documentGroup}
	if d.method == http.MethodDelete {
		group.Members = []string{documentKey}
	}
	_, err = b.sim.AddGroup(appkey, group)
	must(t, err)
	_, err = b.sim.AddTemplate(appkey, nhnsim.Template{SenderKey: documentKey, Code: "t1", Content: "#{이름}님, 안녕하세요."})
	must(t, err)
	for range 3 {
		must(t, b.sim.AddPlainImage(appkey, false))
	}
	return b
}

// scheduled is the id of a request to three recipients that waits, of the channel that
// the path is of.
func (d documented) scheduled(t *testing.T, b *bench) string {
	t.Helper()
	to := []m{{"recipientNo": "01000000001", "content": "안녕"}, {"recipientNo": "01000000012", "content": "안녕"}, {"recipientNo": "01000000013", "content": "안녕"}}
	in, path := m{"plusFriendId": koreanSender}, talk
	if d.document == brandTalk {
		in, path = m{"senderKey": documentKey, "templateCode": "t1"}, brand
		for i := range to {
			to[i]["templateParameter"] = m{"이름": "홍길동"}
		}
	}
	in["recipientList"], in["requestDate"] = to, kakao.FormatDate(b.sim.Now().Add(time.Hour))
	raw, err := json.Marshal(in)
	must(t, err)
	got := b.do(t, "POST", path+"/messages", string(raw))
	id, _ := got.at("message", "requestId").(string)
	if id == "" {
		t.Fatalf("answered %v", got)
	}
	return id
}
