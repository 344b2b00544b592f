package nhnsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

type m = map[string]any

func buttons(list ...m) m {
	for i, b := range list {
		if _, set := b["ordering"]; !set {
			b["ordering"] = i + 1
		}
	}
	return m{"buttons": list}
}

var webLink = m{"type": "WL", "name": "보기", "linkMo": "https://example.com"}

func many(n int) []m {
	out := make([]m, n)
	for i := range out {
		out[i] = m{"type": "BK", "name": "보기"}
	}
	return out
}

func TestRequestsAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for _, s := range []nhnsim.Sender{
		{PlusFriendID: "@waiting"}, {PlusFriendID: "@blocked", Registered: true, Blocked: true}, {PlusFriendID: "@dormant", Registered: true, Dormant: true},
		{PlusFriendID: "@deactivated", Registered: true, ProfileStatus: kakao.ProfileDeactivated},
		{PlusFriendID: "@deleted", Registered: true, ProfileStatus: kakao.ProfileDeleted},
		{PlusFriendID: "@profile", Registered: true, ProfileStatus: kakao.ProfileBlocked},
		{PlusFriendID: "@plain", Registered: true}, {PlusFriendID: "@small", Registered: true, DailyMax: 1},
	} {
		_, err := b.sim.AddSender(appkey, s)
		must(t, err)
	}
	to := m{"recipientNo": number, "content": "c"}
	resend := func(p m) m { return m{"resendParameter": p} }
	for name, test := range map[string]struct {
		body string
		code int
	}{
		"what is not JSON":                              {"{", -3002},
		"a member of another type":                      {body(t, m{"createUser": []int{1}}, nil), -3002},
		"without a sender":                              {body(t, m{"plusFriendId": nil}, nil), -2002},
		"with a blank sender":                           {body(t, m{"plusFriendId": " "}, nil), -2001},
		"with a sender of 31 characters":                {body(t, m{"plusFriendId": strings.Repeat("가", 31)}, nil), -2000},
		"without a list":                                {body(t, m{"recipientList": nil}, nil), -2002},
		"with an empty list":                            {body(t, m{"recipientList": []m{}}, nil), -2004},
		"with 1,001 recipients":                         {body(t, m{"recipientList": make([]m, 1001)}, nil), -2004},
		"with a grouping key of 101 characters":         {body(t, m{"senderGroupingKey": strings.Repeat("k", 101)}, nil), -2000},
		"with a user of 101 characters":                 {body(t, m{"createUser": strings.Repeat("u", 101)}, nil), -8004},
		"on a date that is none":                        {body(t, m{"requestDate": "yyyy-MM-dd HH:mm"}, nil), -2027},
		"a minute ago":                                  {body(t, m{"requestDate": kakao.FormatDate(noon.Add(-time.Minute))}, nil), -2025},
		"in 91 days":                                    {body(t, m{"requestDate": kakao.FormatDate(noon.AddDate(0, 0, 91))}, nil), -2026},
		"from an unknown sender":                        {body(t, m{"plusFriendId": "@nobody"}, nil), -2017},
		"from a sender that waits for its token":        {body(t, m{"plusFriendId": "@waiting"}, nil), -1014},
		"from a dormant sender":                         {body(t, m{"plusFriendId": "@dormant"}, nil), -1014},
		"from a sender that KakaoTalk has deactivated":  {body(t, m{"plusFriendId": "@deactivated"}, nil), -1014},
		"from a sender that KakaoTalk has deleted":      {body(t, m{"plusFriendId": "@deleted"}, nil), -1014},
		"from a sender whose profile is blocked":        {body(t, m{"plusFriendId": "@profile"}, nil), -1027},
		"with the sender's fallback from a bad number":  {body(t, nil, resend(m{"resendSendNo": "12"})), -1003},
		"from a blocked sender":                         {body(t, m{"plusFriendId": "@blocked"}, nil), -1027},
		"beyond the daily maximum":                      {body(t, m{"plusFriendId": "@small", "recipientList": []m{to, to}}, nil), -1017},
		"with fallback from a sender without":           {body(t, m{"plusFriendId": "@plain"}, resend(m{"isResend": true})), -2502},
		"with fallback from a number that is none":      {body(t, nil, resend(m{"isResend": true, "resendSendNo": "12"})), -1003},
		"with fallback with an 080 number that is none": {body(t, nil, resend(m{"isResend": true, "resendUnsubscribeNo": "0701234567"})), -1019},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.do(t, "POST", talk+"/messages", test.body); got.code() != test.code || got.at("header", "resultMessage") == "" {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
}

func TestRecipientsAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	image, err := b.sim.AddImage(appkey, "plain.jpg", false)
	must(t, err)
	wide, err := b.sim.AddImage(appkey, "wide.jpg", true)
	must(t, err)
	with := func(seq int, more m) m {
		out := m{"imageSeq": seq, "imageLink": "https://example.com"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	long := func(n int) m { return m{"content": strings.Repeat("가", n)} }
	resend := func(p m) m { return m{"isAd": true, "resendParameter": p} }
	sms := func(p m) m { return m{"resendParameter": p} }
	for name, test := range map[string]struct {
		to   m
		code int
	}{
		"a plain one is taken":                                   {nil, 0},
		"hyphens and a country code are taken":                   {m{"recipientNo": "+82-10-1234-5678"}, 0},
		"no number":                                              {m{"recipientNo": nil}, -2002},
		"a number with letters":                                  {m{"recipientNo": "010abcd5678"}, -5000},
		"a number of 16 digits":                                  {m{"recipientNo": "0101234567890123"}, -5000},
		"a number that the rule refuses":                         {m{"recipientNo": "01012340005"}, -5000},
		"no content":                                             {m{"content": nil}, -2002},
		"blank content":                                          {m{"content": " \n"}, -2001},
		"1,000 characters are taken":                             {long(1000), 0},
		"1,001 characters":                                       {long(1001), -2024},
		"an emoji counts twice":                                  {m{"content": strings.Repeat("😀", 501)}, -2024},
		"400 characters with an image are taken":                 {with(image, long(400)), 0},
		"401 characters with an image":                           {with(image, long(401)), -2023},
		"76 characters with a wide image are taken":              {with(wide, long(76)), 0},
		"77 characters with a wide image":                        {with(wide, long(77)), -2030},
		"three buttons with a wide image":                        {with(wide, buttons(many(3)...)), -2031},
		"an unknown image":                                       {with(99, nil), -8002},
		"an image without a link":                                {m{"imageSeq": image}, -2022},
		"a grouping key of 101 characters":                       {m{"recipientGroupingKey": strings.Repeat("k", 101)}, -2000},
		"five buttons are taken":                                 {buttons(many(5)...), 0},
		"six buttons":                                            {buttons(many(6)...), -2018},
		"a button without a name":                                {buttons(m{"type": "WL", "linkMo": "https://a"}), -3009},
		"a button of no known type":                              {buttons(m{"type": "XX", "name": "n"}), -3014},
		"a button name of 29 characters":                         {buttons(m{"type": "BK", "name": strings.Repeat("n", 29)}), -2018},
		"a button without its place":                             {buttons(m{"type": "BK", "name": "n", "ordering": 0}), -2018},
		"two buttons in one place":                               {buttons(m{"type": "BK", "name": "n", "ordering": 2}, m{"type": "BK", "name": "n", "ordering": 2}), -2018},
		"a web link is taken":                                    {buttons(webLink), 0},
		"a web link without a link":                              {buttons(m{"type": "WL", "name": "n"}), -3000},
		"a web link without a scheme":                            {buttons(m{"type": "WL", "name": "n", "linkMo": "example.com"}), -3006},
		"a PC link without a scheme":                             {buttons(m{"type": "WL", "name": "n", "linkMo": "https://a", "linkPc": "a"}), -3006},
		"a link of 2,001 characters":                             {buttons(m{"type": "WL", "name": "n", "linkMo": "https://" + strings.Repeat("a", 1993)}), -2018},
		"an app link with one scheme":                            {buttons(m{"type": "AL", "name": "n", "schemeIos": "a://"}), -3007},
		"an app link with both is taken":                         {buttons(m{"type": "AL", "name": "n", "schemeIos": "a://", "schemeAndroid": "a://"}), 0},
		"a fallback of no known type":                            {resend(m{"isResend": true, "resendType": "MMS"}), -4200},
		"the fallback text of an ad without mark and number":     {resend(m{"isResend": true, "resendContent": "안녕"}), -4200},
		"the fallback text of an ad with mark and number":        {resend(m{"isResend": true, "resendContent": "(광고)안녕\n[무료 수신거부]080-123-4567"}), 0},
		"an ad's text with the number before its end":            {resend(m{"isResend": true, "resendContent": "(광고)무료거부 0801234567 안녕"}), -4200},
		"an ad's text with a number that is none":                {resend(m{"isResend": true, "resendContent": "(광고)안녕 무료거부 080-123"}), -4200},
		"an ad's text with a number that opts out of nothing":    {resend(m{"isResend": true, "resendContent": "(광고)문의 080-123-4567"}), -4200},
		"an ad's text in the short form":                         {resend(m{"isResend": true, "resendContent": " (광고)안녕 무료 거부: 080 1234 5678\n"}), 0},
		"a text of 255 characters by SMS is cut":                 {sms(m{"resendType": "SMS", "resendContent": strings.Repeat("가", 255)}), 0},
		"a text of 256 characters by SMS":                        {sms(m{"resendType": "SMS", "resendContent": strings.Repeat("가", 256)}), -4200},
		"a text of 4,000 characters by LMS is cut":               {sms(m{"resendType": "LMS", "resendContent": strings.Repeat("가", 4000)}), 0},
		"a text of 4,001 characters by LMS":                      {sms(m{"resendType": "LMS", "resendContent": strings.Repeat("가", 4001)}), -4200},
		"a title of 120 characters is cut":                       {sms(m{"resendTitle": strings.Repeat("가", 120)}), 0},
		"a title of 121 characters":                              {sms(m{"resendTitle": strings.Repeat("가", 121)}), -4200},
		"an image link of 2,000 characters is taken":             {with(image, m{"imageLink": "https://" + strings.Repeat("a", 1992)}), 0},
		"an image link of 2,001 characters":                      {with(image, m{"imageLink": "https://" + strings.Repeat("a", 1993)}), -2000},
		"two buttons with a wide image are taken":                {with(wide, buttons(many(2)...)), 0},
		"five buttons with an image are taken":                   {with(image, buttons(many(5)...)), 0},
		"six buttons with an image":                              {with(image, buttons(many(6)...)), -2018},
		"a button in the sixth place":                            {buttons(m{"type": "BK", "name": "n", "ordering": 6}), -2018},
		"a button without a type":                                {buttons(m{"name": "n"}), -3014},
		"message delivery is taken":                              {buttons(m{"type": "MD", "name": strings.Repeat("n", 28)}), 0},
		"image 0 is none":                                        {m{"imageSeq": 0}, 0},
		"a text that is not sent may be anything":                {resend(m{"isResend": false, "resendContent": "안녕"}), 0},
		"members that nobody knows, and names in any case, pass": {m{"statsId": "x", "RECIPIENTNO": "01087654321"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(t, "POST", talk+"/messages", body(t, nil, test.to))
			want := test.code
			if test.code != 0 {
				want = kakao.CodeAllRefused
			}
			one, _ := got.at("message", "sendResults", 0, "resultCode").(float64)
			if got.code() != want || int(one) != test.code {
				t.Errorf("answered %v, want %d", got, test.code)
			}
			if id := got.at("message", "requestId"); (id != nil) != (test.code == 0) {
				t.Errorf("request id is %v", id)
			}
		})
	}
}

func TestRefusedRecipientsAreToldAndNotStored(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	list := []m{
		{"recipientNo": "01011110005", "content": "a", "recipientGroupingKey": "k1"},
		{"recipientNo": "01011112222", "content": "b", "recipientGroupingKey": "k2"},
	}
	got := b.do(t, "POST", talk+"/messages", body(t, m{"recipientList": list, "senderGroupingKey": "g"}, nil))
	if got.code() != 0 || got.at("message", "senderGroupingKey") != "g" {
		t.Fatalf("answered %v", got)
	}
	for i, want := range []struct {
		seq, code float64
		key, text string
	}{{1, -5000, "k1", "RecipientNo is invalid."}, {2, 0, "k2", "SUCCESS"}} {
		r := object(got.at("message", "sendResults", i).(map[string]any))
		if r["recipientSeq"] != want.seq || r["resultCode"] != want.code || r["recipientGroupingKey"] != want.key || r["resultMessage"] != want.text {
			t.Errorf("result %d is %v", i, r)
		}
	}
	id := got.at("message", "requestId").(string)
	if len(id) != 25 || !strings.HasPrefix(id, "20260302120000") {
		t.Errorf("request id is %q", id)
	}
	if got := b.do(t, "GET", talk+"/messages/"+id+"/1", ""); got.code() != kakao.CodeMessageNotFound {
		t.Errorf("the refused one is stored: %v", got)
	}
	if got := b.do(t, "GET", talk+"/messages/"+id+"/2", ""); got.at("message", "recipientNo") != "01011112222" {
		t.Errorf("the accepted one: %v", got)
	}
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{RequireConvert: true})
	ok := body(t, nil, nil)
	convert := []string{kakao.HeaderConvertToBrand, "true"}
	for name, test := range map[string]struct {
		method, path, body string
		header             []string
		code               int
	}{
		"an unknown appkey":                {"GET", "/alimtalk/v2.1/appkeys/other/senders", "", nil, -1000},
		"a wrong secret key":               {"GET", alim + "/senders", "", []string{kakao.HeaderSecretKey, "x"}, -1001},
		"no secret key":                    {"GET", alim + "/senders", "", []string{kakao.HeaderSecretKey, ""}, -1001},
		"an unknown path":                  {"GET", "/friendtalk/v9/x", "", nil, -9998},
		"a known path with another method": {"PUT", talk + "/messages", ok, nil, -9998},
		"a form":                           {"POST", talk + "/messages", ok, []string{"Content-Type", "text/plain"}, -9996},
		"a malformed parameter of JSON":    {"POST", talk + "/messages", ok, append([]string{"Content-Type", "application/json; utf-8"}, convert...), 0},
		"FriendTalk without the header":    {"POST", talk + "/messages", ok, nil, -9992},
		"FriendTalk with the header":       {"POST", talk + "/messages", ok, convert, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.do(t, test.method, test.path, test.body, test.header...); got.code() != test.code {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		usesKey bool
		bad     int // what a repeat after a refused call answers
	}{
		"a refused call leaves its key":  {false, 0},
		"a refused call uses its key up": {true, -1005},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, nhnsim.Config{FailedCallUsesKey: test.usesKey})
			must(t, b.sim.AddAppkey("other", secret))
			_, err := b.sim.AddSender("other", nhnsim.Sender{PlusFriendID: from, Registered: true})
			must(t, err)
			post := func(app, key, body string) int {
				t.Helper()
				return b.do(t, http.MethodPost, "/friendtalk/v1.5/appkeys/"+app+"/messages", body, kakao.HeaderIdempotencyKey, key).code()
			}
			ok, bad := body(t, nil, nil), body(t, nil, m{"recipientNo": "1"})
			steps := []struct {
				app, key, body string
				later          time.Duration
				code           int
			}{
				{appkey, "a", ok, 0, 0}, {appkey, "a", ok, 0, -1005}, {appkey, "b", ok, 0, 0}, {"other", "a", ok, 0, 0},
				{appkey, "a", ok, 10*time.Minute - time.Second, -1005}, {appkey, "a", ok, time.Second, 0},
				{appkey, "c", bad, 0, -1031}, {appkey, "c", ok, 0, test.bad}, {appkey, "", ok, 0, 0}, {appkey, "", ok, 0, 0},
			}
			for i, s := range steps {
				b.Add(s.later)
				if got := post(s.app, s.key, s.body); got != s.code {
					t.Errorf("step %d answered %d, want %d", i, got, s.code)
				}
			}
		})
	}
}

func TestTheDailyMaximumCountsByDayInKorea(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	must(t, b.sim.SetSender(appkey, from, func(s *nhnsim.Sender) { s.DailyMax = 2 }))
	tomorrow := kakao.FormatDate(noon.AddDate(0, 0, 1))
	post := func(at string) object {
		return b.do(t, "POST", talk+"/messages", body(t, m{"requestDate": at}, nil))
	}
	first := post(tomorrow)
	for i, step := range []struct {
		at   string
		code int
	}{{tomorrow, 0}, {tomorrow, -1017}, {"", 0}, {"", 0}, {"", -1017}} {
		if got := post(step.at); got.code() != step.code {
			t.Errorf("step %d answered %v", i, got)
		}
	}
	got := b.do(t, "GET", alim+"/senders", "")
	if ft := got.at("senders", 0, "friendtalk").(map[string]any); ft["sentCount"] != 2.0 || ft["dailyMaxCount"] != 2.0 {
		t.Errorf("sender tells %v", ft)
	}
	must(t, b.client.CancelFriendTalk(t.Context(), first.at("message", "requestId").(string)))
	if got := post(tomorrow); got.code() != 0 {
		t.Errorf("what was cancelled still counts: %v", got)
	}
	b.Add(13 * time.Hour) // past midnight in Korea
	if got := post(""); got.code() != -1017 {
		t.Errorf("the next day's scheduled messages do not count: %v", got)
	}
	b.Add(24 * time.Hour)
	if got := post(""); got.code() != 0 {
		t.Errorf("the day after begins at %v", got)
	}
}

func TestASecondRequestWithTheSameNumberIsAnother(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	ids := map[string]bool{}
	for range 20 {
		ids[b.send(t, time.Time{}, number)] = true
	}
	if len(ids) != 20 {
		t.Errorf("got %d ids", len(ids))
	}
	n := 0
	for a := range b.sim.Accepted(appkey) {
		if a.RecipientGroupingKey != "k"+number || a.SenderGroupingKey != "c.1.1" || a.RecipientSeq != 1 {
			t.Errorf("accepted %+v", a)
		}
		n++
	}
	if n != 20 {
		t.Errorf("accepted %d", n)
	}
}

func ExampleFallbackText() {
	fmt.Println(nhnsim.FallbackText("봄맞이 할인", [][2]string{{"보기", "https://example.com"}}, true, "080-123-4567"))
	// Output:
	// (광고)봄맞이 할인
	// 보기 - https://example.com
	// [무료 수신거부]080-123-4567
}

// FuzzSend hands over whatever a client might: it must be answered with a header,
// and what was accepted must be the same after a restart.
func FuzzSend(f *testing.F) {
	for _, s := range []string{
		body(f, nil, nil), body(f, m{"requestDate": "2026-03-02 13:00"}, buttons(webLink)), "{", "null", `{"recipientList":[null]}`,
		body(f, nil, m{"isAd": true, "content": "\x00\"😀", "resendParameter": m{"isResend": true, "resendContent": "(광고) 080"}}),
		`{"plusFriendId":"@소식","recipientList":[{"recipientNo":"01012340001","content":"a","buttons":[{"ordering":-9,"name":"n","type":"BK"}]}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		cfg := nhnsim.Config{StateFile: stateFile(t)}
		sim, err := nhnsim.Open(cfg)
		must(t, err)
		must(t, sim.AddAppkey(appkey, secret))
		_, err = sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: from, Registered: true})
		must(t, err)
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, talk+"/messages", strings.NewReader(in))
		r.Header.Set(kakao.HeaderSecretKey, secret)
		r.Header.Set("Content-Type", "application/json")
		sim.ServeHTTP(w, r)
		var answer object
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.at("header", "isSuccessful") == nil {
			t.Errorf("answered %q: %v", w.Body, err)
		}
		before := slices.Collect(sim.Accepted(appkey))
		must(t, sim.Close())
		again, err := nhnsim.Open(cfg)
		must(t, err)
		if after := slices.Collect(again.Accepted(appkey)); !slices.Equal(before, after) {
			t.Errorf("accepted %+v, after a restart %+v", before, after)
		}
		must(t, again.Close())
	})
}
