package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/models"
)

// troubled is a draft of which the check has much to say.
func (s *site) troubled(t *testing.T) models.Campaign {
	t.Helper()
	ctx := t.Context()
	user, err := s.DB.User(ctx, 3)
	check(t, err)
	by := models.Actor{User: user, Role: models.Marketer}
	k, err := s.DB.Appkey(ctx, 1)
	check(t, err)
	senders, err := s.DB.Senders(ctx, k.ID)
	check(t, err)
	values := func(name, place string) string {
		return models.VarsJSON(map[string]string{"이름": name, "매장": place})
	}
	rs := []models.Recipient{
		{Phone: "01020001001", Vars: values("김하늘", "gangnam.example.com")}, {Phone: "01020001002", Vars: values("", "gangnam.example.com")},
		{Phone: "01020001003", Vars: values("박바다", "강남 매장")}, {Phone: "01020001004", Vars: values("이별😀", "gangnam.example.com")},
		{Phone: "01020001005", Vars: values(strings.Repeat("긴이름", 20), "gangnam.example.com")},
	}
	audience := models.Audience{TeamID: k.TeamID, Columns: []string{"이름", "매장"}, CreatedAt: time.Now().UTC()}
	check(t, s.DB.CreateAudience(ctx, &audience))
	check(t, s.DB.InsertRecipients(ctx, audience.ID, rs))
	check(t, s.DB.SetAudienceSize(ctx, audience.ID, int64(len(rs))))
	c, err := s.Actions.CreateCampaign(ctx, by, k, models.NewCampaign{Name: "겨울 신상품 안내", SenderID: senders[0].ID})
	check(t, err)
	before := c
	c.AudienceID = audience.ID
	c.Content = models.Content{Text: "#{이름}님, 겨울 신상품이 나왔어요.", Ad: true, Buttons: []models.Button{
		{Type: kakao.ButtonWebLink, Name: "매장 보기", LinkMo: "https://#{매장}/?n=#{이름}"},
	}}
	c.Fallback = models.Fallback{On: true, Type: kakao.FallbackSMS, Text: "(광고)#{이름}님 신상품 안내\n[무료 수신거부]0801234567"}
	c, err = s.Actions.SaveDraft(ctx, by, before, c)
	check(t, err)
	return c
}

// checks opens the last step of a draft and has it checked.
func (v *visitor) checks(c models.Campaign) {
	v.t.Helper()
	v.Visit(path(c, "/check"))
	v.button("검사 시작")
}

func TestACheckWithFindingsIsMendedAndLaunched(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.troubled(t)
	v := s.signedIn(t, marketer, browser.Options{})
	v.checks(c)
	v.says("확인할 것이 4개", "변수 값이 비어 있는 수신자 1명", "여기서는 확인할 수 없는 것", "누가 채널을 차단했는지", "발송사 규칙", "메시지 단가가 없어")
	v.look("check-findings")
	v.link("1명 보기")
	v.says("변수 값이 비어 있는 수신자 1명", "010-2000-1002", "비어 있는 변수", "이름")
	v.look("check-rows")
	v.link("검사")
	v.isAt(path(c, "/check"))

	v.Click(v.Role("link", "메시지에서 고치기").First())
	v.Fill(v.Field("내용"), "#{이름|고객}님, 겨울 신상품이 나왔어요.")
	v.Click(v.Locator("#buttons").GetByText("수정"))
	v.Fill(v.in("버튼 1", "모바일 링크"), "https://shop.example.com/?n=#{이름|고객}")
	v.button("다음: 수신자")
	v.isAt(path(c, "/recipients"))
	v.Visit(path(c, "/fallback"))
	v.Fill(v.Field("문자 내용"), "(광고)신상품 안내\n[무료 수신거부]0801234567")
	v.button("다음: 시간")
	v.checks(c)
	v.says("보낼 준비가 되었습니다")
	v.button("5명에게 지금 보내기")
	v.says("발송을 시작했습니다")
}

// What costs money is said before it is spent.
func TestPricesAreSetAndShown(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.troubled(t)
	v := s.signedIn(t, admin, browser.Options{})
	v.checks(c)
	v.link("단가 입력하기")
	v.Fill(v.Locator("#friendtalk"), "열다섯")
	v.Click(v.Locator("#prices button"))
	v.says("금액을 숫자로 입력해 주세요")
	v.Fill(v.Locator("#friendtalk"), "15")
	v.Fill(v.Locator("#sms"), "9.5")
	v.look("prices")
	v.Click(v.Locator("#prices button"))
	v.says("메시지 단가를 저장했습니다")
	v.Visit(path(c, "/check"))
	v.says("모두 카카오톡으로 도착하면", "60원", "98원")
	v.look("check-costs")
}

// A check that takes long shows how far it is, and what it has found when it is done.
func TestACheckShowsItsProgress(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.troubled(t)
	now := s.Actions.Now()
	_, err := s.DB.BeginCheck(t.Context(), models.Check{
		CampaignID: c.ID, Revision: c.Revision, State: models.CheckRunning, Claim: "busy", Done: 412_000, Total: 1_000_000, StartedAt: now, WorkedAt: now.Add(time.Hour),
	})
	check(t, err)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/check"))
	v.says("검사하고 있습니다", "412,000 / 1,000,000")
	v.Must(v.Expect().Locator(v.Role("button", "지금 보내기").First()).ToBeDisabled())
	v.look("check-running")
	check(t, s.DB.RemoveCheck(t.Context(), c.ID)) // as an edit of somebody else does
	v.says("아직 검사하지 않았습니다")
	v.look("check-none")
	v.button("검사 시작")
	v.says(fmt.Sprintf("확인할 것이 %d개", 4))
}
