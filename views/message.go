package views

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// MessageView is one message with its whole history.
type MessageView struct {
	models.MessageRecord

	Sender     models.Sender // zero if it is gone
	LaunchedBy string        // name; empty if that person is gone
	StoppedBy  string
	Now        time.Time
}

// MessageRecordPath is the page of a message.
func MessageRecordPath(appkeyID, id int64) string {
	return fmt.Sprintf("/appkeys/%d/messages/%d", appkeyID, id)
}

func (v MessageView) path() string { return MessageRecordPath(v.Campaign.AppkeyID, v.ID) }

// batchPath leads to the row of the batch on the campaign's page.
func (v MessageView) batchPath() string {
	return Progress{Campaign: v.Campaign, Each: true}.groupsPath(v.BatchNumber-1) + "#batches"
}

// cancelPath leads to where it is asked whether the message is to be cancelled.
func (v MessageView) cancelPath() string {
	return fmt.Sprintf("%s?message=%d", messagesCancelPath(v.Campaign), v.ID)
}

// cancellable reports whether the message may still be stopped.
func (v MessageView) cancellable(p Page) bool {
	stopping := v.Stop.MessageID != 0 && v.Stop.State == models.StopOpen
	return p.Actor.Can(models.ManageCampaigns) && pickable(v.ListedMessage) && !stopping &&
		Progress{Campaign: v.Campaign}.Cancellable() && models.StoppableMessages([]models.ListedMessage{v.ListedMessage}, v.Now).Open() > 0
}

// refreshable reports whether the provider can be asked about the message.
func (v MessageView) refreshable(p Page) bool {
	return p.Actor.Can(models.ManageCampaigns) && v.Askable()
}

// liveFor is for how long after its request a message's page asks anew by itself.
const liveFor = time.Hour

// live reports whether the page can change by itself at any moment.
func (v MessageView) live() bool {
	open := v.Part == models.PartDoubt || v.Part == models.PartHanded && !v.Held(v.Now) ||
		v.State == models.MessageFailed && (v.Fallback == models.FallbackTarget || v.Fallback == models.FallbackUnderWay)
	return open && v.Request.CalledAt != nil && v.Now.Sub(latestOf(*v.Request.CalledAt, v.RequestAt)) < liveFor
}

func latestOf(a time.Time, b *time.Time) time.Time {
	if b != nil && b.After(a) {
		return *b
	}
	return a
}

// preview is the message as this recipient has it. Who may not see numbers does not see
// those in the values either.
func (v MessageView) preview(p Page) Preview {
	values, err := models.ParseVars(v.Vars)
	if err != nil {
		values = nil // shown as variables without a value
	}
	for name, value := range values {
		values[name] = shownText(p, value)
	}
	shown := Preview{
		Channel: v.Campaign.Channel, Content: v.Campaign.Content, Fallback: v.Campaign.Fallback, Sender: v.Sender, Values: values,
		At: v.readAt(), Caption: "message.as_sent",
	}
	switch {
	case v.Erased():
		shown.Caption = "message.as_erased"
	case v.Part == models.PartPlanned:
		shown.Caption = "message.as_planned"
	case v.State == models.MessageSkipped, v.State == models.MessageRefused:
		shown.Caption = "message.as_skipped"
	}
	if v.State == models.MessageSMS {
		shown.As = "sms"
	}
	return shown
}

// readAt is when the message is on the phone.
func (v MessageView) readAt() time.Time {
	switch {
	case !v.Done().IsZero():
		return v.Done()
	case v.RequestAt != nil:
		return *v.RequestAt
	case v.Request.SendAt != nil:
		return *v.Request.SendAt
	case v.Request.HandedAt != nil:
		return *v.Request.HandedAt
	}
	return v.Now
}

// event is one thing that has happened to a message, or is to happen.
type event struct {
	at    time.Time // zero: not known
	title string
	lines []string
	code  string // of the provider, with its meaning among the lines
	color string // one of Tabler's
	open  bool   // it is still to come, or not over
}

// events are all of them, the earliest first. What has no time stands behind what it
// follows.
func (v MessageView) events(p Page) []event {
	all := append([]event{v.planned(p)}, v.calls(p)...)
	if v.Request.HandedAt != nil && v.Askable() {
		all = append(all, v.handed(p))
	}
	if v.Stop.MessageID != 0 {
		all = append(all, v.stopped(p))
	}
	if v.State == models.MessageOpen && v.RequestAt != nil {
		all = append(all, event{at: *v.RequestAt, title: p.T("message.sends"), color: "blue", open: v.RequestAt.After(v.Now)})
	}
	slices.SortStableFunc(all, func(a, b event) int { return a.at.Compare(b.at) })
	if v.State != models.MessageOpen {
		all = append(all, v.ended(p))
	} else {
		all = append(all, event{title: partName(p, v.Part), lines: []string{p.T("message.open." + string(v.Part))}, color: "secondary", open: true})
	}
	if v.Fallback != models.FallbackNone && v.State != models.MessageDelivered {
		all = append(all, v.sms(p))
	}
	return all
}

func (v MessageView) planned(p Page) event {
	e := event{title: p.T("message.planned"), color: "secondary", lines: []string{p.T("message.planned_in", "Number", v.BatchNumber)}}
	if v.Campaign.LaunchedAt != nil {
		e.at = *v.Campaign.LaunchedAt
	}
	if v.LaunchedBy != "" {
		e.lines = append(e.lines, p.T("progress.launched_by", "Name", v.LaunchedBy))
	}
	if at := v.Request.SendAt; at != nil && (v.Part == models.PartPlanned || v.RequestAt == nil) {
		e.lines = append(e.lines, p.T("message.meant_for", "Time", *at))
	}
	return e
}

// calls are the requests that were made for the message's batch while it was in it.
func (v MessageView) calls(p Page) []event {
	var all []event
	for _, c := range v.Calls {
		if left := v.State == models.MessageSkipped || v.State == models.MessageCancelled; left && c.CalledAt.After(v.Done()) {
			continue
		}
		key, color := callOutcome(c.Outcome)
		e := event{at: c.CalledAt, title: p.T("message.call", "Attempt", c.Attempt), lines: []string{p.T(key)}, color: color, open: c.Outcome == models.CallUnknown}
		if c.RequestID != "" && c.RequestID != v.Request.RequestID {
			e.lines = append(e.lines, c.RequestID)
		}
		if c.Code != kakao.CodeOK {
			e.code = fmt.Sprint(c.Code)
			e.lines = append(e.lines, codeMeaning(p, e.code))
		} else if c.Text != "" && c.Outcome != models.CallAccepted {
			e.lines = append(e.lines, shownText(p, c.Text))
		}
		all = append(all, e)
	}
	return all
}

// callOutcome is what came of a request, in words, and in which colour.
func callOutcome(o models.CallOutcome) (key, color string) {
	switch o {
	case models.CallUnknown:
		return "message.call.unknown", "orange"
	case models.CallAccepted:
		return "message.call.accepted", "green"
	case models.CallNotSent:
		return "message.call.not_sent", "secondary"
	case models.CallRefused:
		return "message.call.refused", "red"
	case models.CallInDoubt:
		return "message.call.in_doubt", "orange"
	case models.CallNotFound:
		return "message.call.not_found", "secondary"
	case models.CallWithdrawn:
		return "message.call.withdrawn", "secondary"
	}
	panic(fmt.Errorf("no outcome %q of a call", o))
}

func (v MessageView) handed(p Page) event {
	e := event{at: *v.Request.HandedAt, title: p.T("message.handed"), color: "blue", lines: []string{p.T("message.request_id", "ID", v.Request.RequestID)}}
	if seq := v.Seq(); seq > 0 {
		e.lines = append(e.lines, p.T("message.seq", "Number", seq))
	}
	return e
}

func (v MessageView) stopped(p Page) event {
	e := event{at: v.Stop.CreatedAt, title: p.T("message.stop"), color: "orange", open: v.Stop.State == models.StopOpen}
	switch {
	case v.Stop.Reason != models.StopCancelled:
		e.lines = append(e.lines, codeMeaning(p, string(v.Stop.Reason)))
	case v.StoppedBy != "":
		e.lines = append(e.lines, p.T("message.stop_by", "Name", v.StoppedBy))
	}
	e.lines = append(e.lines, p.T("message.stop."+string(v.Stop.State)))
	return e
}

// partColor is the colour of a part's mark.
func partColor(part models.Part) string {
	switch part {
	case models.PartDelivered, models.PartSMS:
		return "green"
	case models.PartFailed, models.PartRefused:
		return "red"
	case models.PartUnplanned, models.PartPlanned, models.PartDoubt, models.PartHanded, models.PartSkipped, models.PartCancelled, models.PartClosed:
	}
	return "secondary"
}

func (v MessageView) ended(p Page) event {
	part := v.Part
	if part == models.PartSMS { // KakaoTalk failed; the SMS has a line of its own
		part = models.PartFailed
	}
	e := event{at: v.Done(), title: partName(p, part), color: partColor(part)}
	if v.Code == "" {
		return e
	}
	e.lines = append(e.lines, codeMeaning(p, v.Code))
	if ours(v.Code) {
		return e
	}
	e.code = v.Code
	if v.Part == models.PartFailed || v.Part == models.PartRefused {
		e.lines = append(e.lines, codeToDo(p, v.Code))
	}
	return e
}

func (v MessageView) sms(p Page) event {
	e := event{title: p.T("progress.sms") + " · " + fallbackState(p, v.Fallback), color: "secondary", code: v.SMSCode}
	switch v.Fallback {
	case models.FallbackDelivered:
		e.color = "green"
	case models.FallbackFailed:
		e.color = "red"
	case models.FallbackTarget, models.FallbackUnderWay:
		e.color, e.open = "blue", true
	case models.FallbackNone, models.FallbackUnknown:
	}
	if meaning := smsMeaning(p, v.ListedMessage); meaning != "" {
		e.lines = append(e.lines, meaning)
	}
	if id := v.Detail.SMSRequestID; id != "" {
		e.lines = append(e.lines, p.T("message.sms_request", "ID", id))
	}
	return e
}

// toldFact is what the provider says about a fact, or that it does not.
type toldFact struct {
	key, value string
	code       bool
}

// answer is what the provider said when it was asked last.
func (v MessageView) answer(p Page) []toldFact {
	t := v.Detail.Raw
	all := []toldFact{
		{key: "message.told.status", value: statusName(p, t.Status)},
		{key: "message.told.code", value: strings.TrimSpace(t.Code + " " + t.CodeName)},
		{key: "message.told.created", value: timeOrDash(p, t.CreatedAt)},
		{key: "message.told.requested", value: timeOrDash(p, t.RequestAt)},
		{key: "message.told.received", value: timeOrDash(p, t.ReceivedAt)},
	}
	if v.Campaign.Channel.Traits().Fallback {
		all = append(
			all, toldFact{key: "message.told.fallback", value: cmp.Or(fallbackName(p, t.Fallback), t.FallbackName)},
			toldFact{key: "message.told.sms_code", value: t.SMSCode}, toldFact{key: "message.told.sms_request", value: t.SMSRequestID, code: true},
		)
	}
	return all
}

// statusName is what the provider calls a message's status, in words; one that nobody
// knows, as it came.
func statusName(p Page, status string) string {
	switch status {
	case kakao.StatusCompleted:
		return p.T("message.status.completed")
	case kakao.StatusFailed:
		return p.T("message.status.failed")
	case kakao.StatusCancelled:
		return p.T("message.status.cancelled")
	case "":
		return p.T("message.status.none")
	}
	return p.T("message.status.open", "Status", status)
}

// fallbackName is the provider's state of a fallback in words; empty for one that nobody
// knows.
func fallbackName(p Page, status string) string {
	known := []string{kakao.FallbackNone, kakao.FallbackTarget, kakao.FallbackInProgress, kakao.FallbackSucceeded, kakao.FallbackFailed}
	if !slices.Contains(known, status) {
		return ""
	}
	return p.T("message.fallback." + status)
}

func timeOrDash(p Page, t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return p.Time(t)
}

// MessageTitle is what the page of a message is called: whose it is, as far as the person
// may see that.
func MessageTitle(p Page, m models.ListedMessage) string { return messagePhone(p, m) }

// RefreshedText says what came of asking the provider about a message.
func RefreshedText(r models.MessageRecord, changed bool) models.Text {
	switch {
	case changed:
		return models.T("message.refreshed_changed")
	case r.Difference() != models.Same:
		return models.T("message.refreshed_differs")
	case r.State == models.MessageOpen:
		return models.T("message.refreshed_open")
	}
	return models.T("message.refreshed_same")
}

// erasedAt is since when the recipient of the message is not known any more; nil: it is.
func erasedAt(v MessageView) *time.Time {
	if !v.Erased() {
		return nil
	}
	return v.Campaign.ErasedAt
}
