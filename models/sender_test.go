package models_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

func TestNewSenderIsMadeNormal(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"봄봄": "@봄봄", "@봄봄": "@봄봄", "＠봄봄": "@봄봄", "@@봄봄": "@봄봄", "": "", "@": "@"} {
		if got := (models.NewSender{PlusFriendID: typed}).Normal().PlusFriendID; got != want {
			t.Errorf("%q becomes %q, want %q", typed, got, want)
		}
	}
	for typed, want := range map[string]string{"010-1234-5678": "01012345678", "+82 10 1234 5678": "01012345678", "call me": "call me"} {
		if got := (models.NewSender{PhoneNo: typed}).Normal().PhoneNo; got != want {
			t.Errorf("%q becomes %q, want %q", typed, got, want)
		}
	}
}

func TestCategoryMatches(t *testing.T) {
	t.Parallel()
	c := models.Category{Code: "00100010003", Path: []string{"건강", "병원", "치과 Clinic"}}
	for query, want := range map[string]bool{
		"": false, "병원": true, "치과 건강": true, "치과 음식": false, "clinic": true, "0010001": true, "0020": false, "  ": false,
	} {
		if got := c.Matches(query); got != want {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
}

func TestSentTodayIsOfTodayInKorea(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 14, 59, 0, 0, time.UTC) // 23:59 in Korea
	s := models.Sender{SentCount: 7, RefreshedAt: at}
	if n, known := s.SentToday(at.Add(30 * time.Second)); n != 7 || !known {
		t.Error("the same minute is not today")
	}
	if _, known := s.SentToday(at.Add(2 * time.Minute)); known {
		t.Error("yesterday's count is taken for today's")
	}
}

func TestUsable(t *testing.T) {
	t.Parallel()
	good := models.Sender{Status: kakao.SenderRegistered, KakaoStatus: kakao.KakaoStatusNormal}
	tests := map[string]struct {
		change func(*models.Sender)
		want   models.SenderTrouble
	}{
		"registered":               {func(*models.Sender) {}, ""},
		"waiting for its token":    {func(s *models.Sender) { s.Status = kakao.SenderWaiting }, models.SenderIsWaiting},
		"blocked":                  {func(s *models.Sender) { s.Blocked = true }, models.SenderIsBlocked},
		"blocked by its status":    {func(s *models.Sender) { s.KakaoStatus = kakao.KakaoStatusBlocked }, models.SenderIsBlocked},
		"dormant":                  {func(s *models.Sender) { s.Dormant = true }, models.SenderIsDormant},
		"of a status nobody knows": {func(s *models.Sender) { s.Status = "YSC99" }, models.SenderIsUnknown},
	}
	for name, tt := range tests {
		s := good
		tt.change(&s)
		ok, reason := s.Usable()
		if ok != (tt.want == "") || !ok && reason.Key != "sender.trouble."+string(tt.want) {
			t.Errorf("%s: %v %v", name, ok, reason)
		}
	}
}

func TestTextSurvivesAsJSON(t *testing.T) {
	t.Parallel()
	want := models.T("sender.refreshed", "Count", int64(5), "Share", 0.5, "Name", "봄봄")
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got models.Text
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v (%v)", got, want, err)
	}
}
