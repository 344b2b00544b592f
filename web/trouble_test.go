package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// stuck is a launched campaign of ten recipients that nobody works on, changed as change
// says.
func stuck(t *testing.T, change map[string]any, campaign map[string]any) (*site, models.Campaign) {
	t.Helper()
	s, sim, k := newAppkeySite(t)
	_, err := sim.AddSender(testAppkey, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	check(t, err)
	s.refreshed(t, k)
	sender := s.sender(t)
	now := s.Actions.Now()
	audience := models.Audience{TeamID: k.TeamID, Columns: []string{}, CreatedAt: now}
	check(t, s.DB.CreateAudience(t.Context(), &audience))
	rs := make([]models.Recipient, 10)
	for i := range rs {
		rs[i] = models.Recipient{Phone: fmt.Sprintf("010123400%02d", i), Vars: "{}"}
	}
	check(t, s.DB.InsertRecipients(t.Context(), audience.ID, rs))
	c := models.Campaign{
		TeamID: k.TeamID, AppkeyID: k.ID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: "막힌 캠페인", State: models.CampaignPlanning,
		SenderID: sender.ID, AudienceID: audience.ID, Audience: 10, CreatedBy: 1, LaunchedBy: 1, LaunchedAt: &now, CreatedAt: now, UpdatedAt: now,
	}
	check(t, s.DB.CreateCampaign(t.Context(), &c))
	check(t, s.DB.Tx(t.Context(), func(tx *models.DB) error {
		b, err := tx.PlanBatch(t.Context(), &c, models.Batch{Number: 1, DueAt: now.Add(time.Hour), MeantAt: now.Add(time.Hour)}, 1000)
		if err != nil {
			return err
		}
		if saved, err := tx.SavePlan(t.Context(), c, ""); err != nil || !saved {
			return fmt.Errorf("not saved: %w", err)
		}
		if len(change) > 0 {
			if err := tx.SetBatch(t.Context(), b.ID, change); err != nil {
				return err
			}
		}
		_, err = tx.MoveCampaign(t.Context(), c.ID, []models.CampaignState{models.CampaignPlanning}, campaign["state"].(models.CampaignState), campaign)
		return err
	}))
	return s, c
}

func TestTroublesAreNamedWithWhatToDo(t *testing.T) {
	t.Parallel()
	called := time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		batch, campaign map[string]any
		says            []string
	}{
		"a fault of the secret key": {
			nil, map[string]any{"state": models.CampaignPaused, "hold": fmt.Sprintf("api.%d", kakao.CodeSecretKey), "hold_code": kakao.CodeSecretKey},
			[]string{"비밀 키가 맞지 않습니다", "원인을 해결한 뒤 다시 시작해 주세요", `/settings">앱키 설정</a>`, "/resume"},
		},
		"the quota is used up": {
			nil, map[string]any{"state": models.CampaignPaused, "hold": fmt.Sprintf("api.%d", kakao.CodeDailyMax), "hold_code": kakao.CodeDailyMax},
			[]string{"하루 발송 한도를 다 썼습니다", "발신 프로필 보기</a>"},
		},
		"it is long past its time": {
			nil, map[string]any{"state": models.CampaignHeld, "hold": "hold.late"},
			[]string{"사람의 확인이 필요합니다", "두 시간 넘게 지나", "지금 보내려면 다시 시작하고"},
		},
		"it was paused by hand": {
			nil, map[string]any{"state": models.CampaignPaused, "hold": "hold.by_hand"}, []string{"사람이 일시 정지했습니다", "보낼 준비가 되면"},
		},
		"a reason without a text for what to do": {
			nil, map[string]any{"state": models.CampaignHeld, "hold": "hold.unknown"}, []string{"원인을 해결한 뒤 다시 시작해 주세요"},
		},
		"a batch is in doubt": {
			map[string]any{"state": models.BatchInDoubt, "called_at": called, "calls": 1}, map[string]any{"state": models.CampaignSending},
			[]string{"발송사가 받았는지 확인하는 중입니다", "수신자 10명의 묶음", "늦어도 14:15:00에는"},
		},
		"a batch asks": {
			map[string]any{"state": models.BatchInDoubt, "called_at": called, "calls": 3, "asks": true}, map[string]any{"state": models.CampaignHeld, "hold": "hold.doubt"},
			[]string{"받았는지 알 수 없는 묶음이 1개", `href="#decide-1"`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := stuck(t, tt.batch, tt.campaign)
			path := fmt.Sprintf("/appkeys/%d/campaigns/%d", c.AppkeyID, c.ID)
			s.get(t, path).says(t, http.StatusOK, tt.says...)
			viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID).get(t, path)
			viewer.keepsQuiet(t, "/resume", `#decide-1`, `/settings">앱키 설정</a>`)
			viewer.says(t, http.StatusOK, `<section class="sk-troubles"`)
		})
	}
}

func TestASenderThatCannotSendIsATrouble(t *testing.T) {
	t.Parallel()
	for column, says := range map[string][]string{
		"blocked = TRUE":                  {"발신 프로필로 보낼 수 없습니다", "발신 프로필 보기</a>"},
		"daily_max = 10, sent_count = 10": {"오늘 보낼 수 있는 건수를 다 썼습니다", "하루 10건까지", "자정(한국 시간)"},
	} {
		s, c := stuck(t, nil, map[string]any{"state": models.CampaignSending})
		_, err := s.DB.SQL().ExecContext(t.Context(), "UPDATE senders SET "+column+", refreshed_at = $1", s.Actions.Now())
		check(t, err)
		s.get(t, fmt.Sprintf("/appkeys/%d/campaigns/%d", c.AppkeyID, c.ID)).says(t, http.StatusOK, says...)
	}
}

var pollsEvery = regexp.MustCompile(`hx-trigger="every (\d+)s`)

func TestThePageAsksAnewAsOftenAsSomethingMoves(t *testing.T) {
	t.Parallel()
	for state, want := range map[models.CampaignState]string{
		models.CampaignSending: "2", models.CampaignCancelling: "2", models.CampaignPaused: "30", models.CampaignHeld: "30",
	} {
		s, c := stuck(t, nil, map[string]any{"state": state, "hold": "hold.by_hand"})
		page := s.get(t, fmt.Sprintf("/appkeys/%d/campaigns/%d", c.AppkeyID, c.ID))
		if m := pollsEvery.FindStringSubmatch(page.body); len(m) != 2 || m[1] != want || !strings.Contains(page.body, `http-equiv="refresh"`) {
			t.Errorf("%s: %v, want %s", state, m, want)
		}
	}
}

// The rate and the time left are the same for everybody, and there at once.
func TestHowFastItGoesIsToldAtOnce(t *testing.T) {
	t.Parallel()
	s, c := stuck(t, nil, map[string]any{"state": models.CampaignSending})
	now := s.Actions.Now()
	_, err := s.DB.SQL().ExecContext(t.Context(), "UPDATE batches SET handed_at = $1", now.Add(-10*time.Minute))
	check(t, err)
	_, err = s.DB.SQL().ExecContext(t.Context(), "INSERT INTO campaign_minutes VALUES ($1, $2, 4, 0, 0, 0, 0)", c.ID, now.Unix()/60)
	check(t, err)
	path := fmt.Sprintf("/appkeys/%d/campaigns/%d", c.AppkeyID, c.ID)
	for range 2 {
		page := s.get(t, path)
		if !regexp.MustCompile(`1분에 [34]명\s+· [34]분 남음`).MatchString(page.body) {
			t.Errorf("neither rate nor time left: %s", page.body)
		}
	}
}

// As fast as a paced campaign may go, its last is not handed over before its time.
func TestAPaceIsNotOvertaken(t *testing.T) {
	t.Parallel()
	s, c := stuck(t, nil, map[string]any{"state": models.CampaignSending})
	now := s.Actions.Now()
	s.exec(t, "UPDATE batches SET handed_at = $1, send_at = $2", now.Add(-10*time.Minute), now.Add(40*time.Minute))
	s.exec(t, "INSERT INTO campaign_minutes VALUES ($1, $2, 400, 0, 0, 0, 0)", c.ID, now.Unix()/60)
	page := s.get(t, fmt.Sprintf("/appkeys/%d/campaigns/%d", c.AppkeyID, c.ID))
	if !regexp.MustCompile(`1분에 \d+명\s+· (39|40)분 남음`).MatchString(page.body) {
		t.Errorf("the time left heeds no pace: %s", page.body)
	}
}

// What is said of a batch that was to be cancelled is what became of it.
func TestABatchIsCancelledAsFarAsItsMessagesAre(t *testing.T) {
	t.Parallel()
	for counts, says := range map[string]string{
		"cancelled = size":                            "발송사가 취소함",
		"cancelled = size - 1, delivered = 1":         "일부만 취소됨",
		"delivered = size - 1, failed = 1":            "접수됨",
		"cancelled = 0, delivered = 0, closed = size": "접수됨",
	} {
		s, c := stuck(t, nil, map[string]any{"state": models.CampaignCancelled})
		s.exec(t, "UPDATE batches SET state = 'handed_over', cancel = $1, "+counts, models.CancelDone)
		s.get(t, fmt.Sprintf("/appkeys/%d/campaigns/%d", c.AppkeyID, c.ID)).says(t, http.StatusOK, ">"+says+"<")
	}
}
