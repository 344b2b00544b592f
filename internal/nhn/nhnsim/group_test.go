package nhnsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// senderAPIs are the beginnings of the sender API's paths, by version.
var senderAPIs = map[string]string{kakao.SenderAPIv21: alim, kakao.SenderAPIv20: "/alimtalk/v2.0/appkeys/" + appkey}

// addSender makes a sender known and returns its key.
func (b *bench) addSender(t testing.TB, in nhnsim.Sender) string {
	t.Helper()
	out, err := b.sim.AddSender(appkey, in)
	must(t, err)
	return out.SenderKey
}

// addGroup makes a group known and returns its key.
func (b *bench) addGroup(t testing.TB, name string, members ...string) string {
	t.Helper()
	out, err := b.sim.AddGroup(appkey, nhnsim.Group{Name: name, Members: members})
	must(t, err)
	return out.SenderKey
}

// restart closes the simulator and opens it with the state that it left behind.
func (b *bench) restart(t testing.TB, cfg nhnsim.Config) {
	t.Helper()
	must(t, b.sim.Close())
	cfg.Now = b.clock.Now
	b.start(t, cfg)
}

// header is that of every answer that succeeds.
var header = m{"resultCode": 0.0, "resultMessage": "SUCCESS", "isSuccessful": true}

func same(t testing.TB, got object, want m) {
	t.Helper()
	if diff := cmp.Diff(want, m(got)); diff != "" {
		t.Errorf("got another answer (-want +got):\n%s", diff)
	}
}

func TestAGroupIsShownFieldByField(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	first := b.addSender(t, nhnsim.Sender{PlusFriendID: "@first", Registered: true})
	second := b.addSender(t, nhnsim.Sender{PlusFriendID: "@second", Registered: true})
	key := b.addGroup(t, "지점", first)
	if len(key) != kakao.SenderKeyLen {
		t.Errorf("the key is %q", key)
	}
	step := noon
	group := func(updated time.Time, members ...m) m {
		list := []any{}
		for _, s := range members {
			list = append(list, s)
		}
		return m{"header": header, "senderGroup": m{
			"groupName": "지점", "senderKey": key, "status": "YSC03", "senders": list,
			"createDate": "2026-03-02 12:00:00.0", "updateDate": updated.Format("2006-01-02 15:04:05.0"),
		}}
	}
	shown := func(id, key string) m {
		return m{"plusFriendId": id, "senderKey": key, "createDate": "2026-03-02 12:00:00.0"}
	}
	for _, version := range []string{kakao.SenderAPIv21, kakao.SenderAPIv20} {
		path := senderAPIs[version] + "/sender-groups/" + key
		same(t, b.do(t, "GET", path, ""), group(step, shown("@first", first)))
		b.Add(time.Minute)
		step = step.Add(time.Minute)
		same(t, b.do(t, "POST", path+"/senders/"+second, ""), m{"header": header})
		same(t, b.do(t, "GET", path, ""), group(step, shown("@first", first), shown("@second", second)))
		b.Add(time.Minute)
		step = step.Add(time.Minute)
		same(t, b.do(t, "DELETE", path+"/senders/"+second, ""), m{"header": header})
		same(t, b.do(t, "GET", path, ""), group(step, shown("@first", first)))
	}
	same(t, b.do(t, "DELETE", senderAPIs[kakao.SenderAPIv20]+"/sender-groups/"+key+"/senders/"+first, ""), m{"header": header})
	same(t, b.do(t, "GET", alim+"/sender-groups/"+key, ""), group(step))
}

func TestGroupCalls(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	member := b.addSender(t, nhnsim.Sender{PlusFriendID: "@member", Registered: true})
	other := b.addSender(t, nhnsim.Sender{PlusFriendID: "@other", Registered: true})
	waiting := b.addSender(t, nhnsim.Sender{PlusFriendID: "@waiting"})
	first := b.addSender(t, nhnsim.Sender{PlusFriendID: "@first", Registered: true, FirstTime: true})
	key := b.addGroup(t, "지점", member)
	for _, base := range senderAPIs {
		at := func(group, sender string) string { return base + "/sender-groups/" + group + "/senders/" + sender }
		for name, test := range map[string]struct {
			method, path string
			code         int
		}{
			"show an unknown group":                      {"GET", base + "/sender-groups/0000", -1010},
			"show a sender as a group":                   {"GET", base + "/sender-groups/" + member, -1010},
			"add to an unknown group":                    {"POST", at("0000", other), -1010},
			"add to a sender":                            {"POST", at(member, other), -1010},
			"add an unknown sender":                      {"POST", at(key, "0000"), -2017},
			"add a group":                                {"POST", at(key, key), -2017},
			"add a sender that waits for its token":      {"POST", at(key, waiting), -1014},
			"add a member":                               {"POST", at(key, member), -1018},
			"add a first-time sender":                    {"POST", at(key, first), -1029},
			"remove from an unknown group":               {"DELETE", at("0000", member), -1010},
			"remove an unknown sender":                   {"DELETE", at(key, "0000"), -2017},
			"remove who is no member":                    {"DELETE", at(key, other), -1022},
			"remove who waits and is no member":          {"DELETE", at(key, waiting), -1022},
			"show a group as a sender":                   {"GET", base + "/senders/" + key, -2017},
			"delete a group as a sender":                 {"DELETE", base + "/senders/" + key, -1025},
			"delete an unknown sender":                   {"DELETE", base + "/senders/0000", -2017},
			"groups are not listed, nor made by the API": {"POST", base + "/sender-groups", -9998},
		} {
			t.Run(name+" at "+base, func(t *testing.T) {
				t.Parallel()
				got := b.do(t, test.method, test.path, "")
				if text, _ := got.at("header", "resultMessage").(string); got.code() != test.code || strings.HasPrefix(text, "Failure") {
					t.Errorf("answered %v, want %d", got, test.code)
				}
			})
		}
	}
}

func TestAGroupIsFullAtFiveThousand(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	members := make([]string, kakao.MaxGroupMembers-1)
	for i := range members {
		members[i] = b.addSender(t, nhnsim.Sender{PlusFriendID: fmt.Sprintf("@m%d", i), Registered: true})
	}
	last := b.addSender(t, nhnsim.Sender{PlusFriendID: "@last", Registered: true})
	over := b.addSender(t, nhnsim.Sender{PlusFriendID: "@over", Registered: true})
	path := alim + "/sender-groups/" + b.addGroup(t, "모두", members...)
	for i, step := range []struct {
		method, sender string
		code           int
	}{{"POST", last, 0}, {"POST", over, -1026}, {"POST", last, -1018}, {"DELETE", members[0], 0}, {"POST", over, 0}, {"POST", members[0], -1026}} {
		if got := b.do(t, step.method, path+"/senders/"+step.sender, ""); got.code() != step.code {
			t.Errorf("step %d answered %v, want %d", i, got, step.code)
		}
	}
	if n := len(b.do(t, "GET", path, "").at("senderGroup", "senders").([]any)); n != kakao.MaxGroupMembers {
		t.Errorf("%d are shown", n)
	}
}

// Clients have been seen to send JSON where there is no body, and no content type
// where there is none.
func TestBodilessCallsTakeAnyBody(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]struct{ body, contentType string }{
		"nothing at all":          {"", ""},
		"JSON":                    {`{"senderKey":"x"}`, "application/json;charset=UTF-8"},
		"JSON without its type":   {`{"senderKey":"x"}`, ""},
		"what is not JSON":        {"[", "application/json"},
		"a form without a member": {"a=b", "application/x-www-form-urlencoded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, nhnsim.Config{})
			sender := b.addSender(t, nhnsim.Sender{PlusFriendID: "@s", Registered: true})
			member := alim + "/sender-groups/" + b.addGroup(t, "지점") + "/senders/" + sender
			image, err := b.sim.AddImage(appkey, "a.jpg", false)
			must(t, err)
			for _, call := range [][2]string{
				{"POST", member}, {"DELETE", member}, {"DELETE", alim + "/senders/" + sender},
				{"DELETE", fmt.Sprintf("%s/images?imageSeq=%d", talk, image)},
			} {
				if got := b.do(t, call[0], call[1], sent.body, "Content-Type", sent.contentType); got.code() != 0 {
					t.Errorf("%s %s answered %v", call[0], call[1], got)
				}
			}
		})
	}
}

func TestAGroupCannotSend(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	key := b.addGroup(t, "지점")
	for _, id := range []string{"지점", "@지점"} {
		if got := b.do(t, "POST", talk+"/messages", body(t, m{"plusFriendId": id}, nil)); got.code() != -1024 {
			t.Errorf("%s answered %v", id, got)
		}
	}
	short, err := b.sim.AddGroup(appkey, nhnsim.Group{Name: "짧은", SenderKey: "short"})
	must(t, err)
	if got := b.do(t, "POST", talk+"/messages", body(t, m{"plusFriendId": short.SenderKey}, nil)); got.code() != -1024 {
		t.Errorf("a group's key answered %v", got)
	}
	if got := b.do(t, "POST", talk+"/messages", body(t, m{"plusFriendId": key}, nil)); got.code() != -2000 {
		t.Errorf("a key of 40 characters is longer than a plusFriendId: %v", got)
	}
	b.addSender(t, nhnsim.Sender{PlusFriendID: "@지점", Registered: true})
	if got := b.do(t, "POST", talk+"/messages", body(t, m{"plusFriendId": "@지점"}, nil)); got.code() != 0 {
		t.Errorf("a sender with a group's name answered %v", got)
	}
}

func TestSeedingAGroup(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	member := b.addSender(t, nhnsim.Sender{PlusFriendID: "@m"})
	created := noon.Add(-time.Hour)
	key := b.addGroup(t, "지점", member)
	again, err := b.sim.AddGroup(appkey, nhnsim.Group{Name: "지점", CreateDate: created})
	must(t, err)
	if len(again.Members) != 1 || !again.CreateDate.Equal(noon) || again.SenderKey != key {
		t.Errorf("a known group became %+v", again)
	}
	again.Members[0] = "changed"
	if got := b.do(t, "GET", alim+"/sender-groups/"+key, "").at("senderGroup", "senders", 0, "plusFriendId"); got != "@m" {
		t.Errorf("the group shows %v", got)
	}
	for name, in := range map[string]nhnsim.Group{
		"without a name":               {},
		"with a sender's key":          {Name: "a", SenderKey: member},
		"with an unknown member":       {Name: "b", Members: []string{"x"}},
		"with the same member twice":   {Name: "c", Members: []string{member, member}},
		"with more than 5,000 members": {Name: "d", Members: make([]string, 5001)},
	} {
		if _, err := b.sim.AddGroup(appkey, in); err == nil {
			t.Errorf("a group %s is taken", name)
		}
	}
	if _, err := b.sim.AddGroup("other", nhnsim.Group{Name: "a"}); err == nil {
		t.Error("an unknown appkey has a group")
	}
	if _, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@x", SenderKey: key}); err == nil {
		t.Error("a sender has a group's key")
	}
}

func TestADeletedSenderIsGoneButForItsMessages(t *testing.T) {
	t.Parallel()
	for version, base := range senderAPIs {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			cfg := nhnsim.Config{StateFile: stateFile(t)}
			b := open(t, cfg)
			in := nhnsim.Sender{PlusFriendID: "@s", PhoneNo: number, Registered: true, DailyMax: 3}
			key := b.addSender(t, in)
			group := b.addGroup(t, "지점", key)
			tomorrow := m{"plusFriendId": "@s", "requestDate": kakao.FormatDate(noon.Add(24 * time.Hour))}
			sent := b.do(t, "POST", talk+"/messages", body(t, tomorrow, nil))
			id, _ := sent.at("message", "requestId").(string)
			b.Add(time.Minute)

			same(t, b.do(t, "DELETE", base+"/senders/"+key, ""), m{"header": header})
			for path, code := range map[string]int{
				base + "/senders/" + key: -2017, base + "/senders?senderKey=" + key: 0, base + "/sender-groups/" + group: 0,
			} {
				got := b.do(t, "GET", path, "")
				if n, _ := got.at("totalCount").(float64); got.code() != code || n != 0 || got.at("senderGroup", "senders", 0) != nil {
					t.Errorf("%s answered %v", path, got)
				}
			}
			if got := b.do(t, "GET", base+"/sender-groups/"+group, "").at("senderGroup", "updateDate"); got != "2026-03-02 12:01:00.0" {
				t.Errorf("the group was updated at %v", got)
			}
			for _, call := range [][2]string{{"POST", talk + "/messages"}, {"POST", talk + "/failback"}} {
				in := body(t, m{"plusFriendId": "@s", "isResend": true, "resendSendNo": "0212345678"}, nil)
				if got := b.do(t, call[0], call[1], in); got.code() != -2017 {
					t.Errorf("%s answered %v", call[1], got)
				}
			}
			if got := b.do(t, "DELETE", base+"/senders/"+key, ""); got.code() != -2017 {
				t.Errorf("deleted twice: %v", got)
			}
			if got := b.do(t, "GET", talk+"/messages?plusFriendId="+url.QueryEscape("@s")+"&requestId="+id, ""); got.at("messageSearchResultResponse", "totalCount") != 1.0 {
				t.Errorf("its messages: %v", got)
			}

			register := `{"plusFriendId":"@s","phoneNo":"01012345678","categoryCode":"00100010001"}`
			if got := b.do(t, "POST", base+"/senders", register); got.code() != 0 {
				t.Fatalf("registered again: %v", got)
			}
			if got := b.do(t, "DELETE", talk+"/messages/"+id, ""); got.code() != 0 {
				t.Errorf("its message is cancelled: %v", got)
			}
			got := b.do(t, "GET", base+"/senders/"+key, "")
			if got.at("sender", "status") != "YSC02" || got.at("sender", "friendtalk", "sentCount") != 0.0 {
				t.Errorf("registered again it is %v", got)
			}
			b.restart(t, cfg)
			if after := b.do(t, "GET", base+"/senders/"+key, ""); !cmp.Equal(got.at("sender", "status"), after.at("sender", "status")) {
				t.Errorf("after a restart it is %v", after)
			}
		})
	}
}

func TestAChannelThatIsDeletedHasNotSentLess(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	in := nhnsim.Sender{PlusFriendID: "@s", Registered: true, DailyMax: 2}
	key := b.addSender(t, in)
	if got := b.do(t, "POST", talk+"/messages", body(t, m{"plusFriendId": "@s"}, nil)); got.code() != 0 {
		t.Fatal(got)
	}
	b.do(t, "DELETE", alim+"/senders/"+key, "")
	b.addSender(t, in)
	if got := b.do(t, "GET", alim+"/senders/"+key, "").at("sender", "friendtalk", "sentCount"); got != 1.0 {
		t.Errorf("it has sent %v", got)
	}
}

func TestAnAppkeyThatIsNotServed(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	calls := [][2]string{{"GET", alim + "/senders"}, {"POST", talk + "/messages"}, {"DELETE", talk + "/images?imageSeq=1"}}
	for _, step := range []struct {
		state nhnsim.AppkeyState
		code  int
	}{{nhnsim.AppkeyState{Disabled: true}, -4005}, {nhnsim.AppkeyState{Disabled: true, Unverified: true}, -4005}, {nhnsim.AppkeyState{Unverified: true}, -1030}} {
		must(t, b.sim.SetAppkeyState(appkey, step.state))
		b.restart(t, cfg)
		for _, call := range calls {
			if got := b.do(t, call[0], call[1], "{}"); got.code() != step.code {
				t.Errorf("%+v answered %v", step.state, got)
			}
		}
		if got := b.do(t, "GET", alim+"/senders", "", kakao.HeaderSecretKey, "x"); got.code() != -1001 {
			t.Errorf("a wrong secret key is told %v", got)
		}
	}
	must(t, b.sim.SetAppkeyState(appkey, nhnsim.AppkeyState{}))
	if got := b.do(t, "GET", alim+"/senders", ""); got.code() != 0 {
		t.Errorf("in good order it answered %v", got)
	}
	if err := b.sim.SetAppkeyState("other", nhnsim.AppkeyState{}); err == nil {
		t.Error("an unknown appkey has a state")
	}
}

func TestGroupsSurviveARestart(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	a := b.addSender(t, nhnsim.Sender{PlusFriendID: "@a", Registered: true})
	z := b.addSender(t, nhnsim.Sender{PlusFriendID: "@z", Registered: true})
	first := b.addSender(t, nhnsim.Sender{PlusFriendID: "@first", Registered: true, FirstTime: true})
	path := alim + "/sender-groups/" + b.addGroup(t, "지점", a)
	b.Add(time.Hour)
	b.do(t, "POST", path+"/senders/"+z, "")
	b.do(t, "DELETE", path+"/senders/"+a, "")
	before := b.do(t, "GET", path, "")
	b.restart(t, cfg)
	if diff := cmp.Diff(before, b.do(t, "GET", path, "")); diff != "" {
		t.Error(diff)
	}
	if got := b.do(t, "POST", path+"/senders/"+first, ""); got.code() != -1029 {
		t.Errorf("the flag of a first-time sender is forgotten: %v", got)
	}
	must(t, b.sim.Close())
	if got := b.do(t, "POST", path+"/senders/"+a, ""); got.code() != -9999 {
		t.Errorf("what cannot be written is done: %v", got)
	}
}

func TestSendersComeAndGoWhileOthersSend(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	group := b.addGroup(t, "지점")
	jpg := picture(t, "jpg", 500, 250)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			in := nhnsim.Sender{PlusFriendID: fmt.Sprintf("@s%d", i%2), Registered: true}
			for range 10 {
				s, err := b.sim.AddSender(appkey, in)
				must(t, err)
				b.do(t, "POST", alim+"/sender-groups/"+group+"/senders/"+s.SenderKey, "")
				image := b.upload(t, part{"image", "a.jpg", jpg}).at("image", "imageSeq")
				to := m{"imageSeq": image, "imageLink": "https://example.com"}
				if got := b.do(t, "POST", talk+"/messages", body(t, m{"plusFriendId": in.PlusFriendID}, to)); got.code() != 0 && got.code() != -2017 {
					t.Errorf("sent: %v", got)
				}
				b.do(t, "GET", alim+"/sender-groups/"+group, "")
				b.do(t, "DELETE", fmt.Sprintf("%s/images?imageSeq=%v", talk, image), "")
				b.do(t, "DELETE", alim+"/senders/"+s.SenderKey, "")
			}
		})
	}
	wg.Wait()
	before, n := b.do(t, "GET", alim+"/sender-groups/"+group, ""), accepted(b)
	if list := b.do(t, "GET", talk+"/images", ""); list.at("imagesResponse", "totalCount") != 0.0 || before.at("senderGroup", "senders", 0) != nil {
		t.Errorf("left are %v and %v", list, before)
	}
	b.restart(t, cfg)
	if diff := cmp.Diff(before, b.do(t, "GET", alim+"/sender-groups/"+group, "")); diff != "" || accepted(b) != n {
		t.Errorf("accepted %d, then %d; %s", n, accepted(b), diff)
	}
}

// FuzzGroupPath asks for whatever may stand in a path: every answer has a header, or
// leads to where the path without its detours is.
func FuzzGroupPath(f *testing.F) {
	sim, err := nhnsim.Open(nhnsim.Config{})
	must(f, err)
	must(f, sim.AddAppkey(appkey, secret))
	sender, err := sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: from, Registered: true})
	must(f, err)
	group, err := sim.AddGroup(appkey, nhnsim.Group{Name: "g"})
	must(f, err)
	for _, key := range []string{group.SenderKey, "", "x/../y", "%2F", "소식", "\x00", "..", "a?b#c"} {
		f.Add("POST", key, sender.SenderKey)
		f.Add("DELETE", key, "")
		f.Add("GET", sender.SenderKey, key)
	}
	f.Fuzz(func(t *testing.T, method, group, sender string) {
		if method != "POST" && method != "DELETE" {
			method = "GET"
		}
		for _, path := range []string{alim + "/sender-groups/" + group, alim + "/sender-groups/" + group + "/senders/" + sender, alim + "/senders/" + sender} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, "/", nil)
			r.URL = &url.URL{Path: path}
			r.Header.Set(kakao.HeaderSecretKey, secret)
			sim.ServeHTTP(w, r)
			if w.Code >= 300 && w.Code < 400 {
				continue
			}
			var answer object
			if err := json.Unmarshal(w.Body.Bytes(), &answer); w.Code != http.StatusOK || err != nil || answer.at("header", "isSuccessful") == nil {
				t.Errorf("%s %q answered %d %q", method, path, w.Code, w.Body)
			}
		}
	})
}
