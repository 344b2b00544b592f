package actions

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

const (
	// liveRows is how many messages one page of a search at the provider has at most.
	liveRows = 50
	// liveCalls is how many windows are looked through at most for a page that has any.
	liveCalls = 6
	// livePatience is how long somebody is made to wait for further windows, and for one
	// answer.
	livePatience = 10 * time.Second
)

// SearchLive asks the provider for a page of what q searches, and compares it with what
// is known here. Windows in which there is nothing are passed over, a few at a time.
func (s *Service) SearchLive(ctx context.Context, by models.Actor, k models.Appkey, q models.LiveQuery) (models.LivePage, error) {
	if err := by.May(models.ViewTeam); err != nil {
		return models.LivePage{}, err
	}
	began := s.Now()
	page, err := s.searchLive(ctx, k, q)
	if err == nil && q.IsFirst() {
		page.Ledger, err = s.compareLedger(ctx, k, q, began)
	}
	return page, explain(err)
}

func (s *Service) searchLive(ctx context.Context, k models.Appkey, q models.LiveQuery) (p models.LivePage, err error) {
	asked, err := s.liveSearch(ctx, k, q)
	if err != nil {
		return p, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return p, err
	}
	client = client.WithTimeout(min(livePatience, s.Timing.CallTimeout))
	q.Compared = 0 // what follows goes on with the search
	windows, since := s.liveWindows(q)
	p.Windows, p.Since = len(windows), since
	began := s.Now()
	for calls := 0; q.Window < len(windows); calls++ {
		if calls == liveCalls || calls > 0 && s.Now().Sub(began) > livePatience {
			p.Next = q
			return p, nil
		}
		w := windows[q.Window]
		asked.requested, asked.created, asked.page = w.requested, w.created, q.Page
		p.From, p.To = w.span()
		listed, total, err := channelOf(q.Channel).search(ctx, client, asked)
		if err != nil {
			return p, err
		}
		if more := len(listed) > 0 && (total < 0 || q.Page*liveRows < total); more {
			q.Page++
		} else {
			q.Window, q.Page = q.Window+1, 1
		}
		if len(listed) > 0 {
			p.Total, p.Rows = total, liveRowsOf(listed)
			break
		}
	}
	if q.Window < len(windows) {
		p.Next = q
	}
	return p, s.DB.CompareLive(ctx, k.ID, p.Rows)
}

// liveSearch is what q asks of the provider, but for times and pages.
func (s *Service) liveSearch(ctx context.Context, k models.Appkey, q models.LiveQuery) (search, error) {
	out := search{
		requestID: q.RequestID, phone: q.Phone, groupingKey: q.SenderKey, recipientKey: q.RecipientKey, status: q.Status,
		delivered: q.Group == models.ResultSuccess, failed: q.Group == models.ResultFailure, templateCode: q.TemplateCode, size: liveRows,
	}
	if q.CreatedBy != 0 {
		out.createUser = strconv.FormatInt(q.CreatedBy, 10)
	}
	if q.SenderID == 0 {
		return out, nil
	}
	sender, err := s.DB.Sender(ctx, k.ID, q.SenderID)
	if models.KindOf(err) == models.NotFound {
		return out, &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"sender": models.T("field.choose")}}
	}
	out.sender = sender
	return out, err
}

// liveWindow is what one search covers: a window of each of the two ranges.
type liveWindow struct{ requested, created nhn.Window }

// span is the window of times that is told: that of the requests, or else of the
// acceptance.
func (w liveWindow) span() (from, to time.Time) {
	if !w.requested.End.IsZero() {
		return w.requested.Start, w.requested.End
	}
	return w.created.Start, w.created.End
}

// liveWindows cuts the times of q into windows that can be searched, the newest first.
// since is what the provider keeps nothing from before, if q asks for older messages.
func (s *Service) liveWindows(q models.LiveQuery) (windows []liveWindow, since time.Time) {
	t := q.Channel.Traits()
	requested, since := s.liveRange(q.RequestFrom, q.RequestTo, q.At.AddDate(0, 0, t.HorizonDays), t.QueryDays)
	created, createdSince := s.liveRange(q.CreateFrom, q.CreateTo, q.At, t.QueryDays)
	if createdSince.After(since) {
		since = createdSince
	}
	for _, r := range requested {
		for _, c := range created {
			windows = append(windows, liveWindow{r, c})
		}
	}
	return windows, since
}

// liveRange cuts one range into windows; a range without ends is one that does not ask
// for times. What is open at its end ends at until.
func (s *Service) liveRange(from, to *time.Time, until time.Time, days int) (windows []nhn.Window, since time.Time) {
	if from == nil && to == nil {
		return []nhn.Window{{}}, time.Time{}
	}
	var start time.Time
	if from != nil {
		start = *from
	}
	if to != nil && to.Before(until) {
		until = *to
	}
	windows, oldest := nhn.Windows(start, until, s.Now(), days)
	if start.Before(oldest) {
		since = oldest
	}
	return windows, since
}

// liveRowsOf are listed messages, each once.
func liveRowsOf(listed []nhn.Message) []models.LiveRow {
	rows := make([]models.LiveRow, 0, len(listed))
	seen := map[string]bool{}
	for _, m := range listed {
		at := fmt.Sprintf("%s/%d", m.RequestID, m.RecipientSeq)
		if seen[at] {
			continue
		}
		seen[at] = true
		rows = append(rows, models.LiveRow{
			Told: toldOf(m), Phone: m.RecipientNo, From: m.PlusFriendID, TemplateCode: m.TemplateCode, RecipientKey: m.RecipientGroupingKey,
		})
	}
	return rows
}

// Mended is what came of taking over what the provider knows more.
type Mended struct {
	Taken int // messages whose result is known here now
	Left  int // messages that still differ
}

// MendLive reads a page of a search at the provider again and takes over of it what is
// not known here yet. What contradicts what is known stays as it is.
func (s *Service) MendLive(ctx context.Context, by models.Actor, k models.Appkey, q models.LiveQuery) (m Mended, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return m, err
	}
	e := models.Event{
		Action: "delivery.mend", TeamID: k.TeamID, AppkeyID: k.ID, ObjectType: "appkey", ObjectID: k.ID, ObjectName: k.Name,
	}
	page, err := s.searchLive(ctx, k, q)
	if models.KindOf(err) == models.Invalid {
		return m, err
	}
	if err != nil {
		return m, s.failed(ctx, by, e, err)
	}
	outcomes := page.Takeover(s.Now())
	if len(outcomes) == 0 {
		return m, models.Errorf(models.Conflict, "live.nothing_to_mend")
	}
	return m, s.change(ctx, by, &e, func(tx *models.DB) error {
		if m.Taken, err = s.keepOutcomes(ctx, tx, outcomes); err != nil {
			return err
		}
		if err := tx.CompareLive(ctx, k.ID, page.Rows); err != nil {
			return err
		}
		m.Left = page.Differing()
		e.After = mendedAs(q, page, m)
		return nil
	})
}

// mendedAs is what the audit log keeps of a mending.
func mendedAs(q models.LiveQuery, page models.LivePage, m Mended) any {
	after := map[string]any{"channel": q.Channel, "listed": len(page.Rows), "taken": m.Taken, "left": m.Left}
	if q.RequestID != "" {
		after["request"] = q.RequestID
	}
	if !page.From.IsZero() {
		after["from"], after["to"] = kakao.FormatDate(page.From), kakao.FormatDate(page.To)
	}
	return after
}
