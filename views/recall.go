package views

import (
	"fmt"
	"strconv"

	"soshik/models"
)

// RecallForm is what is to be cancelled of a campaign, and how much of it can be.
type RecallForm struct {
	models.Campaign

	Spans     []models.BatchSpan     // of batches; none: messages
	Messages  []models.ListedMessage // chosen ones
	Stoppable models.Stoppable
}

// eachPath is the same page with each batch as a row, or with batches that stand alike as
// one.
func (v Progress) eachPath() string {
	other := v
	other.Each = !v.Each
	return other.groupsPath(0) + "#batches"
}

// path is where the form is posted to.
func (f RecallForm) path() string {
	if len(f.Spans) > 0 {
		return batchesCancelPath(f.Campaign)
	}
	return messagesCancelPath(f.Campaign)
}

func (f RecallForm) back() string {
	if len(f.Spans) > 0 {
		return CampaignPath(f.Campaign)
	}
	return MessagesPath(f.Campaign, models.MessageFilter{})
}

// question asks for what is chosen.
func (f RecallForm) question(p Page) string {
	if len(f.Spans) > 0 {
		n := int64(0)
		for _, s := range f.Spans {
			n += s.Last - s.First + 1
		}
		return p.T("recall.batches_question", "Count", n)
	}
	return p.T("recall.messages_question", "Count", len(f.Messages))
}

func batchSpanText(s models.BatchSpan) string {
	if s.First == s.Last {
		return strconv.FormatInt(s.First, 10)
	}
	return fmt.Sprintf("%d-%d", s.First, s.Last)
}

func batchesCancelPath(c models.Campaign) string  { return CampaignPath(c) + "/batches/cancel" }
func messagesCancelPath(c models.Campaign) string { return CampaignPath(c) + "/messages/cancel" }

// RecallPath is the page of what has come of a recall.
func RecallPath(c models.Campaign, id int64) string {
	return fmt.Sprintf("%s/recalls/%d", CampaignPath(c), id)
}

// RecallLine is a recall as a list shows it.
type RecallLine struct {
	models.Recall

	Done models.Recalled
	By   string // name; empty if that person is gone
}

// about is what the recall was about.
func (l RecallLine) about(p Page) string {
	if l.Kind != models.RecallMove || l.ToAt == nil {
		return p.T("recall.about."+string(l.Kind), "Count", l.Recall.Messages)
	}
	from := p.T("campaigns.at_once")
	if l.FromAt != nil {
		from = p.Time(*l.FromAt)
	}
	return p.T("recall.about.move", "Count", l.Recall.Messages, "From", from, "To", p.Time(*l.ToAt))
}

// stopped names those of whom the recall has come true.
func (l RecallLine) stopped() string {
	if l.Kind == models.RecallMove {
		return "recall.moved"
	}
	return "recall.stopped"
}

func (l RecallLine) late() string {
	if l.Kind == models.RecallMove {
		return "recall.not_moved"
	}
	return "progress.not_stopped"
}

// RecallView is what has come of a recall so far.
type RecallView struct {
	RecallLine

	Campaign models.Campaign
	Batches  []models.Batch
	Messages []models.ListedMessage
}

// Live reports whether the page can still change by itself.
func (v RecallView) Live() bool { return v.Done.Open > 0 }

// cancelState is how far the cancelling or moving of a batch has come, in words, and in
// which of Tabler's colours.
func (v RecallView) cancelState(b models.Batch) (key, color string) {
	if b.Cancel == models.CancelLate {
		return "recall.batch.late", "secondary"
	}
	return batchState(models.BatchGroup{State: b.State, Asks: b.Asks, Cancel: b.Cancel})
}

// pickable reports whether batches of a group can be chosen to be cancelled.
func (v Progress) pickable(p Page, g models.BatchGroup) bool {
	open := g.Cancel != models.CancelAsked && g.Cancel != models.CancelDone
	return open && v.picks(p) && g.State != models.BatchRefused && g.State != models.BatchCancelled
}

// picks reports whether batches can be chosen to be cancelled.
func (v Progress) picks(p Page) bool { return v.Cancellable() && p.Actor.Can(models.ManageCampaigns) }

// picks reports whether messages can be chosen to be cancelled.
func (l MessageList) picks(p Page) bool { return Progress{Campaign: l.Campaign}.picks(p) }

// pickable reports whether a message can be chosen to be cancelled.
func pickable(m models.ListedMessage) bool { return m.State == models.MessageOpen }

// heldTimes is when the provider sends what it holds.
func heldTimes(p Page, s models.Stoppable) string {
	switch {
	case s.Held == 0 || s.HeldFrom.IsZero():
		return ""
	case s.HeldFrom.Equal(s.HeldUntil.Time):
		return p.T("recall.held_at", "Time", s.HeldFrom.Time)
	}
	return p.T("recall.held_between", "From", s.HeldFrom.Time, "To", s.HeldUntil.Time)
}
