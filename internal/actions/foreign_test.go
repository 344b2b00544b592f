package actions_test

import (
	"strings"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
	"soshik/internal/testdb"
	"soshik/models"
)

// elsewhere is another system that sends with the same appkey.
func (b *bench) elsewhere() *nhn.Client {
	return nhn.New(nhn.Config{BaseURL: b.appkey.BaseURL, Appkey: testAppkey, SecretKey: testSecret, Timeout: 10 * time.Second, ConvertToBrand: true})
}

// foreign turns the taking in of messages of others on or off.
func (b *bench) foreign(t *testing.T, on bool) {
	t.Helper()
	k, err := b.DB.Appkey(t.Context(), b.appkey.ID)
	must(t, err)
	in := k.Settings()
	in.Foreign, in.RatePerSecond = on, models.DefaultRate
	must(t, b.UpdateAppkey(t.Context(), b.admin, k, in))
}

func (b *bench) foreignMessages(t *testing.T, f models.DeliveryFilter) []models.ForeignMessage {
	t.Helper()
	page, err := b.DB.ForeignMessages(t.Context(), b.appkey.ID, f, "", 100)
	must(t, err)
	return page.Messages
}

// sendElsewhere has another system send a FriendTalk message to the phones.
func (b *bench) sendElsewhere(t *testing.T, text string, phones ...string) {
	t.Helper()
	req := nhn.FriendTalkRequest{PlusFriendID: b.sender.PlusFriendID, SenderGroupingKey: "crm", CreateUser: "crm"}
	for _, phone := range phones {
		req.Recipients = append(req.Recipients, nhn.FriendTalkRecipient{
			RecipientNo: phone, Content: text, IsAd: true, Resend: &nhn.ResendParameter{}, RecipientGroupingKey: "to-" + phone,
		})
	}
	_, err := b.elsewhere().SendFriendTalk(t.Context(), &req, "")
	must(t, err)
}

func (b *bench) takeIn(t *testing.T, ch models.Channel) {
	t.Helper()
	due, err := b.DB.DueReadings(t.Context(), b.Now().Add(time.Hour))
	must(t, err)
	for _, d := range due {
		if d.Channel != ch {
			continue
		}
		_, err := b.DB.ClaimReading(t.Context(), d.AppkeyID, ch, b.Now().Add(time.Hour), b.Now().Add(time.Minute))
		must(t, err, b.TakeResults(t.Context(), actions.TakeResults{AppkeyID: d.AppkeyID, Channel: ch, Since: d.Since.Time}))
	}
}

func TestMessagesSentElsewhereAreTakenInWhereWanted(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	b.sendElsewhere(t, "켜기 전", "01022225555")
	move(30 * time.Minute)
	b.takeIn(t, models.FriendTalk)
	if ms := b.foreignMessages(t, models.DeliveryFilter{}); len(ms) != 0 {
		t.Fatalf("taken in without being asked: %+v", ms)
	}

	b.foreign(t, true)
	c := b.handedOver(t, b.draft(t, 20))
	b.sendElsewhere(t, "안녕하세요", "01033335555", "01033330001")
	move(2 * time.Minute)
	for range 2 { // the second time nothing is new
		b.takeIn(t, models.FriendTalk)
	}
	ms := b.foreignMessages(t, models.DeliveryFilter{})
	if len(ms) != 2 {
		t.Fatalf("%d messages were taken in, want 2: %+v", len(ms), ms)
	}
	if e := b.equation(t, c); e.Delivered != 20 || e.Audience != 20 {
		t.Errorf("the campaign's equation is %+v", e)
	}
	for _, m := range ms {
		want := models.MessageDelivered
		if m.Phone == "01033330001" {
			want = models.MessageFailed
		}
		if m.State != want || m.Content != "안녕하세요" || m.PlusFriendID != b.sender.PlusFriendID || m.SenderGroup != "crm" || m.Channel != models.FriendTalk || m.DoneAt == 0 {
			t.Errorf("taken in as %+v", m)
		}
	}

	b.foreign(t, false)
	b.sendElsewhere(t, "끈 뒤", "01044445555")
	move(2 * time.Minute)
	b.takeIn(t, models.FriendTalk)
	if ms := b.foreignMessages(t, models.DeliveryFilter{}); len(ms) != 2 {
		t.Errorf("%d messages after it was turned off, want 2", len(ms))
	}
}

// The provider tells nobody what has become of BrandTalk messages: those of others are
// found where they were created, and asked after.
func TestBrandTalkSentElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	b.foreign(t, true)
	_, err := b.sim.AddTemplate(testAppkey, nhnsim.Template{SenderKey: b.sender.SenderKey, Code: "crm1", Content: "안녕하세요"})
	must(t, err)
	_, err = b.elsewhere().SendBrandTalk(t.Context(), &nhn.BrandTalkRequest{
		SenderKey: b.sender.SenderKey, TemplateCode: "crm1", RequestDate: b.Now().Add(time.Hour), Recipients: []nhn.BrandTalkRecipient{{RecipientNo: "01033335555"}},
	})
	must(t, err)
	move(2 * time.Minute)
	b.takeIn(t, models.BrandTalk)
	ms := b.foreignMessages(t, models.DeliveryFilter{TemplateCode: "crm1"})
	if len(ms) != 1 || ms[0].State != models.MessageOpen || ms[0].DueAt == nil {
		t.Fatalf("before it is sent: %+v", ms)
	}
	move(90 * time.Minute)
	b.takeIn(t, models.BrandTalk)
	ms = b.foreignMessages(t, models.DeliveryFilter{Channel: models.BrandTalk, Part: models.PartDelivered})
	if len(ms) != 1 || ms[0].DueAt != nil || ms[0].Channel != models.BrandTalk {
		t.Errorf("when it has arrived: %+v", b.foreignMessages(t, models.DeliveryFilter{}))
	}
}

// What the provider has forgotten is not asked for any more.
func TestForeignMessagesWithoutAResultAreClosed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	old := b.Now().AddDate(0, 0, -kakao.RetentionDays-2)
	m := models.ForeignMessage{
		AppkeyID: b.appkey.ID, Channel: models.BrandTalk, RequestID: "r1", Seq: 1, Phone: "01011112222", SentAt: old.UnixMilli(), DueAt: new(b.Now()), TakenAt: b.Now(),
	}
	must(t, b.DB.SaveForeign(t.Context(), []models.ForeignMessage{m}))
	b.foreign(t, true)
	b.takeIn(t, models.BrandTalk)
	if ms := b.foreignMessages(t, models.DeliveryFilter{}); len(ms) != 1 || ms[0].State != models.MessageClosed || ms[0].DueAt != nil {
		t.Errorf("it is %+v", ms)
	}
}

func TestPeopleAreForgottenInMessagesOfOthersToo(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	now := b.Now()
	row := func(seq int, phone string, age time.Duration) models.ForeignMessage {
		return models.ForeignMessage{
			AppkeyID: b.appkey.ID, Channel: models.FriendTalk, RequestID: "r1", Seq: seq, Phone: phone, Content: "김하늘님", State: models.MessageDelivered,
			SentAt: now.Add(-age).UnixMilli(), DoneAt: now.UnixMilli(), RecipientGroup: "member-7", TakenAt: now,
		}
	}
	const phone = "01055556666"
	must(t, b.DB.SaveForeign(t.Context(), []models.ForeignMessage{row(1, phone, time.Hour), row(2, "01077778888", time.Hour), row(3, "01099990000", 40*24*time.Hour)}))
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		traces, err := tx.ErasePerson(t.Context(), b.team.ID, phone)
		if traces.Elsewhere != 1 {
			t.Errorf("erased %+v", traces)
		}
		return err
	}))
	// The provider tells of it once more.
	must(t, b.DB.SaveForeign(t.Context(), []models.ForeignMessage{row(1, phone, time.Hour)}))
	if ms := b.foreignMessages(t, models.DeliveryFilter{Phone: phone}); len(ms) != 0 {
		t.Errorf("found after it was forgotten: %+v", ms)
	}
	for _, m := range b.foreignMessages(t, models.DeliveryFilter{}) {
		if m.Seq == 1 && (!m.Erased() || m.Content != "" || m.RecipientGroup != "" || m.State != models.MessageDelivered) {
			t.Errorf("left of it: %+v", m)
		}
	}

	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE teams SET retention_days = 30")
	must(t, err, b.Sweep(t.Context()))
	if ms := b.foreignMessages(t, models.DeliveryFilter{}); len(ms) != 2 || ms[0].Seq == 3 || ms[1].Seq == 3 {
		t.Errorf("after the team's time there are %+v", ms)
	}
}

func TestForeignMessagesMoveOnlyForward(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	m := models.ForeignMessage{AppkeyID: b.appkey.ID, Channel: models.FriendTalk, RequestID: "r1", Seq: 1, Phone: "01011112222", SentAt: 1, TakenAt: b.Now()}
	steps := []struct {
		told, want models.MessageState
	}{
		{models.MessageOpen, models.MessageOpen},
		{models.MessageFailed, models.MessageFailed},
		{models.MessageOpen, models.MessageFailed},
		{models.MessageDelivered, models.MessageFailed},
		{models.MessageSMS, models.MessageSMS},
		{models.MessageFailed, models.MessageSMS},
	}
	for i, step := range steps {
		m.State = step.told
		must(t, b.DB.SaveForeign(t.Context(), []models.ForeignMessage{m}))
		if ms := b.foreignMessages(t, models.DeliveryFilter{}); len(ms) != 1 || ms[0].State != step.want {
			t.Errorf("step %d: %+v, want state %d", i, ms, step.want)
		}
	}
}

// What was sent before they were to be taken in is nobody's business, however soon before
// and whenever its result comes; what is known already is told on.
func TestMessagesFromBeforeTheyWereToBeTakenInAreLeftOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	b.sendElsewhere(t, "켜기 조금 전", "01022225555")
	move(3 * time.Minute)
	b.foreign(t, true)
	b.sendElsewhere(t, "켠 뒤", "01033335555")
	move(time.Minute)
	b.takeIn(t, models.FriendTalk)
	known := b.foreignMessages(t, models.DeliveryFilter{})
	if len(known) != 1 || known[0].Phone != "01033335555" {
		t.Fatalf("taken in: %+v", known)
	}

	// Of a failed one the SMS arrives after the setting was off and on again.
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE foreign_messages SET state = 0, code = '', done_at = 0")
	must(t, err)
	_, err = b.DB.SQL().ExecContext(t.Context(), "DELETE FROM result_readings")
	must(t, err)
	b.foreign(t, false)
	move(3 * time.Minute)
	b.foreign(t, true)
	b.takeIn(t, models.FriendTalk)
	if ms := b.foreignMessages(t, models.DeliveryFilter{}); len(ms) != 1 || ms[0].State != models.MessageDelivered {
		t.Errorf("after it was on again: %+v", ms)
	}
}

// After hours in which nobody has read, what others have sent is taken in, pages of it.
// Each call fails once meanwhile, to the database and to the provider, before it is carried
// out and after; whoever goes on afterwards takes everything in once, and nothing else is
// counted.
func TestMessagesOfHoursAreTakenInAlthoughEveryCallFails(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*breakable, int){
		"database before": func(b *breakable, n int) { b.db.Set(testdb.Fault{N: n}) },
		"database after":  func(b *breakable, n int) { b.db.Set(testdb.Fault{N: n, After: true, Writes: true}) },
		"database gone":   func(b *breakable, n int) { b.db.Set(testdb.Fault{N: n, Stays: true, Writes: true}) },
		"provider before": func(b *breakable, n int) { b.api.calls, b.api.fault = 0, testdb.Fault{N: n} },
		"provider after":  func(b *breakable, n int) { b.api.calls, b.api.fault = 0, testdb.Fault{N: n, After: true} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBreakable(t, false)
			since, want := b.Now(), b.sendForHours(t)
			n := 1
			for made := n; n <= made && !t.Failed(); n++ {
				set(b, n)
				b.api.calls = 0
				in := actions.TakeResults{AppkeyID: b.appkey.ID, Channel: models.FriendTalk, Since: since}
				for range 2 { // what fails is asked for again
					_, _ = b.whole.ClaimReading(t.Context(), b.appkey.ID, in.Channel, b.Now().Add(time.Hour), b.Now().Add(time.Minute))
					_ = b.TakeResults(t.Context(), in)
					b.db.Mend()
				}
				if made = b.api.calls; strings.HasPrefix(name, "database") {
					made = b.db.Calls()
				}
				b.db.Set(testdb.Fault{})
				b.judgeForeign(t, want)
				for _, table := range []string{"foreign_messages", "result_readings"} {
					_, err := b.whole.SQL().ExecContext(t.Context(), "DELETE FROM "+table)
					must(t, err)
				}
			}
			t.Logf("%d calls", n-1)
		})
	}
}

// sendForHours has another system send for hours, once of it more than a page, and says
// how many messages there are.
func (b *breakable) sendForHours(t *testing.T) (n int) {
	t.Helper()
	b.foreign(t, true)
	for _, size := range []int{3, 1000, 40, 1} {
		phones := make([]string, size)
		for i := range phones {
			phones[i] = benchPhone(10_000*n + i)
		}
		b.sendElsewhere(t, "안녕하세요", phones...)
		if size != 1000 { // the one after it is sent in the same minute
			b.move(40 * time.Minute)
		}
		n += size
	}
	return n
}

func (b *breakable) judgeForeign(t *testing.T, want int) {
	t.Helper()
	all := b.query(t, "SELECT COUNT(*) FROM foreign_messages")
	open := b.query(t, "SELECT COUNT(*) FROM foreign_messages WHERE state = 0")
	if all != int64(want) || open != 0 {
		t.Errorf("%d messages of %d were taken in, %d of them without a result", all, want, open)
	}
	for _, table := range []string{"messages", "usage_days", "suppressions", "code_counts"} {
		if n := b.query(t, "SELECT COUNT(*) FROM "+table); n != 0 {
			t.Errorf("%d rows are in %s", n, table)
		}
	}
}
