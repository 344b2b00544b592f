package nhnsim_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

func TestASenderFromRegistrationToFallback(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	ctx := t.Context()
	in := nhn.RegisterSenderRequest{PlusFriendID: "@새소식", PhoneNo: "010-9999-8888", CategoryCode: "00100010001"}
	must(t, b.client.RegisterSender(ctx, in))
	must(t, b.client.RegisterSender(ctx, in)) // another token, while it waits

	list, total, err := b.client.Senders(ctx, nhn.SenderFilter{Status: kakao.SenderWaiting})
	must(t, err)
	if total != 1 || list[0].PlusFriendID != "@새소식" || list[0].KakaoStatus != "" || list[0].KakaoProfileStatusName != "" {
		t.Fatalf("waiting are %+v", list)
	}
	var token int
	if _, err := fmt.Sscanf(b.sim.Received()[0].Text, "[카카오톡] 인증 번호 %d", &token); err != nil || token < 10_000_000 {
		t.Fatalf("token %d: %v", token, err)
	}
	if _, err := b.client.EnterToken(ctx, "@새소식", token+1); err == nil {
		t.Error("a wrong token is taken")
	}
	short, err := b.client.EnterToken(ctx, "@새소식", token)
	must(t, err)
	if short == nil || short.SenderKey != list[0].SenderKey || short.Status != kakao.SenderRegistered {
		t.Fatalf("the token is answered with %+v", short)
	}
	if err := b.client.RegisterSender(ctx, in); err == nil || !strings.Contains(err.Error(), "-1004") {
		t.Errorf("registered twice: %v", err)
	}
	must(t, b.client.SetFallback(ctx, nhn.Fallback{PlusFriendID: "@새소식", IsResend: true, SendNo: "021112222", UnsubscribeNo: "080-111-2222"}))
	got, err := b.client.Sender(ctx, short.SenderKey)
	must(t, err)
	want := nhn.SenderChannel{ResendAppkey: smskey, IsResend: true, ResendSendNo: "021112222", ResendUnsubscribeNo: "080-111-2222", DailyMaxCount: 1000}
	if got.FriendTalk != want || len(got.SenderKey) != kakao.SenderKeyLen || got.KakaoStatus != "A" || got.KakaoProfileStatus != "A" || !got.CreateDate.Equal(noon) {
		t.Errorf("got %+v", got)
	}
	must(t, b.client.SetFallbackAppkey(ctx, "another"))
	if got, err = b.client.Sender(ctx, short.SenderKey); err != nil || got.FriendTalk.IsResend || got.FriendTalk.ResendSendNo != "" || got.FriendTalk.ResendAppkey != "another" {
		t.Errorf("after another SMS appkey: %+v, %v", got, err)
	}
}

func TestTheOlderVersionHidesTheSMSAppkey(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{TokenWithoutBody: true})
	old := nhn.New(nhn.Config{BaseURL: b.url, Appkey: appkey, SecretKey: secret, SenderVersion: kakao.SenderAPIv20})
	list, _, err := old.Senders(t.Context(), nhn.SenderFilter{})
	must(t, err)
	got := b.do(t, "GET", "/alimtalk/v2.0/appkeys/app/senders", "").at("senders", 0, "friendtalk").(map[string]any)
	if _, there := got["resendAppKey"]; there || list[0].FriendTalk.ResendAppkey != "" || list[0].FriendTalk.ResendSendNo == "" {
		t.Errorf("got %v, %+v", got, list[0])
	}
	waiting, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@w", PhoneNo: number})
	must(t, err)
	if s, err := old.EnterToken(t.Context(), "@w", waiting.Token); s != nil || err != nil {
		t.Errorf("the token is answered with %v, %v", s, err)
	}
}

func TestSenderCalls(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	waiting, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@w", PhoneNo: number})
	must(t, err)
	must(t, b.sim.AddAppkey("bare", secret))
	_, err = b.sim.AddSender("bare", nhnsim.Sender{PlusFriendID: from, Registered: true})
	must(t, err)
	register := func(id, phone, category string) string {
		return fmt.Sprintf(`{"plusFriendId":%q,"phoneNo":%q,"categoryCode":%q}`, id, phone, category)
	}
	const bare = "/friendtalk/v1.5/appkeys/bare"
	for name, test := range map[string]struct {
		method, path, body string
		code               int
	}{
		"register without a channel":                {"POST", alim + "/senders", `{"phoneNo":"01011112222","categoryCode":"00100010001"}`, -2002},
		"register a blank channel":                  {"POST", alim + "/senders", register("", number, "00100010001"), -2001},
		"register a channel of 31 characters":       {"POST", alim + "/senders", register(strings.Repeat("@", 31), number, "00100010001"), -2000},
		"register with a number that is none":       {"POST", alim + "/senders", register("@n", "phone", "00100010001"), 4},
		"register with a number of 16 characters":   {"POST", alim + "/senders", register("@n", "0101234567890123", "00100010001"), -2000},
		"register with a short category":            {"POST", alim + "/senders", register("@n", number, "001"), -2003},
		"register with a category nobody knows":     {"POST", alim + "/senders", register("@n", number, "99999999999"), 4},
		"register what is registered":               {"POST", alim + "/senders", register(from, number, "00100010001"), -1004},
		"register with what is not JSON":            {"POST", alim + "/senders", `[`, -3002},
		"a token for an unknown channel":            {"POST", alim + "/sender/token", `{"plusFriendId":"@x","token":1}`, -2017},
		"a token for a registered channel":          {"POST", alim + "/sender/token", `{"plusFriendId":"` + from + `","token":1}`, -1004},
		"no token":                                  {"POST", alim + "/sender/token", `{"plusFriendId":"@w"}`, -2002},
		"a token of letters":                        {"POST", alim + "/sender/token", `{"plusFriendId":"@w","token":"abc"}`, -3002},
		"a wrong token":                             {"POST", alim + "/sender/token", `{"plusFriendId":"@w","token":1}`, -1008},
		"an unknown sender key":                     {"GET", alim + "/senders/0000", "", -2017},
		"a sender that waits":                       {"GET", alim + "/senders/" + waiting.SenderKey, "", 0},
		"senders of no known status":                {"GET", alim + "/senders?status=YSC01", "", -4000},
		"senders of page 0":                         {"GET", alim + "/senders?pageNum=0", "", -2003},
		"senders of a page that is no number":       {"GET", alim + "/senders?pageNum=a", "", -9994},
		"register with a blank number":              {"POST", alim + "/senders", register("@n", " ", "00100010001"), -2001},
		"register with a category of 12 digits":     {"POST", alim + "/senders", register("@n", number, "001000100011"), -2000},
		"register as a form":                        {"POST", alim + "/senders", "a", -3002},
		"a token that is blank":                     {"POST", alim + "/sender/token", `{"plusFriendId":"@w","token":""}`, -3002},
		"a token that is null":                      {"POST", alim + "/sender/token", `{"plusFriendId":"@w","token":null}`, -2002},
		"a wrong token of digits":                   {"POST", alim + "/sender/token", `{"plusFriendId":"@w","token":"00000001"}`, -1008},
		"no fallback appkey but null":               {"POST", talk + "/failback/appkey", `{"resendAppKey":null}`, -2002},
		"fallback with a truth in quotes":           {"POST", talk + "/failback", `{"plusFriendId":"` + from + `","isResend":"true","resendSendNo":"0212345678"}`, -3002},
		"fallback with a blank number":              {"POST", talk + "/failback", `{"plusFriendId":"` + from + `","isResend":false,"resendSendNo":""}`, -1003},
		"senders of pages of 1,001":                 {"GET", alim + "/senders?pageSize=1001", "", -2005},
		"a blank SMS appkey":                        {"POST", talk + "/failback/appkey", `{"resendAppKey":" "}`, -1002},
		"no SMS appkey":                             {"POST", talk + "/failback/appkey", `{}`, -2002},
		"fallback without a number, even to end it": {"POST", talk + "/failback", `{"plusFriendId":"` + from + `","isResend":false}`, -2002},
		"fallback without a decision":               {"POST", talk + "/failback", `{"plusFriendId":"` + from + `","resendSendNo":"0212345678"}`, -2002},
		"fallback from a number that is none":       {"POST", talk + "/failback", `{"plusFriendId":"` + from + `","isResend":true,"resendSendNo":"x"}`, -1003},
		"fallback with an 080 number that is none":  {"POST", talk + "/failback", `{"plusFriendId":"` + from + `","isResend":true,"resendSendNo":"0212345678","resendUnsubscribeNo":"0212345678"}`, -1019},
		"fallback of an unknown channel":            {"POST", talk + "/failback", `{"plusFriendId":"@x","isResend":true,"resendSendNo":"0212345678"}`, -2017},
		"fallback of a channel that waits":          {"POST", talk + "/failback", `{"plusFriendId":"@w","isResend":true,"resendSendNo":"0212345678"}`, -1014},
		"fallback before the SMS appkey":            {"POST", bare + "/failback", `{"plusFriendId":"` + from + `","isResend":true,"resendSendNo":"0212345678"}`, -1002},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.do(t, test.method, test.path, test.body); got.code() != test.code {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
}

func TestASenderIsShownFieldByField(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{NewSenderDailyMax: 700})
	kept := b.addSender(t, nhnsim.Sender{
		PlusFriendID: "@kept", Registered: true, Dormant: true, Blocked: true, DailyMax: 5, AlimTalkDailyMax: 6, CategoryCode: "00200010001",
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	for version, base := range senderAPIs {
		same(t, b.do(t, "POST", base+"/senders", `{"plusFriendId":"@new","phoneNo":"01012345678","categoryCode":"00100010001"}`), m{"header": header})
		key, _ := b.do(t, "GET", base+"/senders?plusFriendId=@new", "").at("senders", 0, "senderKey").(string)
		channels := func(max1, max2 int, ft m) (alimTalk, friendTalk m) {
			alimTalk = m{"resendAppKey": smskey, "isResend": false, "resendSendNo": nil, "dailyMaxCount": float64(max1), "sentCount": 0.0}
			friendTalk = m{"resendAppKey": smskey, "isResend": false, "resendSendNo": nil, "resendUnsubscribeNo": nil, "dailyMaxCount": float64(max2), "sentCount": 0.0}
			maps.Copy(friendTalk, ft)
			if version == kakao.SenderAPIv20 {
				delete(alimTalk, "resendAppKey")
				delete(friendTalk, "resendAppKey")
			}
			return alimTalk, friendTalk
		}
		alimTalk, friendTalk := channels(700, 700, nil)
		waiting := m{
			"plusFriendId": "@new", "senderKey": key, "categoryCode": "00100010001", "status": "YSC02", "statusName": "등록 대기 중",
			"kakaoStatus": nil, "kakaoStatusName": nil, "kakaoProfileStatus": nil, "kakaoProfileStatusName": nil,
			"alimtalk": alimTalk, "friendtalk": friendTalk, "dormant": false, "block": false, "createDate": "2026-03-02 12:00:00.0",
		}
		same(t, b.do(t, "GET", base+"/senders/"+key, ""), m{"header": header, "sender": waiting})
		same(t, b.do(t, "GET", base+"/senders?status=YSC02", ""), m{"header": header, "senders": []any{waiting}, "totalCount": 1.0})
		same(t, b.do(t, "GET", base+"/senders?status=YSC03&plusFriendId=@new", ""), m{"header": header, "senders": []any{}, "totalCount": 0.0})

		alimTalk, friendTalk = channels(6, 5, m{"isResend": true, "resendSendNo": "0212345678", "resendUnsubscribeNo": "0801234567"})
		same(t, b.do(t, "GET", base+"/senders/"+kept, ""), m{"header": header, "sender": m{
			"plusFriendId": "@kept", "senderKey": kept, "categoryCode": "00200010001", "status": "YSC03", "statusName": "정상 등록",
			"kakaoStatus": "S", "kakaoStatusName": "차단", "kakaoProfileStatus": "B", "kakaoProfileStatusName": "차단",
			"alimtalk": alimTalk, "friendtalk": friendTalk, "dormant": true, "block": true, "createDate": "2026-03-02 12:00:00.0",
		}})
	}
}

func TestTheTokenIsAnsweredFieldByField(t *testing.T) {
	t.Parallel()
	for version, base := range senderAPIs {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			for without, extra := range map[bool]m{false: {"sender": m{"plusFriendId": "@w", "categoryCode": "00100010001", "status": "YSC03"}}, true: {}} {
				b := open(t, nhnsim.Config{TokenWithoutBody: without})
				s, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@w", PhoneNo: number})
				must(t, err)
				want := m{"header": header}
				if sender, ok := extra["sender"].(m); ok {
					sender["senderKey"] = s.SenderKey
					want["sender"] = sender
				}
				same(t, b.do(t, "POST", base+"/sender/token", fmt.Sprintf(`{"plusFriendId":"@w","token":%d}`, s.Token)), want)
				for _, token := range []int{s.Token, 1} {
					if got := b.do(t, "POST", base+"/sender/token", fmt.Sprintf(`{"plusFriendId":"@w","token":%d}`, token)); got.code() != -1004 {
						t.Errorf("entered again: %v", got)
					}
				}
			}
		})
	}
}

func TestKakaoTalksNamesFollowTheCodes(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for profile, name := range map[string]string{"A": "활성화", "B": "차단", "C": "비활성화", "D": "삭제", "E": "삭제 처리 중"} {
		key := b.addSender(t, nhnsim.Sender{PlusFriendID: "@" + profile, Registered: true, ProfileStatus: profile})
		got := b.do(t, "GET", alim+"/senders/"+key, "")
		if got.at("sender", "kakaoProfileStatus") != profile || got.at("sender", "kakaoProfileStatusName") != name || got.at("sender", "kakaoStatusName") != "정상" {
			t.Errorf("%s is shown as %v", profile, got)
		}
	}
}

func TestFallbackIsAnsweredWithTheHeaderAlone(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	key := b.addSender(t, nhnsim.Sender{PlusFriendID: "@s", Registered: true})
	shown := func() any { return b.do(t, "GET", alim+"/senders/"+key, "").at("sender", "friendtalk") }
	set := func(appkey string, isResend bool, sendNo, unsubscribeNo any) any {
		return m{"resendAppKey": appkey, "isResend": isResend, "resendSendNo": sendNo, "resendUnsubscribeNo": unsubscribeNo, "dailyMaxCount": 0.0, "sentCount": 0.0}
	}
	for i, step := range []struct {
		path, body string
		want       any
	}{
		{"/failback", `{"plusFriendId":"@s","isResend":true,"resendSendNo":"02-1234-5678","resendUnsubscribeNo":"080-123-4567"}`, set(smskey, true, "02-1234-5678", "080-123-4567")},
		{"/failback", `{"plusFriendId":"@s","isResend":false,"resendSendNo":"0212345678"}`, set(smskey, false, "0212345678", nil)},
		{"/failback/appkey", `{"resendAppKey":"another"}`, set("another", false, nil, nil)},
	} {
		same(t, b.do(t, "POST", talk+step.path, step.body), m{"header": header})
		if diff := cmp.Diff(step.want, shown()); diff != "" {
			t.Errorf("after step %d (-want +got):\n%s", i, diff)
		}
	}
	// Row 20 of the documents' contradictions: settings sent to the path of the appkey.
	if got := b.do(t, "POST", talk+"/failback/appkey", `{"plusFriendId":"@s","isResend":true,"resendSendNo":"0212345678"}`); got.code() != -2002 {
		t.Errorf("settings at the appkey's path answered %v", got)
	}
}

func TestATokenMayComeAsAString(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	s, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@w", PhoneNo: number})
	must(t, err)
	if got := b.do(t, "POST", alim+"/sender/token", fmt.Sprintf(`{"plusFriendId":"@w","token":"%d"}`, s.Token)); got.code() != 0 {
		t.Errorf("answered %v", got)
	}
}

func TestSendersAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for i := range 19 {
		_, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: fmt.Sprintf("@s%02d", i), Registered: true, Blocked: i == 3})
		must(t, err)
	}
	list, total, err := b.client.Senders(t.Context(), nhn.SenderFilter{PageNum: 2})
	must(t, err)
	if len(list) != 5 || total != 20 {
		t.Errorf("second page has %d of %d", len(list), total)
	}
	list, total, err = b.client.Senders(t.Context(), nhn.SenderFilter{PlusFriendID: "@s03"})
	must(t, err)
	if total != 1 || !list[0].Blocked || list[0].KakaoStatus != "S" || list[0].KakaoProfileStatusName != "차단" {
		t.Errorf("got %+v", list)
	}
	n := 0
	for _, err := range b.client.AllSenders(t.Context(), nhn.SenderFilter{PageSize: 3}) {
		must(t, err)
		n++
	}
	if n != 20 {
		t.Errorf("walked %d", n)
	}
}

func TestCategories(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	tree, err := b.client.Categories(t.Context())
	must(t, err)
	if len(tree) < 12 {
		t.Errorf("%d at the top", len(tree))
	}
	seen, first := map[string]bool{}, ""
	for code, path := range nhn.Leaves(tree) {
		if first == "" {
			first = code + " " + path[0].Name + " > " + path[1].Name + " > " + path[2].Name
		}
		if len(code) != kakao.CategoryCodeLen || len(path) != 3 || seen[code] || path[2].ParentCode != path[1].Code || path[2].Depth != 3 {
			t.Errorf("%s %v", code, path)
		}
		seen[code] = true
	}
	if first != "00100010001 건강 > 병원 > 종합병원" {
		t.Errorf("the first is %s", first)
	}
	raw := b.do(t, "GET", alim+"/sender/categories", "").at("categories", 0, "subCategories", 0, "subCategories", 0).(map[string]any)
	if v, there := raw["subCategories"]; !there || v != nil {
		t.Errorf("a leaf is %v", raw)
	}
}

func TestCategoriesAreShownFieldByField(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for _, base := range senderAPIs {
		got := b.do(t, "GET", base+"/sender/categories", "")
		top := got.at("categories", 0).(m)
		second := object(top).at("subCategories", 0).(m)
		leaf := object(second).at("subCategories", 0)
		delete(top, "subCategories")
		delete(second, "subCategories")
		want := []any{
			m{"parentCode": nil, "depth": 1.0, "code": "001", "name": "건강"},
			m{"parentCode": "001", "depth": 2.0, "code": "0001", "name": "병원"},
			m{"parentCode": "0001", "depth": 3.0, "code": "0001", "name": "종합병원", "subCategories": nil},
		}
		if diff := cmp.Diff(want, []any{top, second, leaf}); diff != "" || len(got) != 2 {
			t.Errorf("%d members, (-want +got):\n%s", len(got), diff)
		}
	}
}

func TestSeedingKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	must(t, b.client.SetFallback(t.Context(), nhn.Fallback{PlusFriendID: from, SendNo: "021112222"}))
	must(t, b.sim.SetSMSAppkey(appkey, smskey))
	got, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: from, Registered: true, DailyMax: 5})
	must(t, err)
	if got.DailyMax != 0 || got.Fallback.SendNo != "021112222" {
		t.Errorf("got %+v", got)
	}
	if _, err := b.sim.AddSender("other", nhnsim.Sender{PlusFriendID: from}); err == nil {
		t.Error("an unknown appkey has a sender")
	}
}
