package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// sent is a campaign of team 1 of which something happened on a day of November 2026.
func (s *site) sent(t *testing.T, appkey models.Appkey, name string, day int, delivered, sms int64) models.Campaign {
	t.Helper()
	ctx := t.Context()
	sender := models.Sender{AppkeyID: appkey.ID, PlusFriendID: "@" + appkey.Name, Status: kakao.SenderWaiting}
	check(t, s.DB.PutWaitingSender(ctx, &sender))
	launched := time.Date(2026, 11, day, 9, 0, 0, 0, kakao.KST)
	c := models.Campaign{
		TeamID: appkey.TeamID, AppkeyID: appkey.ID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: name, State: models.CampaignSending,
		SenderID: sender.ID, Fallback: models.Fallback{On: true, Type: kakao.FallbackSMS}, LaunchedAt: &launched,
	}
	check(t, s.DB.CreateCampaign(ctx, &c))
	s.exec(t, `INSERT INTO usage_days (campaign_id, day, team_id, appkey_id, handed, delivered, failed, sms, lms, unsized, skipped, refused, cancelled, closed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0, 0, 0, 0, 0, 0)`, c.ID, int64(models.DayOf(launched)), appkey.TeamID, appkey.ID, delivered+sms, delivered, sms)
	return c
}

func (s *site) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := s.DB.SQL().ExecContext(context.Background(), query, args...)
	check(t, err)
}

func TestAMonthIsAddedUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	one := s.addAppkey(t, "http://127.0.0.1:1")
	other := models.Appkey{TeamID: 1, Name: "다른 앱키", Appkey: "other", Secret: []byte{1}, CreatedAt: time.Now(), UpdatedAt: time.Now()}
	check(t, s.DB.CreateAppkey(t.Context(), &other))
	s.get(t, "/teams/1/usage?month=2026-11").says(t, http.StatusOK, "이 달에는 보낸 것이 없습니다")

	c := s.sent(t, one, "=세일()", 30, 1000, 30)
	s.sent(t, other, "쿠폰", 1, 200, 0)
	page := s.get(t, "/teams/1/usage?month=2026-11")
	page.says(t, http.StatusOK, "2026년 11월", "1,200", "1,030", one.Name, "다른 앱키", fmt.Sprintf("/campaigns/%d", c.ID), "단가 없음", "단가 입력하기")
	s.post(t, "/teams/1/settings/prices", url.Values{"friendtalk": {"15"}, "sms": {"9.9"}}).says(t, http.StatusOK)
	s.get(t, "/teams/1/usage?month=2026-11").says(t, http.StatusOK, "18,297원", "15,297원", "합계")
	narrow := s.get(t, fmt.Sprintf("/appkeys/%d/usage?month=2026-11", other.ID))
	narrow.says(t, http.StatusOK, "쿠폰", "3,000원")
	narrow.keepsQuiet(t, "=세일()")
	for _, month := range []string{"2026-10", "2026-12"} {
		s.get(t, "/teams/1/usage?month="+month).says(t, http.StatusOK, "이 달에는 보낸 것이 없습니다")
	}
	s.get(t, "/teams/1/usage?month=gestern").says(t, http.StatusOK)

	file := s.get(t, "/teams/1/usage.csv?month=2026-11")
	lines := strings.Split(strings.TrimSpace(file.body), "\r\n")
	if !strings.HasPrefix(file.body, "\ufeff월,앱키,") || len(lines) != 3 {
		t.Fatalf("%q", file.body)
	}
	want := []string{"2026-11", "다른 앱키", "'@다른 앱키", "친구톡", "쿠폰"}
	if got := strings.Split(lines[1], ",")[:5]; strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("%q, want %q", got, want)
	}
	if !strings.Contains(lines[2], "'=세일()") || !strings.HasSuffix(lines[2], "SMS,1030,1000,30,0,0,0,0,0,0,15297") {
		t.Errorf("%q", lines[2])
	}
	if got := s.get(t, fmt.Sprintf("/appkeys/%d/usage.csv?month=2026-11", other.ID)); strings.Contains(got.body, "세일") {
		t.Errorf("the file of an appkey names another's campaign: %s", got.body)
	}
}

func TestManyCampaignsOfAMonthAreTurnedOver(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	k := s.addAppkey(t, "http://127.0.0.1:1")
	for n := range 31 {
		s.sent(t, k, fmt.Sprintf("캠페인-%02d-", n), 5, 10, 0)
	}
	first := s.get(t, "/teams/1/usage?month=2026-11")
	first.says(t, http.StatusOK, "캠페인-30-", "캠페인-01-", `rel="next"`)
	first.keepsQuiet(t, "캠페인-00-")
	s.get(t, "/teams/1/usage?month=2026-11&before=2").says(t, http.StatusOK, "캠페인-00-")
}

func TestHowLongRowsAreKeptIsSet(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	k := s.addAppkey(t, "http://127.0.0.1:1")
	c := s.sent(t, k, "옛 캠페인", 1, 40, 0)
	s.exec(t, "UPDATE campaigns SET state = 'finished', planned = 40, audience = 40, finished_at = $1", time.Now().UTC().AddDate(-1, 0, 0))
	s.get(t, "/teams/1/settings").says(t, http.StatusOK, "지우지 않고 보관합니다", "/teams/1/retention")
	wrong := s.post(t, "/teams/1/retention", url.Values{"days": {"50"}})
	wrong.marks(t, "days")
	wrong.says(t, http.StatusUnprocessableEntity, `value="50"`)
	question := s.post(t, "/teams/1/retention", url.Values{"days": {"120"}})
	question.says(t, http.StatusOK, "120일이 지난 기록을 지울까요?", `name="campaigns" value="1"`, "40")
	s.get(t, "/teams/1/retention").says(t, http.StatusOK, "지우지 않고 보관합니다")
	s.post(t, "/teams/1/retention", url.Values{"days": {"120"}, "campaigns": {"1"}}).says(t, http.StatusOK, "보관 기간을 저장했습니다.", `value="120"`, "곧 지우기 시작합니다")
	if logs := s.audited(t, "retention.set"); len(logs) != 1 {
		t.Errorf("recorded as %+v", logs)
	}

	s.exec(t, `INSERT INTO removals (team_id, state, claim, keep_days, before, campaigns, messages, notices, started_at, worked_at)
		VALUES (1, 'done', '', 120, $1, 0, 0, 0, $1, $1)`, time.Now().UTC())
	s.get(t, "/teams/1/retention").says(t, http.StatusOK, "하루에 한 번 지웁니다", "지울 것이 없었습니다")

	s.exec(t, "UPDATE campaigns SET rows_gone_at = $1, rows_gone = TRUE", time.Now().UTC())
	path := fmt.Sprintf("/appkeys/%d/campaigns/%d", k.ID, c.ID)
	s.get(t, path).says(t, http.StatusOK, "메시지 한 건 한 건의 기록을 지웠습니다", fmt.Sprintf("/appkeys/%d/usage?month=", k.ID))
	s.get(t, path+"/messages").says(t, http.StatusOK, "메시지 기록을 지웠습니다")
}
