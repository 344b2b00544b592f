package actions_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// deletions are the entries of the audit log about deleted senders.
func (b *bench) deletions(t *testing.T) (found []models.AuditLog) {
	t.Helper()
	logs, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 1000)
	must(t, err)
	for _, l := range logs {
		if l.Action == "sender.delete" {
			found = append(found, l)
		}
	}
	return found
}

func confirmed() actions.DeleteSender { return actions.DeleteSender{Confirm: testSender} }

func TestOnlyThoseWhoMayDeleteASenderOrConnectSMS(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99}, Role: role}
		err := b.DeleteSender(t.Context(), by, b.appkey, b.sender, actions.DeleteSender{})
		if forbidden := models.KindOf(err) == models.Forbidden; forbidden == role.Allows(models.ManageSenders) {
			t.Errorf("a %s deletes a sender: %v", role, err)
		}
		_, err = b.SetFallbackAppkey(t.Context(), by, b.appkey, models.NewFallbackAppkey{})
		if forbidden := models.KindOf(err) == models.Forbidden; forbidden == role.Allows(models.ManageAppkeys) {
			t.Errorf("a %s connects SMS: %v", role, err)
		}
	}
}

func TestDeletionThatSeveralAskForHappensOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := b.DeleteSender(t.Context(), b.admin, b.appkey, b.sender, confirmed()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	done := 0
	for _, l := range b.deletions(t) {
		if strings.Contains(l.After, `"result":"deleted"`) {
			done++
		} else if !strings.Contains(l.After, `"result":"already deleted"`) {
			t.Errorf("audited as %+v", l)
		}
	}
	if done != 1 {
		t.Errorf("it was deleted %d times", done)
	}
}

func TestSenderThatWasRegisteredAnewUnderTheSameNameStays(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	old := b.sender
	must(t, b.DeleteSender(t.Context(), b.admin, b.appkey, b.sender, confirmed()))
	_, err := b.sim.AddSender(testAppkey, nhnsim.Sender{PlusFriendID: testSender, SenderKey: strings.Repeat("a", kakao.SenderKeyLen), Registered: true})
	must(t, err)
	// A page that was opened before all that deletes the sender it was about.
	must(t, b.DeleteSender(t.Context(), b.admin, b.appkey, old, confirmed()))
	if logs := b.deletions(t); len(logs) != 2 || !strings.Contains(logs[0].After, "already deleted") {
		t.Errorf("audited as %+v", logs)
	}
	_, err = b.RefreshSenders(t.Context(), b.admin, b.appkey)
	must(t, err)
	now, err := b.DB.Sender(t.Context(), b.appkey.ID, old.ID)
	must(t, err)
	if now.GoneAt != nil || now.DeletedBy != 0 || now.SenderKey == old.SenderKey {
		t.Errorf("kept as %+v", now)
	}
}

func TestDeletionWithoutAnAnswerIsLookedUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTimeoutAfter, Endpoint: "delete sender"}}})
	must(t, b.DeleteSender(t.Context(), b.admin, b.appkey, b.sender, confirmed()))
	if logs := b.deletions(t); len(logs) != 1 || !strings.Contains(logs[0].After, "not listed then") {
		t.Errorf("audited as %+v", logs)
	}
}
