package models_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

func TestTestNumberIsReadInEveryUsualWriting(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"01012345678": "01012345678", "010-1234-5678": "01012345678", "010 1234 5678": "01012345678", "+82 10-1234-5678": "01012345678",
		"０１０１２３４５６７８": "01012345678", "1012345678": "01012345678", "02-123-4567": "", "": "", "김하늘": "", "010-1234": "", "+1 202 555 0123": "",
	} {
		got, err := models.NewTestNumber{Name: "이하윤", Phone: typed}.Normal()
		if refused := models.FieldText(err, "phone").Key != ""; got != want || refused != (want == "") {
			t.Errorf("%q is read as %q (%v), want %q", typed, got, err, want)
		}
	}
	for name, key := range map[string]string{"": "field.required", strings.Repeat("가", models.MaxName+1): "field.too_long", strings.Repeat("가", models.MaxName): ""} {
		_, err := models.NewTestNumber{Name: name, Phone: "01012345678"}.Normal()
		if got := models.FieldText(err, "name").Key; got != key {
			t.Errorf("a name of %d characters: %q, want %q", len([]rune(name)), got, key)
		}
	}
}

// Of two who add the last number at the same time, one has it.
func TestATeamHasNoMoreTestNumbersThanItMay(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	add := func(n int) error {
		return l.Tx(t.Context(), func(tx *models.DB) error {
			return tx.CreateTestNumber(t.Context(), &models.TestNumber{TeamID: l.campaign.TeamID, Phone: fmt.Sprintf("0102000%04d", n), Name: "휴대폰"})
		})
	}
	for n := range models.MaxTestNumbers - 1 {
		must(t, add(n))
	}
	if err := add(0); models.KindOf(err) != models.Conflict || models.TextOf(err).Key != "error.exists.test_number" {
		t.Errorf("a number that is there already: %v", err)
	}
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = add(100 + i) })
	}
	wg.Wait()
	refused := 0
	for _, err := range errs {
		if e, ok := errors.AsType[*models.Error](err); ok && e.Key == "test_number.limit" {
			refused++
		}
	}
	ns, err := l.TestNumbers(t.Context(), l.campaign.TeamID)
	if err != nil || len(ns) != models.MaxTestNumbers || refused != len(errs)-1 {
		t.Errorf("%d numbers, %d of %d refused: %v", len(ns), refused, len(errs), err)
	}
	if ns, err := l.TestNumbers(t.Context(), l.campaign.TeamID+1); err != nil || len(ns) != 0 {
		t.Errorf("another team sees %d (%v)", len(ns), err)
	}
}

func TestWhatIsWrongWithATest(t *testing.T) {
	t.Parallel()
	content := models.Content{
		Text: "#{이름}님, #{쿠폰|가을} 쿠폰. #{이름|고객}님께만!", Buttons: []models.Button{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://example.com/#{번호}"}},
	}
	fallback := models.Fallback{On: true, Text: "#{문자}"} // values, in order: 이름, 쿠폰, 번호, 문자
	good := map[string]string{"이름": "김하늘", "번호": "7", "문자": "안녕하세요"}
	with := func(name, value string) map[string]string {
		values := map[string]string{name: value}
		for k, v := range good {
			if k != name {
				values[k] = v
			}
		}
		return values
	}
	token := models.NewFormToken()
	tests := []struct {
		name string
		in   models.NewTest
		want string // field; empty: nothing
	}{
		{"all right, a default standing in", models.NewTest{Token: token, Numbers: []int64{1}, Values: good}, ""},
		{"no number", models.NewTest{Token: token, Values: good}, "numbers"},
		{"no form", models.NewTest{Numbers: []int64{1}, Values: good}, "numbers"},
		{"a form of one's own making", models.NewTest{Token: "1", Numbers: []int64{1}, Values: good}, "numbers"},
		{"a variable with a default in one place only", models.NewTest{Token: token, Numbers: []int64{1}, Values: with("이름", "")}, models.TestValueField(0)},
		{"a variable of a link without a value", models.NewTest{Token: token, Numbers: []int64{1}, Values: with("번호", "")}, models.TestValueField(2)},
		{"a variable of the fallback without a value", models.NewTest{Token: token, Numbers: []int64{1}, Values: with("문자", "")}, models.TestValueField(3)},
		{"a value that is too long", models.NewTest{Token: token, Numbers: []int64{1}, Values: with("이름", strings.Repeat("가", 1000))}, "values"},
		{"a value that looks like a variable", models.NewTest{Token: token, Numbers: []int64{1}, Values: with("이름", "#{쿠폰}")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.in.Check(models.FriendTalk, content, fallback)
			if tt.want == "" && err != nil || tt.want != "" && models.FieldText(err, tt.want).Key == "" {
				t.Errorf("%v, want a problem with %q", err, tt.want)
			}
		})
	}
}

// tested adds a test of the ledger's campaign.
func (l *ledger) tested(t *testing.T, by, audience int64, at time.Time, state models.CampaignState) models.Campaign {
	t.Helper()
	c := models.Campaign{
		TeamID: l.campaign.TeamID, AppkeyID: l.campaign.AppkeyID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: "시험", State: state,
		SenderID: l.campaign.SenderID, Test: true, OriginalID: l.campaign.ID, FormToken: models.NewFormToken(), Audience: audience,
		LaunchedBy: by, CreatedAt: at.UTC(), UpdatedAt: at.UTC(),
	}
	must(t, l.CreateCampaign(t.Context(), &c))
	return c
}

func TestTestUseByPersonAndTeam(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, kakao.KST)
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, kakao.KST)
	use := func(user int64) models.TestUse {
		u, err := l.TestUse(t.Context(), l.campaign.TeamID, user, now)
		must(t, err)
		return u
	}
	l.tested(t, 1, 7, midnight.Add(-time.Second), models.CampaignFinished) // yesterday
	l.tested(t, 2, 5, midnight, models.CampaignCancelled)
	for i := range models.MaxTests - 1 {
		l.tested(t, 1, 1, now.Add(-time.Duration(9-i)*time.Minute), models.CampaignFinished)
	}
	if got := use(1); got.Messages != 14 || !got.Until.IsZero() || got.Allows(20) != nil {
		t.Errorf("before the last one: %+v, %v", got, got.Allows(20))
	}
	l.tested(t, 1, 1, now, models.CampaignSending)
	got := use(1)
	if want := now.Add(time.Minute); !got.Until.Equal(want) || models.KindOf(got.Allows(1)) != models.Throttled {
		t.Errorf("after the last one: %+v, want until %s", got, want)
	}
	if other := use(2); other.Messages != 15 || other.Allows(1) != nil {
		t.Errorf("somebody else: %+v", other)
	}
	l.tested(t, 2, 80, now, models.CampaignSending)
	left := use(2)
	for n, key := range map[int]string{5: "", 6: "test_message.day_left"} {
		if err := left.Allows(n); (err == nil) != (key == "") || err != nil && models.TextOf(err).Key != key {
			t.Errorf("%d more: %v, want %q", n, err, key)
		}
	}
	l.tested(t, 2, 5, now, models.CampaignSending)
	if err := use(2).Allows(1); models.TextOf(err).Key != "test_message.day_full" {
		t.Errorf("the day is full: %v", err)
	}
	if u, err := l.TestUse(t.Context(), l.campaign.TeamID+1, 1, now); err != nil || u.Messages != 0 || !u.Until.IsZero() {
		t.Errorf("another team: %+v %v", u, err)
	}
}

func TestTestsAreApartFromCampaigns(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	ctx, now := t.Context(), time.Now()
	sender := models.Sender{AppkeyID: l.campaign.AppkeyID, PlusFriendID: "@a", Status: kakao.SenderRegistered, Blocked: true, TroubledAt: &now}
	must(t, l.PutWaitingSender(ctx, &sender))
	l.campaign.SenderID = sender.ID
	over, running := l.tested(t, 1, 2, now, models.CampaignFinished), l.tested(t, 1, 3, now, models.CampaignSending)

	rows, err := l.CampaignRows(ctx, l.campaign.AppkeyID, false, 0, 10)
	if err != nil || len(rows) != 1 || rows[0].ID != l.campaign.ID {
		t.Errorf("campaigns: %v %v", rows, err)
	}
	rows, err = l.CampaignRows(ctx, l.campaign.AppkeyID, true, 0, 10)
	if err != nil || len(rows) != 2 || rows[0].ID != running.ID || rows[1].ID != over.ID {
		t.Errorf("tests: %v %v", rows, err)
	}
	if rows, err := l.CampaignRows(ctx, l.campaign.AppkeyID, true, running.ID, 10); err != nil || len(rows) != 1 {
		t.Errorf("the next page of tests: %v %v", rows, err)
	}
	if cs, err := l.TestsOf(ctx, l.campaign, 1); err != nil || len(cs) != 1 || cs[0].ID != running.ID {
		t.Errorf("the last test: %v %v", cs, err)
	}
	if cs, err := l.SenderCampaigns(ctx, sender.ID, 10); err != nil || len(cs) != 1 || cs[0].ID != running.ID || !cs[0].Test {
		t.Errorf("campaigns that use the sender: %v %v", cs, err)
	}
	if cs, err := l.BreakingCampaigns(ctx, sender.ID); err != nil || len(cs) != 1 || cs[0].ID != running.ID {
		t.Errorf("campaigns that need the sender: %v %v", cs, err)
	}
	if again, found, err := l.TestByToken(ctx, l.campaign.TeamID, over.FormToken); err != nil || !found || again.ID != over.ID {
		t.Errorf("the test of a form: %v %v", again, err)
	}
	if _, found, err := l.TestByToken(ctx, l.campaign.TeamID, ""); err != nil || found {
		t.Errorf("no form has sent a test: %v", err)
	}
	twice := over
	twice.ID, twice.ULID = 0, models.NewToken()
	if err := l.CreateCampaign(ctx, &twice); models.KindOf(err) != models.Conflict {
		t.Errorf("a second test of a form: %v", err)
	}
}
