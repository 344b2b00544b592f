package actions_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/models"
)

// office is a bench whose team wants every campaign approved, with somebody in each role.
type office struct {
	*bench
	people map[models.Role]models.Actor
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{bench: newBench(t, 2*time.Second), people: map[models.Role]models.Actor{}}
	for _, role := range models.Roles() {
		o.people[role] = o.person(t, string(role)+"@example.com", role)
	}
	must(t, o.SaveApprovalSettings(t.Context(), o.admin, o.team.ID, models.ApprovalSettings{From: "5"}))
	return o
}

func (o *office) person(t *testing.T, email string, role models.Role) models.Actor {
	t.Helper()
	u := models.User{Email: email, Name: strings.Split(email, "@")[0], PasswordHash: "x", CreatedAt: o.Now()}
	must(t, o.DB.CreateUser(t.Context(), &u), o.DB.CreateMember(t.Context(), &models.Member{TeamID: o.team.ID, UserID: u.ID, Role: role}))
	return models.Actor{User: u, Role: role}
}

func (o *office) read(t *testing.T, c models.Campaign) models.Campaign {
	t.Helper()
	c, err := o.DB.CampaignByID(t.Context(), c.ID)
	must(t, err)
	return c
}

// written is a draft that a marketer has edited last, at a time (nil: at once).
func (o *office) written(t *testing.T, n int, at *time.Time) models.Campaign {
	t.Helper()
	before := o.draft(t, n)
	c := before
	c.Name, c.ScheduledAt = "큰 캠페인", at
	c, err := o.SaveDraft(t.Context(), o.people[models.Marketer], before, c)
	must(t, err)
	return c
}

// ask asks for approval as the marketer, and comes back with the asking.
func (o *office) ask(t *testing.T, c models.Campaign, in models.NewApproval) models.Approval {
	t.Helper()
	must(t, o.checkedAsk(t, o.people[models.Marketer], c, in))
	a, found, err := o.DB.OpenApproval(t.Context(), c.ID)
	must(t, err)
	if !found || a.State != models.ApprovalWaiting || o.read(t, c).State != models.CampaignWaiting {
		t.Fatalf("asked: %+v", a)
	}
	return a
}

func (o *office) checkedAsk(t *testing.T, by models.Actor, c models.Campaign, in models.NewApproval) error {
	t.Helper()
	if _, err := o.CheckNow(t.Context(), o.admin, c); err != nil {
		return err
	}
	return o.AskApproval(t.Context(), by, c.AppkeyID, c.ID, c.Revision, in)
}

func (o *office) approve(t *testing.T, a models.Approval) {
	t.Helper()
	must(t, o.Approve(t.Context(), o.people[models.Approver], a.AppkeyID, a.CampaignID, a.ID))
}

// launchAs launches a campaign, checking a draft first.
func (o *office) launchAs(t *testing.T, by models.Actor, c models.Campaign) error {
	t.Helper()
	c = o.read(t, c)
	if c.State == models.CampaignDraft {
		if _, err := o.CheckNow(t.Context(), o.admin, c); err != nil {
			return err
		}
	}
	return o.Launch(t.Context(), by, c.AppkeyID, c.ID, c.Revision)
}

// wants checks where a campaign and its newest asking stand.
func (o *office) wants(t *testing.T, c models.Campaign, state models.CampaignState, approval models.ApprovalState, returned string) {
	t.Helper()
	now := o.read(t, c)
	as, err := o.DB.Approvals(t.Context(), c.ID, 10)
	must(t, err)
	if now.State != state || now.Returned.Key != returned || len(as) == 0 || as[0].State != approval {
		t.Errorf("the campaign is %s (%q), want %s (%q); its askings: %+v, want %s", now.State, now.Returned.Key, state, returned, as, approval)
	}
	if _, open, err := o.DB.OpenApproval(t.Context(), c.ID); err != nil || open != now.State.Frozen() {
		t.Errorf("an open asking: %v, %v", open, err)
	}
}

func wantKey(t *testing.T, err error, key string) {
	t.Helper()
	if models.TextOf(err).Key != key || err == nil {
		t.Errorf("%v, want %s", err, key)
	}
}

func (o *office) audits(t *testing.T, action string) []models.AuditLog {
	t.Helper()
	all, err := o.DB.AuditLogs(t.Context(), o.team.ID, 0, 200)
	must(t, err)
	var found []models.AuditLog
	for _, l := range all {
		if l.Action == action {
			found = append(found, l)
		}
	}
	return found
}

func TestALargeCampaignIsAskedForApprovedAndLaunched(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.written(t, 8, nil)
	wantKey(t, o.launchAs(t, o.people[models.Marketer], c), "approval.needed")
	a := o.ask(t, c, models.NewApproval{Message: "봐 주세요"})
	if a.Version.Audience != 8 || len(a.Hash) != 64 || a.ExpiresAt != nil {
		t.Errorf("asked for %+v", a)
	}
	for role, want := range map[models.Role]int64{models.Viewer: 0, models.Marketer: 0, models.Approver: 1, models.Admin: 1} {
		var n int64
		must(t, o.DB.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM notifications WHERE user_id = "+idText(o.people[role].User.ID)).Scan(&n))
		if n != want {
			t.Errorf("a %s is told %d times", role, n)
		}
	}
	wantKey(t, o.launchAs(t, o.people[models.Marketer], c), "approval.not_yet")
	o.approve(t, a)
	o.wants(t, c, models.CampaignApproved, models.ApprovalApproved, "")
	must(t, o.launchAs(t, o.people[models.Marketer], c))
	o.wants(t, c, models.CampaignPlanning, models.ApprovalLaunched, "")
	o.work(t)
	o.until(t, c, isState(models.CampaignFinished))
	o.wantOnce(t, 8)
	for action, by := range map[string]string{"approval.ask": "marketer", "approval.approve": "approver", "campaign.launch": "marketer"} {
		logs := o.audits(t, action)
		if len(logs) != 1 || logs[0].UserName != by || !strings.Contains(logs[0].After, "approval") {
			t.Errorf("%s is audited as %+v", action, logs)
		}
	}
}

func TestASmallCampaignAndATestNeedNoApproval(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.written(t, 4, nil)
	wantKey(t, o.checkedAsk(t, o.people[models.Marketer], c, models.NewApproval{}), "approval.not_needed")
	must(t, o.launchAs(t, o.people[models.Marketer], c))
	must(t, o.SaveApprovalSettings(t.Context(), o.admin, o.team.ID, models.ApprovalSettings{}))
	must(t, o.launchAs(t, o.people[models.Marketer], o.written(t, 9, nil)))
}

func TestWhoMayAskAndDecide(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	for _, role := range models.Roles() {
		by := o.people[role]
		c := o.written(t, 6, nil)
		if err := o.checkedAsk(t, by, c, models.NewApproval{}); (err == nil) != role.Allows(models.ManageCampaigns) {
			t.Errorf("asked by a %s: %v", role, err)
		}
		c = o.written(t, 6, nil)
		a := o.ask(t, c, models.NewApproval{})
		if err := o.Reject(ctx, by, c.AppkeyID, c.ID, a.ID, models.Rejection{Reason: "아니요"}); (err == nil) != role.Allows(models.Approve) {
			t.Errorf("rejected by a %s: %v", role, err)
		}
		c = o.written(t, 6, nil)
		a = o.ask(t, c, models.NewApproval{})
		if err := o.Approve(ctx, by, c.AppkeyID, c.ID, a.ID); (err == nil) != role.Allows(models.Approve) {
			t.Errorf("approved by a %s: %v", role, err)
		}
		if err := o.WithdrawApproval(ctx, by, c.AppkeyID, c.ID); (err == nil) != role.Allows(models.ManageCampaigns) {
			t.Errorf("withdrawn by a %s: %v", role, err)
		}
		if err := o.SaveApprovalSettings(ctx, by, o.team.ID, models.ApprovalSettings{From: "5"}); (err == nil) != role.Allows(models.ManageTeam) {
			t.Errorf("set by a %s: %v", role, err)
		}
	}
}

// Nobody approves what they asked for or edited last, whatever else they may do.
func TestNobodyApprovesTheirOwn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	other := o.person(t, "second@example.com", models.Approver)
	for name, by := range map[string]models.Actor{"an approver": o.people[models.Approver], "an admin": o.people[models.Admin], "the instance admin": o.admin} {
		asked := o.written(t, 6, nil)
		must(t, o.checkedAsk(t, by, asked, models.NewApproval{}))
		edited := o.written(t, 6, nil)
		before := edited
		edited.Name = "고친 이름"
		edited, err := o.SaveDraft(ctx, by, before, edited)
		must(t, err)
		must(t, o.checkedAsk(t, o.people[models.Marketer], edited, models.NewApproval{}))
		for what, c := range map[string]models.Campaign{"asked for": asked, "edited": edited} {
			a, _, err := o.DB.OpenApproval(ctx, c.ID)
			must(t, err)
			err = o.Approve(ctx, by, c.AppkeyID, c.ID, a.ID)
			if models.KindOf(err) != models.Forbidden || models.TextOf(err).Key != "approval.own" {
				t.Errorf("%s approves what they %s: %v", name, what, err)
			}
			if err := o.Approve(ctx, models.Actor{}, c.AppkeyID, c.ID, a.ID); models.KindOf(err) != models.Forbidden {
				t.Errorf("the program approves: %v", err)
			}
			must(t, o.Approve(ctx, other, c.AppkeyID, c.ID, a.ID))
		}
	}
}

func TestRejectionNeedsAReasonAndTellsIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.written(t, 6, nil)
	a := o.ask(t, c, models.NewApproval{})
	by := o.people[models.Approver]
	if err := o.Reject(t.Context(), by, c.AppkeyID, c.ID, a.ID, models.Rejection{Reason: " \n"}); models.FieldText(err, "reason").Key != "approval.reason_missing" {
		t.Errorf("without a reason: %v", err)
	}
	must(t, o.Reject(t.Context(), by, c.AppkeyID, c.ID, a.ID, models.Rejection{Reason: "쿠폰 링크가 틀렸어요"}))
	o.wants(t, c, models.CampaignDraft, models.ApprovalRejected, "approval.returned.rejected")
	if now := o.read(t, c); now.Returned.Args[3] != "쿠폰 링크가 틀렸어요" {
		t.Errorf("told: %+v", now.Returned)
	}
	wantKey(t, o.Approve(t.Context(), by, c.AppkeyID, c.ID, a.ID), "approval.moved")
	again := o.ask(t, o.read(t, c), models.NewApproval{})
	o.wants(t, c, models.CampaignWaiting, models.ApprovalWaiting, "")
	if again.Hash != a.Hash {
		t.Error("the same campaign has another hash")
	}
	wantKey(t, o.Approve(t.Context(), by, c.AppkeyID, c.ID, a.ID), "approval.moved") // the old page, in another tab
}

func TestAFrozenCampaignCannotBeChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, by := t.Context(), o.people[models.Marketer]
	c := o.written(t, 6, nil)
	a := o.ask(t, c, models.NewApproval{})
	for _, state := range []models.CampaignState{models.CampaignWaiting, models.CampaignApproved} {
		before := o.read(t, c)
		edited := before
		edited.Name = "다른 이름"
		if _, err := o.SaveDraft(ctx, by, before, edited); models.KindOf(err) != models.Conflict || o.read(t, c).Name != c.Name {
			t.Errorf("edited while %s: %v", state, err)
		}
		if used, err := o.DB.UseAudience(ctx, c.ID, 4711, 1); err != nil || used {
			t.Errorf("%s: other recipients: %v, %v", state, used, err)
		}
		if _, err := o.TakeAudiences(ctx, by, before, []int64{1}); models.TextOf(err).Key != "approval.frozen" {
			t.Errorf("%s: other audiences: %v", state, err)
		}
		if state == models.CampaignWaiting {
			o.approve(t, a)
		}
	}
	must(t, o.WithdrawApproval(ctx, by, c.AppkeyID, c.ID))
	o.wants(t, c, models.CampaignDraft, models.ApprovalWithdrawn, "approval.returned.withdrawn")
	stale := c
	stale.Name = "다른 탭에서 고친 이름" // it was opened before it was frozen
	if _, err := o.SaveDraft(ctx, by, c, stale); models.KindOf(err) != models.Conflict {
		t.Errorf("saved from another tab: %v", err)
	}
	wantKey(t, o.launchAs(t, by, o.read(t, c)), "approval.needed")
}

func TestApprovalOfWhatGoesOutAtOnceExpiresAfterADay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, clock := t.Context(), o.Now
	c, swept := o.written(t, 6, nil), o.written(t, 6, nil)
	a, other := o.ask(t, c, models.NewApproval{}), o.ask(t, swept, models.NewApproval{})
	o.Service.Now = func() time.Time { return clock().Add(48 * time.Hour) }
	must(t, o.Sweep(ctx))
	o.wants(t, c, models.CampaignWaiting, models.ApprovalWaiting, "") // asking alone does not expire
	o.approve(t, a)
	o.approve(t, other)
	o.Service.Now = func() time.Time { return clock().Add(48*time.Hour + models.ApprovalHolds - time.Minute) }
	must(t, o.Sweep(ctx))
	o.wants(t, swept, models.CampaignApproved, models.ApprovalApproved, "")
	o.Service.Now = func() time.Time { return clock().Add(48*time.Hour + models.ApprovalHolds) }
	wantKey(t, o.launchAs(t, o.people[models.Marketer], c), "approval.expired")
	o.wants(t, c, models.CampaignDraft, models.ApprovalExpired, "approval.returned.expired")
	must(t, o.Sweep(ctx))
	o.wants(t, swept, models.CampaignDraft, models.ApprovalExpired, "approval.returned.expired")
	if logs := o.audits(t, "approval.expire"); len(logs) != 2 || logs[0].UserID != 0 {
		t.Errorf("audited as %+v", logs)
	}
}

func TestApprovalOfAScheduledCampaignExpiresWithItsTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, clock := t.Context(), o.Now
	at, soon := clock().Add(3*time.Hour), clock().Add(time.Minute)
	wantKey(t, o.checkedAsk(t, o.people[models.Marketer], o.written(t, 6, &soon), models.NewApproval{}), "approval.too_near")
	waiting, approved := o.written(t, 6, &at), o.written(t, 6, &at)
	a := o.ask(t, waiting, models.NewApproval{})
	o.approve(t, o.ask(t, approved, models.NewApproval{}))
	o.Service.Now = func() time.Time { return at.Add(-models.Soon) }
	wantKey(t, o.Approve(ctx, o.people[models.Approver], waiting.AppkeyID, waiting.ID, a.ID), "approval.expired")
	must(t, o.Sweep(ctx))
	o.wants(t, waiting, models.CampaignDraft, models.ApprovalExpired, "approval.returned.too_near")
	o.wants(t, approved, models.CampaignDraft, models.ApprovalExpired, "approval.returned.too_near")
}

func TestLaunchAsSoonAsItIsApproved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	at := o.Now().Add(3 * time.Hour)
	now, later := o.written(t, 6, nil), o.written(t, 7, &at)
	o.work(t)
	o.approve(t, o.ask(t, now, models.NewApproval{Launch: true}))
	o.approve(t, o.ask(t, later, models.NewApproval{Launch: true}))
	got, _ := o.until(t, now, isState(models.CampaignFinished))
	if got.LaunchedBy != o.people[models.Marketer].User.ID {
		t.Errorf("launched by %d", got.LaunchedBy)
	}
	o.until(t, later, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 7 })
	o.wants(t, now, models.CampaignFinished, models.ApprovalLaunched, "")
}

// What keeps the program from launching is written down, and a person can launch then.
func TestWhatIsInTheWayOfALaunchOnApprovalIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	c := o.written(t, 6, nil)
	a := o.ask(t, c, models.NewApproval{Launch: true})
	o.approve(t, a)
	_, err := o.DB.SQL().ExecContext(ctx, "DELETE FROM members WHERE user_id = "+idText(o.people[models.Marketer].User.ID))
	must(t, err, o.LaunchApproved(ctx, a.ID))
	o.wants(t, c, models.CampaignApproved, models.ApprovalApproved, "")
	a, err = o.DB.ApprovalByID(ctx, a.ID)
	must(t, err)
	if a.Why.Key != "approval.asker_gone" || a.DueAt != nil {
		t.Errorf("%+v", a)
	}
	must(t, o.LaunchApproved(ctx, a.ID)) // a job that comes late changes nothing
	o.wants(t, c, models.CampaignApproved, models.ApprovalApproved, "")
	must(t, o.launchAs(t, o.people[models.Admin], c))
}

// Approved long after it was checked, a campaign that goes out at once is checked again.
func TestALaunchOnApprovalChecksAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, clock := t.Context(), o.Now
	c := o.written(t, 6, nil)
	a := o.ask(t, c, models.NewApproval{Launch: true})
	o.Service.Now = func() time.Time { return clock().Add(2 * models.CheckFresh) }
	o.approve(t, a)
	must(t, o.LaunchApproved(ctx, a.ID))
	o.wants(t, c, models.CampaignApproved, models.ApprovalApproved, "")
	must(t, o.LaunchApproved(ctx, a.ID))
	o.wants(t, c, models.CampaignPlanning, models.ApprovalLaunched, "")
}

// The job of a launch was lost with its process: the sweep has another one made.
func TestALostLaunchOnApprovalIsTakenUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, clock := t.Context(), o.Now
	c := o.written(t, 6, nil)
	o.approve(t, o.ask(t, c, models.NewApproval{Launch: true}))
	_, err := o.DB.SQL().ExecContext(ctx, "DELETE FROM river_job")
	must(t, err)
	o.Service.Now = func() time.Time { return clock().Add(time.Minute) }
	o.work(t)
	o.until(t, c, isState(models.CampaignFinished))
	o.wantOnce(t, 6)
}

// Somebody who is forgotten between approval and launch gets nothing, and nobody else
// does before it is approved again.
func TestForgettingVoidsApprovals(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	waiting, approved, apart := o.written(t, 6, nil), o.written(t, 6, nil), o.written(t, 6, nil)
	o.ask(t, waiting, models.NewApproval{})
	o.approve(t, o.ask(t, approved, models.NewApproval{}))
	_, err := o.DB.SQL().ExecContext(ctx, "DELETE FROM recipients WHERE phone = '"+benchPhone(3)+"' AND audience_id = "+idText(apart.AudienceID))
	must(t, err, o.DB.GrowAudience(ctx, apart.AudienceID, -1))
	unaffected := o.ask(t, apart, models.NewApproval{})
	_, err = o.Forget(ctx, o.admin, o.readTeam(t), benchPhone(3), false)
	must(t, err)
	o.wants(t, waiting, models.CampaignDraft, models.ApprovalVoided, "approval.returned.forgotten")
	o.wants(t, approved, models.CampaignDraft, models.ApprovalVoided, "approval.returned.forgotten")
	o.wants(t, apart, models.CampaignWaiting, models.ApprovalWaiting, "")
	wantKey(t, o.launchAs(t, o.people[models.Marketer], approved), "approval.needed")
	o.approve(t, unaffected)

	o.approve(t, o.ask(t, o.read(t, approved), models.NewApproval{}))
	must(t, o.launchAs(t, o.people[models.Marketer], approved))
	o.work(t)
	o.until(t, approved, isState(models.CampaignFinished))
	o.wantOnce(t, 5)
	if o.count()[benchPhone(3)] != 0 {
		t.Error("the forgotten person got it")
	}
}

// Whatever differs from what was approved is not sent, however it came to differ.
func TestLaunchComparesTheHash(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"a recipient more":          "INSERT INTO recipients (audience_id, phone, vars) SELECT audience_id, '01077776666', '{}' FROM campaigns WHERE id = $1",
		"a recipient less":          "DELETE FROM recipients WHERE phone = '" + benchPhone(2) + "' AND audience_id = (SELECT audience_id FROM campaigns WHERE id = $1)",
		"other values":              `UPDATE recipients SET vars = '{"이름":"남"}' WHERE phone = '` + benchPhone(2) + "' AND audience_id = (SELECT audience_id FROM campaigns WHERE id = $1)",
		"another content":           `UPDATE campaigns SET content = '{"text":"다른 글","ad":true}' WHERE id = $1`,
		"another time":              "UPDATE campaigns SET scheduled_at = '2031-03-03 03:03:03' WHERE id = $1",
		"no fallback":               `UPDATE campaigns SET fallback = '{"on":false}' WHERE id = $1`,
		"the header for BrandTalk":  "UPDATE appkeys SET convert_to_brand = NOT convert_to_brand WHERE id = (SELECT appkey_id FROM campaigns WHERE id = $1)",
		"another appkey's provider": "UPDATE appkeys SET base_url = 'http://127.0.0.1:1' WHERE id = (SELECT appkey_id FROM campaigns WHERE id = $1)",
		"another sender at the key": "UPDATE senders SET sender_key = 'another' WHERE id = (SELECT sender_id FROM campaigns WHERE id = $1)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			c := o.written(t, 6, nil)
			o.approve(t, o.ask(t, c, models.NewApproval{}))
			_, err := o.DB.SQL().ExecContext(t.Context(), strings.ReplaceAll(change, "$1", idText(c.ID)))
			must(t, err)
			wantKey(t, o.launchAs(t, o.people[models.Marketer], c), "approval.differs")
			o.wants(t, c, models.CampaignDraft, models.ApprovalVoided, "approval.returned.differs")
			if logs := o.audits(t, "approval.void"); len(logs) != 1 {
				t.Errorf("audited as %+v", logs)
			}
		})
	}
}

// Of everything that is done to an asking at the same time, one is done.
func TestRacesAboutAnApproval(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	second := o.person(t, "second@example.com", models.Approver)
	for range 6 {
		c := o.written(t, 6, nil)
		a := o.ask(t, c, models.NewApproval{})
		revision := o.read(t, c).Revision
		errs := make([]error, 4)
		race(
			func() { errs[0] = o.Approve(ctx, o.people[models.Approver], c.AppkeyID, c.ID, a.ID) },
			func() { errs[1] = o.Approve(ctx, second, c.AppkeyID, c.ID, a.ID) },
			func() {
				errs[2] = o.Reject(ctx, o.people[models.Admin], c.AppkeyID, c.ID, a.ID, models.Rejection{Reason: "아니요"})
			},
			func() { errs[3] = o.checkedAsk(t, o.people[models.Marketer], c, models.NewApproval{}) },
		)
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if models.KindOf(err) != models.Conflict {
				t.Errorf("%v", err)
			}
		}
		if done != 1 {
			t.Errorf("%d were done: %v", done, errs)
		}
		if errs[2] == nil {
			continue
		}
		race(
			func() { errs[0] = o.WithdrawApproval(ctx, o.people[models.Marketer], c.AppkeyID, c.ID) },
			func() { errs[1] = o.Launch(ctx, o.people[models.Marketer], c.AppkeyID, c.ID, revision) },
		)
		state := o.read(t, c).State
		if (errs[0] == nil) == (errs[1] == nil) || (state == models.CampaignDraft) != (errs[0] == nil) {
			t.Errorf("withdrawn: %v, launched: %v; it is %s", errs[0], errs[1], state)
		}
	}
}

func TestApprovingWhileItIsWithdrawn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	for range 6 {
		c := o.written(t, 6, nil)
		a := o.ask(t, c, models.NewApproval{})
		var approve, withdraw error
		race(
			func() { approve = o.Approve(ctx, o.people[models.Approver], c.AppkeyID, c.ID, a.ID) },
			func() { withdraw = o.WithdrawApproval(ctx, o.people[models.Marketer], c.AppkeyID, c.ID) },
		)
		if withdraw != nil || approve != nil && models.KindOf(approve) != models.Conflict {
			t.Errorf("approved: %v, withdrawn: %v", approve, withdraw)
		}
		o.wants(t, c, models.CampaignDraft, models.ApprovalWithdrawn, "approval.returned.withdrawn")
	}
}

func TestForgettingWhileItIsLaunched(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	for range 4 {
		c := o.written(t, 6, nil)
		o.approve(t, o.ask(t, c, models.NewApproval{}))
		revision := o.read(t, c).Revision
		var launch, forget error
		race(
			func() { launch = o.Launch(ctx, o.people[models.Marketer], c.AppkeyID, c.ID, revision) },
			func() { _, forget = o.Forget(ctx, o.admin, o.readTeam(t), benchPhone(3), false) },
		)
		must(t, forget)
		if launch == nil { // planned while somebody in it is to be forgotten
			must(t, o.PlanCampaign(ctx, c.ID), o.Pause(ctx, o.admin, c.AppkeyID, c.ID))
		}
		now, n := o.read(t, c), int64(0)
		must(t, o.DB.SQL().QueryRowContext(ctx, "SELECT COUNT(*) FROM recipients WHERE audience_id = "+idText(c.AudienceID)).Scan(&n))
		if launch == nil && (now.State != models.CampaignPaused || now.Audience != n) || launch != nil && (now.State != models.CampaignDraft || n != 5) {
			t.Errorf("launched: %v; it is %s to %d of %d", launch, now.State, now.Audience, n)
		}
	}
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }

// race runs all of fns at the same time.
func race(fns ...func()) {
	var ready, done sync.WaitGroup
	ready.Add(1)
	for _, fn := range fns {
		done.Go(func() {
			ready.Wait()
			fn()
		})
	}
	ready.Done()
	done.Wait()
}

// Those who may approve are told that they are asked, and nobody else is.
func TestApproversAreToldThatTheyAreAsked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, err := o.DB.SQL().ExecContext(t.Context(), "UPDATE users SET password_hash = 'x'") // they can sign in
	must(t, err)
	o.ask(t, o.written(t, 8, nil), models.NewApproval{})
	for role, want := range map[models.Role]int{models.Viewer: 0, models.Marketer: 0, models.Approver: 1, models.Admin: 1} {
		if got := o.kinds(t, o.people[role]); len(got) != want || want == 1 && got[0] != models.NoticeApproval {
			t.Errorf("the %s is told %v", role, got)
		}
	}
}

// told is the newest notice of a person; its kind is empty if there is none.
func (o *office) told(t *testing.T, who models.Actor) models.Notice {
	t.Helper()
	rows, err := o.DB.Notifications(t.Context(), who.User.ID, 0, 1)
	must(t, err)
	if len(rows) == 0 {
		return models.Notice{}
	}
	return rows[0].Notice
}

// decided is something that becomes of an asking, and what who has asked is told of it.
type decided struct {
	in     models.NewApproval
	decide func(*testing.T, *office, models.Campaign, models.Approval)
	kind   models.NoticeKind
	reason string
}

func decisions() map[string]decided {
	approver, marketer := models.Approver, models.Marketer
	approves := func(t *testing.T, o *office, _ models.Campaign, a models.Approval) {
		t.Helper()
		o.approve(t, a)
	}
	return map[string]decided{
		"approved, to be launched by hand": {
			decide: approves,
			kind:   models.NoticeApproved, reason: "approval.told.by_hand",
		},
		"approved, to be launched then": {
			in:     models.NewApproval{Launch: true},
			decide: approves,
			kind:   models.NoticeApproved, reason: "approval.told.launches",
		},
		"rejected": {
			decide: func(t *testing.T, o *office, c models.Campaign, a models.Approval) {
				t.Helper()
				must(t, o.Reject(t.Context(), o.people[approver], c.AppkeyID, c.ID, a.ID, models.Rejection{Reason: "010-1234-5678님 빼 주세요"}))
			},
			kind: models.NoticeRejected, reason: "approval.returned.rejected",
		},
		"withdrawn by somebody else": {
			decide: func(t *testing.T, o *office, c models.Campaign, _ models.Approval) {
				t.Helper()
				must(t, o.WithdrawApproval(t.Context(), o.people[models.Admin], c.AppkeyID, c.ID))
			},
			kind: models.NoticeReturned, reason: "approval.returned.withdrawn",
		},
		"withdrawn by themselves": {
			decide: func(t *testing.T, o *office, c models.Campaign, _ models.Approval) {
				t.Helper()
				must(t, o.WithdrawApproval(t.Context(), o.people[marketer], c.AppkeyID, c.ID))
			},
		},
		"approved, and too late to be launched": {
			decide: func(t *testing.T, o *office, _ models.Campaign, a models.Approval) {
				t.Helper()
				o.approve(t, a)
				o.putOn(25 * time.Hour)
				must(t, o.Sweep(t.Context()))
			},
			kind: models.NoticeReturned, reason: "approval.returned.expired",
		},
		"approved, and something is in the way of its launch": {
			in: models.NewApproval{Launch: true},
			decide: func(t *testing.T, o *office, _ models.Campaign, a models.Approval) {
				t.Helper()
				o.approve(t, a)
				o.put(t, models.Viewer) // who asked may not launch any more
				must(t, o.LaunchApproved(t.Context(), a.ID))
			},
			kind: models.NoticeHeld, reason: "approval.asker_gone",
		},
	}
}

// Who has asked is told what has become of it, by the bell, mail and webhook; who decided
// need not be.
func TestWhoHasAskedIsToldOfTheDecision(t *testing.T) {
	t.Parallel()
	approver, marketer := models.Approver, models.Marketer
	for name, test := range decisions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			box, _ := o.tell(t)
			c := o.written(t, 8, nil)
			a := o.ask(t, c, test.in)
			test.decide(t, o, c, a)
			n := o.told(t, o.people[marketer])
			if n.Kind != test.kind || n.Reason.Key != test.reason {
				t.Errorf("who asked is told %s: %+v", n.Kind, n.Reason)
			}
			if got := o.told(t, o.people[approver]).Kind; got != models.NoticeApproval {
				t.Errorf("the approver is told %s", got)
			}
			if got := o.told(t, o.people[models.Viewer]).Kind; got != "" {
				t.Errorf("a viewer is told %s", got)
			}
			if strings.Contains(fmt.Sprint(n.Reason.Args), "1234") {
				t.Errorf("the notice has a number: %v", n.Reason.Args)
			}
			o.work(t)
			o.untilTold(t, box, test.kind)
		})
	}
}

// put gives who asks another role.
func (o *office) put(t *testing.T, role models.Role) {
	t.Helper()
	_, err := o.DB.SQL().ExecContext(t.Context(), "UPDATE members SET role = '"+string(role)+"' WHERE user_id = "+idText(o.people[models.Marketer].User.ID))
	must(t, err)
}

// untilTold waits until a mail to who asks and a request to the webhook tell of kind.
func (o *office) untilTold(t *testing.T, box *postbox, kind models.NoticeKind) {
	t.Helper()
	if kind == "" {
		return
	}
	deadline, tick := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		letters, posts := box.told()
		mailed := slices.ContainsFunc(letters, func(l models.Letter) bool {
			return l.To == o.people[models.Marketer].User.Email && l.Subject == string(kind)
		})
		posted := slices.ContainsFunc(posts, func(p post) bool { return strings.Contains(p.body, `"type":"campaign.`+string(kind)+`"`) })
		if mailed && posted {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%d mails, %d requests, none of %s", len(letters), len(posts), kind)
		case <-tick.C:
		}
	}
}
