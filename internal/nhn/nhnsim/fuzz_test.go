package nhnsim_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// victim is a simulator with something of everything, made anew for every input.
type victim struct {
	cfg  nhnsim.Config
	sim  *nhnsim.Sim
	id   string // of a request that waits
	size int64  // of its state before the input
}

// waitingID is what inputs name the waiting request by.
const waitingID = "REQUEST"

func openVictim(t *testing.T) *victim {
	t.Helper()
	f := &victim{cfg: nhnsim.Config{StateFile: filepath.Join(t.TempDir(), "state"), Now: func() time.Time { return noon }, Seed: 1}}
	f.open(t)
	must(t, f.sim.AddAppkey(appkey, secret))
	must(t, f.sim.SetSMSAppkey(appkey, smskey))
	for _, s := range []nhnsim.Sender{
		{PlusFriendID: from, SenderKey: fromKey, Registered: true, Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"}},
		{PlusFriendID: waiting, SenderKey: key("1"), Token: 12345678},
		{PlusFriendID: bare, SenderKey: key("5"), Registered: true},
	} {
		_, err := f.sim.AddSender(appkey, s)
		must(t, err)
	}
	_, err := f.sim.AddGroup(appkey, nhnsim.Group{Name: groupName, SenderKey: groupKey, Members: []string{fromKey}})
	must(t, err)
	_, err = f.sim.AddTemplate(appkey, nhnsim.Template{SenderKey: fromKey, Code: "t1", Content: "#{이름}님", Buttons: []nhnsim.TemplateButton{{Type: "WL", Name: "열기", LinkMo: "https://example.com/#{번호}"}}})
	must(t, err)
	must(t, f.sim.AddPlainImage(appkey, false))
	must(t, f.sim.AddPlainImage(appkey, true))
	sent := f.do(http.MethodPost, talk+"/messages", "application/json", `{"plusFriendId":"`+from+`","requestDate":"2026-03-02 13:00","recipientList":[{"recipientNo":"01012345678","content":"안녕"},{"recipientNo":"01012340001","content":"안녕"}]}`)
	var out object
	must(t, json.Unmarshal(sent.Body.Bytes(), &out))
	f.id, _ = out.at("message", "requestId").(string)
	f.size = f.kept(t)
	return f
}

func (f *victim) open(t *testing.T) {
	t.Helper()
	sim, err := nhnsim.Open(f.cfg)
	must(t, err)
	f.sim = sim
}

func (f *victim) do(method, target, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set(kakao.HeaderSecretKey, secret)
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	f.sim.ServeHTTP(w, r)
	return w
}

// requestLine is the URL of a request as a server reads it; nil for what no server
// does.
func requestLine(method, target string) *url.URL {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.0\r\nHost: sim\r\n\r\n")))
	if err != nil || r.Method != method || !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \r\n") {
		return nil
	}
	return r.URL
}

// restart opens the simulator again with what it has kept, and looks whether that is
// everything.
func (f *victim) restart(t *testing.T) {
	t.Helper()
	defer func() { must(t, f.sim.Close()) }()
	if kept := f.kept(t); kept == f.size {
		return // nothing has happened
	}
	before := f.state()
	must(t, f.sim.Close())
	f.open(t)
	if after := f.state(); after != before {
		t.Errorf("before a restart:\n%s\nafter:\n%s", before, after)
	}
}

// kept is how many bytes the simulator's state has.
func (f *victim) kept(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(f.cfg.StateFile)
	must(t, err)
	return info.Size()
}

// state is all that there is.
func (f *victim) state() string {
	var b strings.Builder
	for _, target := range []string{"/_sim/state", "/_sim/accepted", "/_sim/outcomes", talk + "/messages/" + f.id + "/1", talk + "/images"} {
		b.WriteString(f.do(http.MethodGet, target, "", "").Body.String())
	}
	return b.String()
}

// Whatever is asked, the simulator answers: the API with a result, control paths and
// pages with their own kinds of answers, and none with an error of the server. What it
// has done is still done after a restart.
func FuzzEverything(f *testing.F) {
	seedEverything(f)
	f.Fuzz(func(t *testing.T, method, target, contentType, body string) {
		if requestLine(method, target) == nil {
			return // no server gets it
		}
		sim := openVictim(t)
		target, body = strings.ReplaceAll(target, waitingID, sim.id), strings.ReplaceAll(body, waitingID, sim.id)
		judgeAnswer(t, method, target, sim.do(method, target, contentType, body))
		sim.sim.SetFaults(nhnsim.Faults{}) // which the input may have set
		if got := sim.do(http.MethodGet, talk+"/messages?requestId="+sim.id, "", ""); !hasResult(got.Body.Bytes()) {
			t.Errorf("afterwards %d %s", got.Code, got.Body)
		}
		sim.restart(t)
	})
}

// judgeAnswer looks whether an answer is one that the place gives.
func judgeAnswer(t *testing.T, method, target string, got *httptest.ResponseRecorder) {
	t.Helper()
	path := requestLine(method, target).Path
	control := strings.HasPrefix(path, "/_sim") || path == "/" || strings.HasPrefix(path, "/phone") || strings.HasPrefix(path, "/images/")
	switch {
	case got.Code >= 500:
		t.Errorf("HTTP %d: %s", got.Code, got.Body)
	case control && got.Code != http.StatusOK:
	case control:
		if got.Body.Len() == 0 && method != http.MethodHead && got.Header().Get("Content-Type") == "" {
			t.Errorf("HTTP %d with nothing", got.Code)
		}
	case got.Code != http.StatusOK:
		t.Errorf("HTTP %d: %s", got.Code, got.Body)
	case !hasResult(got.Body.Bytes()):
		t.Errorf("no result: %s", got.Body)
	}
}

// hasResult reports whether an answer is JSON with the header of the API.
func hasResult(raw []byte) bool {
	var out struct {
		Header *struct {
			ResultCode    *int    `json:"resultCode"`
			ResultMessage *string `json:"resultMessage"`
			IsSuccessful  *bool   `json:"isSuccessful"`
		} `json:"header"`
	}
	return json.Unmarshal(raw, &out) == nil && out.Header != nil && out.Header.ResultCode != nil && out.Header.ResultMessage != nil &&
		out.Header.IsSuccessful != nil && *out.Header.IsSuccessful == (*out.Header.ResultCode == 0) && !strings.Contains(*out.Header.ResultMessage, "{}")
}

// seedEverything adds a good request for every endpoint and control path, and some that
// are known to be awkward.
func seedEverything(f *testing.F) {
	f.Helper()
	const asJSON = "application/json;charset=UTF-8"
	for _, d := range documentedRequests() {
		fill := strings.NewReplacer("{appkey}", appkey, "{groupSenderKey}", groupKey, "{senderKey}", fromKey, "{Sender key}", fromKey, "{templateCode}", "t1", "{template code}", "t1",
			"{recipient number}", "01012345678", "{replaced field}", "이름", "{replacement data}", "홍길동", "{requestId}", waitingID, "{recipientSeq}", "1",
			koreanSender, from, englishSender, from, "@기다림", waiting, "2018-10-01", "2026-03-03", "2018-05-31", "2026-03-04", "2018-05", "2026-02")
		target := fill.Replace(d.path)
		if d.query != "" {
			target += "?" + fill.Replace(d.query)
		}
		contentType := asJSON
		if d.file != "" {
			contentType, d.body = "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n\xff\xd8\xff\r\n--b\r\nContent-Disposition: form-data; name=\"wide\"\r\n\r\ntrue\r\n--b--\r\n"
		}
		f.Add(d.method, target, contentType, fill.Replace(d.body))
	}
	f.Add("POST", brand+"/senders/"+fromKey+"/templates", "application/x-www-form-urlencoded", "templateCode=t2&templateName=t2&unsubscribeContent=080-123-4567&templateContent=%23%7B%EC%9D%B4%EB%A6%84%7D&contentType=V&buttons%5B0%5D.type=WL&buttons%5B0%5D.name=b&buttons%5B0%5D.linkMo=http://a")
	f.Add("POST", brand+"/senders/"+fromKey+"/templates", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"templateCode\"\r\n\r\nt2\r\n--b--\r\n")
	f.Add("POST", brand+"/messages", asJSON, `{"senderKey":"`+fromKey+`","templateCode":"t1","recipientList":[{"recipientNo":"01012345678","templateParameter":{"이름":"#{번호}","번호":"1"}}]}`)
	f.Add("POST", talk+"/messages", asJSON, `{"plusFriendId":"`+from+`","recipientList":[{"recipientNo":"01012340004","content":"안녕\u0000","imageSeq":2,"imageLink":"http://a","isAd":null,"resendParameter":{"isResend":true,"resendType":"LMS","resendTitle":"제목","resendContent":"(광고)a무료수신거부0801234567"}}]}`)
	for _, control := range []struct{ path, body string }{
		{"clock", `{"set":"2026-12-01T09:00:00+09:00","advance":"24h","speed":60}`}, {"faults", `{"seed":7,"faults":[{"kind":"too-many","rate":0.1,"retryAfter":"2s"}]}`},
		{"faults", `{"kind":"late-listing","delay":"30s","delayMin":"0s","endpoint":25,"groupingKey":"c","recipientNo":"010"}`}, {"faults", `[]`},
		{"appkeys", `{"appkey":"app","secretKey":"x","smsAppkey":"m","disabled":true}`}, {"senders", `{"plusFriendId":"@p","status":"YSC02","dailyMax":1000,"token":5,"fallback":{"sendNo":"02"}}`},
		{"groups", `{"groupName":"g","members":["` + from + `"]}`}, {"templates", `{"plusFriendId":"` + from + `","templateCode":"t1","templateContent":"x","kakaoStatus":"S","buttons":[{"type":"WL"}]}`},
		{"outcomes", `{"recipientNo":"010-1234-5678","code":"3018","fallbackCode":"1000","after":"1m"}`}, {"reset", ``},
	} {
		f.Add("POST", "/_sim/"+control.path, "application/json", control.body)
	}
	for _, path := range []string{"state", "accepted?appkey=app&senderGroupingKey=c", "stats", "clock", "faults", "outcomes", "", "images/0123456789012345678901234567890123456789.jpg"} {
		f.Add("GET", "/_sim/"+path, "", "")
	}
	for _, target := range []string{"/", "/?q=1234&no=01012345678", "/phone/", "/phone.css", "/images/x", "/friendtalk//v1.5", alim + "/senders/%2e%2e", alim + "/senders/", talk + "/messages/%20/%31", alim + "/senders/a%2Fb", "/%zz"} {
		f.Add("GET", target, "", "")
	}
	f.Add("DELETE", "/_sim/faults", "", "")
	f.Add("OPTIONS", talk+"/messages", "", "")
	f.Add("HEAD", alim+"/senders?pageNum=9223372036854775807&pageSize=1000", "", "")
}
