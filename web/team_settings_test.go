package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"soshik/models"
)

func numberForm(name, phone string) url.Values { return url.Values{"name": {name}, "phone": {phone}} }

const numbersPath = "/teams/1/settings/test-numbers"

func TestTestNumbersAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.get(t, "/teams/1/settings").says(t, http.StatusOK, "아직 테스트 번호가 없습니다.", "0 / 20")
	s.post(t, numbersPath, numberForm("이하윤", "+82 10-1234-5678")).says(t, http.StatusOK, "이하윤의 번호를 추가했습니다.", "010-1234-5678", "김지우", "1 / 20")
	s.post(t, numbersPath, numberForm("", "02-123-4567")).marks(t, "name", "phone")
	twice := s.post(t, numbersPath, numberForm("다른 <b>이름</b>", "010 1234 5678"))
	twice.marks(t, "phone")
	twice.says(t, http.StatusUnprocessableEntity, "이미 등록된 번호입니다.", `value="다른 <b>이름</b>"`, `value="010 1234 5678"`)
	for i := range models.MaxTestNumbers - 1 {
		s.post(t, numbersPath, numberForm("휴대폰", fmt.Sprintf("0102000%04d", i))).says(t, http.StatusOK)
	}
	s.get(t, "/teams/1/settings").says(t, http.StatusOK, "20 / 20", "쓰지 않는 번호를 먼저 삭제하세요")
	s.post(t, numbersPath, numberForm("하나 더", "01030000000")).says(t, http.StatusUnprocessableEntity, "20개까지")

	numbers, err := s.DB.TestNumbers(t.Context(), 1)
	if err != nil || len(numbers) != models.MaxTestNumbers {
		t.Fatal(numbers, err)
	}
	remove := fmt.Sprintf("%s/%d/remove", numbersPath, numbers[0].ID)
	s.post(t, remove, nil).says(t, http.StatusOK, "번호를 삭제했습니다.", "19 / 20")
	s.post(t, remove, nil).says(t, http.StatusNotFound)
	for _, action := range []string{"test_number.add", "test_number.remove"} {
		for _, l := range s.audited(t, action) {
			if !strings.Contains(l.ObjectName, "-****-") {
				t.Errorf("%s of %q names the number in full", action, l.ObjectName)
			}
		}
	}
}

func TestTheLeadTimeIsSet(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.get(t, "/teams/1/settings").says(t, http.StatusOK, `name="lead" type="text" value="1"`, `value="days" selected`)
	s.post(t, "/teams/1/settings", url.Values{"lead": {"91"}, "unit": {"days"}}).marks(t, "lead")
	s.post(t, "/teams/1/settings", url.Values{"lead": {"하루"}, "unit": {"days"}}).says(t, http.StatusUnprocessableEntity, `value="하루"`)
	s.post(t, "/teams/1/settings", url.Values{"lead": {"1"}, "unit": {"years"}}).marks(t, "unit")
	s.post(t, "/teams/1/settings", url.Values{"lead": {"30"}, "unit": {"minutes"}}).says(t, http.StatusOK, "팀 설정을 저장했습니다.", `value="30"`)
	team, err := s.DB.Team(t.Context(), 1)
	if err != nil || team.LeadMinutes != 30 {
		t.Error(team, err)
	}
	if logs := s.audited(t, "team.update"); len(logs) != 1 || !strings.Contains(logs[0].Before, "1440") || !strings.Contains(logs[0].After, "30") {
		t.Errorf("audited as %+v", logs)
	}
}
