package web_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/internal/nhn/nhnsim"
	"soshik/internal/recipients"
	"soshik/models"
	"soshik/web"
)

// studio is a site by day in Korea, with a team that can send through a simulator.
type studio struct {
	*site
	sim    *nhnsim.Sim
	admin  models.Actor
	appkey models.Appkey
	sender models.Sender
}

func newStudio(t *testing.T, changes ...func(*web.Config)) *studio {
	t.Helper()
	return newStudioLogging(t, slog.DiscardHandler, changes...)
}

// newStudioLogging is [newStudio] with a log.
func newStudioLogging(t *testing.T, log slog.Handler, changes ...func(*web.Config)) *studio {
	t.Helper()
	offset := kakao.DayOffset(time.Now())
	changes = append(changes, func(c *web.Config) { c.ClockOffset, c.KeepUploads = offset, 72*time.Hour })
	s := &studio{site: newSiteLogging(t, log, changes...)}
	s.setUp(t)
	soon := nhnsim.Span{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond}
	s.openSim(t, nhnsim.Config{
		Now: func() time.Time { return time.Now().Add(offset) }, Latency: soon, FallbackLatency: soon,
	})
	s.addAppkey(t)
	return s
}

func (s *studio) openSim(t *testing.T, cfg nhnsim.Config) {
	t.Helper()
	sim, err := nhnsim.Open(cfg)
	check(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	check(t, sim.AddAppkey("appkey", "secret"))
	check(t, sim.SetSMSAppkey("appkey", "sms"))
	_, err = sim.AddSender("appkey", nhnsim.Sender{
		PlusFriendID: "@봄봄상점", Registered: true,
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	check(t, err)
	s.sim = sim
}

func (s *studio) addAppkey(t *testing.T) {
	t.Helper()
	api := httptest.NewServer(s.sim)
	t.Cleanup(api.Close)
	user, err := s.DB.User(t.Context(), 1)
	check(t, err)
	s.admin = models.Actor{User: user, Role: models.Admin}
	now := time.Now().UTC()
	s.appkey = models.Appkey{
		TeamID: 1, Name: "쇼핑몰 알림", Appkey: "appkey", Secret: s.Actions.Keeper.Seal("secret"), BaseURL: api.URL,
		SenderVersion: kakao.SenderAPIv21, RatePerSecond: 1000, CreatedAt: now, UpdatedAt: now,
	}
	check(t, s.DB.CreateAppkey(t.Context(), &s.appkey))
	_, err = s.Actions.RefreshSenders(t.Context(), s.admin, s.appkey)
	check(t, err)
	senders, err := s.DB.Senders(t.Context(), s.appkey.ID)
	check(t, err)
	s.sender = senders[0]
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// draft is a campaign that lacks only its recipients.
func (s *studio) draft(t *testing.T) models.Campaign {
	t.Helper()
	c, err := s.Actions.CreateCampaign(t.Context(), s.admin, s.appkey, models.NewCampaign{Name: "11월 단골 감사 쿠폰", SenderID: s.sender.ID})
	check(t, err)
	before := c
	c.SenderID, c.Fallback.On = s.sender.ID, true
	c.Content = models.Content{Text: "#{이름}님, #{할인율} 쿠폰이 도착했어요.", Ad: true}
	c, err = s.Actions.SaveDraft(t.Context(), s.admin, before, c)
	check(t, err)
	return c
}

// launch launches the draft as it is by now.
func (s *studio) launch(t *testing.T, c models.Campaign) {
	t.Helper()
	c, err := s.DB.Campaign(t.Context(), s.appkey.ID, c.ID)
	check(t, err)
	_, err = s.Actions.CheckNow(t.Context(), s.admin, c)
	check(t, err)
	check(t, s.Actions.Launch(t.Context(), s.admin, s.appkey.ID, c.ID, c.Revision))
}

func (s *studio) path(c models.Campaign, more string) string {
	return fmt.Sprintf("/appkeys/%d/campaigns/%d%s", s.appkey.ID, c.ID, more)
}

// upload sends a file to the step of the recipients.
func (s *studio) upload(t *testing.T, c models.Campaign, name string, file []byte) answer {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	check(t, err)
	_, err = part.Write(file)
	check(t, err)
	check(t, form.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+s.path(c, "/recipients"), &b)
	check(t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return s.do(t, req)
}

func cp949(t *testing.T, text string) []byte {
	t.Helper()
	b, err := korean.EUCKR.NewEncoder().Bytes([]byte(text))
	check(t, err)
	return b
}

// listOf is a file with good ordinary numbers, one that is repaired, one that is
// doubled, and three that are refused.
func listOf(good int) string {
	var b strings.Builder
	b.WriteString("이름,휴대폰,할인율,메모\n")
	for i := range good {
		fmt.Fprintf(&b, "김하늘,010-%04d-%04d,15%%,%d\n", 2000+i/1000, 1000+i%1000, i)
	}
	b.WriteString("박바다,1099998888,20%,0이 없음\n박바다,010-2000-1000,20%,중복\n=1+1,1234,5%,짧음\n이산,02-123-4567,5%,유선\n이산,,5%,빈칸\n")
	return b.String()
}

// until asks for a page until it says one of the texts.
func (s *site) until(t *testing.T, path string, texts ...string) answer {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		got := s.get(t, path)
		for _, text := range texts {
			if strings.Contains(got.body, text) {
				return got
			}
		}
		select {
		case <-deadline:
			t.Fatalf("%s never says any of %q: %s", path, texts, got.body)
		case <-tick.C:
		}
	}
}

// partially asks for a page as htmx does for a part of it.
func (s *site) partially(t *testing.T, path string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	check(t, err)
	req.Header.Set("HX-Request", "true")
	req.Header.Set("HX-Request-Type", "partial")
	return s.do(t, req)
}

// import brings a file in, with its columns as they are suggested, and returns the
// path of its page.
func (s *studio) bringIn(t *testing.T, c models.Campaign, file []byte) string {
	t.Helper()
	mapping := s.upload(t, c, "단골.csv", file)
	if mapping.status != http.StatusOK || !strings.HasPrefix(mapping.path, s.path(c, "/recipients/")) {
		t.Fatalf("upload: %d at %s: %s", mapping.status, mapping.path, mapping.body)
	}
	started := s.post(t, mapping.path, url.Values{
		"column-0": {"이름"}, "column-1": {models.UsePhone}, "column-2": {"할인율"}, "column-3": {models.UseNone},
	})
	if started.status != http.StatusOK {
		t.Fatalf("start: %d: %s", started.status, started.body)
	}
	s.until(t, mapping.path, "가져왔습니다", "가져오지 못했습니다")
	return mapping.path
}

func has(t *testing.T, got answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(got.body, text) {
			t.Errorf("%s (%d) does not say %q", got.path, got.status, text)
		}
	}
}

func TestImportOfACP949File(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	mapping := s.upload(t, c, "단골.csv", cp949(t, listOf(30)))
	has(t, mapping, "김하늘", `value="cp949" aria-pressed="true"`, `<option value="할인율" selected>`, `<option value="@phone" selected>`, "메모")

	twice := s.post(t, mapping.path, url.Values{"column-0": {"이름"}, "column-1": {models.UsePhone}, "column-2": {"이름"}, "column-3": {""}})
	if twice.status != http.StatusUnprocessableEntity {
		t.Errorf("a variable filled twice: %d", twice.status)
	}
	has(t, twice, `id="column-2-problem"`, "#{할인율}")

	page := s.bringIn(t, c, cp949(t, listOf(30)))
	done := s.get(t, page)
	has(t, done, "31명을 가져왔습니다", "35행 = 수신자 31 + 중복 1 + 거절 3", "02-123-4567", "휴대폰 번호가 아닙니다")
	has(t, s.get(t, page+"?kind=repaired"), "1099998888", "010-9999-8888")
	has(t, s.get(t, page+"?kind=doubled"), "010-2000-1000")
	if part := s.partially(t, page); strings.Contains(part.body, "<html") || !strings.Contains(part.body, `id="import"`) {
		t.Error("the part is not returned alone")
	}
	csv := s.get(t, page+"/rows.csv?kind=refused")
	has(t, csv, "\ufeff행,열,파일에 적힌 값,이유\r\n", "휴대폰,02-123-4567,휴대폰 번호가 아닙니다")
	has(t, s.get(t, s.path(c, "/recipients")), "현재 수신자", "31명", "단골.csv")
}

// A reading that is wrong at first can be changed.
func TestAFileCanBeReadInAnotherWay(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	mapping := s.upload(t, s.draft(t), "단골.csv", cp949(t, listOf(5)))
	garbled := s.post(t, mapping.path, url.Values{"read-as": {"1"}, "encoding": {"utf-8"}, "separator": {","}, "header": {"1"}})
	if garbled.status != http.StatusOK || strings.Contains(garbled.body, "김하늘") {
		t.Errorf("read as UTF-8: %d", garbled.status)
	}
	has(t, s.post(t, mapping.path, url.Values{"read-as": {"1"}, "encoding": {"cp949"}, "separator": {","}, "header": {"1"}}), "김하늘")
	if got := s.post(t, mapping.path, url.Values{"read-as": {"1"}, "encoding": {"klingon"}, "separator": {","}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an encoding that nobody knows: %d", got.status)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	tests := []struct {
		name, want string
		file       []byte
	}{
		{"an empty file", "파일이 비어 있습니다", nil},
		{"only column names", "수신자가 없습니다", []byte("이름,휴대폰\n")},
		{"no phone numbers", "휴대폰 번호 열을 찾지 못했습니다", []byte("이름,도시\n김하늘,서울\n박바다,부산\n")},
		{"a broken workbook", "엑셀 파일로 읽을 수 없습니다", []byte("PK\x03\x04rest of the workbook")},
		{"an old workbook", "예전 엑셀 형식(.xls)입니다", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest")},
		{"a web page", "내용은 웹 페이지입니다", []byte("<html><table><tr><td>휴대폰</td></tr></table></html>")},
		{"a picture", "엑셀이나 CSV 파일이 아닙니다", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
		{"a file above the limit", "1 MB까지", bytes.Repeat([]byte("김하늘,01012345678\n"), 60_000)},
		{"a file far above the limit", "1 MB까지", bytes.Repeat([]byte("김하늘,01012345678\n"), 120_000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.upload(t, c, "파일.csv", tt.file)
			if got.status != http.StatusUnprocessableEntity {
				t.Errorf("status %d", got.status)
			}
			has(t, got, `id="file-problem"`, tt.want)
		})
	}
}

// What a spreadsheet would take for a formula is defused.
func TestDownloadIsDefused(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	page := s.bringIn(t, s.draft(t), []byte("이름,휴대폰,할인율,메모\n김하늘,01012345678,5%,\n김하늘,=1+1,5%,\n김하늘,@cmd,5%,\n"))
	has(t, s.get(t, page+"/rows.csv?kind=refused"), "3,휴대폰,'=1+1,", "4,휴대폰,'@cmd,")
}

func TestEveryReasonIsInTheCatalogs(t *testing.T) {
	t.Parallel()
	catalogs, err := locale.Load()
	check(t, err)
	var reasons []string
	for _, r := range recipients.Reasons() {
		reasons = append(reasons, string(r))
	}
	for _, r := range kakao.PhoneReasons() {
		reasons = append(reasons, string(r))
	}
	for _, tag := range locale.Tags() {
		for _, r := range reasons {
			if !catalogs.Locale(tag).Has("import.reason." + r) {
				t.Errorf("%s lacks the reason %s", tag, r)
			}
		}
	}
}

// Recipients of a campaign that has been launched stay as they are.
func TestUploadAfterTheLaunch(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(3)))
	s.launch(t, c)
	got := s.upload(t, c, "다른.csv", cp949(t, listOf(3)))
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "이미 발송을 시작한") {
		t.Errorf("an upload after the launch: %d", got.status)
	}
}

// numbers are all numbers in a text, without their separators.
func numbers(text string) []string {
	return regexp.MustCompile(`[0-9][0-9,]*`).FindAllString(text, -1)
}
