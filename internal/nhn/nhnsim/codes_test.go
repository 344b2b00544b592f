package nhnsim_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// provocation is a request by which the simulator answers with a code.
type provocation struct {
	method, path, body string
	header             []string
	cfg                nhnsim.Config
	before             func(t *testing.T, b *bench)
	to                 bool // the code is the first recipient's
}

// Senders of the bench below, by what they are.
const (
	waiting   = "@waiting"
	blocked   = "@blocked"
	firstTime = "@firsttime"
	limited   = "@limited"
	bare      = "@bare" // without fallback
	groupName = "지점"
	groupKey  = "21d4e3aa5b0af8a5af5a31e0d1b0c93e0fb1bc1f"
)

// provoked is a simulator that has something of everything.
func provoked(t *testing.T, cfg nhnsim.Config) *bench {
	t.Helper()
	b := open(t, cfg)
	b.addSender(t, nhnsim.Sender{PlusFriendID: waiting, Token: 12345678, SenderKey: key("1")})
	b.addSender(t, nhnsim.Sender{PlusFriendID: blocked, Registered: true, Blocked: true, SenderKey: key("2")})
	b.addSender(t, nhnsim.Sender{PlusFriendID: firstTime, Registered: true, FirstTime: true, SenderKey: key("3")})
	b.addSender(t, nhnsim.Sender{PlusFriendID: limited, Registered: true, DailyMax: 1, SenderKey: key("4")})
	b.addSender(t, nhnsim.Sender{PlusFriendID: bare, Registered: true, SenderKey: key("5")})
	_, err := b.sim.AddGroup(appkey, nhnsim.Group{Name: groupName, SenderKey: groupKey, Members: []string{fromKey}})
	must(t, err)
	_, err = b.sim.AddTemplate(appkey, nhnsim.Template{SenderKey: fromKey, Code: "t1", Content: "#{이름}님"})
	must(t, err)
	must(t, b.sim.AddPlainImage(appkey, false))
	must(t, b.sim.AddPlainImage(appkey, true))
	return b
}

// key is a sender key of one digit.
func key(digit string) string { return strings.Repeat(digit, 40) }

// to is a FriendTalk send to one recipient, given some members of it.
func to(members string) string {
	return `{"plusFriendId":"` + from + `","recipientList":[{"recipientNo":"01012345678","content":"안녕"` + members + `}]}`
}

// with is a FriendTalk send, given some members besides those of its recipient.
func with(members string) string {
	return `{"plusFriendId":"` + from + `",` + members + `,"recipientList":[{"recipientNo":"01012345678","content":"안녕"}]}`
}

// saying is a FriendTalk send of a text, given some more members of its recipient.
func saying(text, members string) string {
	return `{"plusFriendId":"` + from + `","recipientList":[{"recipientNo":"01012345678","content":"` + text + `"` + members + `}]}`
}

// pressing is a FriendTalk send with one button.
func pressing(members string) string { return to(`,"buttons":[{"ordering":1,` + members + `}]`) }

// registering is a template, given some members that come before all others of their name.
func registering(members string) string {
	return `{"templateCode":"t2","templateName":"둘","unsubscribeContent":"080-123-4567","templateContent":"안녕",` + members + `}`
}

func imageForm(t testing.TB, name string, body []byte) (string, []string) {
	t.Helper()
	form, contentType := formOf(t, part{"image", name, body})
	return form, []string{"Content-Type", contentType}
}

// Every code that the simulator has a text for can be provoked, by requests as anybody
// makes them, and no text has a gap that was not filled.
func TestEveryCodeIsGiven(t *testing.T) {
	t.Parallel()
	rows := map[int]provocation{}
	for _, more := range []map[int]provocation{accountCodes(), senderCodes(), sendCodes(), queryCodes(), imageCodes(t), brandCodes()} {
		for code, row := range more {
			rows[code] = row
		}
	}
	for _, code := range nhnsim.Codes() {
		row, ok := rows[code]
		if !ok {
			t.Errorf("nothing provokes %d", code)
			continue
		}
		delete(rows, code)
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			b := provoked(t, row.cfg)
			if row.before != nil {
				row.before(t, b)
			}
			got := b.do(t, row.method, row.path, row.body, row.header...)
			result, _ := got.at("header").(m)
			if row.to {
				if got.code() != kakao.CodeAllRefused {
					t.Errorf("answered %v", got)
				}
				result, _ = got.at("message", "sendResults", 0).(m)
			}
			text, _ := result["resultMessage"].(string)
			if result["resultCode"] != float64(code) || strings.ContainsAny(text, "{}?") || text == "" || strings.HasPrefix(text, "Failure") {
				t.Errorf("answered %v", got)
			}
			if successful := result["isSuccessful"]; !row.to && successful != false {
				t.Errorf("is successful: %v", successful)
			}
		})
	}
	for code := range rows {
		t.Errorf("%d is provoked, but has no text", code)
	}
}

func accountCodes() map[int]provocation {
	senders := provocation{method: "GET", path: alim + "/senders"}
	account := func(change func(*provocation)) provocation {
		out := senders
		change(&out)
		return out
	}
	state := func(s nhnsim.AppkeyState) provocation {
		return account(func(p *provocation) {
			p.before = func(t *testing.T, b *bench) {
				t.Helper()
				must(t, b.sim.SetAppkeyState(appkey, s))
			}
		})
	}
	return map[int]provocation{
		-1000: account(func(p *provocation) { p.path = "/alimtalk/v2.1/appkeys/nobodys/senders" }),
		-1001: account(func(p *provocation) { p.header = []string{kakao.HeaderSecretKey, "wrong"} }),
		-1030: state(nhnsim.AppkeyState{Unverified: true}),
		-4005: state(nhnsim.AppkeyState{Disabled: true}),
		-9998: account(func(p *provocation) { p.path = "/alimtalk/v9.9/appkeys/" + appkey + "/senders" }),
		-9992: {method: "POST", path: talk + "/messages", body: to(""), cfg: nhnsim.Config{RequireConvert: true}},
		-9996: {method: "POST", path: talk + "/messages", body: to(""), header: []string{"Content-Type", "text/plain"}},
		-9994: account(func(p *provocation) { p.path += "?pageNum=one" }),
		-9999: {method: "POST", path: talk + "/failback/appkey", body: `{"resendAppKey":"k"}`, before: func(t *testing.T, b *bench) {
			t.Helper()
			b.restart(t, nhnsim.Config{StateFile: stateFile(t)})
			must(t, b.sim.Close()) // what cannot be kept is not done
		}},
	}
}

func senderCodes() map[int]provocation {
	group := alim + "/sender-groups/" + groupKey + "/senders/"
	return map[int]provocation{
		4:     {method: "POST", path: alim + "/senders", body: `{"plusFriendId":"@a","phoneNo":"12","categoryCode":"00100010001"}`},
		-1004: {method: "POST", path: alim + "/senders", body: `{"plusFriendId":"` + from + `","phoneNo":"01012345678","categoryCode":"00100010001"}`},
		-1008: {method: "POST", path: alim + "/sender/token", body: `{"plusFriendId":"` + waiting + `","token":1}`},
		-1010: {method: "GET", path: alim + "/sender-groups/nobodys"},
		-1018: {method: "POST", path: group + fromKey},
		-1022: {method: "DELETE", path: group + key("5")},
		-1025: {method: "DELETE", path: alim + "/senders/" + groupKey},
		-1029: {method: "POST", path: group + key("3")},
		-1026: {method: "POST", path: group + key("5"), before: func(t *testing.T, b *bench) {
			t.Helper()
			members := []string{from}
			for i := 1; i < kakao.MaxGroupMembers; i++ {
				name := fmt.Sprintf("@m%d", i)
				b.addSender(t, nhnsim.Sender{PlusFriendID: name, Registered: true})
				members = append(members, name)
			}
			status, got := b.control(t, "POST", "groups", `{"groupName":"`+groupName+`","senderKey":"`+groupKey+`","members":["`+strings.Join(members, `","`)+`"]}`)
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, got)
			}
		}},
		-2003: {method: "GET", path: alim + "/senders?pageSize=0"},
		-2005: {method: "GET", path: alim + "/senders?pageSize=1001"},
		-4000: {method: "GET", path: alim + "/senders?status=YSC04"},
		-2017: {method: "GET", path: alim + "/senders/nobodys"},
		-1002: {method: "POST", path: talk + "/failback/appkey", body: `{"resendAppKey":" "}`},
		-1003: {method: "POST", path: talk + "/failback", body: `{"plusFriendId":"` + from + `","isResend":true,"resendSendNo":"none"}`},
		-1019: {method: "POST", path: talk + "/failback", body: `{"plusFriendId":"` + from + `","isResend":true,"resendSendNo":"0212345678","resendUnsubscribeNo":"0212345678"}`},
	}
}

func sendCodes() map[int]provocation {
	send := func(body string) provocation {
		return provocation{method: "POST", path: talk + "/messages", body: body}
	}
	refused := func(body string) provocation {
		out := send(body)
		out.to = true
		return out
	}
	sentBy := func(sender string) provocation {
		return send(`{"plusFriendId":"` + sender + `","recipientList":[{"recipientNo":"01012345678","content":"안녕"},{"recipientNo":"01012345679","content":"안녕"}]}`)
	}
	repeated := send(to(""))
	repeated.header = []string{kakao.HeaderIdempotencyKey, "once"}
	repeated.before = func(t *testing.T, b *bench) {
		t.Helper()
		if got := b.do(t, repeated.method, repeated.path, repeated.body, repeated.header...); got.code() != kakao.CodeOK {
			t.Errorf("the first time: %v", got)
		}
	}
	withoutFallback := send(`{"plusFriendId":"` + bare + `","recipientList":[{"recipientNo":"01012345678","content":"안녕","resendParameter":{"isResend":true}}]}`)
	return map[int]provocation{
		-1005: repeated,
		-1014: sentBy(waiting),
		-1017: sentBy(limited),
		-1024: sentBy("@" + groupName),
		-1027: sentBy(blocked),
		-1031: send(`{"plusFriendId":"` + from + `","recipientList":[{"recipientNo":"1","content":"안녕"}]}`),
		-2000: send(with(`"senderGroupingKey":"` + strings.Repeat("k", 101) + `"`)),
		-2001: sentBy(" "),
		-2002: send(`{}`),
		-2004: send(`{"plusFriendId":"` + from + `","recipientList":[]}`),
		-2018: refused(pressing(`"type":"BK","name":"` + strings.Repeat("n", 29) + `"`)),
		-2022: refused(to(`,"imageSeq":1`)),
		-2023: refused(saying(strings.Repeat("가", 401), `,"imageSeq":1,"imageLink":"https://example.com"`)),
		-2024: refused(saying(strings.Repeat("가", 1001), "")),
		-2025: send(with(`"requestDate":"2026-03-02 11:59"`)),
		-2026: send(with(`"requestDate":"2026-05-31 12:01"`)),
		-2027: send(with(`"requestDate":"yyyy-MM-dd HH:mm"`)),
		-2030: refused(saying(strings.Repeat("가", 77), `,"imageSeq":2,"imageLink":"https://example.com"`)),
		-2031: refused(to(`,"imageSeq":2,"imageLink":"https://example.com","buttons":[{},{},{}]`)),
		-2502: withoutFallback,
		-3000: refused(pressing(`"type":"WL","name":"n"`)),
		-3002: send(`{`),
		-3006: refused(pressing(`"type":"WL","name":"n","linkMo":"example.com"`)),
		-3007: refused(pressing(`"type":"AL","name":"n","schemeIos":"a://b"`)),
		-3009: refused(pressing(`"type":"WL","linkMo":"https://example.com"`)),
		-3014: refused(pressing(`"type":"XX","name":"n"`)),
		-4200: refused(to(`,"resendParameter":{"isResend":true,"resendContent":"광고"}`)),
		-5000: refused(`{"plusFriendId":"` + from + `","recipientList":[{"recipientNo":"1","content":"안녕"}]}`),
		-8002: refused(to(`,"imageSeq":9,"imageLink":"https://example.com"`)),
		-8004: send(with(`"createUser":"` + strings.Repeat("u", 101) + `"`)),
	}
}

func queryCodes() map[int]provocation {
	list := func(query string) provocation { return provocation{method: "GET", path: talk + "/messages" + query} }
	cancel := func(id string) provocation { return provocation{method: "DELETE", path: talk + "/messages/" + id} }
	return map[int]provocation{
		-1016: list("/20260302120000xxxxxxxxxxx/1"),
		-2028: cancel("no-such-id"),
		-2029: cancel("20260302120000xxxxxxxxxxx"),
		-4003: list("?startRequestDate=2026-01-01%2000:00&endRequestDate=2026-02-02%2000:00"),
		-4017: list("?startRequestDate=2025-11-01%2000:00&endRequestDate=2025-11-02%2000:00"),
		-4103: list(""),
	}
}

func imageCodes(t *testing.T) map[int]provocation {
	t.Helper()
	upload := func(name string, body []byte) provocation {
		form, contentType := imageForm(t, name, body)
		return provocation{method: "POST", path: talk + "/images", body: form, header: contentType}
	}
	jpg := picture(t, "jpg", 800, 400)
	nobodys := upload("a.jpg", jpg)
	nobodys.path = "/friendtalk/v1.5/appkeys/empty/images"
	nobodys.before = func(t *testing.T, b *bench) {
		t.Helper()
		must(t, b.sim.AddAppkey("empty", secret))
	}
	homeless := upload("a.jpg", jpg)
	homeless.before = func(t *testing.T, b *bench) {
		t.Helper()
		state := filepath.Join(t.TempDir(), "state")
		must(t, os.WriteFile(state+".images", nil, 0o600)) // where the folder of images should be
		b.restart(t, nhnsim.Config{StateFile: state})
	}
	empty, contentType := formOf(t, part{"wide", "", []byte("true")})
	return map[int]provocation{
		-4007: upload("a.jpg", append(slices.Clone(jpg), make([]byte, kakao.MaxImageBytes)...)),
		-4009: upload("a.gif", picture(t, "gif", 800, 400)),
		-8000: {method: "DELETE", path: talk + "/images"},
		-8001: upload("a.jpg", jpg[:len(jpg)/2]),
		-8005: nobodys,
		-8010: homeless,
		-9993: {method: "POST", path: talk + "/images", body: empty, header: []string{"Content-Type", contentType}},
	}
}

func brandCodes() map[int]provocation {
	register := func(members string) provocation {
		return provocation{method: "POST", path: templates, body: registering(members)}
	}
	send := func(code, members string) provocation {
		return provocation{method: "POST", path: brand + "/messages", body: `{"senderKey":"` + fromKey + `","templateCode":"` + code + `","recipientList":[{"recipientNo":"01012345678"` + members + `}]}`}
	}
	refused := func(members string) provocation {
		out := send("t1", members)
		out.to = true
		return out
	}
	stopped := send("t1", "")
	stopped.before = func(t *testing.T, b *bench) {
		t.Helper()
		must(t, b.sim.SetTemplate(appkey, fromKey, "t1", func(t *nhnsim.Template) { t.Status = kakao.TemplateBlocked }))
	}
	variables := ""
	for i := range 21 {
		variables += fmt.Sprintf("#{v%d}", i)
	}
	return map[int]provocation{
		-2019: refused(`,"templateParameter":{"이름":"` + strings.Repeat("가", 1001) + `"}`),
		-3001: register(`"templateCode":"t1"`),
		-3003: send("t9", ""),
		-3004: refused(""),
		-3005: stopped,
		-3026: register(`"buttons":[{"type":"AC","name":"채널"}]`),
		-6000: register(`"templateContent":"#{이름}님","contentType":"F"`),
		-6001: register(`"contentType":"V"`),
		-6002: register(`"contentType":"V","templateContent":"` + variables + `"`),
		-6003: register(`"contentType":"V","templateContent":"#{이 름}"`),
		-6004: register(`"messageType":"W","templateContent":"` + strings.Repeat("가", 77) + `"`),
		-6005: register(`"buttons":[{"type":"BK","name":"묻기"},{"type":"AC","name":"채널 추가"}]`),
		-6006: register(`"buttons":[{"type":"BF","name":"톡에서 예약하기"}]`),
		-6007: register(`"unsubscribeContent":"02-123-4567"`),
	}
}

// Every code of a fault, too, has a text without a gap, though nobody knows what
// belongs there.
func TestCodesOfFaultsHaveATextWithoutGaps(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for _, code := range append(nhnsim.Codes(), kakao.CodeVendor) {
		b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: code}))
		got := b.do(t, "GET", alim+"/senders", "")
		if text, _ := got.at("header", "resultMessage").(string); got.code() != code || text == "" || strings.Contains(text, "{}") {
			t.Errorf("%d: answered %v", code, got)
		}
	}
}

// delivered is a send after which a message's single reading tells a delivery code.
type delivered struct {
	no, outcome string // the recipient's number, and what the send's header asks for
	brand       string // the template of a BrandTalk message
	values      string // of its variables
	night       bool
	text        string // of the fallback
	sms         string // the fallback's code
}

func TestEveryDeliveryCodeIsGiven(t *testing.T) {
	t.Parallel()
	rows := map[string]delivered{
		"1000":  {no: "01012345678"},
		"3018":  {no: "01012340001", sms: "1000"},
		"3008":  {no: "01012340002", sms: "1000"},
		"3005":  {no: "01012340003", sms: "1000"},
		"3022":  {no: "01012345678", night: true, sms: "1000"},
		"A0000": {no: "01012345678", brand: "fixed"},
		"A3018": {no: "01012340001", brand: "fixed"},
		"A3008": {no: "01012340002", brand: "fixed"},
		"A4001": {no: "01012340003", brand: "fixed"},
		"A3014": {no: "01012345678", brand: "wide", values: `{"이름":"` + strings.Repeat("가", 77) + `"}`},
		"A1007": {no: "01012345678", brand: "fixed", outcome: "1007"},
		"B7013": {no: "01012345678", brand: "fixed", night: true},
	}
	sms := map[string]delivered{
		"1000": {no: "01012340001"},
		"2003": {no: "01012340004"},
		"3009": {no: "01012340001", text: "\U0001f600"},
	}
	for _, code := range nhnsim.DeliveryCodes() {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			row, ok := rows[code]
			if !ok {
				t.Fatal("nothing provokes it")
			}
			got := row.deliver(t)
			if name, _ := got["resultCodeName"].(string); got["resultCode"] != code || name == "" {
				t.Errorf("the message is %v", got)
			}
			if row.brand == "" && row.sms != "" && got["resendResultCode"] != row.sms {
				t.Errorf("the fallback is %v", got)
			}
		})
	}
	for _, code := range nhnsim.SMSCodes() {
		t.Run("SMS "+code, func(t *testing.T) {
			t.Parallel()
			row, ok := sms[code]
			if !ok {
				t.Fatal("nothing provokes it")
			}
			if got := row.deliver(t); got["resendResultCode"] != code {
				t.Errorf("the message is %v", got)
			}
		})
	}
	if n := len(nhnsim.DeliveryCodes()); n != len(rows) {
		t.Errorf("%d codes, %d rows", n, len(rows))
	}
}

// deliver sends a message and reads it when all is over.
func (d delivered) deliver(t *testing.T) m {
	t.Helper()
	b := open(t, nhnsim.Config{})
	for _, in := range []nhnsim.Template{{Code: "fixed", Content: "안녕"}, {Code: "wide", MessageType: kakao.TemplateWide, Content: "#{이름}"}} {
		in.SenderKey = fromKey
		_, err := b.sim.AddTemplate(appkey, in)
		must(t, err)
	}
	if d.night {
		b.Add(9 * time.Hour)
	}
	path, send := talk, `{"plusFriendId":"`+from+`","recipientList":[{"recipientNo":"`+d.no+`","content":"안녕","isAd":false,"resendParameter":{"isResend":true,"resendContent":"`+d.text+`"}}]}`
	if d.brand != "" {
		values := d.values
		if values == "" {
			values = "{}"
		}
		path, send = brand, `{"senderKey":"`+fromKey+`","templateCode":"`+d.brand+`","recipientList":[{"recipientNo":"`+d.no+`","templateParameter":`+values+`}]}`
	}
	got := b.do(t, "POST", path+"/messages", send, nhnsim.HeaderOutcome, d.outcome)
	id, _ := got.at("message", "requestId").(string)
	if id == "" {
		t.Fatalf("answered %v", got)
	}
	b.Add(time.Minute)
	out, _ := b.do(t, "GET", path+"/messages/"+id+"/1", "").at("message").(m)
	return out
}
