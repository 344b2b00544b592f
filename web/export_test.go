package web_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/xuri/excelize/v2"

	"soshik/internal/testdb"
	"soshik/models"
)

// exported asks for an export by the form of a page, and waits until it is done.
func (s *site) exported(t *testing.T, path string, format models.ExportFormat) answer {
	t.Helper()
	asked := s.post(t, path, url.Values{"format": {string(format)}})
	if asked.status != http.StatusOK {
		t.Fatalf("%d: %s", asked.status, asked.body)
	}
	return s.until(t, asked.path, `id="download"`, "파일을 만들지 못했습니다")
}

func TestExportsOnTheirPages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := testdb.FillLedger(t, s.DB, s.appkey, models.Campaign{Channel: models.FriendTalk, Name: "=11월 쿠폰", LaunchedBy: 1}, 60, s.Actions.Now())
	base := fmt.Sprintf("/appkeys/%d", s.appkey.ID)
	s.get(t, base+"/exports").says(t, http.StatusOK, "아직 내보낸 파일이 없습니다")
	form := regexp.MustCompile(`action="(/appkeys/\d+/exports[^"]*)"`)
	list := s.get(t, fmt.Sprintf("%s/campaigns/%d/messages?state=failed", base, c.ID))
	action := form.FindStringSubmatch(list.body)
	if action == nil {
		t.Fatal("the list of messages offers no export")
	}
	done := s.exported(t, strings.ReplaceAll(action[1], "&amp;", "&"), models.FormatCSV)
	has(t, done, "완료", "메시지 3건", "=11월 쿠폰", "실패", "까지 내려받을 수 있습니다 (한국 시간)", "모두 표시합니다")
	file := s.get(t, done.path+"/file")
	if file.status != http.StatusOK || !regexp.MustCompile(`attachment; filename="deliveries-\d{8}-\d{4}\.csv"`).MatchString(file.header.Get("Content-Disposition")) {
		t.Fatal(file.status, file.header)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
	check(t, err)
	if len(rows) != 4 || rows[0][7] != "휴대폰 번호" || rows[1][3] != "'=11월 쿠폰" || rows[1][7] != "010-1000-0040" {
		t.Errorf("%q", rows)
	}
	deliveries := s.get(t, base+"/deliveries")
	has(t, deliveries, "내보낸 파일", `name="format"`)
	s.readsWorkbook(t, base)
	has(t, s.get(t, base+"/exports"), "모든 발송 내역", "=11월 쿠폰", "내려받기")

	s.post(t, base+"/exports", url.Values{"format": {"exe"}}).says(t, http.StatusUnprocessableEntity, "확인해 주세요")
	s.post(t, base+"/exports?startCreateDate=soon", url.Values{"format": {"csv"}}).says(t, http.StatusUnprocessableEntity)
	s.post(t, done.path+"/stop", nil).says(t, http.StatusUnprocessableEntity, "이미 끝났습니다")
	removed := s.post(t, done.path+"/remove", nil)
	removed.says(t, http.StatusOK, "내보낸 파일을 삭제했습니다")
	s.get(t, done.path).says(t, http.StatusNotFound)
	for action, want := range map[string]int{"export.create": 2, "export.download": 2, "export.remove": 1} {
		if got := s.audited(t, action); len(got) != want || strings.Contains(fmt.Sprint(got), "01010000") {
			t.Errorf("%s: %v", action, got)
		}
	}
}

// readsWorkbook exports all deliveries as a workbook, in English.
func (s *studio) readsWorkbook(t *testing.T, base string) {
	t.Helper()
	s.post(t, "/account", url.Values{"name": {"관리자"}, "locale": {"en"}})
	asked := s.post(t, base+"/exports", url.Values{"format": {"xlsx"}})
	done := s.until(t, asked.path, `id="download"`, "Failed")
	has(t, done, "60 messages", "All deliveries")
	file := s.get(t, done.path+"/file")
	book, err := excelize.OpenReader(bytes.NewReader([]byte(file.body)))
	check(t, err)
	defer func() { _ = book.Close() }()
	rows, err := book.GetRows("Deliveries")
	check(t, err)
	if len(rows) != 61 || !slices.Contains(rows[0], "Phone number") || rows[1][8] != "Delivered" || rows[1][4] != "FriendTalk" {
		t.Errorf("%d rows: %q", len(rows), rows[:2])
	}
	s.post(t, "/account", url.Values{"name": {"관리자"}, "locale": {"ko"}})
}

func TestExportsOfPeopleWhoMayNotSeeNumbers(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	testdb.FillLedger(t, s.DB, s.appkey, models.Campaign{Channel: models.FriendTalk, Name: "쿠폰"}, 5, s.Actions.Now())
	exports := fmt.Sprintf("/appkeys/%d/exports", s.appkey.ID)
	user := s.addUser(t, "marketer@example.com", models.Marketer)
	browser := s.as(t, user.ID)
	full := browser.exported(t, exports+"?recipientNo=01010000003", models.FormatCSV)
	has(t, full, "010-1000-0003")
	check(t, s.DB.Tx(t.Context(), func(tx *models.DB) error {
		return tx.SetRole(t.Context(), models.Member{TeamID: 1, UserID: user.ID, Role: models.Marketer}, models.Viewer)
	}))
	has(t, browser.get(t, full.path), "지금의 권한으로는 내려받을 수 없습니다", "010-****-0003")
	browser.get(t, full.path+"/file").says(t, http.StatusForbidden)
	if page := browser.get(t, full.path); strings.Contains(page.body, `id="download"`) || strings.Contains(page.body, "010-1000-0003") {
		t.Error("it is offered all the same")
	}
	masked := browser.exported(t, exports, models.FormatCSV)
	has(t, masked, "가운데 자리를 가렸습니다")
	file := browser.get(t, masked.path+"/file")
	if file.status != http.StatusOK || strings.Contains(file.body, "1000-0") || !strings.Contains(file.body, "010-****-0003") {
		t.Errorf("%d: %s", file.status, file.body)
	}
	other := s.as(t, s.addUser(t, "approver@example.com", models.Approver).ID)
	other.get(t, masked.path).says(t, http.StatusNotFound)
	if page := other.get(t, exports); strings.Contains(page.body, masked.path) {
		t.Error("somebody else's is listed")
	}
	has(t, s.get(t, exports), masked.path, full.path) // to who looks after the appkey
	if denied := s.audited(t, "access.denied"); len(denied) != 1 {
		t.Errorf("%v", denied)
	}
}

// On a disk that is full, the page says so, offers no file, and begins again on a click.
func TestAnExportWithoutRoomOnItsPage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	testdb.FillLedger(t, s.DB, s.appkey, models.Campaign{Channel: models.FriendTalk, Name: "쿠폰"}, 60, s.Actions.Now())
	exports := fmt.Sprintf("/appkeys/%d/exports", s.appkey.ID)
	var full atomic.Bool
	full.Store(true)
	s.Actions.CreateFile = func(path string) (*os.File, error) {
		if full.Load() {
			path = "/dev/full"
		}
		return os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	}
	asked := s.post(t, exports+"?part=delivered", url.Values{"format": {"xlsx"}})
	failed := s.until(t, asked.path, "디스크가 가득", "완료")
	if strings.Contains(failed.body, "메시지 ") || strings.Contains(failed.body, `id="download"`) {
		t.Error("a file is offered")
	}
	s.get(t, failed.path+"/file").says(t, http.StatusUnprocessableEntity, "파일이 이제 없습니다")
	has(t, s.get(t, exports), "실패", "–")
	full.Store(false)
	again := regexp.MustCompile(`action="([^"]+)" hx-boost="false" id="form-again"`).FindStringSubmatch(failed.body)
	if again == nil {
		t.Fatal("it cannot be begun again")
	}
	has(t, s.exported(t, strings.ReplaceAll(again[1], "&amp;", "&"), models.FormatXLSX), "완료", "메시지 54건")
}
