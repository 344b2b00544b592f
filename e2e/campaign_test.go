package e2e_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"
	"golang.org/x/text/encoding/korean"

	"soshik/e2e/browser"
	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/models"
)

// file is a file of recipients as a spreadsheet in Korea writes it, and what is in
// it.
type file struct {
	text                              string
	rows, good, repaired, doubled, no int // no: refused
}

// regulars has numbers in every way in which people and spreadsheets write them,
// and such that the simulated provider cannot reach.
func regulars() file {
	const plain = 100
	var b strings.Builder
	b.WriteString("이름,휴대폰,쿠폰,메모\r\n")
	for i := range plain {
		fmt.Fprintf(&b, "단골%d,0102000%04d,가을%d,%d번째\r\n", i+1, 1000+i, i+1, i+1)
	}
	usual := []string{"010-3000-1001", "010 3000 1002", "01077770001", "01077770002", "01077770004", "01077770005"}
	repaired := []string{"1030001003", "+82 10-3000-1004", "０１０３０００１００５", "1.030001006E+09"}
	doubled := []string{"01020001000", "010-2000-1001", "+82-10-2000-1002"}
	refused := []string{"1.01E+09", "02-123-4567", "", "1234"}
	for _, number := range append(append(append(usual, repaired...), doubled...), refused...) {
		fmt.Fprintf(&b, "손님,%s,,\r\n", number)
	}
	return file{
		text: b.String(), rows: plain + len(usual) + len(repaired) + len(doubled) + len(refused),
		good: plain + len(usual) + len(repaired), repaired: len(repaired), doubled: len(doubled), no: len(refused),
	}
}

func (f file) cp949(t *testing.T) []byte {
	t.Helper()
	b, err := korean.EUCKR.NewEncoder().Bytes([]byte(f.text))
	check(t, err)
	return b
}

func TestACampaignFromItsTextToItsResults(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{})
	v.beginsACampaign("11월 단골 감사 쿠폰")
	v.writes()
	v.uploads(regulars())
	v.looksAtRows()
	v.setsSMSAndTime()
	v.launches(regulars())
	v.readsTheReport()
	v.followsFailures()
	s.isRecorded(t)
}

func (v *visitor) beginsACampaign(name string) {
	v.t.Helper()
	v.menu("캠페인")
	v.link("새 캠페인")
	v.Fill(v.Field("캠페인 이름"), name)
	v.look("campaign-new")
	v.button("다음: 메시지")
	v.isAt(`/appkeys/1/campaigns/\d+/message`)
}

// writes fills the message in, and sees the phone drawn anew meanwhile.
func (v *visitor) writes() {
	v.t.Helper()
	bubble := v.Locator("#preview .sk-bubble").First()
	text := "#{이름}님, #{쿠폰|특별} 쿠폰이 도착했어요."
	v.Click(v.Field("내용"))
	v.Must(v.Keyboard().Type(text))
	v.Reads(bubble, "쿠폰이 도착했어요.")
	v.Must(v.Expect().Locator(v.Field("내용")).ToBeFocused())
	v.Holds(v.Field("내용"), text)
	v.Reads(v.Locator("#variables"), "이름")
	v.Must(v.Field("광고 메시지").Check())
	v.Reads(bubble, "(광고)")

	v.button("버튼 추가")
	v.Must(v.Expect().Locator(v.in("버튼 1", "버튼 이름")).ToBeFocused())
	v.Must(v.Keyboard().Type("쿠폰 받기"))
	v.Fill(v.in("버튼 1", "모바일 링크"), "https://shop.example.com/coupon?c=#{쿠폰|특별}")
	v.button("버튼 추가")
	v.Fill(v.in("버튼 2", "버튼 이름"), "매장 찾기")
	v.Reads(bubble, "매장 찾기")
	v.look("message")
	v.button("다음: 수신자")
	v.says("버튼을 누르면 열릴 링크를 입력해 주세요")
	v.Holds(v.in("버튼 2", "버튼 이름"), "매장 찾기")
	v.Holds(v.Field("내용"), text)
	v.Fill(v.in("버튼 2", "모바일 링크"), "https://shop.example.com/map")
	v.Click(v.Role("button", "버튼 2 위로 옮기기"))
	v.Holds(v.in("버튼 1", "버튼 이름"), "매장 찾기")
	v.button("다음: 수신자")
	v.isAt(`/appkeys/1/campaigns/\d+/recipients`)
}

// in finds a field of a group by its label.
func (v *visitor) in(group, label string) playwright.Locator {
	return v.Role("group", group).GetByLabel(label, playwright.LocatorGetByLabelOptions{Exact: playwright.Bool(true)})
}

// uploads tries files that are no use, then brings a good one in.
func (v *visitor) uploads(f file) {
	v.t.Helper()
	v.look("recipients")
	v.chooses("빈 파일.csv", nil)
	v.says("파일이 비어 있습니다")
	v.chooses("큰 파일.csv", bytes.Repeat([]byte("김하늘,01012345678\n"), 60_000))
	v.says("파일이 너무 큽니다. 1 MB까지 올릴 수 있습니다")
	v.look("recipients-refused")
	v.chooses("단골.csv", f.cp949(v.t))
	v.says("이렇게 읽었습니다", "단골1", "가을1")
	v.Must(v.Expect().Locator(v.Role("button", "CP949 (EUC-KR)")).ToHaveAttribute("aria-pressed", "true"))
	v.look("recipients-columns")
	v.mapsColumns()
	v.says(
		fmt.Sprintf("%d명을 가져왔습니다", f.good),
		fmt.Sprintf("%d행 = 수신자 %d + 중복 %d + 거절 %d", f.rows, f.good, f.doubled, f.no),
		"엑셀이 지수로 바꾸면서 일부 숫자를 잃었습니다", "휴대폰 번호가 아닙니다", "번호가 비어 있습니다",
	)
	v.look("recipients-imported")
	v.Click(v.Role("link", "고친 번호"))
	v.says("1.030001006E+09", "010-3000-1006", "+82 10-3000-1004", "010-3000-1005")
	v.Click(v.Role("link", "중복").First())
	v.says("010-2000-1001")
}

// chooses uploads a file.
func (v *visitor) chooses(name string, content []byte) {
	v.t.Helper()
	if content == nil {
		content = []byte{}
	}
	v.Must(v.Field("수신자 파일").SetInputFiles([]playwright.InputFile{{Name: name, MimeType: "text/csv", Buffer: content}}))
	v.button("올리기")
}

// mapsColumns says what the columns of the file are used for.
func (v *visitor) mapsColumns() {
	v.t.Helper()
	for column, use := range map[string]string{"이름": "이름", "휴대폰": models.UsePhone, "쿠폰": "쿠폰", "메모": models.UseNone} {
		_, err := v.Field("‘" + column + "’ 열의 용도").SelectOption(playwright.SelectOptionValues{Values: &[]string{use}})
		v.Must(err)
	}
	v.button("가져오기 시작")
}

// looksAtRows goes back to the message, whose phone now shows recipients.
func (v *visitor) looksAtRows() {
	v.t.Helper()
	v.link("메시지")
	preview := v.Locator("#preview")
	v.Reads(preview, "010-2000-1000 님이 받을 모습")
	v.Reads(preview, "단골1님, 가을1 쿠폰이 도착했어요.")
	v.Click(v.Role("button", "다음 수신자"))
	v.Reads(preview, "단골2님, 가을2 쿠폰이 도착했어요.")
	v.Fill(v.Field("몇 번째 수신자"), "101")
	v.Reads(preview, "손님님, 특별 쿠폰이 도착했어요.")
	v.look("message-rows")
	v.button("다음: 수신자")
	v.link("다음: 대체 발송")
}

func (v *visitor) setsSMSAndTime() {
	v.t.Helper()
	v.Must(v.Field("카카오톡으로 받지 못하면 문자로 보내기").Check())
	v.Reads(v.Locator("#preview"), "02-1234-5678")
	v.look("fallback")
	v.button("다음: 시간")
	v.says("언제 보낼까요?")
	v.look("schedule-now")
	v.schedules("2020-01-02", "10:00", "이미 지난 시간입니다")
	tomorrow := time.Now().Add(48 * time.Hour).In(kakao.KST).Format(time.DateOnly)
	v.schedules(tomorrow, "23:30", "야간(20:50–08:00, 한국 시간)에는 보낼 수 없습니다")
	v.look("schedule")
	v.Must(v.Locator("#when-now").Check())
	v.button("다음: 검사와 발송")
	v.isAt(`/appkeys/1/campaigns/\d+/check`)
}

// schedules tries a time that is refused, and finds it as it was typed.
func (v *visitor) schedules(date, clock, problem string) {
	v.t.Helper()
	v.Must(v.Field("날짜와 시각을 정해서").Check())
	v.Fill(v.Field("날짜"), date)
	v.Fill(v.Field("시각"), clock)
	v.button("다음: 검사와 발송")
	v.says(problem)
	v.Holds(v.Field("날짜"), date)
	v.Holds(v.Field("시각"), clock)
}

// launches sends the campaign and watches until it is over, without loading the page
// again.
func (v *visitor) launches(f file) {
	v.t.Helper()
	v.says(fmt.Sprintf("%d명", f.good))
	v.look("check")
	v.button(fmt.Sprintf("%d명에게 지금 보내기", f.good))
	v.isAt(`/appkeys/1/campaigns/\d+`)
	v.says("발송을 시작했습니다", fmt.Sprintf("수신자 %d명이 모두 여기 있습니다", f.good))
	v.Must2(v.Evaluate("window.stayed = true"))
	v.look("campaign-sending")
	v.saysSoon(v.Locator("#campaign-state"), "완료")
	if stayed, err := v.Evaluate("window.stayed"); err != nil || stayed != true {
		v.t.Errorf("the page was loaded again: %v %v", stayed, err)
	}
	v.addsUp(f.good)
	v.Must2(v.Reload())
	v.addsUp(f.good)
	v.look("campaign")
}

// Must2 is Must for a call whose answer is of no interest.
func (v *visitor) Must2(_ any, err error) {
	v.t.Helper()
	v.Must(err)
}

// addsUp checks that the parts of the recipients are all of them.
func (v *visitor) addsUp(want int) {
	v.t.Helper()
	text, err := v.Role("region", "모두 여기 있습니다").InnerText()
	v.Must(err)
	line := regexp.MustCompile(`\d+( \+ \d+)+ = \d+`).FindString(text)
	parts, total, _ := strings.Cut(line, " = ")
	sum := 0
	for part := range strings.SplitSeq(parts, " + ") {
		n, err := strconv.Atoi(part)
		if err != nil {
			v.t.Fatalf("no equation in %q", text)
		}
		sum += n
	}
	if sum != want || total != strconv.Itoa(want) {
		v.t.Errorf("%s, want %d", line, want)
	}
}

// followsFailures goes from the table of codes to the messages behind it.
func (v *visitor) followsFailures() {
	v.t.Helper()
	table := v.Role("region", "왜 실패했나")
	for _, code := range []string{"3018", "3008", "-5000"} {
		v.Sees(table.GetByRole("row").Filter(hasText(code)))
	}
	v.Reads(table.GetByRole("row").Filter(hasText("3008")), "수신 번호가 올바르지 않음")
	campaign := v.path()
	v.Click(table.GetByRole("row").Filter(hasText("3018")).GetByRole("link"))
	row := v.Role("row", "010-7777-0001")
	v.Reads(row, "문자 도착")
	v.Reads(v.Role("row", "010-7777-0004"), "문자 실패")
	v.look("messages")
	v.Visit(campaign)
	v.Click(v.Role("list", "수신자의 현재 상태").GetByRole("link", playwright.LocatorGetByRoleOptions{Name: regexp.MustCompile("^거절")}))
	v.says("010-7777-0005")
	v.Fill(v.Field("휴대폰 번호"), "02-123")
	v.button("찾기")
	v.Holds(v.Field("휴대폰 번호"), "02-123")
	v.Sees(v.Locator("#phone-problem"))
}

// isRecorded finds what was done in the audit log: what, by whom and when.
func (s *site) isRecorded(t *testing.T) {
	t.Helper()
	v := s.signedIn(t, approver, browser.Options{})
	v.menu("감사 로그")
	today := s.Actions.Now().In(kakao.KST).Format("2006")
	for _, done := range []string{"캠페인 만들기", "캠페인 수정", "수신자 파일 올리기", "캠페인 발송 시작"} {
		row := v.Role("row", done).First()
		v.Reads(row, "이하윤")
		v.Reads(row, today)
		v.Reads(row, "127.0.0.1")
	}
	v.Sees(v.Role("row", "캠페인 완료").First())
	v.look("audit")
}

// draft is a campaign that lacks only its time, with n recipients and more.
func (s *site) draft(t *testing.T, name string, n int) models.Campaign {
	t.Helper()
	user, err := s.DB.User(t.Context(), 3)
	check(t, err)
	by := models.Actor{User: user, Role: models.Marketer}
	appkey, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	before, err := s.Actions.CreateCampaign(t.Context(), by, appkey, models.NewCampaign{Name: name, SenderID: 1})
	check(t, err)
	c := before
	c.Content = models.Content{Text: "#{이름}님, 기다리던 소식이 도착했어요.", Ad: true}
	c.Fallback.On = true
	c, err = s.Actions.SaveDraft(t.Context(), by, before, c)
	check(t, err)
	var list strings.Builder
	list.WriteString("이름,휴대폰\n이별,01077770001\n이별,01077770002\n이별,01077770005\n")
	for i := range n - 3 {
		fmt.Fprintf(&list, "단골%d,0104%07d\n", i, 1001000+i)
	}
	i, err := s.Actions.CreateImport(t.Context(), by, c, actions.Upload{Name: "단골.csv", Body: strings.NewReader(list.String()), Max: 1 << 20})
	check(t, err)
	check(t, s.Actions.StartImport(t.Context(), by, c, i, []string{"이름", models.UsePhone}))
	return c
}

func TestAScheduledCampaignIsCancelled(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "내일의 소식", 40)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/recipients"))
	v.link("이어서 하기", "진행 상황 보기", "가져온 결과 보기")
	v.says("40명을 가져왔습니다")
	v.Visit(path(c, "/schedule"))
	tomorrow := s.Actions.Now().In(kakao.KST).AddDate(0, 0, 1)
	v.Must(v.Field("날짜와 시각을 정해서").Check())
	v.Fill(v.Field("날짜"), tomorrow.Format(time.DateOnly))
	v.Fill(v.Field("시각"), "10:00")
	v.button("다음: 검사와 발송")
	v.Click(v.Role("button", "에 예약").First())
	v.says("발송을 예약했습니다", "10:00")
	v.Reads(v.Locator("#campaign-state"), "예약됨")
	v.look("campaign-scheduled")
	v.menu("캠페인")
	v.says("내일의 소식", "예약됨")
	v.look("campaigns")
	v.link("내일의 소식")
	v.cancels(40)
}

// cancels stops the campaign whose page is open, before anything of it was sent.
func (v *visitor) cancels(recipients int) {
	v.t.Helper()
	v.link("취소…")
	v.says("이 캠페인을 취소할까요?")
	v.look("cancel")
	v.button("캠페인 취소")
	v.saysSoon(v.Locator("#campaign-state"), "취소됨")
	v.says("취소 결과")
	stopped := 0
	for _, part := range []string{"넘기기 전에 멈춤", "발송사가 멈춤"} {
		text, err := v.Locator("dl.sk-counts > div").Filter(hasText(part)).Locator(".sk-big").InnerText()
		v.Must(err)
		n, err := strconv.Atoi(strings.TrimSuffix(text, "명"))
		v.Must(err)
		stopped += n
	}
	v.Reads(v.Locator("dl.sk-counts > div").Filter(hasText("멈추지 못함")), "0명")
	// One number is refused when it is handed over, and no longer there to be stopped.
	if stopped < recipients-1 || stopped > recipients {
		v.t.Errorf("%d of %d were stopped", stopped, recipients)
	}
	v.look("campaign-cancelled")
}

func path(c models.Campaign, more string) string {
	return fmt.Sprintf("/appkeys/%d/campaigns/%d%s", c.AppkeyID, c.ID, more)
}
