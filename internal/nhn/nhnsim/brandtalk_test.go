package nhnsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

const (
	brand     = "/brandtalk/v2.2/appkeys/" + appkey
	fromKey   = "13b4ed322fe3df379e76d6bde5d6e01d44cd875b" // of the sender that every bench has
	templates = brand + "/senders/" + fromKey + "/templates"

	listFields = "requestId recipientSeq plusFriendId senderKey templateCode recipientNo requestDate createDate receiveDate content messageStatus resultCode resultCodeName createUser senderGroupingKey recipientGroupingKey"
)

// template registers one under the code "t1", some members replaced.
func (b *bench) template(t testing.TB, members m) {
	t.Helper()
	if got := b.do(t, "POST", templates, templateBody(t, members)); got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
}

// templateBody is a registration's, some members replaced.
func templateBody(t testing.TB, members m) string {
	t.Helper()
	in := m{"templateCode": "t1", "templateName": "봄 소식", "unsubscribeContent": "080-1111-2222/12345", "templateContent": "안녕하세요", "contentType": "V"}
	for k, v := range members {
		in[k] = v
	}
	raw, err := json.Marshal(in)
	must(t, err)
	return string(raw)
}

// brandBody is a send's, to one recipient with some members replaced.
func brandBody(t testing.TB, request, recipient m) string {
	t.Helper()
	to := m{"recipientNo": number}
	for k, v := range recipient {
		to[k] = v
	}
	in := m{"senderKey": fromKey, "templateCode": "t1", "recipientList": []any{to}}
	for k, v := range request {
		in[k] = v
	}
	raw, err := json.Marshal(in)
	must(t, err)
	return string(raw)
}

// fixed registers a template without variables under the code "t1".
func (b *bench) fixed(t testing.TB) {
	t.Helper()
	b.template(t, m{"contentType": "F"})
}

// sendBrand hands a request over and returns its id.
func (b *bench) sendBrand(t testing.TB, request, recipient m) string {
	t.Helper()
	got := b.do(t, "POST", brand+"/messages", brandBody(t, request, recipient))
	id, _ := got.at("message", "requestId").(string)
	if got.code() != 0 || id == "" {
		t.Fatalf("answered %v", got)
	}
	return id
}

// brandOne reads a message.
func (b *bench) brandOne(t testing.TB, id string, seq int) m {
	t.Helper()
	out, _ := b.do(t, "GET", fmt.Sprintf("%s/messages/%s/%d", brand, id, seq), "").at("message").(m)
	return out
}

func params(list ...string) m {
	out := m{}
	for i := 0; i < len(list); i += 2 {
		out[list[i]] = list[i+1]
	}
	return m{"templateParameter": out}
}

func TestBrandRequestsAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.fixed(t)
	b.template(t, m{"templateCode": "gone", "templateName": "gone", "contentType": "F"})
	must(t, b.sim.SetTemplate(appkey, fromKey, "gone", func(t *nhnsim.Template) { t.Status = kakao.TemplateBlocked }))
	for key, s := range map[string]nhnsim.Sender{
		"waiting": {PlusFriendID: "@1"}, "blocked": {PlusFriendID: "@2", Registered: true, Blocked: true},
		"dormant": {PlusFriendID: "@3", Registered: true, Dormant: true}, "other": {PlusFriendID: "@4", Registered: true},
		"small": {PlusFriendID: "@5", Registered: true, BrandTalkDailyMax: 1},
	} {
		s.SenderKey = key
		_, err := b.sim.AddSender(appkey, s)
		must(t, err)
	}
	_, err := b.sim.AddTemplate(appkey, nhnsim.Template{SenderKey: "small", Code: "t1", Content: "안녕"})
	must(t, err)
	at := func(t time.Time) m { return m{"requestDate": kakao.FormatDate(t)} }
	for name, test := range map[string]struct {
		in   m
		code int
		text string
	}{
		"without a sender":                       {m{"senderKey": nil}, -2002, "The 'senderKey' must not be null."},
		"with a blank sender":                    {m{"senderKey": " "}, -2001, ""},
		"with a key of 41 characters":            {m{"senderKey": fromKey + "0"}, -2000, ""},
		"without a template":                     {m{"templateCode": nil}, -2002, ""},
		"with a blank template":                  {m{"templateCode": ""}, -2001, ""},
		"with a code of 21 characters":           {m{"templateCode": strings.Repeat("t", 21)}, -2000, ""},
		"with a template that nobody registered": {m{"templateCode": "t9"}, -3003, "Template does not exist."},
		"with another sender's template":         {m{"senderKey": "other"}, -3003, ""},
		"with a template that is blocked":        {m{"templateCode": "gone"}, -3005, "Please check template status."},
		"without a list":                         {m{"recipientList": nil}, -2002, ""},
		"with an empty list":                     {m{"recipientList": []m{}}, -2004, ""},
		"with 1,001 recipients":                  {m{"recipientList": make([]m, 1001)}, -2004, ""},
		"with a grouping key of 101 characters":  {m{"senderGroupingKey": strings.Repeat("k", 101)}, -2000, ""},
		"with a user of 101 characters":          {m{"createUser": strings.Repeat("u", 101)}, -8004, ""},
		"with a member of another type":          {m{"createUser": 1}, -3002, ""},
		"on a date that is none":                 {m{"requestDate": "2026-03-02"}, -2027, ""},
		"a minute ago":                           {at(noon.Add(-time.Minute)), -2025, ""},
		"in 30 days and a minute":                {at(noon.AddDate(0, 0, 30).Add(time.Minute)), -2026, "You can not send messages after 30 days. Please check `requestDate` again."},
		"from an unknown sender":                 {m{"senderKey": "nobody"}, -2017, ""},
		"from a sender that waits for its token": {m{"senderKey": "waiting"}, -1014, ""},
		"from a dormant sender":                  {m{"senderKey": "dormant"}, -1014, ""},
		"from a blocked sender":                  {m{"senderKey": "blocked"}, -1027, ""},
		"beyond the daily maximum":               {m{"senderKey": "small", "recipientList": []m{{"recipientNo": number}, {"recipientNo": number}}}, -1017, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(t, "POST", brand+"/messages", brandBody(t, test.in, nil))
			text, _ := got.at("header", "resultMessage").(string)
			if got.code() != test.code || text == "" || test.text != "" && text != test.text {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
	for in, code := range map[string]int{"{": -3002, "null": -2002, `{"recipientList":{}}`: -3002} {
		if got := b.do(t, "POST", brand+"/messages", in); got.code() != code {
			t.Errorf("%s answered %v", in, got)
		}
	}
	if got := b.do(t, "POST", brand+"/messages", brandBody(t, nil, nil), "Content-Type", "text/plain"); got.code() != -9996 {
		t.Errorf("answered %v", got)
	}
}

func TestBrandRecipientsAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.template(t, m{"templateContent": "#{a}:#{b}", "buttons": []m{{"type": "WL", "name": "n", "linkMo": "https://a/#{c}"}}})
	long := func(n int) m { return params("a", strings.Repeat("가", n), "b", "", "c", "") }
	number := func(no any) m {
		out := params("a", "1", "b", "2", "c", "3")
		out["recipientNo"] = no
		return out
	}
	key := number("01012345678")
	key["recipientGroupingKey"] = strings.Repeat("k", 101)
	for name, test := range map[string]struct {
		to   m
		code int
	}{
		"a plain one is taken":                  {params("a", "1", "b", "2", "c", "3", "d", "4"), 0},
		"hyphens and a country code are taken":  {number("+82-10-1234-5678"), 0},
		"no number":                             {number(nil), -2002},
		"a number with letters":                 {number("010abcd5678"), -5000},
		"a number of 16 digits":                 {number("0101234567890123"), -5000},
		"a number that the rule refuses":        {number("01012340005"), -5000},
		"a grouping key of 101 characters":      {key, -2000},
		"no parameters":                         {nil, -3004},
		"parameters that are nothing":           {m{"templateParameter": nil}, -3004},
		"a parameter that is missing":           {params("a", "1", "c", "3"), -3004},
		"a parameter of a link that is missing": {params("a", "1", "b", "2"), -3004},
		"a parameter that is nothing":           {m{"templateParameter": m{"a": "1", "b": nil, "c": "3"}}, -3004},
		"parameters named with their brackets":  {params("#{a}", "1", "#{b}", "2", "#{c}", "3"), -3004},
		"1,000 characters are taken":            {long(999), 0},
		"1,001 characters":                      {long(1000), -2019},
		"a long link counts for nothing":        {params("a", strings.Repeat("가", 999), "b", "", "c", strings.Repeat("가", 999)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(t, "POST", brand+"/messages", brandBody(t, m{"senderGroupingKey": "g"}, test.to))
			want := test.code
			if test.code != 0 {
				want = kakao.CodeAllRefused
			}
			one, _ := got.at("message", "sendResults", 0).(m)
			hasFields(t, one, "recipientSeq recipientNo resultCode resultMessage recipientGroupingKey")
			if got.code() != want || one["resultCode"] != float64(test.code) || one["resultMessage"] == "" || strings.Contains(fmt.Sprint(one["resultMessage"]), "{}") {
				t.Errorf("answered %v, want %d", got, test.code)
			}
			hasFields(t, got.at("message").(m), "requestId senderGroupingKey sendResults")
			if id := got.at("message", "requestId"); (id != nil) != (test.code == 0) || got.at("message", "senderGroupingKey") != "g" {
				t.Errorf("answered %v", got)
			}
		})
	}
}

func TestSendersKeyIsTakenInAnyCase(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.fixed(t)
	got := b.do(t, "POST", brand+"/messages", brandBody(t, m{"senderKey": nil, "senderkey": fromKey, "requestDate": "2026-03-02 12:30:15"}, nil))
	if got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
	if one := b.brandOne(t, got.at("message", "requestId").(string), 1); one["requestDate"] != "2026-03-02 12:30:15.0" {
		t.Errorf("got %v", one)
	}
}

func TestRefusedBrandRecipientsAreToldAndNotStored(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.template(t, m{"templateContent": hasVar})
	list := []m{params("이름", "가"), params("이름", "나"), params("x", "다"), params("이름", "라")}
	for i, no := range []string{"01011110005", "01011112222", "01011113333", "01011114444"} {
		list[i]["recipientNo"], list[i]["recipientGroupingKey"] = no, "k"+no[10:]
	}
	got := b.do(t, "POST", brand+"/messages", brandBody(t, m{"recipientList": list, "senderGroupingKey": "g"}, nil))
	id, _ := got.at("message", "requestId").(string)
	for i, want := range []m{
		{"recipientSeq": 1.0, "recipientNo": "01011110005", "resultCode": -5000.0, "resultMessage": "RecipientNo is invalid.", "recipientGroupingKey": "k5"},
		{"recipientSeq": 2.0, "recipientNo": "01011112222", "resultCode": 0.0, "resultMessage": "SUCCESS", "recipientGroupingKey": "k2"},
		{"recipientSeq": 3.0, "recipientNo": "01011113333", "resultCode": -3004.0, "resultMessage": "Please check template parameter.", "recipientGroupingKey": "k3"},
		{"recipientSeq": 4.0, "recipientNo": "01011114444", "resultCode": 0.0, "resultMessage": "SUCCESS", "recipientGroupingKey": "k4"},
	} {
		if one := got.at("message", "sendResults", i); fmt.Sprint(one) != fmt.Sprint(want) {
			t.Errorf("result %d is %v, want %v", i, one, want)
		}
	}
	if b.brandOne(t, id, 1) != nil || b.brandOne(t, id, 3) != nil {
		t.Error("refused ones are stored")
	}
	if a, z := b.brandOne(t, id, 2), b.brandOne(t, id, 4); a["content"] != "나님" || z["content"] != "라님" {
		t.Errorf("got %v and %v", a, z)
	}
	if s := b.sim.Stats(); s.Accepted != 2 || s.Refused != 2 {
		t.Errorf("counted %+v", s)
	}
}

func TestABrandMessageIsShownWithItsValues(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.template(t, m{
		"templateContent": "#{이름}님 #{a}#{이름}", "templateImageLink": "https://example.com/i", "image": "https://example.com/a.png",
		"buttons": []m{channelButton, {"type": "WL", "name": "#{이름}", "linkMo": "https://m/#{a}?#{이름}", "linkPc": "https://p"}},
	})
	to := params("이름", "#{a}", "a", "\"쉼표\"\n#{이름}")
	to["recipientGroupingKey"] = "k1"
	id := b.sendBrand(t, m{"senderGroupingKey": "g1", "createUser": "u1", "requestDate": "2026-03-02 13:00"}, to)
	if len(id) != 25 || !strings.HasPrefix(id, "20260302120000") {
		t.Errorf("request id is %q", id)
	}
	before := b.brandOne(t, id, 1)
	for _, name := range strings.Fields("receiveDate resultCode resultCodeName") {
		if v, there := before[name]; !there || v != nil {
			t.Errorf("%s is %v before it is sent", name, v)
		}
	}
	b.Add(time.Hour + time.Second)
	want := m{
		"requestId": id, "recipientSeq": 1.0, "plusFriendId": from, "senderKey": fromKey, "templateCode": "t1", "recipientNo": number,
		"requestDate": "2026-03-02 13:00:00.0", "createDate": "2026-03-02 12:00:00.0", "receiveDate": "2026-03-02 13:00:01.0",
		"content": "#{a}님 \"쉼표\"\n#{이름}#{a}", "messageStatus": "COMPLETED", "resultCode": "A0000", "resultCodeName": "성공",
		"createUser": "u1", "senderGroupingKey": "g1", "recipientGroupingKey": "k1",
	}
	got := b.do(t, "GET", brand+"/messages?requestId="+id, "")
	hasFields(t, got.at("messageSearchResultResponse").(m), "messages totalCount")
	listed, _ := got.at("messageSearchResultResponse", "messages", 0).(m)
	hasFields(t, listed, listFields)
	one := b.brandOne(t, id, 1)
	hasFields(t, one, listFields+" templateImageUrl templateImageLink buttons")
	for k, v := range want {
		if listed[k] != v || one[k] != v {
			t.Errorf("%s is %v in the list, %v alone, want %v", k, listed[k], one[k], v)
		}
	}
	if one["templateImageUrl"] != "https://example.com/a.png" || one["templateImageLink"] != "https://example.com/i" {
		t.Errorf("got %v", one)
	}
	for i, want := range []m{
		{"name": "채널 추가", "type": "AC", "linkMo": nil, "linkPc": nil, "schemeAndroid": nil, "schemeIos": nil, "bizFormId": nil},
		{"name": "#{이름}", "type": "WL", "linkMo": "https://m/\"쉼표\"\n#{이름}?#{a}", "linkPc": "https://p", "schemeAndroid": nil, "schemeIos": nil, "bizFormId": nil},
	} {
		if have := object(one).at("buttons", i); fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("button %d is %v, want %v", i, have, want)
		}
	}
}

func TestBrandNullsAreEmitted(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.fixed(t)
	got := b.brandOne(t, b.sendBrand(t, nil, nil), 1)
	for _, name := range strings.Fields("receiveDate resultCode resultCodeName createUser senderGroupingKey recipientGroupingKey templateImageUrl templateImageLink") {
		if v, there := got[name]; !there || v != nil {
			t.Errorf("%s is %v, there %t", name, v, there)
		}
	}
	if got["messageStatus"] != "READY" || fmt.Sprint(got["buttons"]) != "[]" {
		t.Errorf("got %v", got)
	}
}

func TestTheNumberDecidesOverBrandMessages(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.template(t, m{"messageType": "W", "templateContent": hasVar})
	night := time.Date(2026, 3, 2, 20, 50, 0, 0, kakao.KST)
	for name, test := range map[string]struct {
		at               time.Time
		no, value        string
		status, code     string
		received, wanted string
	}{
		"an ordinary number is reached":        {noon, number, "가", "COMPLETED", "A0000", "2026-03-02 12:00:01.0", "성공"},
		"0001 is not":                          {noon, "01012340001", "가", "FAILED", "A3018", "", "메시지를 전송할 수 없음"},
		"0002 has an error":                    {noon, "01012340002", "가", "FAILED", "A3008", "", "전화번호 오류"},
		"0003 is unconfirmed":                  {noon, "01012340003", "가", "FAILED", "A4001", "", "알 수 없는 메시지 상태"},
		"0004 is not reached either":           {noon, "01012340004", "가", "FAILED", "A3018", "", "메시지를 전송할 수 없음"},
		"nobody is reached at night":           {night, number, "가", "FAILED", "B7013", "", "발송 제한 시간"},
		"what fits a wide image arrives":       {noon, number, strings.Repeat("가", 75), "COMPLETED", "A0000", "2026-03-02 12:00:01.0", "성공"},
		"what a value makes too long does not": {noon, number, strings.Repeat("가", 76), "FAILED", "A3014", "", "메시지 길이 제한 오류"},
	} {
		to := params("이름", test.value)
		to["recipientNo"] = test.no
		id := b.sendBrand(t, m{"requestDate": kakao.FormatDate(test.at)}, to)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.brandOne(t, id, 1)
			received, _ := got["receiveDate"].(string)
			if got["messageStatus"] != test.status || got["resultCode"] != test.code || received != test.received || got["resultCodeName"] != test.wanted {
				t.Errorf("got %v", got)
			}
		})
	}
	b.Add(10 * time.Hour)
}

func TestBrandLists(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.fixed(t)
	b.template(t, m{"templateCode": "t2", "templateName": "2", "contentType": "F"})
	other, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@other", Registered: true})
	must(t, err)
	_, err = b.sim.AddTemplate(appkey, nhnsim.Template{SenderKey: other.SenderKey, Code: "t1", Content: "c"})
	must(t, err)
	first := b.sendBrand(t, m{"senderGroupingKey": "g1", "recipientList": []m{
		{"recipientNo": "01011112222", "recipientGroupingKey": "k1"}, {"recipientNo": "010-1111-0001"},
	}}, nil)
	b.Add(time.Second) // so that the order of the list is not up to the ids
	b.sendBrand(t, m{"templateCode": "t2"}, nil)
	b.Add(time.Second)
	b.sendBrand(t, m{"senderKey": other.SenderKey}, nil)
	later := b.sendBrand(t, m{"requestDate": "2026-03-02 15:00"}, nil)
	b.send(t, time.Time{}, number) // FriendTalk's own
	must(t, b.client.CancelFriendTalk(t.Context(), b.send(t, noon.Add(time.Hour), number)))
	if got := b.do(t, "DELETE", brand+"/messages/"+later, ""); got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
	b.Add(time.Minute)
	day := m{"startRequestDate": "2026-03-02 00:00", "endRequestDate": "2026-03-03 00:00"}
	for name, test := range map[string]struct {
		q    m
		want int
		seqs string // of the page
	}{
		"a day":                             {day, 5, "[1 1 1 2 1]"},
		"a day of creation":                 {m{"startCreateDate": "2026-03-02 12:00", "endCreateDate": "2026-03-02 12:01"}, 5, ""},
		"a request, the last message first": {m{"requestId": first}, 2, "[2 1]"},
		"another day":                       {m{"startRequestDate": "2026-03-01 00:00", "endRequestDate": "2026-03-02 00:00"}, 0, "[]"},
		"both spans":                        {m{"startRequestDate": "2026-03-02 14:00", "endRequestDate": "2026-03-02 16:00", "startCreateDate": "2026-03-02 12:00", "endCreateDate": "2026-03-02 12:01"}, 1, ""},
		"a number in any writing":           {m{"recipientNo": "01011110001"}, 1, "[2]"},
		"a sender":                          {m{"senderKey": fromKey}, 4, ""},
		"a template of any sender":          {m{"templateCode": "t1"}, 4, ""},
		"a template":                        {m{"templateCode": "t2"}, 1, ""},
		"a sender's grouping key":           {m{"senderGroupingKey": "g1"}, 2, "[2 1]"},
		"a recipient's grouping key":        {m{"recipientGroupingKey": "k1"}, 1, "[1]"},
		"what arrived":                      {m{"resultCode": "BRC01"}, 3, ""},
		"what failed":                       {m{"resultCode": "BRC02"}, 1, "[2]"},
		"the completed":                     {m{"messageStatus": "COMPLETED"}, 3, ""},
		"the failed":                        {m{"messageStatus": "FAILED"}, 1, ""},
		"the cancelled":                     {m{"messageStatus": "CANCEL"}, 1, ""},
		"what failed of a template":         {m{"templateCode": "t2", "resultCode": "BRC02"}, 0, "[]"},
		"FriendTalk's condition is none":    {m{"plusFriendId": "@nobody", "createUser": "x"}, 5, ""},
		"the second page":                   {m{"pageSize": "2", "pageNum": "2"}, 5, "[1 2]"},
		"a page behind the last":            {m{"pageNum": "9"}, 5, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(t, "GET", brand+"/messages?"+query(test.q, day), "").at("messageSearchResultResponse").(m)
			var seqs []any
			for _, one := range got["messages"].([]any) {
				seqs = append(seqs, one.(m)["recipientSeq"])
			}
			if got["totalCount"] != float64(test.want) || test.seqs != "" && fmt.Sprint(seqs) != test.seqs {
				t.Errorf("got %v of %v, want %s of %d", seqs, got["totalCount"], test.seqs, test.want)
			}
		})
	}
}

// query encodes q, which gets the conditions of otherwise when it has none.
func query(q, otherwise m) string {
	out := url.Values{}
	for k, v := range q {
		out.Set(k, v.(string))
	}
	if q["requestId"] == nil && q["startRequestDate"] == nil && q["startCreateDate"] == nil {
		for k, v := range otherwise {
			out.Set(k, v.(string))
		}
	}
	return out.Encode()
}

func TestConditionsOfBrandLists(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	day := m{"startRequestDate": "2026-03-02 00:00", "endRequestDate": "2026-03-03 00:00"}
	for name, test := range map[string]struct {
		q    m
		code int
	}{
		"an unknown request is an empty list": {m{"requestId": "x"}, 0},
		"30 days are taken":                   {m{"startRequestDate": "2026-02-01 00:00", "endRequestDate": "2026-03-03 00:00"}, 0},
		"more than 30 days":                   {m{"startRequestDate": "2026-02-01 00:00", "endRequestDate": "2026-03-03 00:01"}, -4003},
		"more than 30 days of creation":       {m{"startCreateDate": "2026-02-01 00:00", "endCreateDate": "2026-03-03 00:01"}, -4003},
		"more than 90 days ago":               {m{"startRequestDate": "2025-12-02 11:59", "endRequestDate": "2025-12-03 00:00"}, -4017},
		"a date without hours":                {m{"startRequestDate": "2026-03-02 :00", "endRequestDate": "2026-03-03 00:00"}, -2027},
		"the end before the start":            {m{"startRequestDate": "2026-03-03 00:00", "endRequestDate": "2026-03-02 00:00"}, -4103},
		"a start without an end":              {m{"startRequestDate": "2026-03-03 00:00"}, -4103},
		"FriendTalk's group of results":       {m{"resultCode": "MRC01"}, -4000},
		"a code for a group":                  {m{"resultCode": "A0000"}, -4000},
		"page 0":                              {m{"pageNum": "0"}, -2003},
		"a page that is no number":            {m{"pageNum": "x"}, -9994},
		"pages of 1,001":                      {m{"pageSize": "1001"}, -2005},
		"pages of 1,000 are taken":            {m{"pageSize": "1000"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(t, "GET", brand+"/messages?"+query(test.q, day), "")
			if got.code() != test.code || test.code == -4003 && got.at("header", "resultMessage") != "Search is possible within 30 days." {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
	if got := b.do(t, "GET", brand+"/messages?templateCode=t1", ""); got.code() != -4103 {
		t.Errorf("without a condition answered %v", got)
	}
	got := b.do(t, "GET", talk+"/messages?startRequestDate=2026-01-01+00:00&endRequestDate=2026-02-02+00:00", "")
	if got.at("header", "resultMessage") != "Search is possible within 31 days." {
		t.Errorf("FriendTalk answered %v", got)
	}
}

func TestBrandMessagesAreCancelled(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.fixed(t)
	to := m{"recipientNo": number}
	later := m{"requestDate": "2026-03-02 13:00", "recipientList": []m{to, to, to, to}}
	id, now := b.sendBrand(t, later, nil), b.sendBrand(t, nil, nil)
	for i, step := range []struct {
		path string
		code int
	}{
		{id + "?recipientSeq=2,3", 0}, {id + "?recipientSeq=2", -2029}, {id + "?recipientSeq=9", -2029}, {id + "?recipientSeq=x", -9994},
		{id, 0}, {id, -2029}, {now, -2029}, {"nobody", -2029},
	} {
		if got := b.do(t, "DELETE", brand+"/messages/"+step.path, ""); got.code() != step.code || len(got) != 1 {
			t.Errorf("step %d answered %v, want %d", i, got, step.code)
		}
		if i == 0 && (b.brandOne(t, id, 1)["messageStatus"] != "READY" || b.brandOne(t, id, 2)["messageStatus"] != "CANCEL") {
			t.Error("others were cancelled")
		}
	}
	b.Add(2 * time.Hour)
	if got := b.brandOne(t, id, 4); got["messageStatus"] != "CANCEL" || got["resultCode"] != nil || got["receiveDate"] != nil {
		t.Errorf("got %v", got)
	}
	if s := b.sim.Stats(); s.Cancelled != 4 {
		t.Errorf("counted %+v", s)
	}
}

func TestChannelsDoNotKnowEachOthersRequests(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.fixed(t)
	friendly, branded := b.send(t, noon.Add(time.Hour), number), b.sendBrand(t, m{"requestDate": "2026-03-02 13:00"}, nil)
	for base, id := range map[string]string{talk: branded, brand: friendly} {
		if got := b.do(t, "GET", base+"/messages/"+id+"/1", ""); got.code() != -1016 {
			t.Errorf("one answered %v", got)
		}
		if got := b.do(t, "GET", base+"/messages?requestId="+id, ""); got.at("messageSearchResultResponse", "totalCount") != 0.0 {
			t.Errorf("list answered %v", got)
		}
		if got := b.do(t, "DELETE", base+"/messages/"+id, ""); got.code() != -2029 {
			t.Errorf("cancel answered %v", got)
		}
	}
	b.Add(2 * time.Hour)
	results := b.do(t, "GET", talk+"/message-results?startUpdateDate=2026-03-02+00:00&endUpdateDate=2026-03-03+00:00", "")
	if results.at("messageSearchResultResponse", "totalCount") != 1.0 || results.at("messageSearchResultResponse", "messages", 0, "requestId") != friendly {
		t.Errorf("FriendTalk's results are %v", results)
	}
	got := b.do(t, "GET", brand+"/messages/"+branded+"/x", "")
	if got.code() != -9994 {
		t.Errorf("answered %v", got)
	}
	var ids []string
	for a := range b.sim.Accepted(appkey) {
		ids = append(ids, a.RequestID)
	}
	if !slices.Equal(ids, []string{friendly, branded}) {
		t.Errorf("accepted %v", ids)
	}
}

func TestTheFirstMessageMakesATemplateNormal(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.template(t, m{"templateContent": hasVar})
	status := func() any { t.Helper(); return b.do(t, "GET", templates+"/t1", "").at("template", "kakaoStatus") }
	b.do(t, "POST", brand+"/messages", brandBody(t, nil, nil)) // all refused
	if got := status(); got != "R" {
		t.Errorf("before its first message it is %v", got)
	}
	b.sendBrand(t, nil, params("이름", "가"))
	if got := status(); got != "A" {
		t.Errorf("after its first message it is %v", got)
	}
	must(t, b.sim.SetTemplate(appkey, fromKey, "t1", func(t *nhnsim.Template) { t.Status = kakao.TemplateBlocked }))
	if got := b.do(t, "POST", brand+"/messages", brandBody(t, nil, params("이름", "가"))); got.code() != -3005 || status() != "S" {
		t.Errorf("blocked it answered %v", got)
	}
}

func TestBrandTalkHasADailyMaximumOfItsOwn(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.fixed(t)
	must(t, b.sim.SetSender(appkey, from, func(s *nhnsim.Sender) { s.DailyMax, s.BrandTalkDailyMax = 1, 2 }))
	post := func(at string) int {
		t.Helper()
		return b.do(t, "POST", brand+"/messages", brandBody(t, m{"requestDate": at}, nil)).code()
	}
	b.send(t, time.Time{}, number)
	later := b.sendBrand(t, m{"requestDate": "2026-03-02 13:00"}, nil)
	if post("") != 0 || post("") != -1017 || post("2026-03-03 12:00") != 0 {
		t.Error("FriendTalk or another day counts")
	}
	b.do(t, "DELETE", brand+"/messages/"+later, "")
	if post("") != 0 {
		t.Error("what was cancelled counts")
	}
	got := b.do(t, "GET", alim+"/senders/"+fromKey, "")
	if got.at("sender", "friendtalk", "sentCount") != 1.0 || strings.Contains(fmt.Sprint(got), "brand") {
		t.Errorf("sender tells %v", got)
	}
}

func TestBrandTalkHeedsNoIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{RequireConvert: true})
	b.fixed(t)
	for range 2 {
		if got := b.do(t, "POST", brand+"/messages", brandBody(t, nil, nil), kakao.HeaderIdempotencyKey, "k"); got.code() != 0 {
			t.Errorf("answered %v", got)
		}
	}
}

func TestBrandSendsFailOnRequest(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.fixed(t)
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultRefuse, Code: -7000}))
	if got := b.do(t, "POST", brand+"/messages", brandBody(t, nil, nil)); got.at("message", "sendResults", 0, "resultCode") != -7000.0 {
		t.Errorf("answered %v", got)
	}
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultLateListing, Delay: time.Hour}))
	id := b.sendBrand(t, nil, nil)
	if b.brandOne(t, id, 1) != nil {
		t.Error("it is listed at once")
	}
	b.Add(time.Hour)
	if b.brandOne(t, id, 1) == nil {
		t.Error("it is never listed")
	}
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultTooMany}))
	w := httptest.NewRecorder()
	b.sim.ServeHTTP(w, httptest.NewRequest(http.MethodPost, brand+"/messages", strings.NewReader("{}")))
	if w.Code != 429 {
		t.Errorf("answered %d", w.Code)
	}
}

func TestThePhoneShowsBrandMessages(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	body, contentType := parts(t, form("t1"), "봄.png", picture(t, "png", 500, 400))
	if got := b.do(t, "POST", templates, body, "Content-Type", contentType); got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
	b.sendBrand(t, nil, params("이름", "홍길동", "b", "1"))
	b.Add(time.Minute)
	got := b.sim.Received()
	want := nhnsim.Received{
		At: noon.Add(time.Second), Kind: "BRANDTALK", To: number, From: from, Text: "홍길동님\n어서 오세요",
		Buttons: []nhnsim.ReceivedButton{{Name: "톡에서 응모하기"}, {Name: "보기", Link: "https://a/1"}}, IsAd: true, Image: "봄.png", OptOut: "무료 수신거부 080-1111-2222",
	}
	if len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	file := got[0].ImageFile
	got[0].At, got[0].ImageFile = got[0].At.In(kakao.KST), ""
	if fmt.Sprint(got[0]) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got[0], want)
	}
	contains(t, []byte(b.see(t, "/?no="+number)), "브랜드톡", "(광고)", strings.TrimPrefix(from, "@"), `<img src="./images/`+file+`" alt="봄.png">`, "홍길동님", "톡에서 응모하기", "무료 수신거부 080-1111-2222")
	for _, path := range []string{"/images/", "/phone/images/"} {
		if got := b.try(t, time.Minute, "GET", path+file, ""); got.status != 200 || got.header.Get("Content-Type") != "image/png" {
			t.Errorf("%s answered %d %v", path, got.status, got.header)
		}
	}
}

func TestBrandMessagesSurviveARestart(t *testing.T) {
	t.Parallel()
	cfg := exact()
	cfg.StateFile = stateFile(t)
	b := open(t, cfg)
	b.template(t, m{"templateContent": "#{a}, #{b}", "buttons": []m{{"type": "WL", "name": "n", "linkMo": "https://a/#{c}"}}})
	b.template(t, m{"templateCode": "t2", "templateName": "2", "contentType": "F"})
	must(t, b.sim.SetSender(appkey, from, func(s *nhnsim.Sender) { s.BrandTalkDailyMax = 4 }))
	list := []m{params("a", "1", "b", "\x00\"<", "c", "x"), params("a", "3"), params("a", "#{b}", "b", "", "c", "y")}
	for i := range list {
		list[i]["recipientNo"], list[i]["recipientGroupingKey"] = fmt.Sprintf("0101111222%d", i), fmt.Sprint("k", i)
	}
	first := b.sendBrand(t, m{"senderGroupingKey": "g", "createUser": "u", "recipientList": list}, nil)
	second := b.sendBrand(t, m{"templateCode": "t2", "requestDate": "2026-03-02 13:00"}, nil)
	if got := b.do(t, "DELETE", brand+"/messages/"+second, ""); got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
	friendly := b.send(t, time.Time{}, number)
	must(t, b.sim.SetTemplate(appkey, fromKey, "t1", func(t *nhnsim.Template) {
		t.Status, t.Content, t.Buttons[0].Name = kakao.TemplateBlocked, "다른 내용", "다른 이름"
	}))
	b.Add(time.Minute)
	read := func() (out []any) {
		for _, path := range []string{
			brand + "/messages/" + first + "/1", brand + "/messages/" + first + "/2", brand + "/messages/" + first + "/3", brand + "/messages/" + second + "/1",
			brand + "/messages?startRequestDate=2026-03-02+00:00&endRequestDate=2026-03-03+00:00", templates + "/t1", templates + "/t2", talk + "/messages/" + friendly + "/1",
		} {
			out = append(out, b.do(t, "GET", path, ""))
		}
		return out
	}
	before, accepted := read(), slices.Collect(b.sim.Accepted(appkey))
	one, _ := before[0].(object).at("message").(m)
	if one["content"] != "1, \x00\"<" || object(one).at("buttons", 0, "linkMo") != "https://a/x" || object(one).at("buttons", 0, "name") != "n" || one["resultCode"] != "A0000" {
		t.Errorf("got %v", one)
	}
	must(t, b.sim.Close())
	cfg.Now = b.clock.Now
	b.start(t, cfg)
	for i, after := range read() {
		if fmt.Sprint(after) != fmt.Sprint(before[i]) {
			t.Errorf("was %v\nis  %v", before[i], after)
		}
	}
	if again := slices.Collect(b.sim.Accepted(appkey)); !slices.Equal(again, accepted) || len(again) != 4 {
		t.Errorf("accepted %v, after the restart %v", accepted, again)
	}
	codes := []int{}
	for range 3 {
		codes = append(codes, b.do(t, "POST", brand+"/messages", brandBody(t, m{"templateCode": "t2"}, nil)).code())
	}
	if fmt.Sprint(codes) != "[0 0 -1017]" {
		t.Errorf("the day's count goes on with %v", codes)
	}
}

// FuzzSendBrandTalk hands over whatever a client might: it must be answered with a
// header, and what was accepted must be the same after a restart.
func FuzzSendBrandTalk(f *testing.F) {
	for _, s := range []string{
		brandBody(f, nil, params("a", "1", "b", "2")), brandBody(f, m{"requestDate": "2026-03-02 13:00"}, params("a", "\x00\xff😀", "b", "#{a}")), "{", "null",
		brandBody(f, nil, m{"templateParameter": m{"a": nil}}), `{"recipientList":[null]}`,
		`{"senderkey":"` + fromKey + `","templateCode":"t1","recipientList":[{"recipientNo":"01012340001","templateParameter":{"a":"\ud800","b":""}},{}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		cfg := nhnsim.Config{StateFile: stateFile(t), Now: func() time.Time { return noon }}
		sim := openPlain(t, cfg)
		_, err := sim.AddTemplate(appkey, nhnsim.Template{SenderKey: fromKey, Code: "t1", Content: "#{a}, #{b}"})
		must(t, err)
		fuzzed(t, sim, brand+"/messages", in, "application/json")
		read := func(sim *nhnsim.Sim) (out []string) {
			for a := range sim.Accepted(appkey) {
				out = append(out, fuzzedRead(t, sim, fmt.Sprintf("%s/messages/%s/%d", brand, a.RequestID, a.RecipientSeq)))
			}
			return out
		}
		before := read(sim)
		must(t, sim.Close())
		again := openPlain(t, cfg)
		if after := read(again); !slices.Equal(before, after) {
			t.Errorf("accepted %q, after a restart %q", before, after)
		}
		must(t, again.Close())
	})
}
