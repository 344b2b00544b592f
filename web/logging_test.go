package web_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// logged is what a log has taken in.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// until waits for a text.
func (l *logged) until(t *testing.T, text string) {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(l.String(), text) {
		select {
		case <-deadline:
			t.Fatalf("nothing is logged about %q: %s", text, l.String())
		case <-tick.C:
		}
	}
}

// withoutSeparators leaves of a text what numbers are told apart by, however they are written.
var withoutSeparators = strings.NewReplacer("-", "", " ", "", ".", "", "%20", "", "+", "", "%2B", "")

// wantNoNumbers holds a text against the last eight digits of each number.
func wantNoNumbers(t *testing.T, where, text string, numbers []string) {
	t.Helper()
	for line := range strings.Lines(text) {
		bare := withoutSeparators.Replace(line)
		for _, number := range numbers {
			if strings.Contains(bare, number[len(number)-8:]) {
				t.Errorf("%s holds %s: %s", where, number, line)
			}
		}
	}
}

// talkative is a provider that breaks off the first send after it has accepted it, and whose first
// results fail with numbers in what it says.
func talkative(numbers []string) func(r *http.Request) *nhnsim.Answer {
	var sends, lists atomic.Int64
	says := fmt.Sprintf(`{"header":{"isSuccessful":false,"resultCode":-9999,"resultMessage":"provider says %s"}}`, strings.Join(numbers, ", "))
	return func(r *http.Request) *nhnsim.Answer {
		switch {
		case strings.Contains(r.URL.Path, "categor"):
			return &nhnsim.Answer{Status: http.StatusInternalServerError, Body: says}
		case !strings.Contains(r.URL.Path, "/messages"):
		case r.Method == http.MethodPost && sends.Add(1) == 1:
			return &nhnsim.Answer{After: true, Status: http.StatusInternalServerError, Body: says}
		case r.Method == http.MethodGet && lists.Add(1) <= 2:
			return &nhnsim.Answer{Status: http.StatusInternalServerError, Body: says}
		}
		return nil
	}
}

// talksOfNumbers does what people do with single numbers: suppresses, searches and forgets them, and makes them
// test numbers that a test goes to.
func (s *studio) talksOfNumbers(t *testing.T, c models.Campaign) {
	t.Helper()
	s.post(t, "/teams/1/suppressions/new?from=pasted", url.Values{"pasted": {"010-7222-0001"}, "reason": {"전화로 요청"}}).
		says(t, http.StatusOK, "번호 1개를")
	s.get(t, "/teams/1/suppressions?phone=%2B82+10-7222-0001").says(t, http.StatusOK, "전화로 요청")
	s.get(t, s.path(c, "/messages?phone=01071110001"))
	s.post(t, "/teams/1/forget", url.Values{"phone": {"010-7222-0001"}, "confirm": {"1"}}).says(t, http.StatusOK, "010-****-0001")
	s.post(t, "/teams/1/settings/test-numbers", url.Values{"name": {"이하윤"}, "phone": {"010-7333-0001"}}).says(t, http.StatusOK, "이하윤")
	page := s.get(t, s.path(c, "/test"))
	token := hiddenToken.FindStringSubmatch(page.body)
	if token == nil {
		t.Fatalf("%s: %d, no token", page.path, page.status)
	}
	c, err := s.DB.Campaign(t.Context(), s.appkey.ID, c.ID)
	check(t, err)
	s.post(t, s.path(c, "/test"), url.Values{
		"token": {token[1]}, "revision": {fmt.Sprint(c.Revision)}, "send": {"1"}, "number": {"1"},
		"name-0": {"이름"}, "value-0": {"가"}, "name-1": {"할인율"}, "value-1": {"5%"},
	}).says(t, http.StatusOK, "테스트 발송을 시작했습니다.")
}

// failsInside asks for a page with a number in its address that our own database cannot answer.
func (s *studio) failsInside(t *testing.T) {
	t.Helper()
	_, err := s.DB.SQL().ExecContext(t.Context(), "ALTER TABLE suppressions RENAME TO suppressions_gone")
	check(t, err)
	if got := s.get(t, "/teams/1/suppressions?phone=010-7111-0001"); got.status != http.StatusInternalServerError {
		t.Errorf("a page without its table: %d", got.status)
	}
}

// Whatever happens, no number is in the log, down to what is of interest to developers only, nor
// in the audit log.
func TestNoNumberIsLoggedOrAudited(t *testing.T) {
	t.Parallel()
	var log logged
	s := newStudioLogging(t, slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	numbers := []string{"01071110001", "01071110002", "01071110003", "01071110004", "0271110005", "01072220001", "01073330001", "+819074440001"}
	c := s.draft(t)
	s.bringIn(t, c, []byte("이름,휴대폰,할인율,메모\n가,010-7111-0001,5%,\n나,1071110002,5%,\n다,+82 10-7111-0003,5%,\n라,010 7111 0004,5%,\n"+
		"마,02-7111-0005,5%,\n가,01071110001,5%,\n바,+81 90-7444-0001,5%,\n"))
	s.sim.SetFaults(nhnsim.Faults{Hook: talkative(numbers), Rules: []nhnsim.Fault{{Kind: nhnsim.FaultRefuse, RecipientNo: "01071110002"}}})
	s.talksOfNumbers(t, c)
	s.post(t, fmt.Sprintf("/appkeys/%d/senders/refresh", s.appkey.ID), nil)
	s.get(t, fmt.Sprintf("/appkeys/%d/senders/new", s.appkey.ID))
	s.launch(t, c)
	s.until(t, s.path(c, ""), "완료")
	s.failsInside(t)

	log.until(t, "provider says")
	log.until(t, "request failed")
	wantNoNumbers(t, "the log", log.String(), numbers)
	logs, err := s.DB.AuditLogs(t.Context(), 1, 0, 500)
	check(t, err)
	if len(logs) < 10 {
		t.Errorf("only %d rows are in the audit log", len(logs))
	}
	for _, l := range logs {
		wantNoNumbers(t, "the audit of "+l.Action, l.ObjectName+"\t"+l.Before+"\t"+l.After, numbers)
	}
}
