package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/models"
)

// heldCampaign is a campaign to n recipients for some hours later, which the provider
// holds.
func (s *site) heldCampaign(t *testing.T, name string, n int) models.Campaign {
	t.Helper()
	c := s.launched(t, name, n, true)
	s.untilCampaign(t, c, func(_ models.Campaign, e models.Equation) bool {
		return e.Planned+e.Unplanned+e.InDoubt == 0 && e.Handed > 0
	})
	return c
}

// launched is a campaign to n recipients that goes out at once, or some hours later.
func (s *site) launched(t *testing.T, name string, n int, later bool) models.Campaign {
	t.Helper()
	c := s.draft(t, name, n)
	c = s.untilCampaign(t, c, func(c models.Campaign, _ models.Equation) bool { return c.AudienceID != 0 })
	by := models.Actor{User: models.User{ID: 3}, Role: models.Marketer}
	if later {
		at, before := s.inSomeHours(), c
		c.ScheduledAt = &at
		var err error
		c, err = s.Actions.SaveDraft(t.Context(), by, before, c)
		check(t, err)
	}
	_, err := s.Actions.CheckNow(t.Context(), by, c)
	check(t, err)
	check(t, s.Actions.Launch(t.Context(), by, c.AppkeyID, c.ID, c.Revision))
	return c
}

// inSomeHours is a time by day, within the team's lead time.
func (s *site) inSomeHours() time.Time {
	return kakao.NextMorning(s.Actions.Now().Add(3 * time.Hour)).Truncate(time.Minute).UTC()
}

// untilCampaign waits until a campaign is as reached says.
func (s *site) untilCampaign(t *testing.T, c models.Campaign, reached func(models.Campaign, models.Equation) bool) models.Campaign {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		now, err := s.DB.CampaignByID(t.Context(), c.ID)
		check(t, err)
		e, err := s.DB.Equation(t.Context(), now)
		check(t, err)
		if reached(now, e) {
			return now
		}
		select {
		case <-deadline:
			t.Fatalf("%s: %+v", now.State, e)
		case <-tick.C:
		}
	}
}

// count finds a figure of an outcome.
func (v *visitor) count(part string) playwright.Locator {
	return v.Locator("dl.sk-counts > div").Filter(hasText(part)).Locator(".sk-big")
}

func TestSomeBatchesAndRecipientsAreCancelled(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	_, err := s.DB.SQL().ExecContext(t.Context(), "UPDATE teams SET approve_from = 0") // nobody has to approve it
	check(t, err)
	c := s.heldCampaign(t, "두 묶음의 소식", 1203)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, ""))
	batches := v.Role("region", "발송 묶음")
	v.says("결과 대기", "1–2")
	v.look("campaign-batches")

	v.button("고른 묶음 취소…")
	v.says("먼저 취소할 것을 골라 주세요")
	v.Visit(path(c, ""))
	v.link("묶음 하나씩 보기")
	v.Must(v.Field("2번 묶음 고르기").Check())
	v.look("campaign-each")
	v.button("고른 묶음 취소…")
	v.says("고른 발송 묶음 1개를 취소할까요?", "발송사가 보낼 시간을 기다리고", c.ScheduledAt.In(kakao.KST).Format("15:04"))
	v.look("cancel-batches")
	v.Click(v.Role("button", "203명 취소").Or(v.Role("button", "202명 취소")).First())
	v.isAt(`/appkeys/1/campaigns/\d+/recalls/\d+`)
	v.saysSoon(v.Locator("#outcome"), "취소 결과")
	v.Reads(v.count("멈추지 못함"), "0명")
	v.look("cancel-batches-outcome")
	v.link("캠페인으로")
	v.says("취소와 시간 변경", "발송 묶음 취소")
	v.Sees(batches)
	v.look("campaign-recalls")
	v.cancelsARecipient(c)
	if e, err := s.DB.Equation(t.Context(), c); err != nil || e.Cancelled < 200 || e.Cancelled > 204 || e.Handed < 990 {
		t.Errorf("%+v %v", e, err)
	}
}

// cancelsARecipient searches for a number, and cancels its message.
func (v *visitor) cancelsARecipient(c models.Campaign) {
	v.t.Helper()
	v.Visit(path(c, "/messages"))
	v.Fill(v.Field("휴대폰 번호"), "010-4100-1005")
	v.button("찾기")
	v.Must(v.Field("010-4100-1005 고르기").Check())
	v.look("messages-pick")
	v.button("고른 수신자 취소…")
	v.says("고른 수신자 1명에게 보내지 않을까요?", "010-4100-1005")
	v.look("cancel-messages")
	v.button("1명 취소")
	v.saysSoon(v.Locator("#outcome"), "취소 결과")
	v.Reads(v.count("멈춤"), "1명")
	v.look("cancel-messages-outcome")
}

// Batches stay ticked while the page renews itself.
func TestTicksStayWhileThePageRenewsItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.heldCampaign(t, "고르는 소식", 40)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Must(v.Clock().Install())
	v.Visit(path(c, ""))
	tick := v.Field("1번 묶음 고르기")
	v.Must(tick.Check())
	later := func() error { return v.Clock().FastForward("01:00") } // nothing moves, so that it renews itself seldom
	renewed, err := v.ExpectResponse("**"+path(c, ""), later)
	v.Must(err)
	v.Must(renewed.Finished())
	_, err = v.ExpectResponse("**"+path(c, ""), later)
	v.Must(err)
	v.Must(v.Expect().Locator(tick).ToBeChecked())
	v.button("고른 묶음 취소…")
	v.says("고른 발송 묶음 1개를 취소할까요?")
}

func TestACampaignIsMovedFromTheCalendar(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.heldCampaign(t, "옮겨질 소식", 40)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("캠페인")
	v.link("캘린더")
	v.Visit("/appkeys/1/campaigns/calendar?week=" + c.ScheduledAt.In(kakao.KST).Format(time.DateOnly))
	v.says("옮겨질 소식", "예약됨")
	v.look("calendar-week")
	v.Click(v.Role("link", "‘옮겨질 소식’ 시간 변경"))
	v.says("언제로 옮길까요?", "발송사에서 먼저 취소하고")
	v.Fill(v.Field("시각"), "23:30")
	v.button("새 시간으로 옮기기")
	v.says("야간(20:50–08:00, 한국 시간)에는 보낼 수 없습니다")
	v.Holds(v.Field("시각"), "23:30")
	v.look("move")
	later := c.ScheduledAt.Add(time.Hour).In(kakao.KST).Format("15:04")
	v.Fill(v.Field("시각"), later)
	v.button("새 시간으로 옮기기")
	v.isAt(`/appkeys/1/campaigns/\d+/recalls/\d+`)
	v.saysSoon(v.Locator("#outcome"), "시간을 바꾼 결과")
	v.Reads(v.count("옮기지 못함"), "0명")
	v.look("move-outcome")
	v.link("캠페인으로")
	v.says(later, "시간 변경")
	s.untilCampaign(t, c, func(_ models.Campaign, e models.Equation) bool {
		return e.Handed == e.Audience-e.Refused && e.Cancelled == 0
	})
}

func TestTheFailedAreSentToAgainAndACampaignIsCopied(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.launched(t, "첫 소식", 40, false)
	c = s.untilCampaign(t, c, func(c models.Campaign, _ models.Equation) bool { return c.State == models.CampaignFinished })
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, ""))
	v.link("실패만 다시 보내기")
	v.says("어떤 이유로 실패한 수신자에게 다시 보낼까요?", "-5000", "문자로 이미 받았습니다")
	v.Holds(v.Field("캠페인 이름"), "첫 소식 다시 보내기")
	v.look("retry")
	v.button("새 캠페인 만들기")
	v.says("이유를 하나 이상 골라 주세요")
	v.Must(v.Locator("input[name=code][value='-5000']").Check())
	v.button("새 캠페인 만들기")
	v.isAt(`/appkeys/1/campaigns/\d+/recipients(/audiences)?`)
	v.says("실패한 수신자에게 다시 보내는 캠페인입니다")
	v.Visit(path(s.untilRetry(t, c), "/recipients"))
	v.says("1명")
	v.look("retry-recipients")
	v.link("실패한 수신자에게 다시 보내는 캠페인입니다 · 원래 캠페인 보기")
	v.says("다시 보낸 캠페인", "첫 소식 다시 보내기")
	v.look("campaign-retried")
	v.button("복사")
	v.isAt(`/appkeys/1/campaigns/\d+/message`)
	v.says("캠페인을 복사했습니다", "복사한 캠페인입니다")
	v.Holds(v.Field("캠페인 이름"), "첫 소식 사본")
	v.look("copy")
}

// untilRetry waits for the recipients of the campaign that sends those of c again.
func (s *site) untilRetry(t *testing.T, c models.Campaign) models.Campaign {
	t.Helper()
	retries, err := s.DB.Retries(t.Context(), c.ID, 1)
	check(t, err)
	if len(retries) != 1 {
		t.Fatal("nothing is sent again")
	}
	return s.untilCampaign(t, retries[0], func(c models.Campaign, _ models.Equation) bool { return c.AudienceID != 0 })
}

// walksDays goes over the calendar by its keys, into the next month and back.
func (v *visitor) walksDays(now time.Time) {
	v.t.Helper()
	day := func(at time.Time) playwright.Locator { return v.Locator("#day-" + at.Format(time.DateOnly)) }
	focused := func(at time.Time) { v.Must(v.Expect().Locator(day(at)).ToBeFocused()) }
	press := func(keys ...string) {
		for _, key := range keys {
			v.Must(v.Page.Keyboard().Press(key))
		}
	}
	tenth := time.Date(now.Year(), now.Month(), 10, 0, 0, 0, 0, kakao.KST)
	v.Must(day(tenth).Focus())
	press("ArrowRight")
	focused(tenth.AddDate(0, 0, 1))
	press("ArrowDown", "ArrowLeft", "ArrowUp")
	focused(tenth)
	press("Home")
	focused(tenth.AddDate(0, 0, -int(tenth.Weekday())))
	press("End")
	focused(tenth.AddDate(0, 0, 6-int(tenth.Weekday())))
	v.look("calendar-keys")
	last := time.Date(now.Year(), now.Month()+1, 0, 0, 0, 0, 0, kakao.KST)
	last = last.AddDate(0, 0, 6-int(last.Weekday())) // the last day that is shown
	for at := tenth.AddDate(0, 0, 6-int(tenth.Weekday())); at.Before(last); at = at.AddDate(0, 0, 7) {
		press("ArrowDown")
	}
	focused(last)
	press("ArrowDown") // out of the month
	v.isAt(`/appkeys/1/campaigns/calendar\?month=` + tenth.AddDate(0, 1, 0).Format("2006-01") + `#day-.*`)
	v.Must(v.Expect().Locator(v.Role("link", "다음 달")).ToBeFocused()) // nothing goes out in that month
	press("PageUp")
	v.isAt(`/appkeys/1/campaigns/calendar\?month=` + tenth.Format("2006-01"))
}

// A calendar with 300 campaigns in a month, and one without any.
func TestTheCalendarOfAFullMonth(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit("/appkeys/1/campaigns/calendar")
	v.says("이 기간에 보내는 캠페인이 없습니다", "오늘")
	v.look("calendar-empty")
	now := s.Actions.Now().In(kakao.KST)
	states := []models.CampaignState{
		models.CampaignDraft, models.CampaignScheduled, models.CampaignFinished, models.CampaignPaused, models.CampaignHeld, models.CampaignCancelled,
	}
	for i := range 300 {
		at := time.Date(now.Year(), now.Month(), 1+i%28, 9+i/28%11, i%60, 0, 0, kakao.KST).UTC()
		c := models.Campaign{
			TeamID: 1, AppkeyID: 1, Channel: models.FriendTalk, ULID: fmt.Sprintf("%026d", i), Name: fmt.Sprintf("소식 %d%s", i, strings.Repeat(" 아주 긴 이름", i%3)),
			State: states[i%len(states)], ScheduledAt: &at, Audience: int64(i * 37), CreatedBy: 3, CreatedAt: at, UpdatedAt: at, SenderID: 1,
		}
		if c.State == models.CampaignHeld {
			c.State = models.CampaignFinished // a held one would be looked after
		}
		check(t, s.DB.CreateCampaign(t.Context(), &c))
	}
	v.Visit("/appkeys/1/campaigns/calendar")
	v.Must(v.Expect().Locator(v.Locator(".sk-cal-item")).ToHaveCount(28 * 3))
	v.look("calendar")
	v.walksDays(now)
	v.Click(v.Role("link", "개 더 보기").First())
	v.isAt(`/appkeys/1/campaigns/calendar\?week=.*`)
	v.look("calendar-full-week")
	v.Click(v.Role("link", "다음 주"))
	v.Click(v.Role("link", "모든 앱키"))
	v.isAt(`/teams/1/calendar\?week=.*`)
	v.look("calendar-team")
}
