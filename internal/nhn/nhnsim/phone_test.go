package nhnsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

// see opens a page of the simulator's port as a browser does.
func (b *bench) see(t *testing.T, path string) string {
	t.Helper()
	got := b.try(t, time.Minute, "GET", path, "")
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Fatalf("%s answered %+v", path, got)
	}
	if strings.Contains(got.body, "<script") || strings.Contains(got.body, "style=") || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%s is not safe under its policy: %s", path, got.body)
	}
	return got.body
}

const refreshing = `http-equiv="refresh" content="5"`

func without(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(page, s) {
			t.Errorf("%q is there in:\n%s", s, page)
		}
	}
}

func TestThePhoneShowsWhatArrived(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	contains(t, []byte(b.see(t, "/")), "아직 도착한 메시지가 없습니다", "0001", refreshing, "2026년 3월 2일 월요일 오후 12:00")

	image, err := b.sim.AddImage(appkey, "wide.jpg", true)
	must(t, err)
	must(t, b.client.RegisterSender(t.Context(), nhn.RegisterSenderRequest{PlusFriendID: "@새소식", PhoneNo: "01077778888", CategoryCode: "00100010001"}))
	req := plain()
	req.Recipients[0].Content = "<b>봄</b>"
	req.Recipients[0].IsAd = true
	req.Recipients[0].Buttons = []nhn.Button{
		{Ordering: 1, Type: "WL", Name: "보러 가기", LinkMo: "https://example.com/a"}, {Ordering: 2, Type: "AL", Name: "앱 열기", SchemeIOS: "a://", SchemeAndroid: "a://", LinkMo: "http://b"},
	}
	again := req.Recipients[0]
	again.RecipientNo = "010-9999-0001"
	picture := nhn.FriendTalkRecipient{RecipientNo: number, Content: "그림", ImageSeq: image, ImageLink: "https://example.com"}
	req.Recipients = append(req.Recipients, again, picture)
	_, err = b.client.SendFriendTalk(t.Context(), req, "")
	must(t, err)
	must(t, b.sim.SpeedClock(60))
	b.Add(time.Second)

	list := b.see(t, "/")
	contains(t, []byte(list), "010-1234-5678", "010-7777-8888", "010-9999-0001", "인증 번호", refreshing, "번호를 고르세요", "60배속", `href="?no=01012345678"`)
	for path, texts := range map[string][]string{
		"/?no=01012345678":         {"&lt;b&gt;봄", "(광고) 소식", `href="https://example.com/a"`, "앱 열기", "홈 &gt; 채널 차단", "wide.jpg", "image wide", "친구톡", "오후 12:00", "2026년 3월 2일 월요일", `aria-current="page"`},
		"/phone/?no=010-1234-5678": {"&lt;b&gt;봄"},
		"/?no=%2B82-10-9999-0001":  {"02-1234-5678", "문자 대체 발송", "[무료 수신거부]0801234567", "보러 가기 - https://example.com/a", "바이트"},
		"/?no=01077778888":         {"카카오톡", "<strong>", "@새소식 발신 프로필을 등록하려면"},
		"/?no=01000000000":         {"이 번호로 받은 메시지가 없습니다"},
	} {
		page := b.see(t, path)
		contains(t, []byte(page), append(texts, `href="./phone.css"`, "새로 고침")...)
		without(t, page, refreshing)
	}
	without(t, b.see(t, "/?no=01099990001"), "&lt;b&gt;봄</p>", "앱 열기")
	got := b.sim.Received()
	if len(got) != 4 || got[0].Kind != kakao.FallbackLMS && got[0].Kind != kakao.FallbackSMS || got[1].Kind != "FRIENDTALK" || got[3].Kind != "TOKEN" {
		t.Errorf("received %+v", got)
	}
}

func TestNumbersAreFound(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.send(t, time.Time{}, number, "01055556666", "01055557777")
	b.Add(time.Minute)
	for query, want := range map[string]int{"": 3, "5555": 2, "666": 1, "010-5555-7": 1, "없음": 0, "9999": 0} {
		page := b.see(t, "/?q="+url.QueryEscape(query))
		if got := strings.Count(page, `<span class="no">`); got != want {
			t.Errorf("%q finds %d", query, got)
		}
		without(t, page, refreshing)
		contains(t, []byte(page), `<form role="search"`, `value="`+query+`"`)
	}
	contains(t, []byte(b.see(t, "/?q=5555&no=01055556666")), "?no=01055557777&amp;q=5555")
}

func TestWhatIsAPageAndWhatIsNot(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/phone/": "text/html; charset=utf-8", "/phone": "text/html; charset=utf-8",
		"/phone.css": "text/css; charset=utf-8", "/phone/phone.css": "text/css; charset=utf-8", "/phone/other": "text/plain; charset=utf-8",
		"/other": "application/json;charset=UTF-8", "/index.html": "application/json;charset=UTF-8", "/friendtalk": "application/json;charset=UTF-8", "/_sim/state": "application/json",
	} {
		if got := b.try(t, time.Minute, "GET", path, ""); got.header.Get("Content-Type") != want {
			t.Errorf("%s answered %v", path, got.header)
		}
	}
	if got := b.do(t, "GET", "/other", ""); got.code() != kakao.CodeUnknownAPI {
		t.Errorf("an unknown path answered %v", got)
	}
	if got := b.try(t, time.Minute, "POST", "/", "{}"); !strings.Contains(got.body, "-9998") {
		t.Errorf("posting to the page answered %+v", got)
	}
}

func TestDaysAndTimesAreToldInKorean(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	for _, no := range []string{"01000000010", "01000000011", "01000000012", "01000000013"} {
		b.send(t, time.Time{}, no, "01099990000")
		b.Add(map[string]time.Duration{"01000000010": 40 * 24 * time.Hour, "01000000011": 24 * time.Hour, "01000000012": 23 * time.Hour, "01000000013": time.Minute}[no])
	}
	page := b.see(t, "/?no=01099990000")
	contains(t, []byte(page), "2026년 3월 2일 월요일", "2026년 4월 11일 토요일", "2026년 4월 12일 일요일", "2026년 4월 13일 월요일", "3월 2일</time>", "4월 11일</time>", ">어제</time>", "오전 11:00")
	if got := strings.Count(page, `<li class="day">`); got != 4 {
		t.Errorf("%d days", got)
	}
}

func TestATalkAndAListHaveAnEnd(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	for range 201 {
		b.send(t, time.Time{}, number)
	}
	numbers := make([]string, 300)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("0102%07d", 10*i)
	}
	b.send(t, time.Time{}, numbers...)
	b.Add(time.Minute)
	page := b.see(t, "/?no="+number)
	contains(t, []byte(page), "이보다 오래된 메시지는 보이지 않습니다", "최근에 받은 번호만 보입니다")
	if talk, list := strings.Count(page, `<li class="message`), strings.Count(page, `<span class="no">`); talk != 200 || list != 200 {
		t.Errorf("%d messages, %d numbers", talk, list)
	}
}

func TestThePhoneShowsTheLastHundred(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	numbers := make([]string, 1000)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("010%08d", 20_000_000+10*i)
	}
	b.send(t, time.Time{}, numbers...)
	b.Add(time.Minute)
	got := b.sim.Received()
	if len(got) != 100 {
		t.Fatalf("received %d", len(got))
	}
	for i := 1; i < len(got); i++ {
		if got[i].At.After(got[i-1].At) {
			t.Fatalf("%d is newer than the one before", i)
		}
	}
	if d := got[99].At.Sub(noon); d < 4*time.Second {
		t.Errorf("the last of them came after %v, but later ones are missing", d)
	}
}
