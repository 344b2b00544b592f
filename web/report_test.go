package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"soshik/models"
)

func TestTheReportOfACampaign(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(100)+endings()))
	s.launch(t, c)
	page := s.until(t, s.path(c, ""), "완료</div>")
	page.says(t, http.StatusOK, "시간에 따라", "표로 보기", "(한국 시간), 누적", "1분 단위로 센 수", "넘김", "문자로 도착", "합계",
		"카카오톡이 닿지 않는 사람 2명", "그중 1명은 문자로 받았습니다", "이 사람들을 목록으로", s.path(c, "/audiences?code=3018"))
	for _, class := range []string{"sk-line-handed", "sk-line-delivered", "sk-line-sms", "sk-line-failed"} {
		if strings.Count(page.body, class) < 2 { // in the chart, and in its legend
			t.Errorf("there is no %s", class)
		}
	}
	if strings.Contains(page.body, "style=") || strings.Contains(page.body, "NaN") {
		t.Error("the chart has what it must not have")
	}
	s.savesCodes(t, c)
	s.demote(t)
	s.get(t, s.path(c, "")).keepsQuiet(t, "목록으로 저장", "이 사람들을 목록으로")
	for _, got := range []answer{s.get(t, s.path(c, "/audiences")), s.post(t, s.path(c, "/audiences"), url.Values{"name": {"새"}, "code": {"3018"}})} {
		got.says(t, http.StatusForbidden)
	}
}

// savesCodes makes an audience of those whom KakaoTalk does not reach.
func (s *studio) savesCodes(t *testing.T, c models.Campaign) {
	t.Helper()
	path := s.path(c, "/audiences")
	s.get(t, path+"?code=3018").says(t, http.StatusOK, "value=\"11월 단골 감사 쿠폰 · 카카오톡을 쓰지 않거나 채널을 차단함\"", "value=\"3018\" checked", "value=\"3008\">", "카카오톡이 닿지 않는 사람")
	s.get(t, path+"?code=3018&code=3050").says(t, http.StatusOK, "· 카카오톡이 닿지 않는 사람\"")
	s.post(t, path, url.Values{"name": {" "}}).marks(t, "code", "name")
	kept := s.post(t, path, url.Values{"name": {"닿지 않는 사람"}, "code": {"없는 코드"}})
	kept.marks(t, "code")
	kept.says(t, http.StatusUnprocessableEntity, "닿지 않는 사람")
	done := s.post(t, path, url.Values{"name": {"닿지 않는 사람"}, "code": {"3018", "-5000"}})
	done.says(t, http.StatusOK, "‘닿지 않는 사람’ 목록을 만들었습니다")
	if !strings.HasPrefix(done.path, "/teams/1/audiences/") {
		t.Errorf("it leads to %s", done.path)
	}
	a := s.idleAudience(t, "닿지 않는 사람", 3)
	s.get(t, audiencePath(a, "")).says(t, http.StatusOK, "010-7777-0001", "010-7777-0004", "010-7777-0005", c.Name)
	again := s.post(t, path, url.Values{"name": {"닿지 않는 사람"}, "code": {"3018"}})
	again.marks(t, "name")
	again.says(t, http.StatusUnprocessableEntity, "value=\"3018\" checked")
}

// A campaign says the same of nobody, of one and of a million recipients, and costs as
// much: nothing is counted by messages.
func TestTheReportOfAnySize(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(1)))
	for size, try := range map[int64]struct{ says, not []string }{
		0:         {[]string{"아직 실패한 메시지가 없습니다", "발송사에 넘기기 시작하면"}, []string{"표로 보기", "목록으로 저장"}},
		1:         {[]string{"아직 실패한 메시지가 없습니다", "표로 보기"}, []string{"목록으로 저장", "sk-line-failed"}},
		1_000_000: {[]string{"800,000", "50만", "100만", "<strong>160,000</strong>", "카카오톡이 닿지 않는 사람 200,000명", "그중 160,000명은"}, []string{"아직 실패한"}},
	} {
		made := c
		made.ID, made.ULID, made.State, made.Audience, made.Planned = 0, models.NewToken(), models.CampaignSending, size, size
		check(t, s.DB.CreateCampaign(t.Context(), &made))
		if size > 0 {
			s.exec(t, "INSERT INTO campaign_minutes (campaign_id, minute, handed, taken, delivered, failed, sms) VALUES ($1, 29000000, $2, $2, $3, $4, $5)",
				made.ID, size, size-size/5, size/5, size/5*8/10)
		}
		if size > 1 {
			s.exec(t, "INSERT INTO code_counts (campaign_id, state, code, count) VALUES ($1, 8, '3018', $2), ($1, 10, '3018', $3)", made.ID, size/5*2/10, size/5*8/10)
		}
		got := s.get(t, s.path(made, ""))
		got.says(t, http.StatusOK, try.says...)
		got.keepsQuiet(t, try.not...)
		s.exec(t, "UPDATE campaigns SET state = 'finished' WHERE id = $1", made.ID) // nobody gets to work on it
	}
}

// A draft has no results, and a campaign of which the numbers are gone none that could be
// kept.
func TestWhatHasNoResultsToKeep(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	if got := s.get(t, s.path(c, "/audiences")); got.path != s.path(c, "/message") {
		t.Errorf("a draft leads to %s", got.path)
	}
	if got := s.post(t, s.path(c, "/audiences"), url.Values{"name": {"목록"}, "code": {"3018"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an audience of a draft: %d", got.status)
	}
	s.exec(t, "UPDATE campaigns SET state = 'finished', erased_at = $1", s.Actions.Now())
	if got := s.get(t, s.path(c, "/audiences")); got.path != s.path(c, "") {
		t.Errorf("an erased one leads to %s", got.path)
	}
}
