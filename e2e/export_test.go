package e2e_test

import (
	"os"
	"strings"
	"testing"

	"soshik/e2e/browser"
	"soshik/internal/testdb"
	"soshik/models"
)

// Somebody searches the deliveries, exports what is found, and downloads the file.
func TestDeliveriesAreExported(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	appkey, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	testdb.FillLedger(t, s.DB, appkey, models.Campaign{Channel: models.FriendTalk, Name: "11월 단골 감사 쿠폰", LaunchedBy: 1}, 40, s.Actions.Now())
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("발송 내역")
	v.link("내보낸 파일")
	v.says("아직 내보낸 파일이 없습니다")
	v.look("exports-empty")
	v.menu("발송 내역")
	v.button("CSV")
	v.isAt(`/appkeys/\d+/exports/\d+`)
	v.saysSoon(v.main(), "완료")
	v.says("모든 발송 내역", "까지 내려받을 수 있습니다 (한국 시간)")
	v.look("export")
	text := v.downloads("내려받기")
	if !strings.HasPrefix(text, "\ufeff발송 요청 시각(한국 시간),") || !strings.Contains(text, ",010-") {
		t.Errorf("the file begins %.200q", text)
	}
	v.link("내보낸 파일")
	v.says("모든 발송 내역", "완료")
	v.look("exports")
	v.Click(v.main().Locator("tbody a").First())
	v.button("삭제")
	v.says("내보낸 파일을 삭제했습니다", "아직 내보낸 파일이 없습니다")
}

// downloads is the text of the file behind a link.
func (v *visitor) downloads(link string) string {
	v.t.Helper()
	download, err := v.ExpectDownload(func() error { return v.Role("link", link).Click() })
	v.Must(err)
	path, err := download.Path()
	v.Must(err)
	text, err := os.ReadFile(path)
	v.Must(err)
	return string(text)
}
