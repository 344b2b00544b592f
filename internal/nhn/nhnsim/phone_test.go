package nhnsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

func TestThePhoneShowsWhatArrived(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	server := http.StripPrefix("/phone", b.sim.PhoneHandler())
	get := func(path string) (string, http.Header) {
		t.Helper()
		w := &recorder{header: http.Header{}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		must(t, err)
		server.ServeHTTP(w, r)
		return w.body.String(), w.header
	}
	page, _ := get("/phone/")
	contains(t, []byte(page), "아직 도착한 메시지가 없습니다", `http-equiv="refresh" content="5"`, "./phone.css")

	must(t, b.client.RegisterSender(t.Context(), nhn.RegisterSenderRequest{PlusFriendID: "@새소식", PhoneNo: "01077778888", CategoryCode: "00100010001"}))
	req := plain()
	req.Recipients[0].Content = "<b>봄</b>"
	req.Recipients[0].IsAd = true
	req.Recipients[0].Buttons = []nhn.Button{{Ordering: 1, Type: "WL", Name: "보러 가기", LinkMo: "https://example.com/a"}}
	again := req.Recipients[0]
	again.RecipientNo = "01099990001"
	req.Recipients = append(req.Recipients, again)
	_, err := b.client.SendFriendTalk(t.Context(), req, "")
	must(t, err)
	b.Add(time.Minute)
	page, header := get("/phone/")
	contains(t, []byte(page), "인증 번호", "01077778888", "&lt;b&gt;봄", "보러 가기", "01099990001", "[무료 수신거부]0801234567", "보러 가기 - https://example.com/a")
	if strings.Contains(page, "<script") || strings.Contains(page, "style=") || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("page is not safe under a policy: %s", page)
	}
	if css, header := get("/phone/phone.css"); !strings.Contains(css, "prefers-color-scheme") || !strings.HasPrefix(header.Get("Content-Type"), "text/css") {
		t.Errorf("style sheet: %v", header)
	}
	got := b.sim.Received()
	if len(got) != 3 || got[0].Kind != kakao.FallbackLMS && got[0].Kind != kakao.FallbackSMS || got[1].Kind != "FRIENDTALK" || got[2].Kind != "TOKEN" {
		t.Errorf("received %+v", got)
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

type recorder struct {
	header http.Header
	body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
