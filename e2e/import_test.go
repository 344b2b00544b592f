package e2e_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"
	"github.com/xuri/excelize/v2"

	"soshik/e2e/browser"
)

// guests is a workbook of two sheets, a cover and a list with a row that is no use.
func guests(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	check(t, f.SetCellStr("Sheet1", "A1", "표지"))
	_, err := f.NewSheet("회원")
	check(t, err)
	for cell, row := range map[string][]any{
		"A1": {"고객명", "휴대폰", "쿠폰"}, "A2": {"김하늘", 1_012_345_678, "가을"}, "A3": {"이산", "010-1234", "겨울"}, "A4": {"박바다", "010-2222-3333", "봄"},
	} {
		check(t, f.SetSheetRow("회원", cell, &row))
	}
	var b bytes.Buffer
	check(t, f.Write(&b))
	return b.Bytes()
}

// A workbook goes from Excel to its recipients, and what was refused goes back to
// Excel and comes again.
func TestAWorkbookAndWhatIsRefusedOfIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{})
	v.beginsACampaign("엑셀 파일")
	v.Visit(strings.TrimSuffix(v.path(), "/message") + "/recipients")
	v.chooses("예전.xls", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"))
	v.says("예전 엑셀 형식(.xls)입니다")
	v.Must(v.Expect().Locator(v.Field("수신자 파일")).ToBeFocused())

	v.chooses("회원.xlsx", guests(t))
	v.says("이렇게 읽었습니다", "1012345678")
	v.Must(v.Expect().Locator(v.Role("button", "회원")).ToHaveAttribute("aria-pressed", "true"))
	v.look("recipients-workbook")
	v.button("Sheet1")
	v.says("열 이름만 있고 수신자가 없습니다")
	v.button("회원")
	v.says("김하늘")
	v.button("가져오기 시작")
	v.says("2명을 가져왔습니다", "3행 = 수신자 2 + 중복 0 + 거절 1", "번호가 너무 짧습니다")
	v.look("recipients-workbook-done")

	v.correctsAndComesAgain()
}

// correctsAndComesAgain takes the refused rows, corrects them as in Excel and uploads them.
func (v *visitor) correctsAndComesAgain() {
	v.t.Helper()
	download, err := v.ExpectDownload(func() error { return v.Role("link", "고칠 파일 내려받기").Click() })
	v.Must(err)
	if name := download.SuggestedFilename(); name != "회원 - 거절된 행.xlsx" {
		v.t.Errorf("the file is called %q", name)
	}
	path, err := download.Path()
	v.Must(err)
	file, err := os.ReadFile(path) //nolint:gosec // the browser's own
	v.Must(err)
	f, err := excelize.OpenReader(bytes.NewReader(file))
	v.Must(err)
	defer func() { _ = f.Close() }()
	v.Must(f.SetCellStr("Sheet1", "C2", "010-1234-9999"))
	var corrected bytes.Buffer
	v.Must(f.Write(&corrected))
	v.link("다른 파일 올리기")
	v.chooses("고친 파일.xlsx", corrected.Bytes())
	v.says("이렇게 읽었습니다", "010-1234-9999")
	v.button("가져오기 시작")
	v.says("1명을 가져왔습니다")
}

// Without script, numbers are pasted and a file is uploaded all the same.
func TestRecipientsArePastedWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit("/appkeys/1/campaigns/new")
	v.Fill(v.Field("캠페인 이름"), "붙여 넣기")
	v.button("다음: 메시지")
	v.Visit(strings.TrimSuffix(v.path(), "/message") + "/recipients")
	v.Fill(v.Field("번호 또는 엑셀에서 복사한 셀"), "이름\t도시\n김하늘\t서울")
	v.button("이 내용 쓰기")
	v.says("휴대폰 번호 열을 찾지 못했습니다")
	v.Holds(v.Field("번호 또는 엑셀에서 복사한 셀"), "이름\t도시\n김하늘\t서울")
	v.Fill(v.Field("번호 또는 엑셀에서 복사한 셀"), "010-1111-2222, 010-3333-4444")
	v.button("이 내용 쓰기")
	v.says("이렇게 읽었습니다", "010-3333-4444")
	v.button("가져오기 시작")
	v.says("2명을 가져왔습니다")
	v.link("다른 파일 올리기")
	v.Must(v.Field("수신자 파일").SetInputFiles([]playwright.InputFile{{Name: "회원.xlsx", Buffer: guests(t)}}))
	v.button("올리기")
	v.says("이렇게 읽었습니다", "김하늘")
}
