package views

import (
	"fmt"

	"soshik/models"
)

// WebhookPath is where a team is told by requests.
func WebhookPath(teamID int64) string { return TeamPath(teamID) + "/webhook" }

func retryPath(d models.NoticeDelivery) string {
	return fmt.Sprintf("%s/deliveries/%d/retry", WebhookPath(d.TeamID), d.ID)
}

// WebhookView is a team's webhook, as it is or as it was typed.
type WebhookView struct {
	Webhook    models.Webhook
	On         bool   // there is one
	Typed      string // its address
	Secret     string // just made; empty otherwise
	Local      bool   // addresses in our own network are allowed
	Deliveries []models.WebhookDelivery
	First      bool  // it is the first page of deliveries
	Next       int64 // where the next page begins; 0: there is none
}

func (v WebhookView) next(p Page) string {
	return fmt.Sprintf("%s?before=%d", WebhookPath(p.Team.ID), v.Next)
}

// hint says what addresses may be.
func (v WebhookView) hint() string {
	if v.Local {
		return "webhook.url_hint_local"
	}
	return "webhook.url_hint"
}

// Moves reports whether a delivery shown is still under way.
func (v WebhookView) Moves() bool {
	for _, d := range v.Deliveries {
		if d.State == models.DeliveryWaiting {
			return true
		}
	}
	return false
}

func deliveryColor(s models.DeliveryState) string {
	switch s {
	case models.DeliveryWaiting:
		return "blue"
	case models.DeliveryDelivered:
		return "green"
	case models.DeliveryFailed:
		return "red"
	}
	panic(fmt.Errorf("no delivery state %q", s))
}
